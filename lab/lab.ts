// One lab: a platform, a trace, a network and a fleet, put together for one run of an experiment.
import { createSeededRandom, Simulation } from "@liquid-ims/runtime/simulation";
import { createNodejsClock, createLineLog } from "@liquid-ims/runtime/nodejs";
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import type { Random } from "@liquid-ims/runtime/random";
import type { ExperimentOptions, Progress } from "./experiments/experiment.ts";
import { type LabNetwork, type NetworkOptions, startNetwork } from "./network.ts";
import { createOss, type Oss, type OsCfsCarrier } from "./oss.ts";
import { createHttpCarrier, serveOsCfs } from "./oss-http.ts";
import { createVirtualCarrier } from "./oss-virtual.ts";
import type { Platform } from "./platform.ts";
import { createRealPlatform } from "./platform-real.ts";
import { createVirtualPlatform } from "./platform-virtual.ts";
import { createLiveLoad } from "./report/live-load.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { createTopology, elementsOf, type Topology } from "./topology.ts";
import { createTrace, type Trace } from "./trace.ts";
import { type Fleet, type FleetOptions, startFleet } from "./ue/fleet.ts";

type FleetWishes = Pick<FleetOptions, "members" | "T1" | "replaceDialogs" | "ringing">;
type NetworkWishes = Pick<NetworkOptions, "subscribers" | "capacity" | "paceUsersPerSecond">;

export interface Lab {
  readonly topology: Topology;
  readonly timeline: Timeline;
  /** The script's randomness; the seed of the command line on every clock. */
  readonly random: Random;
  readonly trace: Trace;
  readonly oss: Oss;
  /** The transfer as the OSS/BSS saw it last. */
  transfer: TransferOperation | null;
  startNetwork(wishes: NetworkWishes): Promise<LabNetwork>;
  startFleet(wishes: FleetWishes): Promise<Fleet>;
  readonly fleet: Fleet;
  /** The script's zero is now. */
  startScript(host: Host): void;
  /** Milliseconds since the script's zero. */
  elapsed(host: Host): number;
  scriptSecond(host: Host): number;
  /** The script's zero on the hosts' two clocks. */
  readonly zero: { readonly now: number; readonly wall: number };
  run<Outcome>(script: (host: Host) => Promise<Outcome>): Promise<Outcome>;
  close(): Promise<void>;
}

/** Link delay of the virtual network, one way, in milliseconds. */
const virtualDelay = { delayMs: 0.5, jitterMs: 0.5 };

function createPlatform(options: ExperimentOptions, simulation: Simulation | null, trace: Trace): Platform {
  if (simulation !== null) return createVirtualPlatform({ simulation, tap: trace.tap });
  return createRealPlatform({ tap: trace.tap, log: createLineLog({ level: options.logLevel, write: writeLog }) });
}

function writeLog(line: string): void {
  process.stderr.write(line);
}

export function createLab(options: ExperimentOptions, show: (progress: Progress) => void): Lab {
  const topology = createTopology();
  const timeline = createTimeline(options.speed);
  const simulation = options.virtual ? new Simulation({ seed: options.seed }) : null;
  simulation?.link("*", "*", virtualDelay);
  const clock = createNodejsClock();
  const now = () => simulation?.now ?? clock.now();
  const live = createLiveLoad([...topology.pCscfs, ...topology.iCscfs, ...topology.sCscfs].map((element) => element.name));
  const trace = createTrace({
    names: {
      byHost: new Map([
        ...elementsOf(topology).map((element): [string, string] => [element.address.host, element.name]),
        ...Array.from({ length: options.users + 2 }, (_, index): [string, string] => [
          topology.ue(index + 1).host,
          `ue${String(index + 1).padStart(2, "0")}`,
        ]),
      ]),
      dns: formatAddress(topology.dns.address),
      cx: formatAddress(topology.hss.address),
    },
    now,
    heard: live.heard,
  });
  const platform = createPlatform(options, simulation, trace);
  let network: LabNetwork | null = null;
  let fleet: Fleet | null = null;
  let zero: { now: number; wall: number } | null = null;
  let carrier: OsCfsCarrier | null = null;
  let closeHttp: () => Promise<void> = async () => undefined;

  function need<Value>(value: Value | null, what: string): Value {
    if (value === null) throw new Error(`the lab's ${what} has not been started`);
    return value;
  }
}
