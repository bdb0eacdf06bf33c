// A run of an experiment in which functions come and go: who is there, what is ordered, who registers meanwhile.
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import type { Host } from "@liquid-ims/runtime/host";
import type { Lab } from "../lab.ts";
import type { LabNetwork } from "../network.ts";
import type { Oss } from "../oss.ts";
import { type Element, elementAt, type SecondFunction, type Topology } from "../topology.ts";
import type { FleetMember } from "../ue/fleet.ts";
import type { Registrants } from "../ue/registrants.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import type { ExperimentOptions, ScaleProgress } from "./experiment.ts";

/** What differs from one such experiment to the other. */
export interface ScaleScenario {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  readonly second: SecondFunction;
  /** The one that is there at the beginning, and goes. */
  first(topology: Topology): Element;
  title(options: ExperimentOptions): string;
  /** When the VIM kills the first one. Default "when completed", 2 s later; the other is the contrast that must fail. */
  readonly kill?: "when completed" | "when ordered";
}

/** Seconds of the script that a resolver may keep a record; whole seconds of the clock, at least one. */
const ttl = 5;
/** Of every SRV record: great, so that RFC 2782's draw, which has both ends, is near to one half. */
const weight = 100;
/** Of the second one among two of equal weight: whether RFC 2782's inclusive draw favours it depends on their order. */
export const share = { low: weight / (2 * weight + 1), high: (weight + 1) / (2 * weight + 1) } as const;
/** Seconds for an order to the CFS. */
const deadline = 60;
/** Milliseconds of the clock from COMPLETED to the kill: what was under way at the first one ends. */
const killAfterMs = 2000;

/** Users in turn behind each P-CSCF and at each S-CSCF, so that every resolver of theirs has its share. */
function createMembers(
  { pCscfs, sCscfs, cfdService }: Topology,
  { users }: ExperimentOptions,
): FleetMember[] {
  const subscribers = createSubscribers({
    count: users,
    preferredServers: [],
    registerServers: [`sip:${cfdService}`],
  });
  return subscribers.map((subscriber, index) => {
    const sCscf = elementAt(sCscfs, Math.floor(index / pCscfs.length) % sCscfs.length);
    return {
      user: subscriber.publicIdentities[0] ?? "",
      subscriber: { ...subscriber, preferredServers: [sCscf.uri] },
      pCscf: elementAt(pCscfs, index % pCscfs.length).uri,
    };
  });
}

export interface Run {
  readonly host: Host;
  readonly lab: Lab;
  readonly options: ExperimentOptions;
  readonly scenario: ScaleScenario;
  readonly network: LabNetwork;
  readonly oss: Oss;
  readonly registrants: Registrants;
  readonly first: Element;
  readonly second: Element;
  readonly ttlMs: number;
  /** Seconds of the script. */
  now(): number;
  sleepUntil(second: number): Promise<void>;
}

/** Everything but the second one runs, and everybody is registered. */
export async function prepare(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  scenario: ScaleScenario,
): Promise<Run> {
  const { topology, timeline } = lab;
  const second = topology.later;
  if (second === null) throw new Error("the topology has no second function");
  const ttlSeconds = Math.max(1, Math.round(ttl / options.speed));
  const members = createMembers(topology, options);
  const { network, oss } = await lab.startNetwork(host, {
    subscribers: members.map((member) => member.subscriber),
    capacity: { msPerMessage: 0, queueMs: 0 },
    pace: { mode: "fixed" },
    replaceDialogs: true,
    zone: { ttl: ttlSeconds, weight },
  });
  const registrants = await lab.startRegistrants(network, { members, T1: options.t1 });
  await registrants.registerAll();
  const zero = host.clock.now();
  const now = () => timeline.scriptSeconds(host.clock.now() - zero);
  return {
    ...{ host, lab, options, scenario, network, oss, registrants, second, now },
    first: scenario.first(topology),
    ttlMs: ttlSeconds * 1000,
    sleepUntil: (at) => host.clock.sleep(Math.max(0, timeline.clockMs(at - now())), "the script waits"),
  };
}

/** One registration after the other, until one is over by its second of the script. */
export function startLoad(
  { host, lab, options, registrants }: Run,
  isOver: (second: number) => boolean,
): void {
  const { rate } = options;
  const began = host.clock.now();
  let number = 0;
  function next(): void {
    if (isOver(number / rate)) return;
    registrants.registerNext(host);
    number += 1;
    const due = began + lab.timeline.clockMs(number / rate) - host.clock.now();
    host.clock.after(Math.max(0, due), next, "next registration");
  }
  next();
}

/** What the OSS/BSS has ordered, and what came of it. */
export class Orders {
  readonly operations: { readonly function: string; readonly operation: FunctionOperation }[] = [];
  change: ScaleProgress["change"] = null;
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  async add(element: Element): Promise<FunctionOperation> {
    const { oss, scenario } = this.#run;
    const { host, port } = element.address;
    const request = { kind: scenario.second, addresses: [host], port, weight, deadline };
    return this.#follow(element, await oss.putFunction(element.fqdn, request));
  }

  /** `ordered` is called when the CFS has taken it. */
  async remove(element: Element, ordered: () => void): Promise<FunctionOperation> {
    const { oss, scenario } = this.#run;
    const operation = await oss.removeFunction(element.fqdn, { kind: scenario.second, deadline });
    ordered();
    return this.#follow(element, operation);
  }

  async #follow({ name }: Element, { id }: FunctionOperation): Promise<FunctionOperation> {
    const { oss, host } = this.#run;
    const operation = await oss.awaitFunctionEnd(host, id, ({ action, state }) => {
      this.change = { function: name, action, state };
    });
    this.operations.push({ function: name, operation });
    return operation;
  }
}

/** Gives the wall clock at which the first one was killed; null when something went wrong before. */
export async function changeFunctions(run: Run, orders: Orders): Promise<number | null> {
  const { host, lab, options, scenario, network, first, second, now, sleepUntil } = run;
  const part = options.duration / 4;
  let killedAt: number | null = null;
  function kill(): void {
    network.kill(first.name);
    killedAt = host.clock.wall();
  }
  await sleepUntil(part);
  await network.startLater();
  const added = await orders.add(second);
  if (added.state !== "COMPLETED") return null;
  // From then on no resolver knows the first one alone.
  await sleepUntil(now() + lab.timeline.scriptSeconds(run.ttlMs) + part);
  const isHasty = scenario.kill === "when ordered";
  const removed = await orders.remove(first, () => isHasty && kill());
  if (!removed.mayBeStopped) return killedAt;
  await host.clock.sleep(killAfterMs, "until the kill");
  if (!isHasty) kill();
  await sleepUntil(now() + part);
  return killedAt;
}
