// What came of the calls of call-load: by phase, and what its person reads. Pure.

import { percentile } from "../percentile.ts";
import { type EndLog, millisecondsBetween, type UeCall, whyFailed } from "../ue/event-log.ts";
import type { SippOutcome } from "../ue/sipp-child.ts";

export const phases = ["before", "during", "after"] as const;
export type Phase = (typeof phases)[number];

/** Calls of a phase; during it are those that were up at any moment of the transfer. */
export interface PhaseCounts {
  readonly calls: number;
  readonly failed: number;
  /** By status or what was not answered. */
  readonly failures: Readonly<Record<string, number>>;
  /** Calls that went on in a dialog that replaced the first one (RFC 3891). */
  readonly replaced: number;
  /** Milliseconds from INVITE to 200; null: there was none. */
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Transfer {
  readonly state: string;
  readonly planned: number;
  readonly moved: number;
  readonly left: number;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface CallLoadResult {
  readonly phases: Readonly<Record<Phase, PhaseCounts>>;
  /** Null: none was asked for. */
  readonly transfer: Transfer | null;
  readonly failures: readonly string[];
}

/** A call with the dialogs that took each other's place. */
interface Chain {
  readonly first: UeCall;
  readonly last: UeCall;
  /** Seconds since 1970. */
  readonly end: number;
}

function endOf(call: UeCall, ends: EndLog): number {
  return Math.max(ends.timeOf(call.callId) ?? 0, ...call.at.values());
}

/** A dialog that replaces one that is not known is no call of ours. */
function chainsOf({ calls, ends }: Pick<SippOutcome, "calls" | "ends">): readonly Chain[] {
  const successors = new Map(
    calls.flatMap((call) => (call.replaces === null ? [] : [[call.replaces, call]])),
  );
  return calls
    .filter((call) => call.replaces === null)
    .map((first) => {
      let last = first;
      let end = endOf(first, ends);
      // Bounded: no dialog is passed twice.
      for (const seen = new Set([first]); ; ) {
        const next = successors.get(last.callId);
        if (next === undefined || seen.has(next)) return { first, last, end };
        seen.add(next);
        last = next;
        end = Math.max(end, endOf(next, ends));
      }
    });
}

/** Without a transfer all is before. */
function phaseOf({ first, end }: Chain, transfer: Transfer | null): Phase {
  if (transfer === null || end < transfer.from) return "before";
  return (first.at.get("sent") ?? 0) <= transfer.to ? "during" : "after";
}

/** Counts by phase. */
export function countPhases(
  outcome: Pick<SippOutcome, "calls" | "ends">,
  transfer: Transfer | null,
): Record<Phase, PhaseCounts> {
  const chains = chainsOf(outcome);
  const count = (phase: Phase): PhaseCounts => {
    const own = chains.filter((chain) => phaseOf(chain, transfer) === phase);
    const failed = own.filter(({ last }) => !last.at.has("done"));
    const failures: Record<string, number> = {};
    for (const { last } of failed) {
      const why = whyFailed(last, outcome.ends);
      failures[why] = (failures[why] ?? 0) + 1;
    }
    const times = own
      .flatMap(({ first }) => millisecondsBetween(first, "sent", "answered") ?? [])
      .sort((a, b) => a - b);
    return {
      ...{ calls: own.length, failed: failed.length, failures },
      replaced: own.filter(({ first, last }) => first !== last).length,
      ...{ p50: percentile(times, 50), p99: percentile(times, 99) },
    };
  };
  return { before: count("before"), during: count("during"), after: count("after") };
}

export function formatCallLoad({ phases: counted, transfer }: CallLoadResult): string {
  const lines = phases.map((phase) => {
    const { calls, failed, failures, replaced, p50, p99 } = counted[phase];
    const why = Object.entries(failures).map(([reason, count]) => `${count} x ${reason}`);
    const time = `p50 ${p50?.toFixed(1) ?? "none"} ms, p99 ${p99?.toFixed(1) ?? "none"} ms to 200`;
    const share = calls === 0 ? "" : ` (${((100 * failed) / calls).toFixed(2)} %)`;
    const reasons = why.length > 0 ? `: ${why.join(", ")}` : "";
    const kept = replaced > 0 ? `, ${replaced} replaced` : "";
    return `${phase.padEnd(16)}${calls} calls, ${failed} failed${share}${reasons}${kept}; ${time}`;
  });
  const moved =
    transfer === null
      ? "none asked for; all calls count as before it"
      : `${transfer.state} after ${(transfer.to - transfer.from).toFixed(1)} s: ${transfer.planned} planned = ${transfer.moved} moved + ${transfer.left} left`;
  return [`${"transfer".padEnd(16)}${moved}`, ...lines].join("\n");
}
