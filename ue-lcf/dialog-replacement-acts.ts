// Replacing a dialog: what each act of the two tables does to the call. RFC 3891; the rules' numbers are those of
// docs/dialog-replacement.md.
import type { CallAct, CallTable, CallTableEvent } from "./dialog-replacement-call-table.ts";
import type { CallAction, FreshName, ReceivedInvite } from "./dialog-replacement-event.ts";
import {
  type CallState,
  compareRanks,
  highestHeld,
  isHeld,
  type Leg,
  legOf,
  type OverReason,
  type Rank,
} from "./dialog-replacement-state.ts";
import type { LegAct, LegEvent, LegTable } from "./dialog-replacement-table.ts";

export interface CallTables {
  readonly leg: LegTable;
  readonly call: CallTable;
}

/** One step in the making. */
export interface Draft {
  state: CallState;
  readonly actions: CallAction[];
  readonly fresh: FreshName;
  readonly tables: CallTables;
  /** Of the event that is being applied, where it has one. */
  registration: string | null;
  remoteTag: string | null;
  status: number | null;
}

export function draftOf(state: CallState, fresh: FreshName, tables: CallTables): Draft {
  return { state, actions: [], fresh, tables, registration: null, remoteTag: null, status: null };
}

function change(draft: Draft, changes: Partial<CallState>): void {
  draft.state = { ...draft.state, ...changes };
}

function changeLeg(draft: Draft, callId: string, changes: Partial<Leg>): void {
  const legs = draft.state.legs.map((leg) => (leg.callId === callId ? { ...leg, ...changes } : leg));
  change(draft, { legs });
}

/** Runs a leg's row. */
export function legActs(draft: Draft, leg: Leg, event: LegEvent): void {
  const row = draft.tables.leg[leg.state][event];
  if (row === null) return;
  const remoteTag = leg.remoteTag ?? draft.remoteTag;
  changeLeg(draft, leg.callId, { state: row.next, remoteTag });
  if (row.next === "Confirmed" && leg.state !== "Confirmed")
    draft.actions.push({ type: "confirmed", callId: leg.callId });
  if (isHeld(leg) && row.next !== "Accepted" && row.next !== "Confirmed")
    changeLeg(draft, leg.callId, { untold: true });
  for (const act of row.actions) legAct(draft, leg, act);
}

function legAct(draft: Draft, leg: Leg, act: LegAct): void {
  const { callId } = leg;
  const { actions } = draft;
  switch (act) {
    case "ack":
      actions.push({ type: "sendAck", callId });
      return;
    case "bye":
      sendBye(draft, callId);
      return;
    case "bye once more":
      if (!leg.byeAgain) return;
      changeLeg(draft, callId, { byeAgain: false });
      actions.push({ type: "sendBye", callId });
      return;
    case "hold the notice back no more":
      if (draft.state.notice !== null)
        change(draft, { notice: { ...draft.state.notice, isHeldBack: false } });
      return;
    case "cancel":
      if (leg.first) actions.push({ type: "sendCancel", callId });
      return;
    case "end lower ones":
      endLowerOnes(draft, leg);
      return;
    case "end everything below":
      endEverythingBelow(draft, leg);
      return;
    case "wait":
      if (draft.state.over !== null && draft.state.notice === null) return;
      change(draft, { waiting: true });
      actions.push({ type: "startTimer", timer: "retry" });
      return;
    case "block":
      if (draft.state.over !== null) {
        giveUpNotice(draft);
        return;
      }
      block(draft, `answered ${draft.status ?? 0}`);
      return;
    case "over: peer":
      giveUpNotice(draft);
      callOver(draft, "peer");
      return;
    case "over: refused":
      callOver(draft, "refused");
      return;
    case "forget after 64*T1":
      actions.push({ type: "startTimer", timer: "forget", callId });
      return;
    case "stop waiting for an answer":
      if (!leg.first) actions.push({ type: "stopTimer", timer: "silence", callId });
      return;
    case "stop waiting for the ACK":
      actions.push({ type: "stopTimer", timer: "ask", callId });
      actions.push({ type: "stopTimer", timer: "acknowledge", callId });
      return;
    case "ask":
      actions.push({ type: "ask", callId });
      actions.push({ type: "startTimer", timer: "ask", callId });
      return;
    case "ask once more":
      actions.push({ type: "ask", callId });
      actions.push({ type: "startTimer", timer: "acknowledge", callId });
      return;
    case "ask in the lower one":
      askInTheLowerOne(draft, leg);
      return;
    case "answer 200 to the question":
      actions.push({ type: "answerQuestion", callId, status: 200 });
      return;
    case "answer 481 to the question":
      actions.push({ type: "answerQuestion", callId, status: 481 });
      return;
    case "answer 491 to the question":
      actions.push({ type: "answerQuestion", callId, status: 491 });
      return;
    case "answer 603 to the question":
      actions.push({ type: "answerQuestion", callId, status: 603 });
      return;
    case "answer 200 to BYE":
      actions.push({ type: "answerBye", callId, status: 200 });
      return;
    case "answer 481 to BYE":
      actions.push({ type: "answerBye", callId, status: 481 });
      return;
    case "cause: peer":
      change(draft, { lastCause: "peer" });
      return;
    case "cause: lost":
      change(draft, { lastCause: "lost" });
      return;
  }
}

