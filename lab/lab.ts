// One lab: a platform, a trace, a network and a fleet, put together for one run of an experiment.
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import { createLineLog } from "@liquid-ims/runtime/nodejs";
import type { Random } from "@liquid-ims/runtime/random";
import { SeededRandom, Simulation } from "@liquid-ims/runtime/simulation";
import { encodeBase64 } from "@liquid-ims/runtime/text";
import { machineNow } from "./element-message.ts";
import type { ExperimentOptions } from "./experiments/experiment.ts";
import { compareRecords, type RecordComparison } from "./kamailio-core/compare-records.ts";
import { readPaths, showUser } from "./kamailio-core/usrloc.ts";
import { createMessenger, joinTaps, type Messenger, watchWindows } from "./message-into-window.ts";
import { type LabNetwork, type NetworkOptions, startNetwork } from "./network.ts";
import { createOss, type Oss } from "./oss.ts";
import { createHttpCarrier } from "./oss-http.ts";
import { createVirtualCarrier } from "./oss-virtual.ts";
import type { Placement } from "./placement.ts";
import { InProcessPlacement } from "./placement-in-process.ts";
import { createKamailioPlacement } from "./placement-kamailio.ts";
import { createProcessPlacement } from "./placement-processes.ts";
import { createRealPlatform } from "./platform-real.ts";
import { createVirtualPlatform } from "./platform-virtual.ts";
import { createLiveLoad, type LiveCount, type LiveLoad } from "./report/live-load.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import {
  type Addressing,
  createTopology,
  elementAt,
  elementsOf,
  homeDomain,
  type SecondFunction,
  type Topology,
} from "./topology.ts";
import { createTrace, type Trace } from "./trace.ts";
import { type Fleet, type FleetMember, type FleetOptions, startFleet, ueName } from "./ue/fleet.ts";
import { type Registrants, startRegistrants } from "./ue/registrants.ts";

type NetworkWishes = Pick<
  NetworkOptions,
  | "subscribers"
  | "capacity"
  | "pace"
  | "replaceDialogs"
  | "retry"
  | "hss"
  | "usesAdapter"
  | "releaseSessionsOnRtr"
  | "cancelsOldServer"
  | "addContactAlias"
  | "zone"
>;
type FleetWishes = Pick<FleetOptions, "members" | "T1" | "replaceDialogs" | "ringing">;

export interface Lab {
  readonly topology: Topology;
  readonly timeline: Timeline;
  /** The script's randomness: the seed of the command line, on every clock. */
  readonly random: Random;
  readonly trace: Trace;
  readonly live: LiveLoad;
  /** The transfer as the OSS/BSS saw it last. */
  transfer: TransferOperation | null;
  /** Hears at once of each user who has no S-CSCF for a moment; only with a real core. */
  windowOpened: ((user: string) => void) | null;
  startNetwork(
    host: Host,
    wishes: NetworkWishes,
  ): Promise<{ readonly network: LabNetwork; readonly oss: Oss }>;
  startFleet(network: LabNetwork, wishes: FleetWishes): Promise<Fleet>;
  /** Users who only register, in place of a fleet. */
  startRegistrants(
    network: LabNetwork,
    wishes: { readonly members: readonly FleetMember[]; readonly T1: number },
  ): Promise<Registrants>;
  run<Outcome>(script: (host: Host) => Promise<Outcome>): Promise<Outcome>;
  /** Compares what the CFD has with what HSS and real S-CSCFs have; null with the embedded core. */
  compareRecords(users: readonly string[]): Promise<RecordComparison | null>;
  /** Everything that was sent until now is in the trace afterwards. */
  settleTrace(): Promise<void>;
  close(): Promise<void>;
}

/** Link delay of the virtual network, one way. */
const virtualLink = { delayMs: 0.5, jitterMs: 0.5 };
/** Of who sends messages into windows. */
const messengerAddress: Address = { host: "127.0.2.99", port: 5060 };
/** UEs have numbers up to this one. */
const mostUes = 500;

function traceNames(topology: Topology): Parameters<typeof createTrace>[0]["names"] {
  const elements = elementsOf(topology).map(({ address, name }) => ({ address, name }));
  const ues = Array.from({ length: mostUes }, (_, index) => ({
    address: topology.ue(index + 1),
    name: ueName(index + 1),
  }));
  const all = [...ues, ...elements, { address: topology.hssInterface, name: topology.hss.name }];
  const hosts = all.map(({ address }) => address.host);
  const isShared = new Set(hosts).size < 2;
  return {
    byHost: new Map(isShared ? [] : all.map(({ address, name }) => [address.host, name])),
    byAddress: new Map(isShared ? all.map(({ address, name }) => [formatAddress(address), name]) : []),
    dns: formatAddress(topology.dns.address),
    cx: formatAddress(topology.hss.address),
    http: formatAddress(topology.hssInterface),
  };
}

/** On sockets, IPv6 is ::1, of which a machine has one; on the virtual clock every element has its own. */
function addressingOf({ ipv6 = false, virtual }: ExperimentOptions): Addressing {
  if (!ipv6) return "IPv4";
  return virtual ? "IPv6" : "IPv6 loopback";
}

