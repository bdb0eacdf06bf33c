// An experiment in which users are transferred while they call each other: everything runs, everybody is registered,
// calls begin; at the trigger the OSS/BSS asks for the transfer; when the last call is over, the report is built.
import type { TransferOperation, TransferReason, UserState } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import type { Random } from "@liquid-ims/runtime/random";
import type { ObservedRegistration } from "@liquid-ims/ue-lcf/observation";
import type { PlannedCall } from "../call-plan.ts";
import type { Subscriber } from "../ims-core/subscriber.ts";
import { createLab, type Lab } from "../lab.ts";
import type { LabNetwork } from "../network.ts";
import type { Oss } from "../oss.ts";
import { buildReport } from "../report/build-report.ts";
import type { Element, Topology } from "../topology.ts";
import type { Fleet, FleetMember } from "../ue/fleet.ts";
import type { Expectation } from "./expectation.ts";
import type { Experiment, ExperimentOptions, ExperimentResult, Progress } from "./experiment.ts";
import { refill } from "./refill.ts";
import { showProgress } from "./show-progress.ts";
import { type Waiting, waitUntil } from "./wait-until.ts";

/** What differs from one such experiment to the other. */
export interface Scenario {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Share of the users that stays on the affected function, where `--load` is not given. */
  readonly load: number;
  readonly reason: TransferReason;
  /** The function that users leave, and the one that they go to. */
  affected(topology: Topology): Element;
  target(topology: Topology): Element;
  title(options: ExperimentOptions): string;
  /** What such a function is called at os-cfs and in location records. */
  functionName(element: Element): string;
  /** Which one of them serves a registration. */
  placeOf(registration: ObservedRegistration): string;
  members(topology: Topology, options: ExperimentOptions): FleetMember[];
  /** `users` in the order of `members`. */
  calls(random: Random, users: readonly string[], options: ExperimentOptions): PlannedCall[];
  readonly expect: Expectation;
  /**
   * Users lose their S-CSCF for a moment; with a real core those who stay register anew while the transfer runs, for
   * comparison. Default false.
   */
  readonly measuresWindow?: boolean;
  /** Users of the affected function who have no LCF and whom the lab does not play. Default: none. */
  readonly strangers?: {
    subscribers(host: Host, topology: Topology, options: ExperimentOptions): readonly Subscriber[];
    /** Registers them through the affected function. */
    register(subscribers: readonly Subscriber[], affected: Element): Promise<void>;
  };
  /** Of the transfer, in seconds of the clock; default: the CFS's. */
  deadline?(options: ExperimentOptions): number;
  /** As an experiment's. */
  readonly unfit?: ReadonlyMap<string, string>;
}

/** Script seconds from ringing to answer. */
const ringing = 1;
/** Users a second of the script, when the pace is fixed. */
const usersPerSecond = 5;
/** Milliseconds of the script until a user who was in an unfit call is tried again. */
const retryMs = 2000;
/** Milliseconds of the clock from COMPLETED to the kill. */
const killAfterMs = 2000;
/** How long the transfer may take beyond the last planned hang-up, in milliseconds of the clock. */
const transferPatienceMs = 60_000;
/** The same where nobody is under way and the CFS tries nobody again by itself. */
const stuckPatienceMs = 10_000;
/** How those end whom the CFS does not try again by itself. */
const finalStates: ReadonlySet<UserState> = new Set(["refused", "failed", "rolledBack"]);
/** How long the last calls may take beyond their planned hang-up, in milliseconds of the clock. */
const callPatience: Waiting = { limitMs: 45_000, what: "the last calls to end" };
/** Where a third-party REGISTER is lost again and again, an LCF is told to come back after 30 s. */
const reachPatience: Waiting = { limitMs: 60_000, what: "the CFS to reach every UE" };

interface Prepared {
  readonly network: LabNetwork;
  readonly oss: Oss;
  readonly fleet: Fleet;
  readonly members: readonly FleetMember[];
  /** Public identities of those whom the lab does not play. */
  readonly strangers: readonly string[];
}

