// The seed's figure 3.6a: P-CSCF1 is overloaded, and half of its users move to P-CSCF2, calls and all.
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { planCalls } from "../call-plan.ts";
import { createLab, type Lab } from "../lab.ts";
import { buildReport } from "../report/build-report.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import { homeDomain } from "../topology.ts";
import type { Experiment, ExperimentOptions, ExperimentResult, Progress } from "./experiment.ts";

/** Users who are called, registered through P-CSCF3. */
const calleeCount = 2;
/** Script seconds from ringing to answer. */
const ringing = 1;
/** Milliseconds of the clock from COMPLETED to the kill. */
const killAfterMs = 2000;
/** Users a second of the script, when the pace is fixed. */
const usersPerSecond = 5;
/** How long after the last planned hang-up an experiment waits for calls to end, milliseconds of the clock. */
const patienceMs = 45_000;

async function awaitCondition(host: Host, holds: () => boolean, limitMs: number): Promise<boolean> {
  const until = host.clock.now() + limitMs;
  while (!holds()) {
    if (host.clock.now() > until) return false;
    await host.clock.sleep(50, "experiment waits");
  }
  return true;
}

async function script(host: Host, lab: Lab, options: ExperimentOptions): Promise<ScriptOutcome> {
  const { timeline, topology } = lab;
  const [overloaded, relief] = topology.pCscfs;
  const third = topology.pCscfs[2];
  if (overloaded === undefined || relief === undefined || third === undefined) throw new Error("three P-CSCFs are needed");
  const subscribers = createSubscribers({
    count: options.users + calleeCount,
    preferredServers: topology.sCscfs.map((element) => element.uri),
    registerServers: [`sip:${topology.cfd.fqdn}`],
  });
  const network = await lab.startNetwork({
    subscribers,
    capacity: { msPerMessage: 0, queueMs: 0 },
    paceUsersPerSecond: usersPerSecond * timeline.speed,
  });
  const members = subscribers.map((subscriber, index) => ({
    user: subscriber.publicIdentities[0] ?? "",
    subscriber,
    pCscf: index < options.users ? overloaded.uri : third.uri,
  }));
  const fleet = await lab.startFleet({ members, T1: options.t1, replaceDialogs: options.replaceDialogs, ringing });
  await fleet.register(host);
  const everybody = await awaitCondition(host, () => network.cfs.node.reachable() >= members.length, 10_000);
  if (!everybody) throw new Error(`the CFS reaches ${network.cfs.node.reachable()} of ${members.length} UEs`);

  lab.startScript(host);
  const callers = members.slice(0, options.users).map((member) => member.user);
  const callees = members.slice(options.users).map((member) => member.user);
  const calls = planCalls(lab.random.fork("calls"), { callers, callees, rate: options.rate, duration: options.duration });
  for (const call of calls) host.clock.after(timeline.clockMs(call.at), () => fleet.place(host, call), "next call");

  await host.clock.sleep(timeline.clockMs(options.duration / 2), "until the trigger");
  const registrations = fleet.registrations();
  const triggeredAt = host.clock.wall();
  const from = `${overloaded.fqdn}:${overloaded.address.port}`;
  const started = await lab.oss.startTransfer({
    function: from,
    load: options.load,
    targets: [{ function: `${relief.fqdn}:${relief.address.port}` }],
    reason: "overload",
    pace: options.pace === "parallel" ? { mode: "parallel" } : { mode: "fixed", usersPerSecond: usersPerSecond * timeline.speed },
    replaceDialogs: options.replaceDialogs,
  });
  lab.transfer = started;
  const operation = await lab.oss.awaitEnd(host, started.id, (present) => {
    lab.transfer = present;
  });
  const completedAt = host.clock.wall();
  const marks: { second: number; label: string }[] = [];
  if (options.kill) {
    await host.clock.sleep(killAfterMs, "until the kill");
    network.kill(overloaded.name);
    marks.push({ second: lab.scriptSecond(host), label: `${overloaded.name} killed` });
  }
  const lastEnd = Math.max(...calls.map((call) => call.at + ringing + call.talk));
  const left = timeline.clockMs(lastEnd) - lab.elapsed(host);
  await awaitCondition(
    host,
    () => lab.elapsed(host) >= timeline.clockMs(options.duration) && fleet.callsUp === 0,
    Math.max(0, left) + patienceMs,
  );
  return { operation, triggeredAt, completedAt, marks, registrations, from };
}

interface ScriptOutcome {
  readonly operation: TransferOperation;
  readonly triggeredAt: number;
  readonly completedAt: number;
  readonly marks: readonly { readonly second: number; readonly label: string }[];
  readonly registrations: ReadonlyMap<string, { pCscf: string; sCscf: string } | null>;
  readonly from: string;
}

async function run(options: ExperimentOptions, show: (progress: Progress) => void): Promise<ExperimentResult> {
  const lab = createLab(options, show);
  try {
    const outcome = await lab.run((host) => script(host, lab, options));
    const share = options.load === 0 ? "all of its users" : `${Math.round((1 - options.load) * 100)} % of its users`;
    return buildReport(lab, {
      experiment: "p-cscf-overload",
      title: `P-CSCF1 of ${homeDomain} overloaded: ${share} move to P-CSCF2`,
      options,
      ...outcome,
    });
  } finally {
    await lab.close();
  }
}

export const pCscfOverload: Experiment = {
  name: "p-cscf-overload",
  summary: "figure 3.6a of the seed: half of an overloaded P-CSCF's users move, with their calls",
  run,
};
