// What came of one step: counts, response times, and where it counts as too much.

import { percentile } from "../percentile.ts";
import type { LoadStep } from "./load-plan.ts";
import type { SippRun } from "./sipp-run.ts";

export interface StepResult {
  /** A second, as asked for. */
  readonly rate: number;
  /** A second, as SIPp sent them. */
  readonly sentRate: number;
  /** REGISTERs that were to be sent. */
  readonly registers: number;
  readonly sent: number;
  /** REGISTERs answered 200. */
  readonly ok: number;
  /** REGISTERs answered 503 with Retry-After. */
  readonly unavailable: number;
  /** REGISTERs that SIPp counts as failed: no answer, another status, a 503 without Retry-After. */
  readonly failed: number;
  /** First final responses by status. */
  readonly answers: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** Messages that no call expected. */
  readonly unexpected: number;
  readonly retransmissions: number;
  /** Of the 200, in ms; null where there was none. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly longest: number | null;
  readonly sippExitCode: number;
  /** Calls that SIPp itself counts as successful; null where it wrote no statistics. */
  readonly sippSuccessful: number | null;
  /** SIPp's reasons of the failures, or its complaints when it sent nothing. */
  readonly reasons: readonly string[];
}

export interface Limits {
  /** Of the 200, in ms. */
  readonly p99: number;
  /** Share of the REGISTERs. */
  readonly retransmissions: number;
}

function sentRateOf(times: readonly number[], rate: number): number {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || last <= first) return times.length > 0 ? rate : 0;
  return (times.length - 1) / (last - first);
}

export function stepResult(step: LoadStep, run: SippRun): StepResult {
  const exchanges = [...run.exchanges.values()];
  const answers: Record<string, number> = {};
  for (const { status } of exchanges) if (status !== null) answers[status] = (answers[status] ?? 0) + 1;
  const answered = Object.values(answers).reduce((sum, count) => sum + count, 0);
  const times = exchanges
    .flatMap(({ status, milliseconds }) => (status === 200 && milliseconds !== null ? [milliseconds] : []))
    .sort((a, b) => a - b);
  const reasons = [...(run.statistics?.reasons ?? [])].map(([reason, count]) => `${count} x ${reason}`);
  // Where SIPp broke off, those that it did not come to send have failed, too.
  const failed =
    run.exitCode === 0 || run.exitCode === 1
      ? (run.statistics?.failed ?? 0)
      : step.registers.length - answered;
  return {
    rate: step.rate,
    sentRate: sentRateOf(
      exchanges.map(({ sentAt }) => sentAt).sort((a, b) => a - b),
      step.rate,
    ),
    registers: step.registers.length,
    sent: exchanges.length,
    ok: answers["200"] ?? 0,
    unavailable: answers["503"] ?? 0,
    failed,
    answers,
    unanswered: step.registers.length - answered,
    unexpected: run.statistics?.unexpected ?? 0,
    retransmissions: exchanges.reduce((sum, { retransmissions }) => sum + retransmissions, 0),
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    longest: times.at(-1) ?? null,
    sippExitCode: run.exitCode,
    sippSuccessful: run.statistics?.successful ?? null,
    reasons: reasons.length > 0 ? reasons : run.exitCode === 0 ? [] : run.complaints,
  };
}

/** Why the step is beyond what the CFD can take; null: it is not. */
export function beyondLimits(result: StepResult, limits: Limits): string | null {
  if (result.sippExitCode !== 0) return `SIPp ended with ${result.sippExitCode}`;
  if (result.unavailable > 0) return `${result.unavailable} x 503`;
  const share = result.retransmissions / result.registers;
  if (share > limits.retransmissions)
    return `retransmissions ${(share * 100).toFixed(1)} % > ${limits.retransmissions * 100} %`;
  if (result.p99 !== null && result.p99 > limits.p99)
    return `p99 ${result.p99.toFixed(1)} ms > ${limits.p99} ms`;
  if (result.sentRate < 0.95 * result.rate)
    return `SIPp itself sent only ${result.sentRate.toFixed(0)}/s: no knee of the CFD`;
  return null;
}