/** Everything runs, everybody is registered, and the CFS reaches every LCF. */
async function prepare(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  scenario: Scenario,
): Promise<Prepared> {
  const addContactAlias = options.addContactAlias ?? false;
  const transport = addContactAlias ? ";transport=tcp" : "";
  const members = scenario
    .members(lab.topology, options)
    .map((member) => ({ ...member, pCscf: `${member.pCscf}${transport}` }));
  const strangers = scenario.strangers?.subscribers(host, lab.topology, options) ?? [];
  const { network, oss } = await lab.startNetwork(host, {
    subscribers: [...members.map((member) => member.subscriber), ...strangers],
    capacity: { msPerMessage: 0, queueMs: 0 },
    pace: { mode: "fixed", usersPerSecond: usersPerSecond * options.speed },
    replaceDialogs: options.replaceDialogs,
    retry: retryMs / options.speed,
    ...(options.hss === undefined ? {} : { hss: options.hss }),
    usesAdapter: options.withoutAdapter !== true,
    releaseSessionsOnRtr: options.releaseSessionsOnRtr ?? false,
    cancelsOldServer: options.cancelsOldServer ?? false,
    addContactAlias,
  });
  const { t1: T1, replaceDialogs } = options;
  const fleet = await lab.startFleet(network, { members, T1, replaceDialogs, ringing });
  await fleet.register(host);
  const pCscfs = lab.topology.pCscfs.map(({ fqdn, address }) => `${fqdn}:${address.port}`);
  await waitUntil(host, async () => (await oss.countReachable(pCscfs)) >= members.length, reachPatience);
  await scenario.strangers?.register(strangers, scenario.affected(lab.topology));
  const identities = strangers.map(({ publicIdentities: [identity = ""] }) => identity);
  return { network, oss, fleet, members, strangers: identities };
}

interface Transferred {
  readonly operation: TransferOperation;
  /** Wall clock. */
  readonly triggeredAt: number;
  readonly completedAt: number;
  readonly before: ReadonlyMap<string, string>;
  /** When the function was killed, host.clock time. */
  readonly killedAt: number | null;
}

/** Whom the lab does not play stays where he is: nobody can tell his UE to leave. */
function placesOf(
  { fleet, strangers }: Pick<Prepared, "fleet" | "strangers">,
  scenario: Scenario,
  affected: Element,
): Map<string, string> {
  const played = [...fleet.registrations()].map(([user, registration]): [string, string] => [
    user,
    registration === null ? "none" : scenario.placeOf(registration),
  ]);
  const others = strangers.map((user): [string, string] => [user, scenario.functionName(affected)]);
  return new Map([...played, ...others]);
}

/** What the same registrations take without a MAR: whenever a window opens, one of those who stay registers anew. */
function registerBesideWindows(
  lab: Lab,
  fleet: Fleet,
  before: ReadonlyMap<string, string>,
  scenario: Scenario,
): Promise<void>[] {
  const left = scenario.functionName(scenario.affected(lab.topology));
  const staying = [...before].filter(([, place]) => place !== left).map(([user]) => user);
  const begun: Promise<void>[] = [];
  lab.windowOpened = () => {
    const user = staying[begun.length];
    if (user === undefined) return;
    const registered = fleet.registerAnew(user);
    // Waited for when the transfer is over.
    registered.catch(() => undefined);
    begun.push(registered);
  };
  return begun;
}

/** Users are left, and only the deadline of the order would end it: the CFS has no more to do for any of them. */
function isStuck({ state, users }: TransferOperation): boolean {
  const left = users.filter((line) => line.state !== "done" && line.state !== "staying");
  return state === "PROCESSING" && left.length > 0 && left.every((line) => finalStates.has(line.state));
}

async function transfer(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  scenario: Scenario,
  { oss, fleet, network, strangers }: Prepared,
  untilLastHangUpMs: number,
): Promise<Transferred> {
  const affected = scenario.affected(lab.topology);
  const before = placesOf({ fleet, strangers }, scenario, affected);
  const registeredAnew =
    scenario.measuresWindow === true ? registerBesideWindows(lab, fleet, before, scenario) : [];
  const triggeredAt = host.clock.wall();
  const lastHangUp = host.clock.now() + untilLastHangUpMs;
  const patienceMs = (present: TransferOperation) =>
    isStuck(present) ? stuckPatienceMs : transferPatienceMs;
  const started = await oss.startTransfer({
    function: scenario.functionName(affected),
    load: options.load,
    targets: [{ function: scenario.functionName(scenario.target(lab.topology)) }],
    reason: scenario.reason,
    ...(scenario.deadline === undefined ? {} : { deadline: scenario.deadline(options) }),
    pace:
      options.pace === "parallel"
        ? { mode: "parallel" }
        : { mode: "fixed", usersPerSecond: usersPerSecond * options.speed },
  });
  const ended = oss
    .awaitEnd(
      host,
      started.id,
      (present) => {
        lab.transfer = present;
      },
      (present) => host.clock.now() >= lastHangUp + patienceMs(present),
    )
    .then((operation) => ({ operation, completedAt: host.clock.wall() }));
  const { operation, completedAt } = await ended;
  lab.windowOpened = null;
  await Promise.all(registeredAnew);
  if (!options.kill) return { operation, triggeredAt, completedAt, before, killedAt: null };
  await host.clock.sleep(killAfterMs, "until the kill");
  network.kill(affected.name);
  return { operation, triggeredAt, completedAt, before, killedAt: host.clock.now() };
}

