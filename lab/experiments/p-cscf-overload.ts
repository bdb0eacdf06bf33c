// The seed's figure 3.6a: P-CSCF1 is overloaded, and half of its users move to P-CSCF2, calls and all.
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { type PlannedCall, planCalls } from "../call-plan.ts";
import { createLab, type Lab } from "../lab.ts";
import type { LabNetwork } from "../network.ts";
import type { Oss } from "../oss.ts";
import { buildReport } from "../report/build-report.ts";
import { type Element, homeDomain } from "../topology.ts";
import type { Fleet, FleetMember } from "../ue/fleet.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import { everybodyMovedWithCalls } from "./expectation.ts";
import type { Experiment, ExperimentOptions, ExperimentResult, Progress } from "./experiment.ts";
import { showProgress } from "./show-progress.ts";
import { type Waiting, waitUntil } from "./wait-until.ts";

/** Users who are called, registered through P-CSCF3. */
const calleeCount = 2;
/** Script seconds from ringing to answer. */
const ringing = 1;
/** Users a second of the script, when the pace is fixed. */
const usersPerSecond = 5;
/** Milliseconds of the script until a user who was in an unfit call is tried again. */
const retryMs = 2000;
/** Milliseconds of the clock from COMPLETED to the kill. */
const killAfterMs = 2000;
/** How long the last calls may take beyond their planned hang-up, in milliseconds of the clock. */
const callPatience: Waiting = { limitMs: 45_000, what: "the last calls to end" };
const reachPatience: Waiting = { limitMs: 15_000, what: "the CFS to reach every UE" };

/** The functions that play a part. */
interface Cast {
  readonly overloaded: Element;
  readonly relief: Element;
  readonly calleesAt: Element;
}

function castOf(lab: Lab): Cast {
  const [overloaded, relief, calleesAt] = lab.topology.pCscfs;
  if (overloaded === undefined || relief === undefined || calleesAt === undefined) {
    throw new Error("this experiment needs three P-CSCFs");
  }
  return { overloaded, relief, calleesAt };
}

function functionName(element: Element): string {
  return `${element.fqdn}:${element.address.port}`;
}

interface Prepared {
  readonly network: LabNetwork;
  readonly oss: Oss;
  readonly fleet: Fleet;
  readonly members: readonly FleetMember[];
}

/** Everything runs, everybody is registered, and the CFS reaches every LCF. */
async function prepare(host: Host, lab: Lab, options: ExperimentOptions, cast: Cast): Promise<Prepared> {
  const subscribers = createSubscribers({
    count: options.users + calleeCount,
    preferredServers: lab.topology.sCscfs.map((element) => element.uri),
    registerServers: [`sip:${lab.topology.cfd.fqdn}`],
  });
  const { network, oss } = await lab.startNetwork(host, {
    subscribers,
    capacity: { msPerMessage: 0, queueMs: 0 },
    pace: { mode: "fixed", usersPerSecond: usersPerSecond * options.speed },
    replaceDialogs: options.replaceDialogs,
    retry: retryMs / options.speed,
  });
  const members = subscribers.map((subscriber, index) => ({
    user: subscriber.publicIdentities[0] ?? "",
    subscriber,
    pCscf: index < options.users ? cast.overloaded.uri : cast.calleesAt.uri,
  }));
  const { t1: T1, replaceDialogs } = options;
  const fleet = await lab.startFleet(network, { members, T1, replaceDialogs, ringing });
  await fleet.register(host);
  await waitUntil(host, () => network.cfs.node.reachable() >= members.length, reachPatience);
  return { network, oss, fleet, members };
}

