// What a step of the table makes of a dialog's rows; the rest of its actions are the caller's.
import { closeDialog } from "./binding.ts";
import type { LcfRow, SubscriptionRow } from "./rows.ts";
import type { SubscriptionStep } from "./subscription-table.ts";

export interface SteppedRows {
  /** Null: deleted. */
  readonly row: SubscriptionRow | null;
  readonly lcf: LcfRow;
}

/** The next state, its reason, the NOTIFY owed, or the end. */
export function applyStep(row: SubscriptionRow, lcf: LcfRow, step: SubscriptionStep): SteppedRows {
  if (step.actions.includes("remove")) {
    const end = row.reason === "timeout" ? "expired" : "dialog failed";
    return { row: null, lcf: closeDialog(lcf, row.dialog.id.localTag, end) };
  }
  const { next } = step;
  // States that wait for a signature are those of this process only: the store keeps what they would go back to.
  const state =
    next === "pending_verify" || next === "resp_wait" || next === "resp_verify" ? "pending" : next;
  const reason = step.reason ?? row.reason;
  const owesNotify = row.owesNotify || step.actions.includes("notify");
  return { row: { ...row, state, reason, owesNotify }, lcf };
}
