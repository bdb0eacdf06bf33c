// `npm run sipp -- users`: a file of users, which the HSS reads (docs/hss.md) and from which SIPp's injection files are
// made.
import { writeFileSync } from "node:fs";
import { formatSubscribers } from "@liquid-ims/lab/hss/subscriber-csv";
import {
  createSippSubscribers,
  guessableOp,
  mostSippSubscribers,
  unfitForSipp,
} from "@liquid-ims/lab/standing-core/sipp-subscribers";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import { Command, InvalidArgumentError, Option } from "commander";
import { wholeNumber } from "./option-values.ts";
import { parseCommand } from "./parse-command.ts";

export interface UsersOptions {
  readonly count: number;
  readonly domain: string;
  readonly prefix: string;
  readonly authentication: "aka" | "digest" | "mixed";
  /** 16 bytes. */
  readonly op: Uint8Array;
  /** Server-Names. */
  readonly sCscfs: readonly string[];
  readonly applicationServers: readonly string[];
  /** Null: to the standard output. */
  readonly out: string | null;
}

export type UsersRequest =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string }
  | { readonly kind: "users"; readonly options: UsersOptions };

interface Parsed {
  readonly count: number;
  readonly domain: string;
  readonly prefix: string;
  readonly authentication: "aka" | "digest" | "mixed";
  readonly op: Uint8Array;
  readonly sCscfs?: readonly string[];
  readonly applicationServers?: readonly string[];
  readonly out?: string;
}

function parseOp(text: string): Uint8Array {
  const bytes = decodeHex(text);
  if (bytes?.length !== 16) throw new InvalidArgumentError("32 hexadecimal digits are allowed.");
  const unfit = unfitForSipp(bytes);
  if (unfit !== null) throw new InvalidArgumentError(`it ${unfit}; another OP is allowed.`);
  return bytes;
}

function parseDomain(text: string): string {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError("a domain in small letters is allowed, such as open-ims.test.");
  return text;
}

function parsePrefix(text: string): string {
  if (!/^[a-z0-9._-]{1,20}$/.test(text))
    throw new InvalidArgumentError("1 to 20 small letters, digits, dots, hyphens are allowed, such as sipp.");
  return text;
}

function parseUris(text: string): readonly string[] {
  const uris = text.split(",").filter((uri) => uri !== "");
  for (const uri of uris)
    if (!/^sips?:[^\s<>",;]+$/.test(uri))
      throw new InvalidArgumentError(`"${uri}" is no SIP URI; URIs with commas between are allowed.`);
  return uris;
}

const afterHelp = `
Users are named sipp000001 and so on; keys and passwords can be guessed by anybody. The OP from which their opc come is
that of the lab unless --op gives another one: then SIPp needs it, too (npm run sipp -- ue-register --op ...).

Examples:
  npm run sipp -- users --count 1000 --out users.csv
  npm run lab -- core --subscribers users.csv
  node run.mjs lab/hss/main.ts --users users.csv --realm open-ims.test --peer icscf1.open-ims.test`;

function buildCommand(): Command {
  return new Command("npm run sipp -- users")
    .usage("[options]")
    .description("Makes a file of users, for the HSS of the lab or another one, and for SIPp.")
    .addOption(new Option("--count <n>", "users").argParser(wholeNumber(1, mostSippSubscribers)).default(20))
    .addOption(
      new Option("--authentication <kind>", "AKA, SIP Digest, or both in turn")
        .choices(["aka", "digest", "mixed"])
        .default("aka"),
    )
    .addOption(new Option("--domain <name>", "home domain").argParser(parseDomain).default("open-ims.test"))
    .addOption(new Option("--prefix <text>", "of their names").argParser(parsePrefix).default("sipp"))
    .addOption(
      new Option("--op <hex>", "OP of AKA").argParser(parseOp).default(guessableOp, encodeHex(guessableOp)),
    )
    .addOption(
      new Option(
        "--s-cscfs <uris>",
        "S-CSCF names, preferred in turn (default: sip:scscf1.<domain>:6060 to scscf3)",
      ).argParser(parseUris),
    )
    .addOption(
      new Option(
        "--application-servers <uris>",
        "who hears of registrations (default: sip:cfd.<domain>)",
      ).argParser(parseUris),
    )
    .option("--out <file>", "where they go (default: standard output)")
    .addHelpText("after", afterHelp)
    .exitOverride();
}

/** Reads what stands behind `users`; never throws for what a person typed. */
export function readUsersOptions(argv: readonly string[]): UsersRequest {
  const command = buildCommand();
  const other = parseCommand(command, argv);
  if (other !== null) return other;
  const parsed = command.opts<Parsed>();
  const { count, domain, prefix, authentication, op, out } = parsed;
  return {
    kind: "users",
    options: {
      ...{ count, domain, prefix, authentication, op, out: out ?? null },
      sCscfs: parsed.sCscfs ?? [1, 2, 3].map((number) => `sip:scscf${number}.${domain}:6060`),
      applicationServers: parsed.applicationServers ?? [`sip:cfd.${domain}`],
    },
  };
}

/** The text of the file. */
export function usersText(options: UsersOptions): string {
  const { applicationServers: registerServers, ...wishes } = options;
  return formatSubscribers(createSippSubscribers(new NodejsCrypto(), { ...wishes, registerServers }));
}

/** Writes it and says where; with no file it goes to the standard output, and nothing else does. */
export function writeUsers(options: UsersOptions, say: (text: string) => void): void {
  const text = usersText(options);
  if (options.out === null) return say(text.trimEnd());
  writeFileSync(options.out, text);
  say(`${options.count} users, ${options.authentication}: ${options.out}`);
}
