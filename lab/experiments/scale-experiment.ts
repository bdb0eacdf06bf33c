// An experiment in which an I-CSCF or a CFD comes and another one goes, by DNS, while users register: the VIM starts the
// second one, the OSS/BSS has it added; both serve; the OSS/BSS has the first one removed; when that is COMPLETED, the VIM
// kills it.
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import type { Host } from "@liquid-ims/runtime/host";
import { createLab, type Lab } from "../lab.ts";
import type { LabNetwork } from "../network.ts";
import type { Oss } from "../oss.ts";
import { buildScaleReport, type SeenRecord } from "../report/build-scale-report.ts";
import { registerTransactions } from "../report/register-transactions.ts";
import type { Timeline } from "../timeline.ts";
import { type Element, elementAt, type SecondFunction, type Topology } from "../topology.ts";
import type { FleetMember } from "../ue/fleet.ts";
import type { Registrants } from "../ue/registrants.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import type { Experiment, ExperimentOptions, ScaleProgress, ScaleResult } from "./experiment.ts";
import { scaleFailures } from "./scale-expectation.ts";
import { type Waiting, waitUntil } from "./wait-until.ts";

/** What differs from one such experiment to the other. */
export interface ScaleScenario {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  readonly second: SecondFunction;
  /** The one that is there at the beginning, and goes. */
  first(topology: Topology): Element;
  title(options: ExperimentOptions): string;
}

/** Registrations a second of the script, where `--rate` is not given. */
const usualRate = 5;
/** Seconds of the script that a resolver may keep a record; whole seconds of the clock, at least one. */
const ttl = 5;
/** Of every SRV record: great, so that RFC 2782's draw, which has both ends, is near to one half. */
const weight = 100;
const share = { low: weight / (2 * weight + 1), high: (weight + 1) / (2 * weight + 1) };
/** Seconds for an order to the CFS. */
const deadline = 60;
/** Milliseconds of the clock from COMPLETED to the kill: what was under way at the first one ends. */
const killAfterMs = 2000;
const progressEveryMs = 250;
const registrationPatience: Waiting = {
  limitMs: 45_000,
  what: "the last registrations to end",
  orElse: "go on",
};
/** Milliseconds, 64*T1: by then the last third-party REGISTER has its answer, or will have none (RFC 3261 17.1.2.2). */
const answerLimitMs = 32_000;
const answerLookEveryMs = 1000;

const unfit: ReadonlyMap<string, string> = new Map([
  ["--load", "nobody is transferred"],
  ["--pace", "nobody is transferred"],
  ["--without-replaces", "nobody calls"],
  ["--kill", "the first function is always killed, 2 s after its removal is COMPLETED"],
  ["--hss", "no user's S-CSCF is changed"],
  ["--release-sessions-on-rtr", "no user's S-CSCF is changed, and nobody calls"],
  ["--cancels-old-server", "no user's S-CSCF is changed, and nobody calls"],
  ["--message-into-window", "no user's S-CSCF is changed"],
]);

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

/** One registration after the other, until one is over by its second of the script. */
function startLoad(
  host: Host,
  timeline: Timeline,
  rate: number,
  registrants: Registrants,
  isOver: (second: number) => boolean,
): void {
  const began = host.clock.now();
  let number = 0;
  function next(): void {
    if (isOver(number / rate)) return;
    registrants.registerNext(host);
    number += 1;
    const due = began + timeline.clockMs(number / rate) - host.clock.now();
    host.clock.after(Math.max(0, due), next, "next registration");
  }
  next();
}

