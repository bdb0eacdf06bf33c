// Replacing a dialog: what follows from the state alone, after every event. Rules 2, 8 (media), 10 (nothing left)
// and 12 of docs/dialog-replacement.md.
import { callOver, type Draft } from "./dialog-replacement-acts.ts";
import {
  compareRanks,
  highestHeld,
  isPending,
  isStale,
  type Leg,
  legOf,
  type OverReason,
} from "./dialog-replacement-state.ts";

/** Brings the call to rest: ends it when nothing is left, sends the INVITE that is due, moves the media. */
export function settle(draft: Draft): void {
  const { state } = draft;
  if (state.over === null && highestHeld(state) === null && !state.legs.some((leg) => isPending(state, leg)))
    callOver(draft, state.lastCause);
  if (draft.state.over === null) replaceIfDue(draft);
  else noticeIfDue(draft);
  followMedia(draft);
  tellFates(draft);
}

function hasOpen(draft: Draft): boolean {
  return draft.state.legs.some((leg) => leg.state === "Open" && !(draft.state.over !== null && leg.first));
}

/** An own INVITE with Replaces that may still be on its way. */
function isUnderWay(leg: Leg): boolean {
  return !leg.first && (leg.state === "Open" || leg.state === "Abandoned");
}

/** Rule 2. */
function replaceIfDue(draft: Draft): void {
  const { state } = draft;
  const held = highestHeld(state);
  if (held === null || !isStale(state, held) || hasOpen(draft)) return;
  if (!state.allowed || state.waiting || state.blocked !== null) return;
  if (state.never !== null) {
    draft.state = { ...state, blocked: state.never };
    draft.actions.push({ type: "pinned", callId: held.callId, reason: state.never });
    return;
  }
  sendInvite(draft, held);
}

/** Rule 12: again up to the deadline, as long as nobody has answered it. */
function noticeIfDue(draft: Draft): void {
  const { notice, waiting, registration } = draft.state;
  if (notice === null || notice.isHeldBack || waiting || registration === null) return;
  const under = notice.leg === null ? null : legOf(draft.state, notice.leg);
  if (under?.state === "Open") return;
  const named = legOf(draft.state, notice.replaces);
  if (named === null) return;
  const sent = sendInvite(draft, named);
  draft.state = { ...draft.state, notice: { ...notice, leg: sent } };
}

function sendInvite(draft: Draft, replaced: Leg): string {
  const { state, fresh, actions } = draft;
  const gen = state.highestGen + 1;
  const leg: Leg = {
    callId: fresh.callId,
    localTag: fresh.localTag,
    remoteTag: null,
    role: "uac",
    gen,
    registration: state.registration ?? replaced.registration,
    state: "Open",
    first: false,
    byeAgain: false,
    untold: false,
  };
  draft.state = { ...state, legs: [...state.legs, leg], highestGen: gen };
  const replaces = {
    callId: replaced.callId,
    toTag: replaced.remoteTag ?? "0",
    fromTag: replaced.localTag,
  };
  actions.push({ type: "sendInvite", callId: fresh.callId, localTag: fresh.localTag, replaces, gen });
  actions.push({ type: "startTimer", timer: "silence", callId: fresh.callId });
  return fresh.callId;
}

/**
 * What has become of the dialogs that are held no more; while own INVITEs decide (rule 10) nobody knows. After a hang-up
 * those under way come first: with the last word on a dialog its other end may be moved, and must not meet them then.
 */
function tellFates(draft: Draft): void {
  const { state } = draft;
  const held = highestHeld(state);
  if (state.over === null ? held === null : state.legs.some(isUnderWay)) return;
  for (const leg of state.legs) {
    if (!leg.untold) continue;
    const replaced = held !== null && compareRanks(held, leg) > 0;
    const by = replaced ? "replaced" : endedBy(state.over ?? state.lastCause);
    draft.actions.push({ type: "dialogEnded", callId: leg.callId, by, next: replaced ? held.callId : null });
  }
  if (state.legs.some((leg) => leg.untold))
    draft.state = { ...state, legs: state.legs.map((leg) => (leg.untold ? { ...leg, untold: false } : leg)) };
}

function endedBy(reason: OverReason): "self" | "peer" | "lost" {
  return reason === "refused" ? "lost" : reason;
}

/** Rule 8: media follow the highest held. */
function followMedia(draft: Draft): void {
  const held = highestHeld(draft.state);
  if (held === null || held.callId === draft.state.media) return;
  draft.state = { ...draft.state, media: held.callId };
  draft.actions.push({ type: "media", callId: held.callId });
}
