// The command line of the HSS as a program of its own.
import type { Address } from "@liquid-ims/runtime/network";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type HssBehaviour, hssBehaviours } from "../ims-core/hss-behaviour.ts";

export interface HssProgramOptions {
  readonly users: string;
  readonly listen: Address;
  readonly realm: string;
  readonly originHost: string;
  readonly peers: readonly { readonly originHost: string; readonly from?: readonly string[] }[];
  readonly digestRealm: string;
  readonly behaviour: HssBehaviour;
  /** Where PyHSS's REST interface is offered. Default: nowhere. */
  readonly pyHssInterface?: Address;
  readonly capacity: { readonly msPerMessage: number; readonly queueMs: number };
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

export type HssRequest =
  | { readonly kind: "run"; readonly options: HssProgramOptions }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly message: string };

const identity = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

function readIdentity(text: string): string {
  if (!identity.test(text)) throw new InvalidArgumentError("give a host name such as hss.open-ims.test.");
  return text;
}

function readListen(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:]+)\]|([^:[\]]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new InvalidArgumentError("give an address and a port, such as 127.0.0.1:3868 or [::1]:3868.");
  return { host, port };
}

type Peer = HssProgramOptions["peers"][number];

function readPeer(text: string, before: readonly Peer[] | undefined): readonly Peer[] {
  const [name = "", from] = text.split("@", 2);
  if (!identity.test(name) || from === "")
    throw new InvalidArgumentError(
      "give a host name, with @ and its address where only that one may call: cfs.open-ims.test@127.0.2.21.",
    );
  return [...(before ?? []), { originHost: name, ...(from === undefined ? {} : { from: [from] }) }];
}

function readMilliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 60_000))
    throw new InvalidArgumentError("give milliseconds from 0 to 60000.");
  return value;
}

interface Parsed {
  readonly users: string;
  readonly listen: Address;
  readonly realm: string;
  readonly originHost?: string;
  readonly peer: readonly Peer[];
  readonly digestRealm?: string;
  readonly behaviour: HssBehaviour;
  readonly pyhssInterface?: Address;
  readonly serviceTime: number;
  readonly queue: number;
  readonly log: HssProgramOptions["logLevel"];
}

function buildCommand(): Command {
  return new Command("node run.mjs lab/hss/main.ts")
    .description(
      "An HSS for a lab: Cx over Diameter on TCP. Users come from a file; who is registered, and the sequence\nnumbers of AKA, are in memory and forgotten with the process (USIMs then synchronise it again).",
    )
    .requiredOption("--users <file>", "CSV file, a subscription a line; docs/hss.md has its fields")
    .addOption(
      new Option("--listen <host:port>", "where its peers call")
        .default({ host: "127.0.0.1", port: 3868 }, "127.0.0.1:3868")
        .argParser(readListen),
    )
    .requiredOption("--realm <name>", "Diameter realm, the operator's domain", readIdentity)
    .addOption(
      new Option("--origin-host <name>", "its own name; default hss.<realm>").argParser(readIdentity),
    )
    .requiredOption("--peer <name[@address]>", "who may call; give it once for each", readPeer)
    .option("--digest-realm <text>", "realm of SIP Digest; default the realm")
    .addOption(
      new Option("--behaviour <name>", "which HSS it behaves like when a user's S-CSCF is changed")
        .choices(hssBehaviours)
        .default("specification"),
    )
    .addOption(
      new Option(
        "--pyhss-interface <host:port>",
        "with --behaviour pyhss: where its REST interface is, for cx.adapter of the CFS; default nowhere",
      ).argParser(readListen),
    )
    .addOption(
      new Option("--service-time <ms>", "time for one request").default(0).argParser(readMilliseconds),
    )
    .addOption(
      new Option("--queue <ms>", "longest wait in the queue; what would wait longer gets 3004")
        .default(200)
        .argParser(readMilliseconds),
    )
    .addOption(
      new Option("--log <level>", "what it says to the error output")
        .choices(["debug", "info", "warn", "error"])
        .default("warn"),
    )
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
}

/** Reads the command line; never throws for what a person typed. */
export function readOptions(argv: readonly string[]): HssRequest {
  const command = buildCommand();
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help" };
    return { kind: "usage", message: error.message.replace(/^error: /, "") };
  }
  const parsed = command.opts<Parsed>();
  const { users, listen, realm, peer: peers, behaviour, serviceTime, queue, log } = parsed;
  const originHost = parsed.originHost ?? `hss.${realm}`;
  const names = [originHost, ...peers.map((one) => one.originHost)].map((name) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    const message = `option '--peer' names ${twice} twice, or the HSS itself: give each peer once`;
    return { kind: "usage", message };
  }
  const { pyhssInterface } = parsed;
  if (pyhssInterface !== undefined && behaviour !== "pyhss") {
    const message = `option '--pyhss-interface' does not go with '--behaviour ${behaviour}', which has none: add '--behaviour pyhss'`;
    return { kind: "usage", message };
  }
  return {
    kind: "run",
    options: {
      ...(pyhssInterface === undefined ? {} : { pyHssInterface: pyhssInterface }),
      ...{ users, listen, realm, originHost, peers, behaviour, logLevel: log },
      digestRealm: parsed.digestRealm ?? realm,
      capacity: { msPerMessage: serviceTime, queueMs: queue },
    },
  };
}
