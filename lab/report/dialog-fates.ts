// What became of every dialog that a transfer touched, from what both of its ends saw.
import type { DialogEnd, DialogObservation, ObservedDialog } from "@liquid-ims/ue-lcf/observation";
import type { ReportDialogs } from "./report.ts";

/** An observation and the UE that made it. */
export interface SeenDialog {
  readonly user: string;
  readonly event: DialogObservation;
}

/** One end of a dialog. Times are the hosts' wall clock. */
interface End {
  readonly user: string;
  readonly call: string;
  readonly dialog: ObservedDialog;
  readonly confirmedAt: number;
  /** False: another one took its place before this end knew that both had it. */
  readonly had: boolean;
  ended: Extract<DialogObservation, { kind: "ended" }> | null;
  pinned: string | null;
}

/** A dialog with the ends that confirmed it. */
export interface DialogHistory {
  readonly callId: string;
  readonly ends: readonly End[];
}

/** Both ends of each dialog, by Call-ID, in the order of their first confirmation. */
export function dialogHistories(seen: readonly SeenDialog[]): Map<string, DialogHistory> {
  const histories = new Map<string, { callId: string; ends: End[] }>();
  for (const { user, event } of seen) {
    const { callId } = event.dialog;
    const history = histories.get(callId) ?? { callId, ends: [] };
    histories.set(callId, history);
    if (event.kind === "confirmed") {
      const { call, dialog, at } = event;
      history.ends.push({ user, call, dialog, confirmedAt: at, had: true, ended: null, pinned: null });
      continue;
    }
    const end = history.ends.find((candidate) => candidate.user === user && candidate.call === event.call);
    if (end === undefined) {
      // Its ACK was lost, and the BYE came first: this end had it all the same.
      const { call, dialog, at } = event;
      if (event.kind === "ended") {
        const had = event.by !== "replaced";
        history.ends.push({ user, call, dialog, confirmedAt: at, had, ended: event, pinned: null });
      }
      continue;
    }
    if (event.kind === "ended") end.ended = event;
    else end.pinned = event.reason;
  }
  return histories;
}

/** A dialog and those that replaced it, in order. */
export function chainOf(history: DialogHistory, all: ReadonlyMap<string, DialogHistory>): DialogHistory[] {
  const chain = [history];
  for (let last: DialogHistory | undefined = history; last !== undefined; ) {
    const next: string | null | undefined = last.ends
      .map((end) => end.ended?.replacedBy ?? null)
      .find((callId) => callId !== null);
    last = next === null || next === undefined ? undefined : all.get(next);
    if (last === undefined || chain.includes(last)) break;
    chain.push(last);
  }
  return chain;
}

/**
 * True when a user hung up and the other end heard of it, or when both hung up: in whatever dialog of the chain each
 * of them did, for a hang-up may cross a replacement.
 */
export function endedByItsUsers(chain: readonly DialogHistory[]): boolean {
  const last = new Map<string, DialogEnd | null>();
  for (const end of chain.flatMap((history) => history.ends)) {
    if (end.ended?.by !== "replaced") last.set(end.user, end.ended?.by ?? null);
  }
  const ways = [...last.values()];
  return ways.length === 2 && ways.every((by) => by === "self" || by === "peer") && ways.includes("self");
}

export interface FateOptions {
  /** Public identities of the users who were to be moved. */
  readonly planned: ReadonlySet<string>;
  /** Whether a leg belongs to a registration that was left. */
  isOld(dialog: ObservedDialog): boolean;
  /** Wall clock of the trigger, and of the transfer's end (null: it never ended). */
  readonly triggeredAt: number;
  readonly completedAt: number | null;
}

export interface Fate {
  readonly history: DialogHistory;
  readonly fate: "kept" | "pinned" | "lost" | "endedMeanwhile";
  readonly replacedBy: string | null;
  readonly detail: string;
}

/** A replacement that came when its user had hung up: what became of the call is told of the dialog that it names. */
function cameTooLate({ ends }: DialogHistory): boolean {
  return ends.length === 1 && ends.every(({ dialog }) => dialog.gen > 0);
}

function isConcerned(history: DialogHistory, options: FateOptions): boolean {
  if (cameTooLate(history)) return false;
  return history.ends.some((end) => {
    if (!end.had || !options.planned.has(end.user) || !options.isOld(end.dialog)) return false;
    return (
      end.confirmedAt > options.triggeredAt ||
      (end.ended?.at ?? Number.POSITIVE_INFINITY) > options.triggeredAt
    );
  });
}

function judge(history: DialogHistory, all: ReadonlyMap<string, DialogHistory>, options: FateOptions): Fate {
  const chain = chainOf(history, all);
  // One that only one end ever had did not take its place: its user hung up meanwhile.
  const successor = chain
    .slice(1)
    .findLast((next) => next.ends.length === 2 && next.ends.every((end) => end.had));
  const replacedBy = successor?.callId ?? null;
  if (!endedByItsUsers(chain)) {
    const open = chain.at(-1)?.ends.filter((end) => end.ended === null) ?? [];
    const where = open.map((end) => end.user).join(" and ");
    const detail = where === "" ? "ended by neither user" : `never ended at ${where}`;
    return { history, fate: "lost", replacedBy, detail };
  }
  if (replacedBy !== null) {
    const by = history.ends.filter((end) => end.ended?.by === "replaced").map((end) => end.user);
    return { history, fate: "kept", replacedBy, detail: `replaced, seen by ${by.join(" and ")}` };
  }
  const pinned = history.ends.map((end) => end.pinned).find((reason) => reason !== null);
  if (pinned !== undefined && pinned !== null) return { history, fate: "pinned", replacedBy, detail: pinned };
  const ended = Math.min(...history.ends.map((end) => end.ended?.at ?? Number.POSITIVE_INFINITY));
  if (options.completedAt !== null && ended > options.completedAt) {
    return {
      history,
      fate: "pinned",
      replacedBy,
      detail: "still on the old path when the transfer was over",
    };
  }
  return { history, fate: "endedMeanwhile", replacedBy, detail: "ended by its users" };
}

/** The fate of every dialog of a planned user that a transfer found or that came later on the old path. */
export function dialogFates(all: ReadonlyMap<string, DialogHistory>, options: FateOptions): Fate[] {
  return [...all.values()]
    .filter((history) => isConcerned(history, options))
    .map((history) => judge(history, all, options));
}

export function countFates(fates: readonly Fate[]): ReportDialogs {
  const count = (fate: Fate["fate"]) => fates.filter((one) => one.fate === fate).length;
  return {
    atTransfer: fates.length,
    kept: count("kept"),
    pinned: count("pinned"),
    lost: count("lost"),
    endedMeanwhile: count("endedMeanwhile"),
  };
}
