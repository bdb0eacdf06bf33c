// Who is next, and under which condition: the order of a transfer. Pure.
//
// Planned work: a first pass moves whoever is idle, so nobody has to know beforehand who that is; then those in calls,
// when every dialog of theirs can be replaced. A failure: those in calls first, in any case.
import type { MoveCondition } from "@liquid-ims/reference-points/cfs-ue";
import type { TransferReason } from "@liquid-ims/reference-points/os-cfs";
import type { Reason } from "../outcome.ts";
import type { UserRow } from "../user-row.ts";

/** How a transfer treats calls. */
export interface OrderPolicy {
  readonly reason: TransferReason;
  /** False: users are moved without their dialogs, whatever they do, but for `sparesCalls`. */
  readonly replaceDialogs: boolean;
  /** Users in calls are asked for their dialogs before their turn. Default true. */
  readonly queries?: boolean;
  /** Planned work waits for the ends of calls: the core cuts them when a user moves. Default false. */
  readonly sparesCalls?: boolean;
}

const callReasons: ReadonlySet<Reason> = new Set(["not idle", "not replaceable", "emergency call"]);

/** True for a user who was found in a call and waits for the second pass or for the call's end. */
export function waitsForCall(row: Pick<UserRow, "reason">): boolean {
  return row.reason !== null && callReasons.has(row.reason);
}

/** `always` after a failure, and where calls are neither replaced nor spared. */
export function isUnconditional({ reason, replaceDialogs, sparesCalls = false }: OrderPolicy): boolean {
  return reason === "failure" || !(replaceDialogs || sparesCalls);
}

export function conditionOf(row: Pick<UserRow, "reason">, policy: OrderPolicy): MoveCondition {
  if (isUnconditional(policy)) return "always";
  return waitsForCall(row) && policy.sparesCalls !== true ? "replaceable" : "idle";
}

/** What stands in the way of a conditional move: the ids of dialogs, or null. */
export function blockersOf(
  dialogs: readonly {
    readonly id: string;
    readonly emergency: boolean;
    readonly replaceable: true | string;
  }[],
): { readonly reason: "emergency call" | "not replaceable"; readonly detail: string } | null {
  const blockers = dialogs.filter(({ emergency, replaceable }) => emergency || replaceable !== true);
  if (blockers.length === 0) return null;
  const detail = blockers
    .map(({ id, emergency, replaceable }) => `${id} ${emergency ? "emergency" : replaceable}`)
    .join(", ");
  return {
    reason: blockers.some(({ emergency }) => emergency) ? "emergency call" : "not replaceable",
    detail,
  };
}

export interface Turns {
  /** To be queried, in this order. */
  readonly ask: readonly UserRow[];
  /** To be moved, in this order, as the pace allows. */
  readonly go: readonly UserRow[];
}

function byTime(a: UserRow, b: UserRow): number {
  return a.notBefore - b.notBefore || (a.registration < b.registration ? -1 : 1);
}

/** 0 in a call, 1 unknown, 2 idle. */
function urgency({ dialogs }: UserRow): number {
  return dialogs === null ? 1 : dialogs.length > 0 ? 0 : 2;
}

/** While a query is out whose answer decides who is first and whose calls belong together, nobody goes. */
function failureTurns(ready: readonly UserRow[], open: readonly UserRow[]): Turns {
  const ask = ready.filter((row) => row.askedAt === null && row.dialogs === null);
  const unknown = ask.length > 0 || open.some((row) => row.state === "asked" && row.dialogs === null);
  const go = unknown ? [] : [...ready].sort((a, b) => urgency(a) - urgency(b) || byTime(a, b));
  return { ask, go };
}

function plannedTurns(ready: readonly UserRow[], open: readonly UserRow[], queries: boolean): Turns {
  const first = ready.filter((row) => !waitsForCall(row));
  const trying = open.some(
    ({ state, command }) =>
      state === "commanded" && command?.content.command === "move" && command.content.if === "idle",
  );
  if (first.length > 0 || trying) return { ask: [], go: first.sort(byTime) };
  if (!queries) return { ask: [], go: [...ready].sort(byTime) };
  return {
    ask: ready.filter((row) => row.askedAt === null).sort(byTime),
    go: ready.filter((row) => row.askedAt !== null).sort(byTime),
  };
}

/**
 * Turns among `ready`: planned users who can be commanded now. `open` are all users of the transfer who have not
 * ended.
 */
export function turns(ready: readonly UserRow[], open: readonly UserRow[], policy: OrderPolicy): Turns {
  const { replaceDialogs, sparesCalls = false } = policy;
  if (!(replaceDialogs || sparesCalls)) return { ask: [], go: [...ready].sort(byTime) };
  if (policy.reason === "failure") return failureTurns(ready, open);
  return plannedTurns(ready, open, policy.queries ?? true);
}
