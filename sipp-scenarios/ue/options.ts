// The command line of the scenarios in which SIPp plays UEs.
import { guessableOp } from "@liquid-ims/lab/standing-core/sipp-subscribers";
import { decodeHex } from "@liquid-ims/runtime/text";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  highestRate,
  parseHostPort,
  parseRamp,
  parseSeconds,
  type Ramp,
  ratesOf,
  wholeNumber,
} from "../option-values.ts";
import { parseCommand } from "../parse-command.ts";
import { type UeScenarioName, ueScenarios } from "./scenarios.ts";

export interface UePlaceOption {
  readonly host: string;
  readonly port: number;
}

export interface UeOptions {
  readonly scenario: UeScenarioName;
  /** A core of the run's own; null: one that is there. */
  readonly core: "embedded" | "kamailio" | null;
  /** P-CSCF of a core that is there; null: the lab's says where. */
  readonly proxy: UePlaceOption | null;
  readonly secondProxy: UePlaceOption | null;
  /** Which of the lab's P-CSCFs, from 1. */
  readonly pCscf: number;
  readonly transport: "udp" | "tcp";
  readonly steps: readonly { readonly rate: number; readonly count: number }[];
  readonly isRamp: boolean;
  /** Milliseconds. */
  readonly p99Limit: number;
  /** Null: those of the lab's core. */
  readonly usersFile: string | null;
  /** OP of AKA, 16 bytes. */
  readonly op: Uint8Array;
  readonly authentication: "aka" | "digest" | "mixed";
  /** UEs that call. */
  readonly callers: number;
  /** UEs that are called. */
  readonly callees: number;
  /** Milliseconds. */
  readonly talk: number;
  readonly ring: number;
  /** Seconds. */
  readonly expires: number;
  /** The first address of UEs; null: 127.8.0.1. */
  readonly addresses: string | null;
  readonly json: boolean;
}

export type UeRequest =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string }
  | { readonly kind: "ue"; readonly options: UeOptions };

interface Parsed {
  readonly core?: "embedded" | "kamailio";
  readonly proxy?: string;
  readonly secondProxy?: string;
  readonly pCscf: number;
  readonly transport: "udp" | "tcp";
  readonly rate?: number;
  readonly count?: number;
  readonly ramp?: Ramp;
  readonly p99Limit: number;
  readonly users?: string;
  readonly op?: Uint8Array;
  readonly authentication: "aka" | "digest" | "mixed";
  readonly callers?: number;
  readonly callees: number;
  readonly talk: number;
  readonly ring: number;
  readonly expires: number;
  readonly addresses?: string;
  readonly json: boolean;
}

/** Over TCP a UE to which requests are sent is two processes. */
const mostProcesses = 50;
const defaultCount = 20;
/** Steps of a ramp last so many seconds. */
const rampSeconds = 5;

function parseOp(text: string): Uint8Array {
  const bytes = decodeHex(text);
  if (bytes?.length !== 16) throw new InvalidArgumentError("32 hexadecimal digits are allowed.");
  return bytes;
}

export function parseAddress(text: string): string {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1) ?? [];
  if (parts.length !== 4 || parts.some((part) => Number(part) > 255))
    throw new InvalidArgumentError("an IPv4 address is allowed, such as 127.8.0.1.");
  return text;
}

function placeOf(text: string | undefined): UePlaceOption | null {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(text ?? "") ?? [];
  return host === "" ? null : { host, port: Number(port) };
}

/** Options that every scenario with UEs has. */
export function addUeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--core <core>",
        "starts a core for the run: the lab's own, or Kamailio (default: embedded)",
      ).choices(["embedded", "kamailio"]),
    )
    .addOption(
      new Option("--proxy <host:port>", "a P-CSCF of a core that is there; needs --users").argParser(
        parseHostPort,
      ),
    )
    .addOption(
      new Option("--p-cscf <n>", "which P-CSCF of the lab's core").argParser(wholeNumber(1, 3)).default(1),
    )
    .addOption(new Option("--transport <transport>", "transport").choices(["udp", "tcp"]).default("udp"))
    .option("--users <file>", "users, as docs/hss.md says; npm run sipp -- users makes some")
    .addOption(new Option("--op <hex>", "OP of AKA, from which the users' opc come").argParser(parseOp))
    .addOption(
      new Option("--authentication <kind>", "of users made up: AKA, SIP Digest, or both in turn")
        .choices(["aka", "digest", "mixed"])
        .default("aka"),
    )
    .addOption(
      new Option("--expires <s>", "of the registrations").argParser(wholeNumber(60, 604_800)).default(3600),
    )
    .addOption(
      new Option("--addresses <first>", "first address of the UEs (default: 127.8.0.1)").argParser(
        parseAddress,
      ),
    )
    .option("--json", "print the result as JSON", false)
    .exitOverride();
}

function afterHelp(name: UeScenarioName): string {
  return `
Without --proxy, and where no core says that it is there (npm run lab -- core ... -- npm run sipp -- ${name}), the lab's
embedded core is started for the run, its users with it. At the end the records of the location service are compared.

Examples:
  npm run sipp -- ${name} --count 100 --rate 20
  npm run sipp -- ${name} --core kamailio --transport tcp
  npm run sipp -- users --count 1000 --out users.csv
  npm run sipp -- ${name} --proxy 192.0.2.1:4060 --addresses 192.0.2.101 --users users.csv

Exit codes: 0 as it should be; 1 something failed, or a record is missing or too many; 2 wrong options or users; 3 this
machine lacks something (SIPp, Kamailio, an address, a file); 130 ended by Ctrl-C.`;
}

