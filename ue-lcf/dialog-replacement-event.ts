// Replacing a dialog: what may happen to a call and what its end then does. RFC 3891; the rules' numbers are those
// of docs/dialog-replacement.md.
import type { OverReason, ReplacesName } from "./dialog-replacement-state.ts";

/** An INVITE with Replaces as it was received; the identity check comes before it (system's section 7). */
export interface ReceivedInvite {
  readonly type: "invite";
  readonly callId: string;
  /** Tag that this end will answer with. */
  readonly localTag: string;
  readonly remoteTag: string;
  readonly replaces: ReplacesName;
  /** Parameter `gen` of Replaces, null when absent. */
  readonly gen: number | null;
  /** The registration by which it arrived (rule 1). */
  readonly registration: string;
}

/** What may happen to a call. `callId` names the leg. */
export type CallEvent = ReceivedInvite | WholeCallEvent | LegCallEvent;

export type WholeCallEvent =
  | { readonly type: "registered"; readonly registration: string }
  | { readonly type: "unregistered" }
  | { readonly type: "replace"; readonly allowed: boolean }
  | { readonly type: "hangUp" }
  /** Nothing more is tried. */
  | { readonly type: "deadline" }
  /** The timers `retry` and `memory`. */
  | { readonly type: "retry" }
  | { readonly type: "forgotten" };

/** What happens to one leg. */
export type LegCallEvent =
  | { readonly type: "success"; readonly callId: string; readonly remoteTag: string }
  /** A final answer of 300 or more; a time-out counts as 408. */
  | { readonly type: "failure"; readonly callId: string; readonly status: number }
  | { readonly type: "provisional"; readonly callId: string }
  | { readonly type: "ack"; readonly callId: string }
  | { readonly type: "bye"; readonly callId: string }
  /** Nobody answered this end's BYE. */
  | { readonly type: "byeUnanswered"; readonly callId: string }
  /** OPTIONS of the peer in the dialog. */
  | { readonly type: "question"; readonly callId: string }
  /** Answer to this end's OPTIONS; a time-out counts as 408. */
  | { readonly type: "questionAnswered"; readonly callId: string; readonly status: number }
  /** Answer to OPTIONS in the highest confirmed lower dialog; `callId` is the unconfirmed one it is about. */
  | { readonly type: "probeAnswered"; readonly callId: string; readonly status: number }
  /** A dialog cannot be used any more. */
  | { readonly type: "lost"; readonly callId: string }
  | { readonly type: "timer"; readonly timer: LegTimer; readonly callId: string };

/** `silence` 2*T1, `ask` every 4*T1, `acknowledge` 64*T1, `forget` 64*T1. */
export type LegTimer = "silence" | "ask" | "acknowledge" | "forget";

/** `retry`: jitter of 0.5 to 4 s; `memory`: 64*T1. */
export type CallTimer = "retry" | "memory";

export type CallAction =
  | {
      readonly type: "sendInvite";
      readonly callId: string;
      readonly localTag: string;
      readonly replaces: ReplacesName;
      readonly gen: number;
    }
  /** To the INVITE of that Call-ID: 200 at once with the present media, else a refusal. */
  | { readonly type: "answerInvite"; readonly callId: string; readonly status: 200 | 481 | 491 | 603 }
  | { readonly type: "sendAck"; readonly callId: string }
  | { readonly type: "sendBye"; readonly callId: string }
  | { readonly type: "sendCancel"; readonly callId: string }
  /** OPTIONS in that dialog. */
  | { readonly type: "ask"; readonly callId: string }
  /** OPTIONS in dialog `lower`; its answer is an event about `callId`. */
  | { readonly type: "probe"; readonly callId: string; readonly lower: string }
  | { readonly type: "answerQuestion"; readonly callId: string; readonly status: 200 | 481 | 491 | 603 }
  | { readonly type: "answerBye"; readonly callId: string; readonly status: 200 | 481 }
  | { readonly type: "startTimer"; readonly timer: LegTimer; readonly callId: string }
  | { readonly type: "stopTimer"; readonly timer: LegTimer; readonly callId: string }
  | { readonly type: "startTimer"; readonly timer: CallTimer }
  | { readonly type: "stopTimer"; readonly timer: CallTimer }
  /** The media follow this dialog from now on. */
  | { readonly type: "media"; readonly callId: string }
  /** Both ends have this dialog. */
  | { readonly type: "confirmed"; readonly callId: string }
  /** A dialog that was held is not any more; `by` "replaced": `next` has its place. */
  | {
      readonly type: "dialogEnded";
      readonly callId: string;
      readonly by: "replaced" | "self" | "peer" | "lost";
      readonly next: string | null;
    }
  /** Nothing more is tried to replace this one under the present registration. */
  | { readonly type: "pinned"; readonly callId: string; readonly reason: string }
  /** The application hears the end. */
  | { readonly type: "ended"; readonly reason: OverReason; readonly status: number | null }
  /** The call may be forgotten. */
  | { readonly type: "done" };

/** Names for an INVITE that the step may send: random, never used before. */
export interface FreshName {
  readonly callId: string;
  readonly localTag: string;
}
