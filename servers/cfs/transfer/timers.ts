// When time alone changes something for a user of a transfer. Pure.
import type { Happening } from "./step.ts";
import type { TransferTimes } from "./times.ts";
import type { UserRow } from "./user-row.ts";

/** What is due for a user at `at`, wall clock; null: nothing. */
export function dueFor(row: UserRow, at: number, times: TransferTimes): Happening | null {
  const expires = row.command?.expires ?? at;
  const moveEnds = (row.commandedAt ?? row.registeredAt ?? at) + times.move;
  switch (row.state) {
    case "planned":
      if (at < row.deadlineAt) return null;
      return { event: row.reason === null ? "deadline" : "wait over" };
    case "asked":
      if (at >= row.deadlineAt) return { event: row.reason === null ? "deadline" : "wait over" };
      return at >= expires ? { event: "query unanswered" } : null;
    case "commanded":
      if (at >= moveEnds) return { event: "deadline" };
      return at >= expires ? { event: "unanswered" } : null;
    case "accepted":
      return at >= moveEnds ? { event: "deadline" } : null;
    case "registered":
      return at >= moveEnds + times.report ? { event: "deadline" } : null;
    default:
      return null;
  }
}
