// When time alone changes something for a user whose S-CSCF changes. Pure. cfs-ue 8, 9.
import type { Happening } from "../step.ts";
import type { TransferTimes } from "../times.ts";
import type { Reassignment, UserRow } from "../user-row.ts";

/** Tries of a subscription of which not every device answers in time. */
const mostMissed = 3;

function isDue(due: number | null, at: number): boolean {
  return due !== null && at >= due;
}

/** A device that has accepted waits for another one. */
function acceptedFor(
  row: UserRow,
  { armedAt }: Reassignment,
  at: number,
  times: TransferTimes,
): Happening | null {
  if (at < (armedAt ?? at) + times.acceptance) return null;
  const detail = `not every device of the subscription has accepted within ${times.acceptance} ms`;
  const event = row.attempts < mostMissed ? "device waits" : "device stays";
  return { event, all: true, reason: "another device did not answer", detail };
}

/** From the MAR on; null: nothing is due, or these are times that every transfer has. */
export function reassignmentDue(row: UserRow, at: number, times: TransferTimes): Happening | null {
  const { reassignment } = row;
  if (reassignment === null) return null;
  switch (row.state) {
    case "accepted":
      return acceptedFor(row, reassignment, at, times);
    case "reassigned":
      if (isDue(reassignment.commitAt, at)) {
        const detail = `no registration at ${row.target} within ${times.commit} ms`;
        return { event: "commit over", all: true, detail };
      }
      return isDue(reassignment.nameDueAt, at) ? { event: "name due", all: true } : null;
    case "restoring":
      if (isDue(reassignment.restoreUntil, at)) return { event: "deadline", all: true };
      return isDue(reassignment.restoreDueAt, at) ? { event: "restore due", all: true } : null;
    case "registered":
      return isDue(reassignment.nameDueAt, at) ? { event: "name due", all: true } : null;
    default:
      return null;
  }
}
