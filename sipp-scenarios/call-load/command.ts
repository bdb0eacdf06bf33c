// The command line of call-load, and its run beside a core.
import { describedCore } from "@liquid-ims/lab/standing-core/description";
import { Command, Option } from "commander";
import type { CommandContext } from "../command-context.ts";
import { runBesideCore } from "../lab-core.ts";
import { highestRate, parseSeconds, wholeNumber } from "../option-values.ts";
import { parseCommand } from "../parse-command.ts";
import { readUeOptions } from "../ue/options.ts";
import { formatCallLoad } from "./phases.ts";
import { type CallLoadOptions, runCallLoad } from "./run.ts";

export type CallLoadRequest =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string }
  | { readonly kind: "call-load"; readonly options: CallLoadOptions; readonly ues: number };

interface Parsed {
  readonly core: "embedded" | "kamailio";
  readonly transfer: boolean;
  readonly transport: "udp" | "tcp";
  readonly rate: number;
  readonly around: number;
  readonly talk: number;
  readonly replaces: boolean;
  readonly callers: number;
  readonly ues: number;
  readonly json: boolean;
}

const afterHelp = `
SIPp's UEs at P-CSCF3 call users with an LCF at P-CSCF1; with --transfer P-CSCF1 is drained to P-CSCF2 meanwhile.

Example:
  npm run sipp -- call-load --transfer --rate 20 --core kamailio

Exit codes: 0 no call failed and everybody was moved; 1 not so; 2 wrong options; 3 this machine lacks something; 130
ended by Ctrl-C.`;

function buildCommand(): Command {
  return new Command("npm run sipp -- call-load")
    .usage("[options]")
    .description(
      "Calls users steadily while they are moved, and counts calls that fail before, during, after.",
    )
    .addOption(
      new Option("--core <core>", "the core that is started")
        .choices(["embedded", "kamailio"])
        .default("embedded"),
    )
    .option("--transfer", "drains P-CSCF1 meanwhile", false)
    .addOption(new Option("--transport <transport>", "of the callers").choices(["udp", "tcp"]).default("udp"))
    .addOption(new Option("--rate <n>", "calls a second").argParser(wholeNumber(1, highestRate)).default(5))
    .addOption(
      new Option("--around <s>", "seconds of load before and after the transfer")
        .argParser(wholeNumber(1, 3600))
        .default(10),
    )
    .addOption(new Option("--talk <s>", "how long they talk").argParser(parseSeconds).default(2000, "2"))
    .option("--no-replaces", "the callers do not act on Replaces: users move when they are in no call", true)
    .addOption(new Option("--callers <n>", "UEs that call").argParser(wholeNumber(1, 1000)).default(20))
    .addOption(
      new Option("--ues <n>", "users who are called and moved").argParser(wholeNumber(1, 240)).default(20),
    )
    .option("--json", "print the result as JSON", false)
    .addHelpText("after", afterHelp)
    .exitOverride();
}

/** Reads what stands behind `call-load`; never throws for what a person typed. */
export function readCallLoadOptions(argv: readonly string[]): CallLoadRequest {
  const command = buildCommand();
  const other = parseCommand(command, argv);
  if (other !== null) return other;
  const { core, transfer, transport, rate, around, talk, replaces, callers, ues, json } =
    command.opts<Parsed>();
  const ue = readUeOptions("uac-call", [
    ...["--core", core, "--transport", transport, "--rate", String(rate), "--callers", String(callers)],
    ...(json ? ["--json"] : []),
  ]);
  if (ue.kind !== "ue") return ue;
  return {
    kind: "call-load",
    options: { ...ue.options, talk, transfer, around, replaceable: replaces && transport === "udp" },
    ues,
  };
}

/** Resolves with the exit code. */
export async function runCallLoadCommand(
  { options, ues }: Extract<CallLoadRequest, { kind: "call-load" }>,
  { signal, environment, argv, say, complain, progress }: CommandContext,
): Promise<number> {
  const core = describedCore(environment);
  if (core === null) {
    const users = { count: options.callers, authentication: "aka" } as const;
    return runBesideCore({ core: options.core ?? "embedded", users, ues }, argv);
  }
  const result = await runCallLoad(options, core, { signal, progress, path: environment["PATH"] });
  say(options.json ? JSON.stringify(result) : formatCallLoad(result));
  for (const failure of result.failures) complain(failure);
  return result.failures.length === 0 ? 0 : 1;
}