async function script(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  scenario: Scenario,
  show: (progress: Progress) => void,
): Promise<ExperimentResult> {
  const { timeline, topology } = lab;
  const affected = scenario.affected(topology);
  const prepared = await prepare(host, lab, options, scenario);
  const { fleet } = prepared;
  const users = prepared.members.map((member) => member.user);
  const calls = scenario.calls(lab.random.fork("calls"), users, options);
  const zero = { now: host.clock.now(), wall: host.clock.wall() };
  const elapsed = () => host.clock.now() - zero.now;
  const stopShowing = showProgress(host, lab, fleet, () => timeline.scriptSeconds(elapsed()), show);
  for (const call of calls)
    host.clock.after(timeline.clockMs(call.at), () => fleet.place(host, call), "next call");

  await host.clock.sleep(timeline.clockMs(options.duration / 2), "until the trigger");
  const lastHangUp = timeline.clockMs(Math.max(...calls.map((call) => call.at + ringing + call.talk)));
  const untilLastHangUpMs = Math.max(0, lastHangUp - elapsed());
  const transferred = await transfer(host, lab, options, scenario, prepared, untilLastHangUpMs);
  await host.clock.sleep(Math.max(0, lastHangUp - elapsed()), "until the last hang-up");
  await waitUntil(host, () => fleet.callsUp === 0, { ...callPatience, orElse: "go on" });
  stopShowing();
  const newcomers = transferred.operation.users
    .filter(({ state }) => state === "done")
    .slice(0, options.newcomers ?? 0);
  const unmoved = await refill(host, {
    ...{ fleet, oss: prepared.oss, drained: affected, functionName: scenario.functionName(affected) },
    placeOf: scenario.placeOf,
    newcomers: newcomers.map(({ user }) => user),
  });
  const compared = await lab.compareRecords(users);
  await lab.settleTrace();

  const { killedAt } = transferred;
  const second = (now: number) => timeline.scriptSeconds(now - zero.now);
  const result = buildReport({
    ...transferred,
    experiment: scenario.name,
    title: scenario.title(options),
    options,
    timeline,
    zeroWall: zero.wall,
    trace: lab.trace.since(zero.now),
    seen: fleet.seen,
    placed: fleet.placed,
    after: placesOf(prepared, scenario, affected),
    isOld: (dialog) => scenario.placeOf(dialog.registration) === scenario.functionName(affected),
    functions: [...topology.pCscfs, ...topology.iCscfs, ...topology.sCscfs].map((one) => one.name),
    sCscfs: topology.sCscfs.map((one) => one.name),
    marks: killedAt === null ? [] : [{ second: second(killedAt), label: `${affected.name} killed` }],
    until: second(host.clock.now()),
    expect: scenario.expect,
  });
  const { context } = result;
  const failures = [...context.failures, ...unmoved, ...(compared?.failures ?? [])];
  return {
    ...result,
    ...(compared === null ? {} : { records: compared.lines }),
    context: { ...context, failures },
  };
}

/** The scenario as an experiment of the command line. */
export function createTransferExperiment(scenario: Scenario): Experiment {
  const { name, summary, load, unfit } = scenario;
  return {
    ...{ name, summary, load, ...(unfit === undefined ? {} : { unfit }) },
    async run(options, show) {
      const lab = createLab(options);
      try {
        return await lab.run((host) => script(host, lab, options, scenario, show));
      } finally {
        await lab.close();
      }
    },
  };
}
