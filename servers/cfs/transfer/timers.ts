// When time alone changes something for a user of a transfer. Pure.

import type { Happening } from "./happening.ts";
import { verdictOf } from "./outcome.ts";
import { reassignmentDue } from "./reassignment/reassignment-timers.ts";
import type { TransferTimes } from "./times.ts";
import type { UserRow } from "./user-row.ts";

/** The end of waiting: with the outcome that the reason has when it does not pass. */
function waitOver({ reason }: UserRow): Happening {
  if (reason === null) return { event: "deadline" };
  return { event: verdictOf(reason).outcome === "failed" ? "failed" : "wait over" };
}

/** What is due for a user at `at`, wall clock; null: nothing. */
export function dueFor(row: UserRow, at: number, times: TransferTimes): Happening | null {
  const due = reassignmentDue(row, at, times);
  if (due !== null) return due;
  const expires = row.command?.expires ?? at;
  const moveEnds = (row.commandedAt ?? row.registeredAt ?? at) + times.move;
  switch (row.state) {
    case "planned":
      return at >= row.deadlineAt ? waitOver(row) : null;
    case "asked":
      if (at >= row.deadlineAt) return waitOver(row);
      return at >= expires ? { event: "query unanswered" } : null;
    case "commanded":
      if (at >= moveEnds) return { event: "deadline" };
      return at >= expires ? { event: "unanswered" } : null;
    case "accepted":
      return at >= moveEnds ? { event: "deadline" } : null;
    case "registered": {
      // Where there was nothing to replace, nothing takes time.
      const begins = row.dialogs?.length === 0 && row.registeredAt !== null ? row.registeredAt : moveEnds;
      // A name that may have been taken back is waited for.
      const { nameDueAt = null, checkDueAt = null } = row.reassignment ?? {};
      const read = nameDueAt === null && checkDueAt === null ? 0 : times.restore;
      return at >= begins + times.report + read ? { event: "deadline" } : null;
    }
    default:
      return null;
  }
}
