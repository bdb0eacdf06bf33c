// A steady load of calls by SIPp to users who are being moved: UEs with an LCF at the first P-CSCF are called while it is
// drained, and the calls that fail are counted before, during and after the transfer. The callers are at the third
// P-CSCF and stay.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CoreDescription } from "@liquid-ims/lab/standing-core/description";
import { MachineError } from "../machine-error.ts";
import { findSipp } from "../sipp-program.ts";
import type { UeOptions } from "../ue/options.ts";
import { describedPlaces, registerFirst, takeSides } from "../ue/run.ts";
import type { SippOutcome } from "../ue/sipp-child.ts";
import { UeStage } from "../ue/stage.ts";
import { type CallLoadResult, countPhases, phases, type Transfer } from "./phases.ts";

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

async function ask(url: string, body: object | null, signal: AbortSignal): Promise<Operation> {
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    ...(body === null
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok || !isOperation(answer))
    throw new Error(`os-cfs answers ${response.status} to ${url}: ${JSON.stringify(answer)}`);
  return answer;
}

const ends = new Set(["COMPLETED", "FAILED", "FAILED_TEMP", "ROLLED_BACK"]);
/** Seconds within which the transfer has to end. */
const transferPatience = 120;

interface DrainOrder {
  readonly osCfs: string;
  readonly from: string;
  readonly to: string;
}

/** Drains the first P-CSCF to the second one; resolves when the operation has ended. */
async function drain({ osCfs, from, to }: DrainOrder, signal: AbortSignal): Promise<Transfer> {
  const began = Date.now() / 1000;
  const request = { function: from, load: 0, targets: [{ function: to }], reason: "maintenance" };
  let operation = await ask(`${osCfs}/transfers`, request, signal);
  while (!ends.has(operation.state) && Date.now() / 1000 < began + transferPatience) {
    await sleep(100, undefined, { signal });
    operation = await ask(`${osCfs}/transfers/${operation.id}`, null, signal);
  }
  return { state: operation.state, ...operation.counts, from: began, to: Date.now() / 1000 };
}

/** What makes it exit code 1, a line each. */
function failuresOf(
  counted: CallLoadResult["phases"],
  transfer: Transfer | null,
  { exitCode, complaints }: SippOutcome,
  users: number,
): string[] {
  const failures: string[] = [];
  for (const phase of transfer === null ? (["before"] as const) : phases) {
    const { calls, failed } = counted[phase];
    if (calls === 0) failures.push(`no call was placed ${phase} the transfer`);
    if (failed > 0) failures.push(`${failed} of ${calls} calls failed ${phase} the transfer`);
  }
  // With 1 calls failed, which are counted.
  if (exitCode !== 0 && exitCode !== 1)
    failures.push(`SIPp ended with ${exitCode ?? "a signal"}: ${complaints.join("; ")}`);
  if (transfer !== null && transfer.state !== "COMPLETED")
    failures.push(`the transfer ended as ${transfer.state}`);
  if (transfer !== null && transfer.moved !== users)
    failures.push(`${transfer.moved} of ${users} users were moved`);
  return failures;
}

export interface CallLoadOptions extends UeOptions {
  readonly transfer: boolean;
  /** The callers act on Replaces; only over UDP. */
  readonly replaceable: boolean;
  /** Seconds of load before and after the transfer. */
  readonly around: number;
}

export interface CallLoadContext {
  readonly signal: AbortSignal;
  readonly path: string | undefined;
  readonly progress: (line: string) => void;
}

/** Runs it beside the lab's core, which has UEs that answer; rejects soon after `signal`, and asks for nothing more. */
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
  const { transport, expires, talk, around, replaceable } = options;
  const stage = new UeStage({ sipp, folder, transport, expires, signal });
  try {
    progress(`registers ${sides.callers.ues.length} UEs who call`);
    await registerFirst(stage, sides.callers);
    const calls = stage.startCalls({
      ...{
        scenario: "uac-call",
        group: sides.callers,
        peers: core.ues,
        second: null,
        rate,
        talk,
        replaceable,
      },
      // It is stopped; the load is a question of time.
      count: Math.ceil(rate * (2 * around + transferPatience)),
    });
    await sleep(around * 1000, undefined, { signal });
    const { osCfs, first: from, second: to } = places.records;
    let transfer: Transfer | null = null;
    if (options.transfer) {
      progress("asks for the transfer");
      transfer = await drain({ osCfs, from, to }, signal);
    }
    await sleep(around * 1000, undefined, { signal });
    calls.stop();
    const outcome = await calls.outcome;
    const counted = countPhases(outcome, transfer);
    return { phases: counted, transfer, failures: failuresOf(counted, transfer, outcome, core.ues.length) };
  } finally {
    stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
