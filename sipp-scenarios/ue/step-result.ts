// What came of a step with UEs: counts, times, failures by their reason. Pure.

import { percentile } from "../percentile.ts";
import { millisecondsBetween, whyFailed } from "./event-log.ts";
import type { UeScenario } from "./scenarios.ts";
import type { SippOutcome } from "./sipp-child.ts";

export interface UeStepResult {
  /** A second, as asked for, and as SIPp began them. */
  readonly rate: number;
  readonly startedRate: number;
  readonly count: number;
  readonly good: number;
  readonly failed: number;
  /** By status or what was not answered. */
  readonly failures: Readonly<Record<string, number>>;
  /** Times that SIPp's AKA flaw made a UE register again. */
  readonly again: number;
  /** Times that the core was too busy for a UE. */
  readonly busy: number;
  readonly retransmissions: number;
  /** Milliseconds of the measured answer; null: there was none. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly longest: number | null;
  /** Public identities of those who did it well. */
  readonly users: readonly string[];
  /** What is not to be trusted, or went wrong with SIPp itself. */
  readonly complaints: readonly string[];
}

/** Seconds since 1970 at which the scenario began its work. */
function startsOf(outcomes: readonly SippOutcome[]): number[] {
  return outcomes
    .flatMap(({ calls }) => calls.flatMap((call) => call.at.get("sent") ?? []))
    .sort((a, b) => a - b);
}

function startedRate(starts: readonly number[], rate: number): number {
  const [first, last] = [starts[0], starts.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return last > first ? (starts.length - 1) / (last - first) : rate;
}

export function ueStepResult(
  { measured }: Pick<UeScenario, "measured">,
  step: { readonly rate: number; readonly count: number },
  outcomes: readonly SippOutcome[],
): UeStepResult {
  const failures: Record<string, number> = {};
  const fail = (why: string, times = 1): void => {
    if (times > 0) failures[why] = (failures[why] ?? 0) + times;
  };
  let good = 0;
  for (const { calls, ends } of outcomes) {
    for (const call of calls) {
      if (call.at.has("done")) good += 1;
      else fail(whyFailed(call, ends));
    }
  }
  const seen = outcomes.reduce((sum, { calls }) => sum + calls.length, 0);
  fail("not begun", step.count - seen);
  const counted = outcomes.reduce((sum, { statistics }) => sum + (statistics?.successful ?? 0), 0);
  const complaints = outcomes.flatMap(({ exitCode, calls: begun, complaints: said }) =>
    exitCode === 0 || (exitCode === 1 && begun.length > 0)
      ? []
      : [`SIPp ended with ${exitCode ?? "a signal"}: ${said.join("; ")}`],
  );
  if (counted !== good && complaints.length === 0)
    complaints.push(`SIPp counts ${counted} good calls, its log shows ${good}`);
  const calls = outcomes.flatMap((outcome) => outcome.calls);
  const times = calls
    .flatMap((call) => (call.at.has("done") ? (millisecondsBetween(call, "sent", measured.to) ?? []) : []))
    .sort((a, b) => a - b);
  const sum = (of: (call: (typeof calls)[number]) => number) =>
    calls.reduce((total, call) => total + of(call), 0);
  return {
    ...{ rate: step.rate, count: step.count, startedRate: startedRate(startsOf(outcomes), step.rate) },
    ...{ good, failed: step.count - good, failures, complaints },
    again: sum((call) => call.again),
    busy: sum((call) => call.busy),
    retransmissions: outcomes.reduce(
      (total, { statistics }) => total + (statistics?.retransmissions ?? 0),
      0,
    ),
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    longest: times.at(-1) ?? null,
    users: [
      ...new Set(calls.flatMap((call) => (call.at.has("done") && call.user !== null ? [call.user] : []))),
    ],
  };
}

/** Why the step is beyond what the core takes; null: it is not. */
export function beyondCore(result: UeStepResult, p99Limit: number): string | null {
  if (result.failed > 0) return `${result.failed} of ${result.count} failed`;
  if (result.busy > 0) return `the core was too busy ${result.busy} times`;
  if (result.p99 !== null && result.p99 > p99Limit) return `p99 ${result.p99.toFixed(1)} ms > ${p99Limit} ms`;
  if (result.startedRate < 0.95 * result.rate)
    return `SIPp itself began only ${result.startedRate.toFixed(0)}/s: no knee of the core`;
  return null;
}
