// When time alone changes something for a user whose S-CSCF changes. Pure. cfs-ue 8, 9.
import type { Happening } from "../happening.ts";
import type { TransferTimes } from "../times.ts";
import type { Reassignment, UserRow } from "../user-row.ts";

/** Questions to the HSS without an answer, after which a user counts as he is: 1, 2, 4, 8 times `check` between them. */
const mostChecks = 5;

function checkDue({ checks }: Reassignment): Happening {
  if (checks < mostChecks) return { event: "check due" };
  return { event: "check over", detail: "the HSS did not say whether it holds the registration" };
}

function isDue(due: number | null, at: number): boolean {
  return due !== null && at >= due;
}

/** From the MAR on; null: nothing is due, or these are times that every transfer has. */
export function reassignmentDue(row: UserRow, at: number, times: TransferTimes): Happening | null {
  const { reassignment } = row;
  if (reassignment === null) return null;
  switch (row.state) {
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
      if (isDue(reassignment.nameDueAt, at)) return { event: "name due", all: true };
      return isDue(reassignment.checkDueAt, at) ? checkDue(reassignment) : null;
    default:
      return null;
  }
}