interface Run {
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

async function prepare(
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

/** What the OSS/BSS has ordered, and what came of it. */
class Orders {
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

  async remove(element: Element): Promise<FunctionOperation> {
    const { oss, scenario } = this.#run;
    return this.#follow(element, await oss.removeFunction(element.fqdn, { kind: scenario.second, deadline }));
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
async function changeFunctions(run: Run, orders: Orders): Promise<number | null> {
  const { host, lab, options, network, first, second, now, sleepUntil } = run;
  const part = options.duration / 4;
  await sleepUntil(part);
  await network.startLater();
  const added = await orders.add(second);
  if (added.state !== "COMPLETED") return null;
  // From then on no resolver knows the first one alone.
  await sleepUntil(now() + lab.timeline.scriptSeconds(run.ttlMs) + part);
  const removed = await orders.remove(first);
  if (removed.state !== "COMPLETED") return null;
  await host.clock.sleep(killAfterMs, "until the kill");
  network.kill(first.name);
  const killedAt = host.clock.wall();
  await sleepUntil(now() + part);
  return killedAt;
}

/** Loads shown are means of so many looks: chance jumps from one to the next. */
const looks = 8;

function showProgress(
  { host, lab, registrants, first, second, now }: Run,
  orders: Orders,
  show: (progress: ScaleProgress) => void,
): () => void {
  let past = [{ at: now(), counts: new Map<string, number>() as ReadonlyMap<string, number> }];
  // First registrations are none of the script's.
  lab.live.take();
  function tell(): void {
    const present = now();
    past = [...past.slice(-looks), { at: present, counts: lab.live.take() }];
    const passed = Math.max(1e-9, present - (past[0]?.at ?? 0));
    const rateOf = (name: string) =>
      past.slice(1).reduce((sum, one) => sum + (one.counts.get(name) ?? 0), 0) / passed;
    const failed = registrants.ended.filter((one) => one.failure !== "").length;
    show({
      second: present,
      functions: [first, second].map(({ name }) => ({ name, registersPerSecond: rateOf(name) })),
      change: orders.change,
      registrations: {
        attempted: registrants.attempted,
        completed: registrants.ended.length - failed,
        failed,
      },
    });
    timer = host.clock.after(progressEveryMs, tell, "progress");
  }
  let timer = host.clock.after(progressEveryMs, tell, "progress");
  return () => timer.cancel();
}

/** Third-party REGISTERs may be under way when their users have had their 200 for long. */
async function lastAnswers({ host, lab }: Run): Promise<void> {
  const isAnswered = () => registerTransactions(lab.trace.since(0)).every(({ status }) => status !== null);
  for (let waited = 0; waited < answerLimitMs && !isAnswered(); waited += answerLookEveryMs)
    await host.clock.sleep(answerLookEveryMs, "the last answers to REGISTERs");
}

/** Every record that the CFS finds, by the P-CSCF that it names. */
async function readRecords({ lab, oss }: Run): Promise<SeenRecord[]> {
  const records: SeenRecord[] = [];
  for (const { fqdn, address } of lab.topology.pCscfs)
    for (const { user, pCscf, sCscf } of await oss.listUsers(`${fqdn}:${address.port}`))
      if (pCscf !== null) records.push({ user, pCscf, sCscf });
  return records;
}

async function script(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  scenario: ScaleScenario,
  show: (progress: ScaleProgress) => void,
): Promise<ScaleResult> {
  const run = await prepare(host, lab, options, scenario);
  const { timeline, topology } = lab;
  const { registrants, first, second, now, sleepUntil } = run;
  const zero = { now: host.clock.now(), wall: host.clock.wall() };
  const orders = new Orders(run);
  const stopShowing = showProgress(run, orders, show);
  let until = Number.POSITIVE_INFINITY;
  startLoad(host, timeline, options.rate, registrants, (second) => second >= until);
  const killedAt = await changeFunctions(run, orders);
  until = Math.max(options.duration, now());
  await sleepUntil(until);
  await waitUntil(host, () => registrants.open === 0, registrationPatience);
  await lastAnswers(run);
  stopShowing();
  const records = await readRecords(run);
  const compared = await lab.compareRecords([...registrants.registrations().keys()]);
  await lab.settleTrace();

  const trace = lab.trace.since(zero.now);
  const registrations = [...registrants.registrations()].map(([user, registration]) => {
    const known = registration === null ? null : { ...registration, sCscf: `sip:${registration.sCscf}` };
    return [user, known] as const;
  });
  const functions = [first.name, second.name] as const;
  const report = buildScaleReport({
    ...{ experiment: scenario.name, options, timeline, zeroWall: zero.wall, trace, functions, killedAt },
    ...{ until, share, records, ttlMs: run.ttlMs, operations: orders.operations },
    cfds: topology.cfds.map((element) => element.name),
    attempted: registrants.attempted,
    ended: registrants.ended,
    registrations: new Map(registrations),
  });
  const details = describeTroubles(registrants, trace, timeline);
  return {
    report,
    context: {
      title: scenario.title(options),
      functions,
      ttl: timeline.scriptSeconds(run.ttlMs),
      failures: [...scaleFailures(report, details), ...(compared?.failures ?? [])],
    },
    trace,
    ...(compared === null ? {} : { records: compared.lines }),
  };
}

/** At most so many lines about single registrations. */
const mostDetails = 10;

function describeTroubles(
  registrants: Registrants,
  trace: Parameters<typeof registerTransactions>[0],
  timeline: Timeline,
): string[] {
  const failed = registrants.ended.filter((one) => one.failure !== "");
  const bad = registerTransactions(trace).filter(({ status }) => status !== 200 && status !== 401);
  const lines = [
    ...failed.map(({ user, failure }) => `${user}: ${failure}`),
    ...bad.map(({ from, to, at, user, status }) => {
      const second = timeline.scriptSeconds(at).toFixed(1);
      return `REGISTER of ${user} from ${from} to ${to} at ${second} s: ${status ?? "no answer"}`;
    }),
  ];
  const more = lines.length - mostDetails;
  return more > 0 ? [...lines.slice(0, mostDetails), `and ${more} more such lines`] : lines;
}

/** The scenario as an experiment of the command line. */
export function createScaleExperiment(scenario: ScaleScenario): Experiment<ScaleResult> {
  return {
    name: scenario.name,
    summary: scenario.summary,
    rate: usualRate,
    unfit,
    async run(options, show) {
      const lab = createLab(options, { second: scenario.second, count: "registers" });
      try {
        return await lab.run((host) => script(host, lab, options, scenario, show));
      } finally {
        await lab.close();
      }
    },
  };
}
