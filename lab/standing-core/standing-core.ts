// A core that stands: everything of the lab but UEs, until a signal comes or the command that runs beside it has ended.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { osCfsRoot } from "@liquid-ims/reference-points/os-cfs";
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { formatAddress } from "@liquid-ims/runtime/network";
import { createLineLog } from "@liquid-ims/runtime/nodejs";
import { endProcess, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
import { encodeHex } from "@liquid-ims/runtime/text";

import { formatSubscribers, parseSubscribers } from "../hss/subscriber-csv.ts";
import type { Subscriber } from "../ims-core/subscriber.ts";
import { keyFile } from "../kamailio-core/core-files.ts";
import { makeFolder } from "../make-folder.ts";
import { startNetwork } from "../network.ts";
import { InProcessPlacement } from "../placement-in-process.ts";
import { createKamailioPlacement } from "../placement-kamailio.ts";
import { createRealPlatform, type RealPlatform } from "../platform-real.ts";
import { createTimeline } from "../timeline.ts";
import { createTopology, type Element, elementAt, homeDomain, type Topology } from "../topology.ts";
import { type FleetMember, startFleet } from "../ue/fleet.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import { awaitServers } from "./await-servers.ts";
import { runCommand } from "./command.ts";
import type { CoreDescription, DescribedFunction } from "./description.ts";
import type { StandingCoreOptions } from "./options.ts";
import {
  osCfsAddressOfExample,
  osCfsOfExample,
  type WrittenConfigurations,
  withoutServers,
  writeConfigurations,
} from "./own-servers.ts";
import { createSippSubscribers, guessableOp } from "./sipp-subscribers.ts";

/** What is wrong with a file that an option names, a line each. */
export class FileOptionError extends Error {
  override readonly name = "FileOptionError";
}

/** What location service and HSS hold of a user at the end. */
export interface UserState {
  readonly user: string;
  readonly records: readonly LocationRecord[];
  readonly hss: { readonly state: string; readonly serverName: string | null } | null;
}

/**
 * Seconds for which UEs register beside CFD and CFS of a person's own: a CFD that is stopped meanwhile, or begins anew,
 * hears of a UE at its next refresh, after half of it.
 */
const besideOwnServers = 60;

interface Users {
  readonly subscribers: readonly Subscriber[];
  /** Absolute. */
  readonly file: string;
  readonly op: string | null;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = code === "ENOENT" ? "there is no such file" : "it cannot be read";
    throw new FileOptionError(`--subscribers ${file}: ${why} (${code}); give a CSV file as docs/hss.md says`);
  }
}

function readUsers(file: string): Users {
  const read = parseSubscribers(readText(file));
  if (!read.ok) {
    const lines = read.errors.map(
      ({ line, field, problem }) => `${file}:${line}: ${field === null ? "" : `${field} `}${problem}`,
    );
    throw new FileOptionError(lines.join("\n"));
  }
  return { subscribers: read.subscribers, file: resolve(file), op: null };
}

function makeUsers(
  crypto: Crypto,
  { sCscfs, cfd }: Topology,
  wanted: Exclude<StandingCoreOptions["users"], string>,
  out: string,
): Users {
  const subscribers = createSippSubscribers(crypto, {
    ...{ ...wanted, domain: homeDomain, prefix: "sipp", op: guessableOp },
    sCscfs: sCscfs.map((element) => element.uri),
    registerServers: [`sip:${cfd.fqdn}`],
  });
  const file = resolve(out, "users.csv");
  writeFileSync(file, formatSubscribers(subscribers));
  return { subscribers, file, op: encodeHex(guessableOp) };
}

function described({ name, fqdn, address }: Element): DescribedFunction {
  return { name, fqdn, address: formatAddress(address) };
}

function describe(
  core: CoreDescription["core"],
  topology: Topology,
  { file, op }: Users,
  ues: readonly string[],
): CoreDescription {
  return {
    core,
    domain: homeDomain,
    pCscfs: topology.pCscfs.map(described),
    sCscfs: topology.sCscfs.map(described),
    osCfs: `http://${formatAddress(topology.osCfs)}${osCfsRoot}`,
    subscribers: file,
    ues,
    op,
  };
}

function ueMembers({ pCscfs, sCscfs, cfd }: Topology, count: number): FleetMember[] {
  return createSubscribers({
    count,
    preferredServers: sCscfs.map((element) => element.uri),
    registerServers: [`sip:${cfd.fqdn}`],
  }).map((subscriber) => ({
    subscriber,
    user: subscriber.publicIdentities[0] ?? "",
    pCscf: elementAt(pCscfs, 0).uri,
  }));
}

/** What a person needs to use it. */
function introduce(
  topology: Topology,
  { subscribers, file }: Users,
  ues: readonly string[],
  servers: { readonly osCfs: string } | WrittenConfigurations,
): string[] {
  const { pCscfs, iCscfs, sCscfs, hss, dns, cfd, cfs } = topology;
  const line = (what: string, elements: readonly Element[]) => {
    const places = elements.map(({ fqdn, address }) => `${fqdn} ${formatAddress(address)}`);
    return `${what.padEnd(10)} ${places.join(", ")}`;
  };
  const first = subscribers[0]?.publicIdentities[0] ?? "nobody";
  const last = subscribers.at(-1)?.publicIdentities[0] ?? "nobody";
  return [
    line("P-CSCFs", pCscfs),
    line("I-CSCF", iCscfs),
    line("S-CSCFs", sCscfs),
    line("HSS", [hss]),
    line("DNS", [dns]),
    ...("osCfs" in servers
      ? [line("CFD", [cfd]), line("CFS", [cfs]), `os-cfs     ${servers.osCfs}`]
      : [
          `CFD        is yours: npm run cfd -- --config ${servers.cfd}`,
          `CFS        is yours: npm run cfs -- --config ${servers.cfs}`,
          ...servers.notes.map((line) => `note       ${line}`),
        ]),
    `users      ${subscribers.length} in the HSS, ${first} to ${last}: ${file}`,
    ...(ues.length === 0
      ? []
      : [
          `UEs        ${ues.length} with an LCF, ${ues[0]} to ${ues.at(-1)}${"osCfs" in servers ? "" : ": they register when your CFD and CFS are there"}`,
        ]),
  ];
}

