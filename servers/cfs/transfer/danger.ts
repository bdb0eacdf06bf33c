// Whether a change of S-CSCF cuts calls: some HSSs cancel the S-CSCF that a user leaves (RTR), and some S-CSCFs then end
// his calls, maybe before they are replaced (T4). Found by what the LCFs report, where nobody has configured it. Pure.
import { type DialogReport, endedBy } from "@liquid-ims/reference-points/cfs-ue";
import type { ProblemDetails } from "@liquid-ims/reference-points/os-cfs";
import { fates } from "./dialogs.ts";
import { isOpen, type UserRow } from "./user-row.ts";

/** Calls that may just as well have been hung up, until they are believed to have been cut: so many, of all that moved. */
const suspicious = { least: 2, share: 0.25 } as const;

/** Calls that were not ended by whoever reports them. */
export interface Cuts {
  /** Both ends say that the other one has ended it: neither did. */
  readonly certain: number;
  /** One end says so, and the other, who does not move, says nothing. */
  readonly suspected: number;
  /** Calls of users for whom a MAR was sent. */
  readonly calls: number;
}

function cutsOf(reports: readonly DialogReport[]): Omit<Cuts, "calls"> {
  const ends = new Map<string, { peer: number; self: boolean }>();
  for (const { id, result, reason } of reports) {
    if (result !== "ended") continue;
    const known = ends.get(id) ?? { peer: 0, self: false };
    if (reason === endedBy.peer) known.peer += 1;
    else known.self = true;
    ends.set(id, known);
  }
  const cut = [...ends.values()].filter(({ peer, self }) => peer > 0 && !self);
  const certain = cut.filter(({ peer }) => peer > 1).length;
  return { certain, suspected: cut.length - certain };
}

/** The calls that were cut while their users moved. */
export function cutsIn(rows: readonly UserRow[]): Cuts {
  const moved = rows.filter(({ reassignment }) => (reassignment?.reassignedAt ?? null) !== null);
  const reports = moved.flatMap(({ results }) => results);
  return { ...cutsOf(reports), calls: fates(reports).length };
}

/** What was seen, for people; `isCertain`: it holds for other transfers, too. Null: nothing. */
export interface Danger {
  readonly seen: string;
  readonly isCertain: boolean;
}

/** Whether calls were cut in a transfer. */
export function dangerOf(rows: readonly UserRow[]): Danger | null {
  const { certain, suspected, calls } = cutsIn(rows);
  const isSuspicious = suspected >= suspicious.least && suspected > suspicious.share * calls;
  if (certain === 0 && !isSuspicious) return null;
  const seen = `${certain + suspected} of ${calls} calls of users whose S-CSCF was changed were ended by neither of their ends: the HSS seems to cancel the S-CSCF that is left, which cuts their calls`;
  return { seen, isCertain: certain > 0 };
}

const remedy =
  "users in calls stay where they are until their calls end, idle ones move; set cx.cancelsOldServer: true, then nobody's call is tried";
const afterFailure =
  "after a failure users are moved all the same, their calls at risk; set cx.cancelsOldServer: true for planned work";

const otherwise = ", or false where the core does so no longer";

/**
 * For os-cfs, beside whatever else a transfer has come to. `earlier`: what was seen before; it is said while somebody
 * waits for it.
 */
export function dangerProblem(
  rows: readonly UserRow[],
  isFailure: boolean,
  earlier: string | null = null,
): ProblemDetails | null {
  const isWaitedFor = rows.some(
    ({ reassignment, state, reason }) => reassignment !== null && isOpen(state) && reason === "not idle",
  );
  const present = dangerOf(rows)?.seen ?? null;
  const danger = present ?? (isWaitedFor && !isFailure ? earlier : null);
  if (danger === null) return null;
  const detail = `${danger}: ${isFailure ? afterFailure : remedy}${present === null ? otherwise : ""}`;
  return { type: "about:blank", title: "calls were cut", status: 500, detail };
}