export function buildUeCommand(name: UeScenarioName): Command {
  const { summary, callee, rate, recordsAt, unit } = ueScenarios[name];
  const command = addUeOptions(
    new Command(`npm run sipp -- ${name}`).usage("[options]").description(`${summary}.`),
  )
    .addOption(
      new Option("--rate <n>", `${unit} a second (default: ${rate})`).argParser(wholeNumber(1, highestRate)),
    )
    .addOption(
      new Option("--count <n>", `${unit}, in a ramp of each step (default: ${defaultCount})`).argParser(
        wholeNumber(1, 1_000_000),
      ),
    )
    .addOption(
      new Option("--ramp <from:to:step>", "raises the rate until the core is at its knee").argParser(
        parseRamp,
      ),
    )
    .addOption(
      new Option("--p99-limit <ms>", "the knee: a p99 above this, or a failure")
        .argParser(wholeNumber(1, 60_000))
        .default(500),
    )
    .addHelpText("after", afterHelp(name));
  if (callee !== null)
    command
      .addOption(
        new Option("--callers <n>", "UEs that call (default: as many as calls, at most 200)").argParser(
          wholeNumber(1, 50_000),
        ),
      )
      .addOption(
        new Option("--callees <n>", "UEs that are called").argParser(wholeNumber(1, 1000)).default(2),
      )
      .addOption(new Option("--talk <s>", "how long they talk").argParser(parseSeconds).default(1000, "1"))
      .addOption(
        new Option("--ring <s>", "how long it rings; part of the time to 200")
          .argParser(parseSeconds)
          .default(0, "0"),
      );
  if (recordsAt === "second")
    command.addOption(
      new Option("--second-proxy <host:port>", "with --proxy: the P-CSCF that they move to").argParser(
        parseHostPort,
      ),
    );
  return command;
}

function conflictIn(name: UeScenarioName, parsed: Parsed, callers: number): string | null {
  const { core, proxy, secondProxy, ramp, rate, users, addresses, transport } = parsed;
  const { listens, recordsAt } = ueScenarios[name];
  if (core !== undefined && proxy !== undefined)
    return "option '--core' starts a core and does not go with '--proxy': leave one out";
  if (proxy !== undefined && users === undefined)
    return "option '--proxy' needs '--users <file>', the users of that core; npm run sipp -- users makes such a file";
  if (proxy !== undefined && !/^127\./.test(proxy) && addresses === undefined)
    return `option '--proxy ${proxy}' needs '--addresses <first>': addresses of this machine from which UEs may call it`;
  if (proxy !== undefined && recordsAt === "second" && secondProxy === undefined)
    return "option '--proxy' needs '--second-proxy <host:port>': where the UEs move to";
  if (ramp !== undefined && rate !== undefined)
    return "option '--ramp' sets the rates and does not go with '--rate': leave one out";
  if (transport === "tcp" && listens && callers > mostProcesses)
    return `option '--transport tcp': each of the ${callers} UEs of ${name} is two processes of SIPp then; lower --count or --callers to ${mostProcesses}`;
  return null;
}

/** Calls of a ramp's step: some seconds of load. */
function stepsOf(name: UeScenarioName, { ramp, rate, count }: Parsed): UeOptions["steps"] {
  if (ramp === undefined) return [{ rate: rate ?? ueScenarios[name].rate, count: count ?? defaultCount }];
  return ratesOf(ramp).map((one) => ({ rate: one, count: count ?? one * rampSeconds }));
}

/** UEs that begin: each one registers or moves once, callers call again and again. */
function callersOf(name: UeScenarioName, { callers }: Parsed, steps: UeOptions["steps"]): number {
  const most = Math.max(...steps.map(({ count }) => count));
  if (callers !== undefined) return callers;
  const { callee, recordsAt } = ueScenarios[name];
  return callee === null || recordsAt === "second" ? most : Math.min(most, 200);
}

/** Reads what stands behind the scenario's name; never throws for what a person typed. */
export function readUeOptions(name: UeScenarioName, argv: readonly string[]): UeRequest {
  const command = buildUeCommand(name);
  const other = parseCommand(command, argv);
  if (other !== null) return other;
  const parsed = command.opts<Parsed>();
  const steps = stepsOf(name, parsed);
  const callers = callersOf(name, parsed, steps);
  const conflict = conflictIn(name, parsed, callers);
  if (conflict !== null) return { kind: "usage", message: conflict };
  const { transport, pCscf, p99Limit, authentication, expires, json } = parsed;
  return {
    kind: "ue",
    options: {
      ...{ scenario: name, transport, pCscf, p99Limit, authentication, expires, json, steps, callers },
      core: parsed.core ?? null,
      proxy: placeOf(parsed.proxy),
      secondProxy: placeOf(parsed.secondProxy),
      isRamp: parsed.ramp !== undefined,
      usersFile: parsed.users ?? null,
      op: parsed.op ?? guessableOp,
      callees: ueScenarios[name].callee === null ? 0 : parsed.callees,
      talk: parsed.talk ?? 0,
      ring: parsed.ring ?? 0,
      addresses: parsed.addresses ?? null,
    },
  };
}