export interface LabOptions {
  /** Of which kind there is a second function, started later. Default: of none. */
  readonly second?: SecondFunction;
  /** What the live view counts. Default sessions. */
  readonly count?: LiveCount;
}

export function createLab(options: ExperimentOptions, { second, count }: LabOptions = {}): Lab {
  const { kamailio } = options;
  const topology = createTopology({
    ...(kamailio === undefined ? {} : { dnsPort: 53 }),
    ...(second === undefined ? {} : { second }),
    addressing: addressingOf(options),
  });
  const timeline = createTimeline(options.speed);
  const simulation = options.virtual ? new Simulation({ seed: options.seed }) : null;
  simulation?.link("*", "*", { ...virtualLink, loss: options.loss });
  const { pCscfs, iCscfs, sCscfs, cfds } = topology;
  const live = createLiveLoad(
    [...pCscfs, ...iCscfs, ...sCscfs, ...cfds].map((element) => element.name),
    count,
  );
  const trace = createTrace({
    names: traceNames(topology),
    now: () => simulation?.now ?? performance.now(),
    heard: live.heard,
  });
  const log = createLineLog({ level: options.logLevel, write: (line) => void process.stderr.write(line) });
  /** The zero of `performance.now` on the clock that all processes of the machine share. */
  const machineZero = machineNow() - performance.now();
  let messenger: Messenger | null = null;
  const watch = createWatch();
  const tap = watched(trace.tap);
  const real = createRealPlatform({ tap, tapOf: (name) => watched(trace.tapOf(name)), log });
  const platform = simulation === null ? real : createVirtualPlatform({ simulation, tap, log });
  const inProcess = new InProcessPlacement(platform);
  const placement = createPlacement();
  const random = new SeededRandom(`script ${options.seed}`);

  function createWatch(): NetworkTap | null {
    if (options.messageIntoWindow !== true && kamailio === undefined) return null;
    return watchWindows({
      cfs: topology.cfs.address.host,
      hss: topology.hss.address,
      hssInterface: topology.hssInterface,
      opened(user) {
        messenger?.send(user);
        lab.windowOpened?.(user);
      },
    });
  }

  /** A real core's trace is what a capture hears. */
  function watched(tracing: NetworkTap): NetworkTap {
    const traced = kamailio === undefined ? tracing : { sent: () => undefined };
    return watch === null ? traced : joinTaps(traced, watch);
  }

  async function startMessenger(): Promise<void> {
    if (options.messageIntoWindow !== true) return;
    const iCscf = elementAt(topology.iCscfs, 0).address;
    const program = createMessenger(messengerAddress, `sip:messenger@${homeDomain}`, iCscf);
    messenger = (await platform.start("messenger", [messengerAddress.host], program)).node;
  }

  function createPlacement(): Placement {
    if (kamailio !== undefined)
      return createKamailioPlacement({
        topology,
        folder: kamailio.folder,
        own: inProcess,
        trace,
        debug: options.logLevel === "debug",
        crashed: real.crash,
      });
    if (options.placement === "shared") return inProcess;
    return createProcessPlacement({
      logLevel: options.logLevel,
      heard: (sent, name) => trace.sentAt(sent.at - machineZero, sent, name),
      crashed: real.crash,
    });
  }

  const lab: Lab = {
    topology,
    timeline,
    trace,
    live,
    random,
    transfer: null,
    windowOpened: null,
    async startNetwork(host, wishes) {
      const osCfs = simulation === null ? topology.osCfs : null;
      // Functions come and go only where there is a second one: the draws of all other runs stay as they are.
      const secret = { zoneSecret: encodeBase64(host.random.fork("zone key").bytes(32)) };
      const updates = topology.later === null ? {} : secret;
      const network = await startNetwork({ topology, placement, osCfs, ...updates, ...wishes });
      await startMessenger();
      const carry =
        osCfs === null
          ? createVirtualCarrier(host, inProcess.node("cfs", topology.cfs.name).cfs.operations)
          : createHttpCarrier(osCfs);
      return { network, oss: createOss(carry, trace) };
    },
    startFleet: (network, wishes) =>
      startFleet({
        topology,
        platform,
        timeline,
        random: random.fork("devices"),
        lookup: network.lookup,
        ...wishes,
      }),
    startRegistrants: (network, wishes) =>
      startRegistrants({
        ...{ topology, platform, lookup: network.lookup, ...wishes },
        random: random.fork("devices"),
      }),
    run: (script) => platform.run(script),
    async compareRecords(users) {
      if (kamailio === undefined) return null;
      const { folder } = kamailio;
      return compareRecords(users, {
        records: (user) => inProcess.rows.get(user),
        now: () => Date.now(),
        assignment: (user) => inProcess.node("hss", topology.hss.name).assignment(user),
        sCscfs: topology.sCscfs,
        showUser: (sCscf, user) => showUser(folder, sCscf, user),
        readPaths: (sCscf) => readPaths(folder, sCscf),
      });
    },
    settleTrace: () => placement.settle(),
    async close() {
      await placement.close();
      await platform.close();
    },
  };
  return lab;
}
