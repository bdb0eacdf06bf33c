// When those who have registered may replace their dialogs: when the other end has registered, too, so that one INVITE
// does for both, and when nobody can meet it in his window. Pure. Dialog-replacement, system 7.
import { hasReported, isToCome, type Surroundings } from "./pairs.ts";
import { awaitsWindows, hasWindowAhead } from "./reassignment/window.ts";
import { isInWindow, isMoved, type UserRow } from "./user-row.ts";

/** Which dialogs are set free. */
export type Release = "all" | readonly string[];

/**
 * What a registered user whose move waits may replace now: nothing yet (null), some dialogs, or all. First the
 * dialogs that it has placed itself or with somebody who does not move; those that the other end replaces only when
 * that has said how it went, in case it went wrong. After `times.pair` nobody is waited for any more, but for those who
 * cannot be called at the moment.
 */
export function releaseOf(row: UserRow, surroundings: Surroundings): Release | null {
  if (row.state !== "registered" || row.replace !== "wait" || row.released === "all") return null;
  const { at, times, pairs, isBusy } = surroundings;
  const since = at - (row.registeredAt ?? at);
  const partners = pairs.partners(row);
  const others = [...partners.values()];
  const hearing = [...others, ...pairs.halfEnded(row).map(([, other]) => other)];
  if (hearing.some((other) => isInWindow(other) || isBusy(other))) return null;
  if (others.some((partner) => partner.state !== "registered" && isToCome(row, partner)))
    return since >= times.pair ? "all" : null;
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
  return heard || since >= 2 * times.pair ? "all" : null;
}

/** Waits to be told. An S move that nobody had to tell `after: 0` waits without a dialog, too, and reports so. */
function isWaiting({ state, replace, dialogs, reassignment }: UserRow): boolean {
  return state === "registered" && replace === "wait" && !(reassignment !== null && dialogs?.length === 0);
}

/** What may be cut any moment waits for nobody, but for ends that cannot be called. */
function hastyReleaseOf(row: UserRow, { pairs, isBusy }: Surroundings): Release | null {
  if (row.released === "all") return null;
  const held = new Set(
    [...pairs.partners(row), ...pairs.halfEnded(row)]
      .filter(([, other]) => isInWindow(other) || isBusy(other))
      .map(([id]) => id),
  );
  if (held.size === 0) return "all";
  const free = (row.dialogs ?? []).map(({ id }) => id).filter((id) => !held.has(id));
  return row.released === "no" && free.length > 0 ? free : null;
}

/** What may be replaced now, by whom of these; `cutsCalls`: the S-CSCF that is left cuts calls. */
export function releasesOf(
  rows: readonly UserRow[],
  look: () => Surroundings,
  cutsCalls: boolean,
): (readonly [UserRow, Release])[] {
  const waiting = rows.filter(isWaiting);
  if (waiting.length === 0) return [];
  const surroundings = look();
  const ahead = surroundings.everybody.filter((row) => hasWindowAhead(row, surroundings));
  const release = (row: UserRow): Release | null => {
    if (cutsCalls) return hastyReleaseOf(row, surroundings);
    return awaitsWindows(row, ahead, surroundings) ? null : releaseOf(row, surroundings);
  };
  return waiting.flatMap((row) => {
    const released = release(row);
    return released === null ? [] : [[row, released] as const];
  });
}