function sendBye(draft: Draft, callId: string): void {
  const { over, notice } = draft.state;
  // The 2xx to the notice has told the peer: only the BYE is left.
  if (notice?.leg === callId) giveUpNotice(draft);
  changeLeg(draft, callId, { byeAgain: over !== null });
  draft.actions.push({ type: "sendBye", callId });
}

/** Rule 8. */
function endLowerOnes(draft: Draft, leg: Leg): void {
  for (const lower of draft.state.legs)
    if (isHeld(lower) && compareRanks(lower, leg) < 0) legActs(draft, lower, "superseded");
}

/** Rule 10. */
function endEverythingBelow(draft: Draft, leg: Leg): void {
  raiseFloor(draft, leg);
  for (const lower of draft.state.legs)
    if (isHeld(lower) && compareRanks(lower, leg) < 0) legActs(draft, lower, "superseded");
}

function raiseFloor(draft: Draft, leg: Leg): void {
  const rank: Rank = { gen: leg.gen, callId: leg.callId };
  const { floor } = draft.state;
  if (floor === null || compareRanks(rank, floor) > 0) change(draft, { floor: rank });
}

/** Rule 9 at 64*T1. RFC 3261 13.3.1.4 holds for the call's first dialog: nothing lower could go on. */
function askInTheLowerOne(draft: Draft, leg: Leg): void {
  const lower = draft.state.legs
    .filter((other) => other.state === "Confirmed" && compareRanks(other, leg) < 0)
    .sort((a, b) => compareRanks(b, a))[0];
  if (lower !== undefined) draft.actions.push({ type: "probe", callId: leg.callId, lower: lower.callId });
  else if (leg.first) legActs(draft, leg, "lower lives");
}

function block(draft: Draft, reason: string): void {
  change(draft, { blocked: reason });
  const held = highestHeld(draft.state);
  if (held !== null) draft.actions.push({ type: "pinned", callId: held.callId, reason });
}

function giveUpNotice(draft: Draft): void {
  if (draft.state.notice !== null) change(draft, { notice: null });
}

/** Rule 11. */
export function callOver(draft: Draft, reason: OverReason): void {
  if (draft.state.over !== null) return;
  const { waiting } = draft.state;
  change(draft, { over: reason, waiting: false });
  if (waiting) draft.actions.push({ type: "stopTimer", timer: "retry" });
  draft.actions.push({ type: "ended", reason, status: draft.status });
  for (const leg of draft.state.legs) legActs(draft, leg, "over");
}

/** Runs the call's row; `invite` is the one that the event brought. */
export function callActs(
  draft: Draft,
  event: CallTableEvent,
  invite: (ReceivedInvite & { gen: number }) | null,
): void {
  const row = draft.tables.call[draft.state.over === null ? "live" : "over"][event];
  if (row === null) return;
  if (invite !== null) change(draft, { highestGen: Math.max(draft.state.highestGen, invite.gen) });
  for (const act of row.actions) callAct(draft, act, invite);
}

