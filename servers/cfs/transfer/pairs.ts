// Calls whose both ends move: both register first, then one end replaces, one INVITE instead of two. Pure.
import type { TransferTimes } from "./times.ts";
import { isInWindow, isOpen, type UserRow } from "./user-row.ts";

/** Which users have a dialog with each other. Names of dialogs are equal at both ends. */
export interface Pairs {
  /** The other end of each dialog of this user that another moving user has too. */
  partners(row: UserRow): ReadonlyMap<string, UserRow>;
  /**
   * Dialogs of which one of the two ends holds no more while the other one does as far as is known, each with the other
   * end: a BYE may be on its way, so that it is replaced all the same.
   */
  halfEnded(row: UserRow): readonly (readonly [string, UserRow])[];
}

/** What is known of everybody at this moment. */
export interface Surroundings {
  /** Wall clock. */
  readonly at: number;
  readonly times: TransferTimes;
  /** Those for whom something is still to happen. */
  readonly everybody: readonly UserRow[];
  readonly pairs: Pairs;
  /** Something about this user is being written: he may have been told already. */
  readonly isBusy: (row: UserRow) => boolean;
}

function note(ends: Map<string, UserRow[]>, id: string, row: UserRow): void {
  const known = ends.get(id);
  if (known === undefined) ends.set(id, [row]);
  else known.push(row);
}

/** Pairs among users who have a target. A dialog that more than two have is not paired. */
export function pairsOf(rows: Iterable<UserRow>): Pairs {
  const ends = new Map<string, UserRow[]>();
  const formerEnds = new Map<string, UserRow[]>();
  for (const row of rows) {
    if (row.target === null) continue;
    for (const { id } of row.dialogs ?? []) note(ends, id, row);
    for (const id of row.former) note(formerEnds, id, row);
  }
  const others = (found: ReadonlyMap<string, UserRow[]>, id: string, row: UserRow) =>
    (found.get(id) ?? [])
      .filter(({ registration }) => registration !== row.registration)
      .map((other) => [id, other] as const);
  return {
    partners(row) {
      const found = new Map<string, UserRow>();
      for (const { id } of row.dialogs ?? []) {
        const both = ends.get(id) ?? [];
        const other = both.find(({ registration }) => registration !== row.registration);
        if (both.length === 2 && other !== undefined) found.set(id, other);
      }
      return found;
    },
    halfEnded: (row) => [
      ...(row.dialogs ?? []).flatMap(({ id }) => others(formerEnds, id, row)),
      ...row.former.flatMap((id) => others(ends, id, row)),
    ],
  };
}

/** A partner has yet to arrive. Those of another transfer come when they come: they count only while nobody can call them. */
export function isToCome(row: UserRow, partner: UserRow): boolean {
  return row.transfer === partner.transfer ? isOpen(partner.state) : isInWindow(partner);
}

/** True when a partner has yet to arrive: the move should wait before it replaces. */
export function hasPartnerToCome(row: UserRow, pairs: Pairs): boolean {
  return (
    [...pairs.partners(row).values()].some((partner) => isToCome(row, partner)) ||
    pairs.halfEnded(row).some(([, other]) => isInWindow(other))
  );
}

/** A user has said what became of this dialog. */
export function hasReported(partner: UserRow, dialog: string): boolean {
  if (partner.state === "done") return true;
  return partner.results.some(({ id, result }) => id === dialog && result !== "waiting");
}
