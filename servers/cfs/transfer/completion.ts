// When a transfer is over, and how. Pure.
import type { OperationState, ProblemDetails } from "@liquid-ims/reference-points/os-cfs";
import { isActive, type TransferRow } from "./transfer-row.ts";

/** What is the case when nobody is planned or under way. */
export interface Situation {
  /** Registrations on the function. */
  readonly present: number;
  /** Dialogs reported to go on through it. */
  readonly pinned: number;
  /** For how long there has been neither, ms; 0 when there is one. */
  readonly quietFor: number;
  /** Why those registrations are still there, for people: each reason with the number of its users; empty: not known. */
  readonly why: string;
  /** Why nobody can be moved from here at all, whatever time passes; null: that is not so. */
  readonly futile: string | null;
  /** Wall clock. */
  readonly at: number;
}

export interface End {
  readonly state: OperationState;
  readonly standing: boolean;
  readonly problem: ProblemDetails | null;
}

export function isDrain(row: Pick<TransferRow, "request">): boolean {
  return "load" in row.request && row.request.load === 0;
}

/** The reason of those who were not moved because the HSS moves nobody. */
export const namesDoNotMove = "HSS does not move users on MAR";

function problem(title: string, detail: string): ProblemDetails {
  return { type: "about:blank", title, status: 500, detail };
}

function stopped(row: TransferRow, { present }: Situation): End | null {
  if (row.stop === null) return null;
  const { reason, detail } = row.stop;
  const left = row.function === null ? "" : `; ${present} registrations are on ${row.function}`;
  const remedy =
    reason === "cancelled"
      ? "ask for it again when it is wanted"
      : "look at the failed users, then ask again";
  return { state: "FAILED", standing: false, problem: problem(reason, `${detail}${left}: ${remedy}`) };
}

function drained(row: TransferRow, situation: Situation, quiet: number): End | null {
  const { present, pinned, quietFor, why, futile, at } = situation;
  const isEmpty = present === 0 && pinned === 0;
  if (isEmpty && (row.emptyAtStart || quietFor >= quiet))
    return row.state === "COMPLETED" ? null : { state: "COMPLETED", standing: true, problem: null };
  if (row.state !== "PROCESSING" || isEmpty) return null;
  if (futile !== null) {
    const detail = `${present} registrations and ${pinned} dialogs are still on ${row.function}: ${futile}; then end this order with DELETE and give it again`;
    return { state: "FAILED_TEMP", standing: true, problem: problem(namesDoNotMove, detail) };
  }
  if (at < row.deadlineAt) return null;
  const reasons = why === "" ? "" : ` (${why})`;
  const detail = `${present} registrations${reasons} and ${pinned} dialogs are still on ${row.function}; the standing order goes on, and is COMPLETED when they have left: wait, or end it with DELETE`;
  return { state: "FAILED_TEMP", standing: true, problem: problem("deadline", detail) };
}

/** The end that a transfer comes to now, with nobody planned or under way; null: none, or it has been there. */
export function endOf(row: TransferRow, situation: Situation, quiet: number): End | null {
  if (!isActive(row)) return null;
  const stop = stopped(row, situation);
  if (stop !== null) return stop;
  if (isDrain(row)) return drained(row, situation, quiet);
  return { state: "COMPLETED", standing: false, problem: null };
}
