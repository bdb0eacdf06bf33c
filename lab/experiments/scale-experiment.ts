// An experiment in which an I-CSCF or a CFD comes and another one goes, by DNS, while users register: the VIM starts the
// second one, the OSS/BSS has it added; both serve; the OSS/BSS has the first one removed; when that is COMPLETED, the VIM
// kills it.
import type { Host } from "@liquid-ims/runtime/host";
import { createLab, type Lab } from "../lab.ts";
import { buildScaleReport, countReported, type SeenRecord } from "../report/build-scale-report.ts";
import { registerTransactions } from "../report/register-transactions.ts";
import type { Timeline } from "../timeline.ts";
import type { TraceEntry } from "../trace.ts";
import type { Registrants } from "../ue/registrants.ts";
import type { Experiment, ExperimentOptions, ScaleProgress, ScaleResult } from "./experiment.ts";
import { scaleFailures } from "./scale-expectation.ts";
import {
  changeFunctions,
  Orders,
  prepare,
  type Run,
  type ScaleScenario,
  share,
  startLoad,
} from "./scale-run.ts";
import { showScaleProgress } from "./show-scale-progress.ts";
import { type Waiting, waitUntil } from "./wait-until.ts";

/** Registrations a second of the script, where `--rate` is not given. */
const usualRate = 5;
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
  ["--newcomers", "nobody is drained"],
]);

/** Third-party REGISTERs may be under way, or wait for an answer of the DNS, when their users have had their 200 for long. */
async function lastAnswers({ host, lab }: Run): Promise<void> {
  const cfds = lab.topology.cfds.map((element) => element.name);
  function isOver(): boolean {
    const transactions = registerTransactions(lab.trace.since(0));
    const { expected, found } = countReported(transactions, cfds);
    return found >= expected && transactions.every(({ status }) => status !== null);
  }
  for (let waited = 0; waited < answerLimitMs && !isOver(); waited += answerLookEveryMs)
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
  const stopShowing = showScaleProgress(run, orders, show);
  let until = Number.POSITIVE_INFINITY;
  startLoad(run, (at) => at >= until);
  const killedAt = await changeFunctions(run, orders);
  // Whole seconds: the last bar of the figure is not half a one.
  until = Math.ceil(Math.max(options.duration, now()));
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
  trace: readonly TraceEntry[],
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
