// The command line of third-party-register.
import { Command, Option } from "commander";
import {
  highestRate,
  parseHostPort,
  parseMix,
  parseRamp,
  type Ramp,
  ratesOf,
  wholeNumber,
} from "../option-values.ts";
import { parseCommand } from "../parse-command.ts";
import { type Body, type Form, forms } from "./injection-file.ts";
import type { Mix } from "./load-plan.ts";

export interface ThirdPartyRegisterOptions {
  readonly form: Form;
  readonly body: Body;
  readonly mix: Mix;
  /** Steps with REGISTERs a second and their number; one unless it is a ramp. */
  readonly steps: readonly { readonly rate: number; readonly count: number }[];
  readonly isRamp: boolean;
  /** `host:port`; null: a CFD of the run's own. */
  readonly target: string | null;
  /** `host:port` of the target's /metrics; null: it is not asked. */
  readonly admin: string | null;
  readonly transport: "udp" | "tcp";
  /** Null: users are made up. */
  readonly usersFile: string | null;
  /** Users registered before anything is measured. */
  readonly warmUp: number;
  /** Seconds. */
  readonly expires: number;
  /** Milliseconds. */
  readonly p99Limit: number;
  readonly failOn503: boolean;
  readonly json: boolean;
}

export type ThirdPartyRegisterRequest =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string }
  | { readonly kind: "third-party-register"; readonly options: ThirdPartyRegisterOptions };

/** Load of so many seconds unless a count is given. */
const defaultSeconds = 5;

interface Parsed {
  readonly form: Form;
  readonly body?: Body;
  readonly mix: Mix;
  readonly rate?: number;
  readonly count?: number;
  readonly ramp?: Ramp;
  readonly target?: string;
  readonly admin?: string;
  readonly transport: "udp" | "tcp";
  readonly users?: string;
  readonly warmUp?: number;
  readonly expires: number;
  readonly p99Limit: number;
  readonly failOn503: boolean;
  readonly json: boolean;
}

const afterHelp = `
Without --target a CFD is started as a process of its own (SQLite store in a temporary folder), and its records are
compared with what it acknowledged. With --mix the users to refresh and to de-register are registered first, unmeasured.

Examples:
  npm run sipp -- third-party-register --form openims --rate 500 --count 5000
  npm run sipp -- third-party-register --form embedded --mix 70:25:5 --transport tcp --rate 500
  npm run sipp -- third-party-register --ramp 500:5000:500
  npm run sipp -- third-party-register --target 192.0.2.11:7080 --users users.csv --rate 50

Exit codes: 0 as it should be; 1 a REGISTER failed, or a record is missing or wrong; 2 wrong options; 3 this machine
lacks something (SIPp, a port, a file); 130 ended by Ctrl-C.`;

/** The command with all its options. */
export function buildThirdPartyRegister(): Command {
  return new Command("npm run sipp -- third-party-register")
    .usage("[options]")
    .description(
      "SIPp is an S-CSCF and tells a CFD of registrations (third-party REGISTER, TS 24.229 5.4.1.7).",
    )
    .addOption(
      new Option(
        "--form <form>",
        "whose REGISTERs: Kamailio's, OpenIMSCore's, the lab's (with the UE's REGISTER in it)",
      )
        .choices([...forms])
        .default("kamailio"),
    )
    .addOption(
      new Option(
        "--body <body>",
        "register: the UE's REGISTER in the body (default: none; embedded: register)",
      ).choices(["none", "register"]),
    )
    .addOption(
      new Option(
        "--mix <new:refresh:deregister>",
        "shares of first registrations, refreshes and de-registrations",
      )
        .argParser(parseMix)
        .default({ new: 1, refresh: 0, deregister: 0 }, "1:0:0"),
    )
    .addOption(
      new Option("--rate <n>", "REGISTERs a second (default: 100)").argParser(wholeNumber(1, highestRate)),
    )
    .addOption(
      new Option("--count <n>", "REGISTERs, in a ramp of each step (default: 5 s of load)").argParser(
        wholeNumber(1, 1_000_000),
      ),
    )
    .addOption(
      new Option("--ramp <from:to:step>", "raises the rate until the CFD is at its knee").argParser(
        parseRamp,
      ),
    )
    .addOption(
      new Option(
        "--p99-limit <ms>",
        "the knee: a p99 of the 200 above this, or > 1 % retransmitted, or a 503",
      )
        .argParser(wholeNumber(1, 60_000))
        .default(100),
    )
    .addOption(new Option("--transport <transport>", "transport").choices(["udp", "tcp"]).default("udp"))
    .addOption(new Option("--target <host:port>", "a CFD that runs already").argParser(parseHostPort))
    .addOption(
      new Option("--admin <host:port>", "its admin port, for its processor time").argParser(parseHostPort),
    )
    .option(
      "--users <file>",
      "users: identity;P-CSCF;address of the P-CSCF;S-CSCF, one a line (default: made up)",
    )
    .addOption(
      new Option(
        "--warm-up <n>",
        "REGISTERs before anything is measured (default: 1 s of load; 0 with --target)",
      ).argParser(wholeNumber(0, 100_000)),
    )
    .addOption(
      new Option("--expires <s>", "what the S-CSCF granted")
        .argParser(wholeNumber(60, 604_800))
        .default(3600),
    )
    .option("--fail-on-503", "a 503 with Retry-After is a failure, too", false)
    .option("--json", "print the result as JSON", false)
    .addHelpText("after", afterHelp)
    .exitOverride();
}

function conflictIn(parsed: Parsed): string | null {
  const { form, body, ramp, rate, admin, target } = parsed;
  if (ramp !== undefined && rate !== undefined)
    return "option '--ramp' sets the rates and does not go with '--rate': leave one out";
  if (form === "openims" && body === "register")
    return "option '--body register' does not go with '--form openims', which never has one; kamailio and embedded are allowed";
  if (form === "embedded" && body === "none")
    return "option '--body none' does not go with '--form embedded', which always has one; kamailio and openims are allowed";
  if (admin !== undefined && target === undefined)
    return "option '--admin' belongs to '--target': the own CFD's admin port is known";
  return null;
}

/** Reads what stands behind `third-party-register`; never throws for what a person typed. */
export function readThirdPartyRegister(argv: readonly string[]): ThirdPartyRegisterRequest {
  const command = buildThirdPartyRegister();
  const other = parseCommand(command, argv);
  if (other !== null) return other;
  const parsed = command.opts<Parsed>();
  const conflict = conflictIn(parsed);
  if (conflict !== null) return { kind: "usage", message: conflict };
  const rates = parsed.ramp === undefined ? [parsed.rate ?? 100] : ratesOf(parsed.ramp);
  return {
    kind: "third-party-register",
    options: {
      form: parsed.form,
      body: parsed.form === "embedded" ? "register" : (parsed.body ?? "none"),
      mix: parsed.mix,
      steps: rates.map((rate) => ({ rate, count: parsed.count ?? rate * defaultSeconds })),
      isRamp: parsed.ramp !== undefined,
      target: parsed.target ?? null,
      admin: parsed.admin ?? null,
      transport: parsed.transport,
      usersFile: parsed.users ?? null,
      warmUp: parsed.warmUp ?? (parsed.target === undefined ? (rates[0] ?? 0) : 0),
      expires: parsed.expires,
      p99Limit: parsed.p99Limit,
      failOn503: parsed.failOn503,
      json: parsed.json,
    },
  };
}
