// What became of every dialog that a transfer touched, from what both of its ends saw.
import type { DialogObservation, ObservedDialog } from "@liquid-ims/ue-lcf/observation";
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
      history.ends.push({ user, call, dialog, confirmedAt: at, ended: null, pinned: null });
      continue;
    }
    const end = history.ends.find((candidate) => candidate.user === user && candidate.call === event.call);
    if (end === undefined) {
      // Its ACK was lost, and the BYE came first: this end had it all the same.
      const { call, dialog, at } = event;
      if (event.kind === "ended" && event.by !== "replaced")
        history.ends.push({ user, call, dialog, confirmedAt: at, ended: event, pinned: null });
      continue;
    }
    if (event.kind === "ended") end.ended = event;
    else end.pinned = event.reason;
  }
  return histories;
}

/** The dialog that the chain of replacements beginning here ended in. */
export function lastOfChain(history: DialogHistory, all: ReadonlyMap<string, DialogHistory>): DialogHistory {
  let last = history;
  for (let steps = 0; steps < 100; steps++) {
    const next = last.ends.map((end) => end.ended?.replacedBy ?? null).find((callId) => callId !== null);
    const following = next === null || next === undefined ? undefined : all.get(next);
    if (following === undefined) return last;
    last = following;
  }
  return last;
}

/** True when a user ended it and the other end heard of it, or when both hung up. */
export function endedByItsUsers(history: DialogHistory): boolean {
  const both = history.ends.length === 2 && history.ends.every((end) => end.ended !== null);
  const ways = history.ends.map((end) => end.ended?.by);
  return both && ways.every((by) => by === "self" || by === "peer") && ways.includes("self");
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

function isConcerned(history: DialogHistory, options: FateOptions): boolean {
  return history.ends.some((end) => {
    if (!options.planned.has(end.user) || !options.isOld(end.dialog)) return false;
    return (
      end.confirmedAt > options.triggeredAt ||
      (end.ended?.at ?? Number.POSITIVE_INFINITY) > options.triggeredAt
    );
  });
}

function judge(history: DialogHistory, all: ReadonlyMap<string, DialogHistory>, options: FateOptions): Fate {
  const last = lastOfChain(history, all);
  if (last !== history) {
    const by = history.ends.find((end) => end.ended?.by === "replaced")?.user ?? "";
    const kept = endedByItsUsers(last);
    const detail = kept
      ? `replaced, seen by ${by}`
      : "the dialog that replaced it did not end as its users wished";
    return { history, fate: kept ? "kept" : "lost", replacedBy: last.callId, detail };
  }
  if (!endedByItsUsers(history)) {
    const open = history.ends.filter((end) => end.ended === null).map((end) => end.user);
    const detail = open.length > 0 ? `never ended at ${open.join(" and ")}` : "ended by neither user";
    return { history, fate: "lost", replacedBy: null, detail };
  }
  const pinned = history.ends.map((end) => end.pinned).find((reason) => reason !== null);
  if (pinned !== undefined && pinned !== null)
    return { history, fate: "pinned", replacedBy: null, detail: pinned };
  const ended = Math.min(...history.ends.map((end) => end.ended?.at ?? Number.POSITIVE_INFINITY));
  if (options.completedAt !== null && ended > options.completedAt) {
    return {
      history,
      fate: "pinned",
      replacedBy: null,
      detail: "still on the old path when the transfer was over",
    };
  }
  return { history, fate: "endedMeanwhile", replacedBy: null, detail: "ended by its users" };
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