function callAct(draft: Draft, act: CallAct, invite: (ReceivedInvite & { gen: number }) | null): void {
  const { actions } = draft;
  switch (act) {
    case "take the registration":
      takeRegistration(draft);
      return;
    case "drop the registration":
      change(draft, { registration: null });
      return;
    case "abandon by move":
      abandon(draft, (leg) => leg.registration !== draft.state.registration);
      return;
    case "abandon all":
      abandon(draft, () => true);
      return;
    case "unblock":
      change(draft, { blocked: null });
      return;
    case "block: deadline":
      if (draft.state.blocked === null && hasStaleHeld(draft.state)) block(draft, "deadline");
      return;
    case "allow":
      change(draft, { allowed: true });
      return;
    case "disallow":
      change(draft, { allowed: false });
      return;
    case "stop waiting":
      change(draft, { waiting: false });
      return;
    case "over: self":
      callOver(draft, "self");
      return;
    case "notice":
      giveNotice(draft);
      return;
    case "give up the notice":
      giveUpNotice(draft);
      return;
    case "answer 200 and hold it":
      if (invite !== null) hold(draft, invite);
      return;
    case "answer 491":
      if (invite !== null) actions.push({ type: "answerInvite", callId: invite.callId, status: 491 });
      return;
    case "answer 603":
      if (invite !== null) actions.push({ type: "answerInvite", callId: invite.callId, status: 603 });
      return;
    case "done, if nothing is under way":
      doneIfQuiet(draft);
      return;
  }
}

function takeRegistration(draft: Draft): void {
  if (draft.state.registration === draft.registration) return;
  if (draft.state.waiting) draft.actions.push({ type: "stopTimer", timer: "retry" });
  change(draft, { registration: draft.registration, waiting: false });
}

function hasStaleHeld(state: CallState): boolean {
  const held = highestHeld(state);
  return held !== null && state.registration !== null && held.registration !== state.registration;
}

/** Rule 3. The call's first INVITE may ring on: its 200 comes back the way it went. */
function abandon(draft: Draft, which: (leg: Leg) => boolean): void {
  for (const leg of draft.state.legs)
    if (leg.state === "Open" && !leg.first && which(leg)) legActs(draft, leg, "moved");
}

/** Rule 12: names the highest held dialog, else the highest that there ever was. */
function giveNotice(draft: Draft): void {
  const { state } = draft;
  if (state.never !== null) return;
  const named =
    highestHeld(state) ??
    state.legs
      .filter((leg) => leg.remoteTag !== null && leg.state !== "Gone")
      .sort((a, b) => compareRanks(b, a))[0];
  if (named !== undefined)
    change(draft, { notice: { replaces: named.callId, leg: null, isHeldBack: !state.allowed } });
}

/** Rules 1 and 4. */
function hold(draft: Draft, invite: ReceivedInvite & { gen: number }): void {
  const { callId, localTag, remoteTag, gen, registration } = invite;
  const named = legOf(draft.state, invite.replaces.callId);
  // Whoever replaces the call's first dialog has answered it: its own 200 may never come.
  if (named?.first === true && named.state === "Open") legActs(draft, named, "moved");
  const leg: Leg = {
    callId,
    localTag,
    remoteTag,
    role: "uas",
    gen,
    registration,
    state: "Accepted",
    first: false,
    byeAgain: false,
    untold: false,
  };
  change(draft, { legs: [...draft.state.legs, leg] });
  draft.actions.push({ type: "answerInvite", callId, status: 200 });
  draft.actions.push({ type: "startTimer", timer: "ask", callId });
  draft.actions.push({ type: "startTimer", timer: "acknowledge", callId });
}

/** Rule 11: remembered for 64*T1 after the last. */
function doneIfQuiet(draft: Draft): void {
  const { state } = draft;
  const busy = state.legs.some((leg) => leg.state === "Open" || leg.state === "Closing");
  if (state.notice === null && !busy) draft.actions.push({ type: "done" });
}