function drawCalls(lab: Lab, options: ExperimentOptions, members: readonly FleetMember[]): PlannedCall[] {
  const users = members.map((member) => member.user);
  return planCalls(lab.random.fork("calls"), {
    callers: users.slice(0, options.users),
    callees: users.slice(options.users),
    rate: options.rate,
    duration: options.duration,
  });
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

function placesOf(fleet: Fleet): Map<string, string> {
  return new Map(
    [...fleet.registrations()].map(([user, registration]) => [user, registration?.pCscf ?? "none"]),
  );
}

async function transfer(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  cast: Cast,
  { oss, fleet, network }: Prepared,
): Promise<Transferred> {
  const before = placesOf(fleet);
  const triggeredAt = host.clock.wall();
  const started = await oss.startTransfer({
    function: functionName(cast.overloaded),
    load: options.load,
    targets: [{ function: functionName(cast.relief) }],
    reason: "overload",
    pace:
      options.pace === "parallel"
        ? { mode: "parallel" }
        : { mode: "fixed", usersPerSecond: usersPerSecond * options.speed },
  });
  const operation = await oss.awaitEnd(host, started.id, (present) => {
    lab.transfer = present;
  });
  const completedAt = host.clock.wall();
  if (!options.kill) return { operation, triggeredAt, completedAt, before, killedAt: null };
  await host.clock.sleep(killAfterMs, "until the kill");
  network.kill(cast.overloaded.name);
  return { operation, triggeredAt, completedAt, before, killedAt: host.clock.now() };
}

async function script(
  host: Host,
  lab: Lab,
  options: ExperimentOptions,
  show: (progress: Progress) => void,
): Promise<ExperimentResult> {
  const { timeline } = lab;
  const cast = castOf(lab);
  const prepared = await prepare(host, lab, options, cast);
  const { fleet } = prepared;
  const calls = drawCalls(lab, options, prepared.members);
  const zero = { now: host.clock.now(), wall: host.clock.wall() };
  const elapsed = () => host.clock.now() - zero.now;
  const stopShowing = showProgress(host, lab, fleet, () => timeline.scriptSeconds(elapsed()), show);
  for (const call of calls)
    host.clock.after(timeline.clockMs(call.at), () => fleet.place(host, call), "next call");

  await host.clock.sleep(timeline.clockMs(options.duration / 2), "until the trigger");
  const transferred = await transfer(host, lab, options, cast, prepared);
  const lastHangUp = timeline.clockMs(Math.max(...calls.map((call) => call.at + ringing + call.talk)));
  await host.clock.sleep(Math.max(0, lastHangUp - elapsed()), "until the last hang-up");
  await waitUntil(host, () => fleet.callsUp === 0, { ...callPatience, orElse: "go on" });
  stopShowing();

  const { killedAt } = transferred;
  const second = (now: number) => timeline.scriptSeconds(now - zero.now);
  const share = options.load === 0 ? "all" : `${Math.round((1 - options.load) * 100)} %`;
  return buildReport({
    ...transferred,
    experiment: "p-cscf-overload",
    title: `P-CSCF1 of ${homeDomain} is overloaded: ${share} of its users move to P-CSCF2`,
    options,
    timeline,
    zeroWall: zero.wall,
    trace: lab.trace.since(zero.now),
    seen: fleet.seen,
    attempted: fleet.counts.attempted,
    after: placesOf(fleet),
    isOld: (dialog) => dialog.registration.pCscf === functionName(cast.overloaded),
    functions: [...lab.topology.pCscfs, ...lab.topology.iCscfs, ...lab.topology.sCscfs].map(
      (one) => one.name,
    ),
    marks: killedAt === null ? [] : [{ second: second(killedAt), label: `${cast.overloaded.name} killed` }],
    until: second(host.clock.now()),
    expect: everybodyMovedWithCalls,
  });
}

async function run(
  options: ExperimentOptions,
  show: (progress: Progress) => void,
): Promise<ExperimentResult> {
  const lab = createLab(options);
  try {
    return await lab.run((host) => script(host, lab, options, show));
  } finally {
    await lab.close();
  }
}

export const pCscfOverload: Experiment = {
  name: "p-cscf-overload",
  summary: "figure 3.6a of the seed: half of an overloaded P-CSCF's users move, with their calls",
  run,
};
