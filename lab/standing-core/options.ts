// The command line of `lab core`. What is wrong is said in one line that names the option, its value and what is allowed.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { mostSippSubscribers } from "./sipp-subscribers.ts";

export interface StandingCoreOptions {
  readonly core: "embedded" | "kamailio";
  /** How many are made up, or the file that they stand in. */
  readonly users: { readonly count: number; readonly authentication: "aka" | "digest" | "mixed" } | string;
  /** UEs with an LCF that register through the first P-CSCF and answer calls. */
  readonly ues: number;
  /** For configurations, logs and the users that were made up. */
  readonly out: string;
  /** Where it is written down at the end what location service and HSS hold; null: nowhere. */
  readonly state: string | null;
  readonly verbose: boolean;
  /** Says nothing when all is well. */
  readonly quiet: boolean;
  /** False: no CFD and no CFS, those of the person run beside it. */
  readonly servers: boolean;
  /** What runs beside the core, and ends it; null: it stands until a signal comes. */
  readonly command: readonly string[] | null;
}

export type StandingCoreRequest =
  | { readonly kind: "core"; readonly options: StandingCoreOptions }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly message: string };

/** They run in one process. */
const mostUes = 240;

function readCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > mostSippSubscribers)
    throw new InvalidArgumentError(`a whole number from 1 to ${mostSippSubscribers} is allowed.`);
  return value;
}

function readUes(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > mostUes)
    throw new InvalidArgumentError(`a whole number from 0 to ${mostUes} is allowed.`);
  return value;
}

const afterHelp = `
Behind -- a command can stand; it runs when the core is ready, in the same network, and its exit code is that of the lab.
Its environment says where everything is (LIQUID_IMS_LAB_CORE, JSON); npm run sipp reads it. Beside --core kamailio Ctrl-C ends
the command with the core, at once (but for a shell, which keeps Ctrl-C to itself).
With --without-servers the UEs of --ues register when your CFD and CFS are there.

Examples:
  npm run lab -- core
  npm run lab -- core --core kamailio --users 1000 -- npm run sipp -- ue-register
  npm run lab -- core --core kamailio -- bash
  npm run lab -- core --core kamailio --without-servers -- bash

Exit codes: 0 ended by Ctrl-C or SIGTERM; with a command that of the command; 2 wrong options or users; 3 this machine
lacks something.`;

export function buildCoreCommand(): Command {
  return new Command("npm run lab -- core")
    .usage("[options] [-- command ...]")
    .description("Starts a core with a CFD and a CFS, and lets it stand.")
    .argument("[command...]", "runs beside the core, which ends with it")
    .addOption(
      new Option("--core <core>", "the CSCFs and the name server: the lab's own, or real ones")
        .choices(["embedded", "kamailio"])
        .default("embedded"),
    )
    .addOption(new Option("--users <n>", "users of the HSS, made up (default: 20)").argParser(readCount))
    .addOption(
      new Option("--authentication <kind>", "of users made up: AKA, SIP Digest, or both in turn")
        .choices(["aka", "digest", "mixed"])
        .default("aka"),
    )
    .addOption(
      new Option("--ues <n>", "UEs with an LCF, registered through the first P-CSCF, which answer calls")
        .argParser(readUes)
        .default(0),
    )
    .option("--subscribers <file>", "users of the HSS: a CSV file as docs/hss.md says")
    .option(
      "--without-servers",
      "no CFD and no CFS: yours run beside it, configurations for them in --out",
      false,
    )
    .option("--state <file>", "at the end: what location service and HSS hold of every user, as JSON")
    .option("--out <dir>", "for configurations, logs and the users made up", "out")
    .option("--quiet", "say nothing of one's own, for programs", false)
    .option("--verbose", "log what every element does, to the error output", false)
    .addHelpText("after", afterHelp)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
}

interface Parsed {
  readonly core: "embedded" | "kamailio";
  readonly users?: number;
  readonly ues: number;
  readonly authentication: "aka" | "digest" | "mixed";
  readonly subscribers?: string;
  readonly withoutServers: boolean;
  readonly state?: string;
  readonly out: string;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/** Reads what stands behind `core`; never throws for what a person typed. */
export function readCoreOptions(argv: readonly string[]): StandingCoreRequest {
  const cut = argv.indexOf("--");
  const own = cut < 0 ? argv : argv.slice(0, cut);
  const command = cut < 0 ? null : argv.slice(cut + 1);
  const parser = buildCoreCommand();
  try {
    parser.parse([...own], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help" };
    return { kind: "usage", message: error.message.replace(/^error: /, "") };
  }
  const usage = (message: string): StandingCoreRequest => ({ kind: "usage", message });
  const [stray] = parser.args;
  if (stray !== undefined)
    return usage(`'${stray}' is no option of core; a command to run beside it stands behind --`);
  if (command?.length === 0)
    return usage("behind '--' a command is missing; leave '--' out to let the core stand");
  const { core, users, ues, authentication, subscribers, state, out, verbose, quiet } = parser.opts<Parsed>();
  if (users !== undefined && subscribers !== undefined)
    return usage("option '--users' makes users up and does not go with '--subscribers': leave one out");
  if (state !== undefined && core === "kamailio" && command === null)
    return usage(
      "option '--state' with '--core kamailio' needs a command behind --: Ctrl-C ends that core at once, and nothing is written",
    );
  const { withoutServers } = parser.opts<Parsed>();
  if (withoutServers && state !== undefined)
    return usage("option '--state' looks into the lab's own CFD and does not go with '--without-servers'");
  return {
    kind: "core",
    options: {
      servers: !withoutServers,
      ...{ core, ues, out, verbose, quiet, command },
      users: subscribers ?? { count: users ?? 20, authentication },
      state: state ?? null,
    },
  };
}
