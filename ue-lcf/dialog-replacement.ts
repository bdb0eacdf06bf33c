// Replacing a dialog: one step of one end of a call. RFC 3891, RFC 3261 13 to 15; the rules' numbers are those of
// docs/dialog-replacement.md. Plain data in, plain data out: the driver sends what the actions say.
import { type CallTables, callActs, type Draft, draftOf, legActs } from "./dialog-replacement-acts.ts";
import { callTable } from "./dialog-replacement-call-table.ts";
import type {
  CallAction,
  CallEvent,
  FreshName,
  LegCallEvent,
  LegTimer,
  ReceivedInvite,
} from "./dialog-replacement-event.ts";
import { settle } from "./dialog-replacement-settle.ts";
import {
  type CallState,
  compareRanks,
  highestHeld,
  isHeld,
  isStale,
  type Leg,
  legNamedBy,
  legOf,
} from "./dialog-replacement-state.ts";
import { type LegEvent, legTable } from "./dialog-replacement-table.ts";

export const replacementTables: CallTables = { leg: legTable, call: callTable };

export interface CallStep {
  readonly state: CallState;
  readonly actions: readonly CallAction[];
}

/** Answers after which another INVITE would get the same (RFC 3261 21, RFC 3891 3). */
const refusedForGood: ReadonlySet<number> = new Set([
  403, 405, 415, 416, 420, 421, 488, 493, 501, 505, 513, 606,
]);

/** One event at one end. `fresh` is used when an INVITE is sent, at most one in a step. */
export function step(
  state: CallState,
  event: CallEvent,
  fresh: FreshName,
  tables: CallTables = replacementTables,
): CallStep {
  const draft = draftOf(state, fresh, tables);
  apply(draft, event);
  settle(draft);
  // Rule 11: remembered for 64*T1 after the last that was heard or said.
  const forgotten = draft.actions.some((action) => action.type === "done");
  if (draft.state.over !== null && !forgotten) draft.actions.push({ type: "startTimer", timer: "memory" });
  return { state: draft.state, actions: draft.actions };
}

function apply(draft: Draft, event: CallEvent): void {
  const { state } = draft;
  switch (event.type) {
    case "invite":
      receiveInvite(draft, event);
      return;
    case "registered":
      draft.registration = event.registration;
      callActs(draft, "registered", null);
      return;
    case "unregistered":
      callActs(draft, "unregistered", null);
      return;
    case "replace":
      callActs(draft, event.allowed ? "replace now" : "replace wait", null);
      return;
    case "deadline":
      callActs(draft, "deadline", null);
      return;
    case "hangUp":
      callActs(draft, hasStaleLeg(state) ? "hang-up when stale" : "hang-up", null);
      return;
    case "retry":
      callActs(draft, "retry", null);
      return;
    case "forgotten":
      callActs(draft, "memory over", null);
      return;
    default:
      applyToLeg(draft, event);
      return;
  }
}

function applyToLeg(draft: Draft, event: LegCallEvent): void {
  const { state } = draft;
  const leg = legOf(state, event.callId);
  if (leg === null) {
    unknownLeg(draft, event);
    return;
  }
  if (event.type === "success") draft.remoteTag = event.remoteTag;
  if (event.type === "failure") draft.status = event.status;
  legActs(draft, leg, classify(state, leg, event));
}

/** A message for a dialog that the call never had. */
function unknownLeg(draft: Draft, event: LegCallEvent): void {
  if (event.type === "bye") draft.actions.push({ type: "answerBye", callId: event.callId, status: 481 });
  if (event.type === "question") {
    const status = draft.state.over === null ? 481 : 603;
    draft.actions.push({ type: "answerQuestion", callId: event.callId, status });
  }
}

/** Rule 4. */
function receiveInvite(draft: Draft, event: ReceivedInvite): void {
  const { state } = draft;
  const named = legNamedBy(state, event.replaces);
  if (named === null) {
    draft.actions.push({ type: "answerInvite", callId: event.callId, status: 481 });
    return;
  }
  const gen = event.gen ?? named.gen + 1;
  const rank = { gen, callId: event.callId };
  const held = highestHeld(state);
  const below =
    legOf(state, event.callId) !== null ||
    (held !== null && compareRanks(rank, held) < 0) ||
    (state.floor !== null && compareRanks(rank, state.floor) < 0);
  callActs(draft, below ? "INVITE below" : "INVITE", { ...event, gen });
}

/** Rule 12: in a held dialog, or in an INVITE without a final answer. */
function hasStaleLeg(state: CallState): boolean {
  return state.legs.some(
    (leg) => (isHeld(leg) || leg.state === "Open" || leg.state === "Abandoned") && leavesAnother(state, leg),
  );
}

/** Without a registration every leg is stale: the next one will be another. */
function leavesAnother(state: CallState, leg: Leg): boolean {
  return state.registration === null || isStale(state, leg);
}

/** The table's word for what has happened to a leg. */
function classify(state: CallState, leg: Leg, event: LegCallEvent): LegEvent {
  switch (event.type) {
    case "success":
      return isSuperseded(state, leg) ? "2xx superseded" : "2xx";
    case "failure":
      return classifyFailure(state, leg, event.status);
    case "provisional":
      return "provisional";
    case "ack":
      return "ACK";
    case "bye":
      return isHigherHeld(state, leg, isHeld) ? "BYE below" : "BYE";
    case "byeUnanswered":
      return "BYE unanswered";
    case "question":
      return state.over === null ? "asked" : "asked when over";
    case "questionAnswered":
      return classifyAnswer(event.status);
    case "probeAnswered":
      return event.status === 200 ? "lower lives" : "lower unsure";
    case "lost":
      return "lost";
    case "timer":
      return legTimerEvents[event.timer];
  }
}

const legTimerEvents: Record<LegTimer, LegEvent> = {
  silence: "silence",
  ask: "no ACK yet",
  acknowledge: "no ACK",
  forget: "memory over",
};

function classifyFailure(state: CallState, leg: Leg, status: number): LegEvent {
  if (leg.first) return "refused";
  if (status === 603) return "603";
  // Rule 12: nothing is left to be told there.
  if (state.over !== null && (status === 481 || refusedForGood.has(status))) return "failed for good";
  return refusedForGood.has(status) ? "failed for good" : "failed";
}

function classifyAnswer(status: number): LegEvent {
  if (status >= 200 && status <= 299) return "question: yes";
  if (status === 481) return "question: unknown";
  return status === 603 ? "question: over" : "question: not yet";
}

function isHigherHeld(state: CallState, leg: Leg, held: (leg: Leg) => boolean): boolean {
  return state.legs.some((other) => held(other) && compareRanks(other, leg) > 0);
}

/** Rule 6: what its 2xx is answered with. */
function isSuperseded(state: CallState, leg: Leg): boolean {
  if (state.over !== null) return true;
  if (state.floor !== null && compareRanks(leg, state.floor) <= 0) return true;
  return isHigherHeld(state, leg, (other) => other.state === "Confirmed");
}
