// The registrations of one IMS subscription, which has one S-CSCF: what one of them meets concerns the others. Pure.
// TS 29.228 6.3 (the name is the subscription's), cfs-ue 8 step 1.
import type { Effect, Happening, StepContext } from "../happening.ts";
import { step } from "../step.ts";
import type { UserEvent } from "../user-event.ts";
import { isMoved, type UserRow, type UserState } from "../user-row.ts";

export interface SubscriptionStep {
  readonly rows: readonly UserRow[];
  /** Each with the index of the row that it is about; what goes to the HSS is there once. */
  readonly effects: readonly { readonly index: number; readonly effect: Effect }[];
}

const going: ReadonlySet<UserState> = new Set(["commanded", "accepted"]);
const resting: ReadonlySet<UserState> = new Set(["planned", "asked"]);
const stayed: ReadonlySet<UserState> = new Set([
  "skipped",
  "refused",
  "unreachable",
  "timedOut",
  "rolledBack",
  "aborted",
  "failed",
]);

function isCx({ effect }: Effect): boolean {
  return effect === "reassign" || effect === "restore" || effect === "read name";
}

/** One has ended where it was: the name cannot be changed for the others. */
function withOneThatStays(rows: readonly UserRow[], row: UserRow): Happening | null {
  const stays = rows.find(({ state }) => stayed.has(state));
  if (stays === undefined || !(going.has(row.state) || resting.has(row.state))) return null;
  const detail = `${stays.registration} is ${stays.state}${stays.reason === null ? "" : `: ${stays.reason}`}`;
  return { event: "device stays", reason: "another device stays", detail };
}

/** One was refused for now, or has come late: all try again together. */
function withOneThatWaits(rows: readonly UserRow[], row: UserRow): Happening | null {
  const waits = rows.find(({ state }) => resting.has(state));
  if (waits === undefined || !going.has(row.state)) return null;
  const reason = waits.reason ?? "another device did not answer";
  return { event: "device waits", reason, detail: `${waits.registration}: ${waits.detail}` };
}

/** Those of `ready` whose subscription is there as a whole: nobody of it waits, or is away, or under way. */
export function wholeSubscriptions(ready: readonly UserRow[], open: readonly UserRow[]): UserRow[] {
  const there = new Set(ready);
  const partial = new Set(
    open.filter((row) => !there.has(row)).flatMap(({ reassignment }) => reassignment?.subscription ?? []),
  );
  return ready.filter(({ reassignment }) => !partial.has(reassignment?.subscription ?? ""));
}

/** Nobody replaces a dialog of his; whether somebody does is looked at once his word on his calls is in the store. */
function isIdle({ dialogs, former }: UserRow): boolean {
  return (dialogs ?? []).length + former.length === 0;
}

/** What the rows of a subscription mean for one of them; null: nothing. */
function ruleFor(rows: readonly UserRow[], row: UserRow): Happening | null {
  const stays = withOneThatStays(rows, row) ?? withOneThatWaits(rows, row);
  if (stays !== null) return stays;
  const move = rows.filter(({ state }) => going.has(state));
  if (row.state === "accepted" && move.every((one) => one.state === "accepted" && isIdle(one)))
    return { event: "reassign" };
  if (rows.some(hasMoved))
    return row.state === "restoring" || row.state === "rolledBack" ? { event: "device moved" } : null;
  const restoring = rows.find(({ state }) => state === "restoring");
  if (restoring === undefined || row.state !== "reassigned") return null;
  return { event: "commit over", detail: restoring.detail };
}

/** Its name is what the subscription was moved to. */
function hasMoved({ state, reassignment }: UserRow): boolean {
  return isMoved(state) && reassignment?.reassignedAt !== null;
}

const ends: ReadonlySet<UserEvent> = new Set(["commit over", "failed", "failed, retry"]);

/** The name is not taken from one that has moved: the others follow by registering. */
function inThisSubscription(rows: readonly UserRow[], row: UserRow, happening: Happening): Happening {
  return row.state === "reassigned" && ends.has(happening.event) && rows.some(hasMoved)
    ? { ...happening, event: "left behind" }
    : happening;
}

/**
 * Applies what has happened to each row, then what follows for the others, until nothing does. Rows of a change of
 * P-CSCF come alone, and nothing follows. Equal rows mean that nothing needs to be written.
 */
export function stepSubscription(
  rows: readonly UserRow[],
  happenings: ReadonlyMap<number, Happening>,
  contextOf: (row: UserRow) => StepContext,
): SubscriptionStep {
  const present = [...rows];
  const effects: { index: number; effect: Effect }[] = [];
  const apply = (index: number, row: UserRow, happening: Happening): boolean => {
    const stepped = step(row, happening, contextOf(row));
    present[index] = stepped.row;
    for (const effect of stepped.effects) {
      const isThere = isCx(effect) && effects.some((other) => other.effect.effect === effect.effect);
      if (!isThere) effects.push({ index, effect });
    }
    return stepped.row !== row;
  };
  for (const [index, row] of rows.entries()) {
    const happening = happenings.get(index);
    if (happening !== undefined) apply(index, row, inThisSubscription(rows, row, happening));
  }
  if (rows.every(({ reassignment }) => reassignment === null)) return { rows: present, effects };
  let changed = true;
  while (changed) {
    changed = false;
    // What follows is settled on one look at all of them, so that the order of the rows does not matter.
    const following = present.map((row) => ruleFor(present, row));
    for (const [index, happening] of following.entries()) {
      const row = present[index];
      if (happening !== null && row !== undefined && apply(index, row, happening)) changed = true;
    }
  }
  return { rows: present, effects };
}
