// A steady load of calls by SIPp to users who are being moved: UEs with an LCF at the first P-CSCF are called while it is
// drained, and the calls that fail are counted before, during and after the transfer. The callers are at the third
// P-CSCF and stay.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CoreDescription } from "@liquid-ims/lab/standing-core/description";
import { millisecondsBetween, type UeCall } from "./event-log.ts";
import { MachineError } from "./machine-error.ts";
import { percentile } from "./percentile.ts";
import type { SippOutcome } from "./sipp-child.ts";
import { findSipp } from "./sipp-process.ts";
import type { UeOptions } from "./ue-options.ts";
import { describedPlaces, registerFirst, takeSides } from "./ue-run.ts";
import { UeStage } from "./ue-stage.ts";

export const phases = ["before", "during", "after"] as const;
export type Phase = (typeof phases)[number];

/** Calls that began in a phase. */
export interface PhaseCounts {
  readonly calls: number;
  readonly failed: number;
  /** By status or what was not answered. */
  readonly failures: Readonly<Record<string, number>>;
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

/** The phase in which a call began; without a transfer all is before. */
function phaseOf(call: UeCall, transfer: Transfer | null): Phase {
  const at = call.at.get("sent") ?? 0;
  if (transfer === null || at < transfer.from) return "before";
  return at <= transfer.to ? "during" : "after";
}

/** Counts by phase. Pure. */
export function countPhases(
  { calls, ends }: Pick<SippOutcome, "calls" | "ends">,
  transfer: Transfer | null,
): Record<Phase, PhaseCounts> {
  const count = (phase: Phase): PhaseCounts => {
    const own = calls.filter((call) => phaseOf(call, transfer) === phase);
    const failed = own.filter((call) => !call.at.has("done"));
    const failures: Record<string, number> = {};
    for (const { callId } of failed) {
      const why = ends.endOf(callId);
      failures[why] = (failures[why] ?? 0) + 1;
    }
    const times = own
      .flatMap((call) => millisecondsBetween(call, "sent", "answered") ?? [])
      .sort((a, b) => a - b);
    return {
      ...{ calls: own.length, failed: failed.length, failures },
      ...{ p50: percentile(times, 50), p99: percentile(times, 99) },
    };
  };
  return { before: count("before"), during: count("during"), after: count("after") };
}

interface Operation {
  readonly id: string;
  readonly state: string;
  readonly counts: { readonly planned: number; readonly moved: number; readonly left: number };
}

function isOperation(value: unknown): value is Operation {
  return (
    typeof value === "object" && value !== null && "id" in value && "state" in value && "counts" in value
  );
}

async function ask(url: string, body: object | null): Promise<Operation> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(10_000),
    ...(body === null
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok || !isOperation(answer))
    throw new Error(`os-cfs answers ${response.status} to ${url}: ${JSON.stringify(answer)}`);
  return answer;
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ends = new Set(["COMPLETED", "FAILED", "FAILED_TEMP", "ROLLED_BACK"]);
/** Seconds within which the transfer has to end. */
const transferPatience = 120;

/** Drains the first P-CSCF to the second one; resolves when the operation has ended. */
async function drain(osCfs: string, from: string, to: string): Promise<Transfer> {
  const began = Date.now() / 1000;
  const request = { function: from, load: 0, targets: [{ function: to }], reason: "maintenance" };
  let operation = await ask(`${osCfs}/transfers`, request);
  while (!ends.has(operation.state) && Date.now() / 1000 < began + transferPatience) {
    await sleep(100);
    operation = await ask(`${osCfs}/transfers/${operation.id}`, null);
  }
  return { state: operation.state, ...operation.counts, from: began, to: Date.now() / 1000 };
}

export interface CallLoadOptions extends UeOptions {
  readonly transfer: boolean;
  /** Seconds of load before and after the transfer. */
  readonly around: number;
}

export interface CallLoadContext {
  readonly signal: AbortSignal;
  readonly path: string | undefined;
  readonly progress: (line: string) => void;
}

/** Runs it beside the lab's core, which has UEs that answer. */
export async function runCallLoad(
  options: CallLoadOptions,
  core: CoreDescription,
  { signal, path, progress }: CallLoadContext,
): Promise<CallLoadResult> {
  if (core.ues.length === 0)
    throw new MachineError("the core has no UEs that answer: start it with --ues, such as lab core --ues 20");
  const sipp = findSipp(path);
  const places = describedPlaces(core, options);
  const sides = takeSides({ ...options, callees: 0 }, { ...places, first: places.callees }, true);
  const [rate] = options.steps.map((step) => step.rate);
  if (rate === undefined || places.records === null) throw new Error("call-load has a rate and os-cfs");
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-sipp-"));
  const { transport, expires, talk, around } = options;
  const stage = new UeStage({ sipp, folder, transport, expires, signal });
  try {
    progress(`registers ${sides.callers.ues.length} UEs who call`);
    await registerFirst(stage, sides.callers);
    const calls = stage.startCalls({
      ...{ scenario: "uac-call", group: sides.callers, peers: core.ues, second: null, rate, talk },
      // It is stopped; the load is a question of time.
      count: Math.ceil(rate * (2 * around + transferPatience)),
    });
    await sleep(around * 1000);
    const { osCfs, first, second } = places.records;
    progress("asks for the transfer");
    const transfer = options.transfer ? await drain(osCfs, first, second) : null;
    await sleep(around * 1000);
    calls.stop();
    const outcome = await calls.outcome;
    const counted = countPhases(outcome, transfer);
    const failures = phases
      .filter((phase) => counted[phase].failed > 0)
      .map(
        (phase) => `${counted[phase].failed} of ${counted[phase].calls} calls failed ${phase} the transfer`,
      );
    if (transfer !== null && transfer.state !== "COMPLETED")
      failures.push(`the transfer ended as ${transfer.state}`);
    if (transfer !== null && transfer.moved !== core.ues.length)
      failures.push(`${transfer.moved} of ${core.ues.length} users were moved`);
    return { phases: counted, transfer, failures };
  } finally {
    stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function formatCallLoad({ phases: counted, transfer }: CallLoadResult): string {
  const lines = phases.map((phase) => {
    const { calls, failed, failures, p50, p99 } = counted[phase];
    const why = Object.entries(failures).map(([reason, count]) => `${count} x ${reason}`);
    const time = `p50 ${p50?.toFixed(1) ?? "none"} ms, p99 ${p99?.toFixed(1) ?? "none"} ms to 200`;
    const share = calls === 0 ? "" : ` (${((100 * failed) / calls).toFixed(2)} %)`;
    return `${phase.padEnd(16)}${calls} calls, ${failed} failed${share}${why.length > 0 ? `: ${why.join(", ")}` : ""}; ${time}`;
  });
  const moved =
    transfer === null
      ? "none asked for; all calls count as before it"
      : `${transfer.state} after ${(transfer.to - transfer.from).toFixed(1)} s: ${transfer.planned} planned = ${transfer.moved} moved + ${transfer.left} left`;
  return [`${"transfer".padEnd(16)}${moved}`, ...lines].join("\n");
}