export interface StandingCoreRun {
  /** Absolute; configurations and logs of Kamailio and BIND. Null: the embedded core. */
  readonly kamailio: string | null;
  readonly say: (line: string) => void;
}

/** Resolves with the exit code when it has ended; rejects when something of the core fails. */
export async function runStandingCore(options: StandingCoreOptions, run: StandingCoreRun): Promise<number> {
  if (options.state !== null && !existsSync(dirname(resolve(options.state))))
    throw new FileOptionError(
      `--state ${options.state}: its folder is not there; make it, or name another file`,
    );
  makeFolder(options.out);
  const topology = createTopology(run.kamailio === null ? {} : { dnsPort: 53 });
  const log = createLineLog({
    level: options.verbose ? "debug" : "error",
    write: (line) => void process.stderr.write(line),
  });
  const platform = createRealPlatform({ tap: { sent: () => undefined }, log });
  const inProcess = new InProcessPlacement(platform);
  const placement =
    run.kamailio === null
      ? inProcess
      : createKamailioPlacement({
          ...{ topology, folder: run.kamailio, own: inProcess, trace: null, debug: options.verbose },
          crashed: platform.crash,
        });
  try {
    return await stand(options, run, { topology, platform, placement, inProcess });
  } finally {
    await placement.close();
    await platform.close();
  }
}

interface Parts {
  readonly topology: Topology;
  readonly platform: RealPlatform;
  readonly placement: Parameters<typeof startNetwork>[0]["placement"];
  readonly inProcess: InProcessPlacement;
}

/** Until the command has ended, or a person ends it where there is none. Resolves with the exit code. */
async function stay(
  command: readonly string[] | null,
  description: CoreDescription,
  tell: (line: string) => void,
): Promise<number> {
  if (command !== null) {
    tell(`ready      runs ${command.join(" ")}`);
    return runCommand(command, description);
  }
  // Before it is said: who reads the line may answer at once.
  const ended = Promise.withResolvers<void>();
  onEndSignal({ first: () => ended.resolve(), again: () => endProcess(1) });
  tell("ready      Ctrl-C ends it");
  await ended.promise;
  return 0;
}

function stand(
  options: StandingCoreOptions,
  { say, kamailio }: StandingCoreRun,
  parts: Parts,
): Promise<number> {
  const { topology, platform, placement, inProcess } = parts;
  const core = kamailio === null ? "embedded" : "kamailio";

  function writeState(file: string, users: Users): void {
    const hss = inProcess.node("hss", topology.hss.name);
    const states = users.subscribers.map(({ publicIdentities: [user = ""] }): UserState => {
      const assignment = hss.assignment(user);
      return {
        user,
        records: inProcess.rows.get(user),
        hss: assignment && { state: assignment.state, serverName: assignment.serverName },
      };
    });
    writeFileSync(file, `${JSON.stringify(states, null, 1)}\n`);
  }

  const tell = options.quiet ? () => undefined : say;
  return platform.run(async (host) => {
    const wanted = options.users;
    const users =
      typeof wanted === "string" ? readUsers(wanted) : makeUsers(host.crypto, topology, wanted, options.out);
    const placed = options.servers ? placement : withoutServers(placement);
    const members = ueMembers(topology, options.ues);
    const network = await startNetwork({
      ...{ topology, placement: placed, osCfs: topology.osCfs },
      subscribers: [...users.subscribers, ...members.map((member) => member.subscriber)],
      capacity: { msPerMessage: 0, queueMs: 0 },
      pace: { mode: "fixed", usersPerSecond: 5 },
      replaceDialogs: true,
    });
    if (members.length > 0) {
      const fleet = await startFleet({
        ...{ topology, platform, members, lookup: network.lookup, T1: 500, replaceDialogs: true },
        ...{ timeline: createTimeline(1), random: host.random.fork("devices"), ringing: 0 },
        ...(options.servers ? {} : { registrationSeconds: besideOwnServers }),
      });
      if (options.servers) await fleet.register(host);
      else
        host.spawn("UEs beside servers of a person's own", async () => {
          await awaitServers(host, [topology.cfd.address, osCfsAddressOfExample]);
          await fleet.register(host);
        });
    }
    const ues = members.map((member) => member.user);
    const own = describe(core, topology, users, ues);
    const description = options.servers ? own : { ...own, osCfs: osCfsOfExample };
    tell(`core       ${core}${kamailio === null ? "" : `, in a network of its own; files in ${kamailio}`}`);
    const servers = options.servers
      ? description
      : writeConfigurations(
          resolve(options.out),
          topology,
          kamailio === null ? null : join(kamailio, keyFile),
        );
    for (const line of introduce(topology, users, ues, servers)) tell(line);
    const exitCode = await stay(options.command, description, tell);
    if (options.state !== null) writeState(options.state, users);
    return exitCode;
  });
}

/** Where a core's files go below the folder for them. */
export function kamailioFolder(out: string): string {
  return join(resolve(out), "kamailio");
}
