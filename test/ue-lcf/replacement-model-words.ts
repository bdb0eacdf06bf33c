// What the explorer says to an end and hears from it, in numbers and under canonical names. RFC 3891; the rules'
// numbers are those of docs/dialog-replacement.md.
import type { CallAction, CallEvent, LegTimer } from "@liquid-ims/ue-lcf/dialog-replacement-event";
import type { CallState, Leg, LegState } from "@liquid-ims/ue-lcf/dialog-replacement-state";

export const legStates = ["Open", "Abandoned", "Accepted", "Confirmed", "Closing", "Ended", "Gone"] as const;
export const legTimers = ["silence", "ask", "acknowledge", "forget"] as const satisfies readonly LegTimer[];
export const timerRows = {
  silence: "silence",
  ask: "no ACK yet",
  acknowledge: "no ACK",
  forget: "memory over",
} as const;

export const [open, abandoned, accepted, confirmed, closing, ended, gone] = [0, 1, 2, 3, 4, 5, 6] as const;

/** A leg is a number: bits 0 to 2 its state, then these, then four timers, from bit 12 its gen (exact gens only). */
export const legBits = { state: 7, uac: 8, stale: 16, byeAgain: 32, byeLost: 64, lastBye: 2048 } as const;
export const timerBits = { silence: 128, ask: 256, acknowledge: 512, forget: 1024 } as const;
export const genShift = 12;

/** What happens to an end; those with a leg are followed by its index. */
export const eventKinds = [
  "registered",
  "hangUp",
  "retry",
  "invite",
  "invite on a stale path",
  "success",
  "failure 481",
  "failure 491",
  "failure 603",
  "ack",
  "bye",
  "byeUnanswered",
  "question",
  "answer 200",
  "answer 481",
  "answer 491",
  "answer 603",
  "lower lives",
  "lower unsure",
  "silence",
  "ask",
  "acknowledge",
  "forget",
  // Of the model alone: a BYE was lost or answered, a dead leg is dropped.
  "BYE lost",
  "BYE answered",
  "drop",
  "settle",
  "no floor",
  "gone",
] as const;
export type EventKind = (typeof eventKinds)[number];

export type SentKind =
  | "success"
  | "failure 481"
  | "failure 491"
  | "failure 603"
  | "ack"
  | "bye"
  | "question"
  | "probe"
  | "answer 200"
  | "answer 481"
  | "answer 491"
  | "answer 603";

/** Where a sent message's leg is one that the step has made or does not know. */
export const theInvite = 62;
export const unknownLeg = 61;

export interface Sent {
  readonly kind: SentKind;
  /** Index of the leg before the step, or `theInvite`, `unknownLeg`. */
  readonly leg: number;
  /** Probe: index of the lower dialog. */
  readonly lower: number;
}

export const present = "now";
export const past = "before";
export const fresh = { callId: "!", localTag: "l!" } as const;

export function nameOf(index: number): string {
  return String.fromCharCode(0x42 + 2 * index);
}

/** Between the legs `index - 1` and `index`. */
export function nameBefore(index: number): string {
  return String.fromCharCode(0x41 + 2 * index);
}

export function legOfCode(code: number, index: number): Leg {
  const callId = nameOf(index);
  const state: LegState = legStates[(code & legBits.state) as 0] ?? "Gone";
  const isUac = (code & legBits.uac) !== 0;
  const hasDialog = !isUac || !(state === "Open" || state === "Abandoned" || state === "Gone");
  return {
    callId,
    localTag: `l${callId}`,
    remoteTag: hasDialog ? `r${callId}` : null,
    role: isUac ? "uac" : "uas",
    gen: code >> genShift,
    registration: (code & legBits.stale) !== 0 ? past : present,
    state,
    first: false,
    byeAgain: (code & legBits.byeAgain) !== 0,
    untold: false,
  };
}

export function codeOf(leg: Leg, state: CallState): number {
  return (
    legStates.indexOf(leg.state) |
    (leg.role === "uac" ? legBits.uac : 0) |
    (leg.registration === state.registration ? 0 : legBits.stale) |
    (leg.byeAgain ? legBits.byeAgain : 0) |
    (leg.gen << genShift)
  );
}

export function isInvite(kind: EventKind): boolean {
  return kind === "invite" || kind === "invite on a stale path";
}

export function eventOf(kind: EventKind, callId: string, inviteName: string, gen: number): CallEvent {
  switch (kind) {
    case "registered":
      return { type: "registered", registration: "next" };
    case "hangUp":
      return { type: "hangUp" };
    case "invite":
    case "invite on a stale path":
      return {
        type: "invite",
        callId: inviteName,
        localTag: `l${inviteName}`,
        remoteTag: `r${inviteName}`,
        replaces: { callId: nameOf(0), toTag: `l${nameOf(0)}`, fromTag: `r${nameOf(0)}` },
        gen,
        registration: kind === "invite" ? present : past,
      };
    case "success":
      return { type: "success", callId, remoteTag: `r${callId}` };
    case "failure 481":
      return { type: "failure", callId, status: 481 };
    case "failure 491":
      return { type: "failure", callId, status: 491 };
    case "failure 603":
      return { type: "failure", callId, status: 603 };
    case "ack":
    case "bye":
    case "byeUnanswered":
    case "question":
      return { type: kind, callId };
    case "answer 200":
      return { type: "questionAnswered", callId, status: 200 };
    case "answer 481":
      return { type: "questionAnswered", callId, status: 481 };
    case "answer 491":
      return { type: "questionAnswered", callId, status: 491 };
    case "answer 603":
      return { type: "questionAnswered", callId, status: 603 };
    case "lower lives":
      return { type: "probeAnswered", callId, status: 200 };
    case "lower unsure":
      return { type: "probeAnswered", callId, status: 481 };
    case "silence":
    case "ask":
    case "acknowledge":
    case "forget":
      return { type: "timer", timer: kind, callId };
    default:
      return { type: "retry" };
  }
}

export function messageOf(action: CallAction, index: (callId: string) => number): Sent | null {
  switch (action.type) {
    case "answerInvite":
      return {
        kind: action.status === 200 ? "success" : `failure ${action.status}`,
        leg: index(action.callId),
        lower: 0,
      };
    case "sendAck":
      return { kind: "ack", leg: index(action.callId), lower: 0 };
    case "sendBye":
      return { kind: "bye", leg: index(action.callId), lower: 0 };
    case "ask":
      return { kind: "question", leg: index(action.callId), lower: 0 };
    case "probe":
      return { kind: "probe", leg: index(action.callId), lower: index(action.lower) };
    case "answerQuestion":
      return { kind: `answer ${action.status}`, leg: index(action.callId), lower: 0 };
    default:
      return null;
  }
}
