// The window: from the MAR to the registration at the new S-CSCF nobody can call its user, and whoever tries makes that
// S-CSCF claim him. Who may begin it, and who waits for its end, so that no INVITE with Replaces of one mover meets
// another one there. Pure. System 3 S, cfs-ue 8.
import type { Happening } from "../happening.ts";
import { hasReported, type Surroundings } from "../pairs.ts";
import { isInWindow, isOpen, type UserRow } from "../user-row.ts";

/** He was told to replace this dialog and has not said how it went. */
function isReplacing(row: UserRow, dialog: string): boolean {
  if (!isOpen(row.state) || row.state === "planned" || row.state === "asked") return false;
  return (row.replace === "now" || row.released !== "no") && !hasReported(row, dialog);
}

function areTogether(a: UserRow, b: UserRow): boolean {
  return a.transfer === b.transfer && a.reassignment?.subscription === b.reassignment?.subscription;
}

/** A dialog of this user that its other end may be replacing right now, for people; null: none. */
function replacedElsewhere(row: UserRow, { pairs, isBusy }: Surroundings): string | null {
  for (const [dialog, partner] of [...pairs.partners(row), ...pairs.halfEnded(row)]) {
    if (areTogether(row, partner)) continue;
    if (isBusy(partner) || isReplacing(partner, dialog))
      return `${dialog} is being replaced by ${partner.user}`;
  }
  return null;
}

/** Tries of a subscription of which not every device answers in time. */
const mostMissed = 3;

/** Those that have accepted wait for another device, as long as their acceptance counts. */
function waitsForDevice(accepted: readonly UserRow[], { at, times }: Surroundings): Happening | null {
  const isOver = ({ reassignment }: UserRow) => at >= (reassignment?.armedAt ?? at) + times.acceptance;
  if (!accepted.some(isOver)) return null;
  const detail = `not every device of the subscription has accepted within ${times.acceptance} ms`;
  const event = accepted.some(({ attempts }) => attempts >= mostMissed) ? "device stays" : "device waits";
  return { event, all: true, reason: "another device did not answer", detail };
}

/** The last moment for a MAR: half way from the last acceptance that counts to the LCF's registering by itself. */
function lastMoment({ reassignment }: UserRow, { at, times }: Surroundings): number {
  return (reassignment?.armedAt ?? at) + (times.acceptance + times.armed) / 2;
}

/**
 * What follows for the registrations of a subscription that are in `accepted`: they wait for its other devices. When all
 * have accepted, with calls: the MAR, unless the other end of a call is replacing it; then they rest, while there is time.
 * Null: nothing yet. What they have accepted is in the store by now: whoever is told to replace from here on sees their
 * calls.
 */
export function afterAcceptance(rows: readonly UserRow[], surroundings: Surroundings): Happening | null {
  const going = rows.filter(({ state }) => state === "commanded" || state === "accepted");
  const accepted = going.filter(({ state }) => state === "accepted");
  if (accepted.length < going.length) return waitsForDevice(accepted, surroundings);
  if (accepted.length === 0) return null;
  const held = going.map((row) => replacedElsewhere(row, surroundings)).find((found) => found !== null);
  if (going.every((row) => surroundings.at < lastMoment(row, surroundings)))
    return held === undefined ? { event: "reassign", all: true } : null;
  const again = { event: "device waits", all: true } as const;
  if (held !== undefined) return { ...again, reason: "not replaceable", detail: held };
  return {
    ...again,
    reason: "expired",
    detail: "the armed move registers by itself before a MAR is answered",
  };
}

/** He may begin his window by what he has said of his calls, or has. */
export function hasWindowAhead(row: UserRow, { at, times, isBusy }: Surroundings): boolean {
  if (row.reassignment === null) return false;
  if (isInWindow(row) || row.state === "accepted") return true;
  const armedAt = row.reassignment.armedAt ?? at;
  return row.state === "commanded" && (at <= armedAt + times.acceptance || isBusy(row));
}

/**
 * True while a user who has registered waits before he replaces: a call of his may have begun after its other end was
 * heard last, who is one of `ahead`, those with a window ahead. After `times.pair` nobody is waited for.
 */
export function awaitsWindows(row: UserRow, ahead: readonly UserRow[], { at, times }: Surroundings): boolean {
  const { registeredAt, reassignment } = row;
  if (registeredAt === null || reassignment === null || at - registeredAt >= times.pair) return false;
  return ahead.some(
    (other) => !areTogether(row, other) && (other.reassignment?.armedAt ?? 0) <= registeredAt,
  );
}
