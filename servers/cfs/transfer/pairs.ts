// Calls whose both ends move: both register first, then one end replaces, one INVITE instead of two. Pure.
import type { TransferTimes } from "./times.ts";
import { isMoved, isOpen, type UserRow } from "./user-row.ts";

/** Which users of a transfer have a dialog with each other. Names of dialogs are equal at both ends. */
export interface Pairs {
  /** The other end of each dialog of this user that another moving user has too. */
  partners(row: UserRow): ReadonlyMap<string, UserRow>;
}

/** Pairs among users who have a target. A dialog that more than two have is not paired. */
export function pairsOf(rows: Iterable<UserRow>): Pairs {
  const ends = new Map<string, UserRow[]>();
  for (const row of rows) {
    if (row.target === null) continue;
    for (const { id } of row.dialogs ?? []) {
      const known = ends.get(id);
      if (known === undefined) ends.set(id, [row]);
      else known.push(row);
    }
  }
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
  };
}

/** True when a partner has yet to arrive: the move should wait before it replaces. */
export function hasPartnerToCome(row: UserRow, pairs: Pairs): boolean {
  return [...pairs.partners(row).values()].some((partner) => isOpen(partner.state));
}

function hasReported(partner: UserRow, dialog: string): boolean {
  if (partner.state === "done") return true;
  return partner.results.some(({ id, result }) => id === dialog && result !== "waiting");
}

/**
 * What a registered user whose move waits may replace now: nothing yet (null), some dialogs, or all. First the
 * dialogs that it has placed itself or with somebody who does not move; those that the other end replaces only when
 * that has said how it went, in case it went wrong. After `times.pair` nobody is waited for any more.
 */
export function releaseOf(
  row: UserRow,
  pairs: Pairs,
  now: { readonly at: number; readonly times: TransferTimes },
): "all" | readonly string[] | null {
  if (row.state !== "registered" || row.replace !== "wait" || row.released === "all") return null;
  const since = now.at - (row.registeredAt ?? now.at);
  const partners = pairs.partners(row);
  const awaited = [...partners.values()].some(
    (partner) => isOpen(partner.state) && partner.state !== "registered",
  );
  if (awaited) return since >= now.times.pair ? "all" : null;
  const own: string[] = [];
  const theirs: [string, UserRow][] = [];
  for (const { id, role } of row.dialogs ?? []) {
    const partner = partners.get(id);
    if (partner !== undefined && role === "uas" && isMoved(partner.state)) theirs.push([id, partner]);
    else own.push(id);
  }
  if (theirs.length === 0) return "all";
  if (row.released === "no" && own.length > 0) return own;
  const heard = theirs.every(([id, partner]) => hasReported(partner, id));
  return heard || since >= 2 * now.times.pair ? "all" : null;
}
