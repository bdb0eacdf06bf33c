// Replacing a dialog: what each leg of a call does, one table for both ends. RFC 3891, RFC 3261 13 and 15; the
// numbers in the comments are the rules of docs/dialog-replacement.md.
import type { LegState } from "./dialog-replacement-state.ts";

/** What may happen to a leg; `classify` in dialog-replacement.ts makes these words of messages and timers. */
export type LegEvent =
  /** 2xx to an own INVITE. */
  | "2xx"
  /** The same when a confirmed one of higher rank is held, rule 10 ended it, or the call is over. */
  | "2xx superseded"
  /** 481, 491, 408, 500 and the like, or no answer. */
  | "failed"
  /** 420, 488 and the like: another INVITE would get the same. */
  | "failed for good"
  /** 603: the call is over there. */
  | "603"
  /** The answer to the call's own first INVITE, not a 2xx. */
  | "refused"
  /** More than 100, less than 200. */
  | "provisional"
  /** 2*T1 with nothing but 100. */
  | "silence"
  /** Registered elsewhere since the INVITE left. */
  | "moved"
  /** 64*T1 since it was abandoned. */
  | "memory over"
  | "ACK"
  /** 4*T1 without ACK, and every 4*T1. */
  | "no ACK yet"
  /** 64*T1 without ACK. */
  | "no ACK"
  /** Answers to the question: 2xx, 481, 603, all else. */
  | "question: yes"
  | "question: unknown"
  | "question: over"
  | "question: not yet"
  /** Answers to OPTIONS in the highest confirmed lower dialog: 200, all else. */
  | "lower lives"
  | "lower unsure"
  /** OPTIONS of the peer in this dialog, before and after the call's end. */
  | "asked"
  | "asked when over"
  /** BYE of the peer while something of higher rank is held, and otherwise. */
  | "BYE below"
  | "BYE"
  /** Nobody answered this end's BYE. */
  | "BYE unanswered"
  /** The dialog cannot be used any more (session timer, 481 or 408 in it). */
  | "lost"
  /** One of higher rank was confirmed (rule 8). */
  | "superseded"
  /** The call is over (rule 11). */
  | "over";

export type LegAct =
  | "ack"
  | "bye"
  /** Rule 8: those of lower rank end. */
  | "end lower ones"
  /** Rule 5: the next INVITE after jitter. */
  | "wait"
  /** No further INVITE under this registration. */
  | "block"
  /** Rule 11, for the peer's reason. */
  | "over: peer"
  | "over: refused"
  /** Rule 10: everything below ends, INVITEs below it are taken no more. */
  | "end everything below"
  | "forget after 64*T1"
  | "stop waiting for an answer"
  | "stop waiting for the ACK"
  | "ask"
  /** Asks, and is back in 64*T1. */
  | "ask once more"
  | "ask in the lower one"
  | "answer 200 to the question"
  | "answer 481 to the question"
  | "answer 491 to the question"
  | "answer 603 to the question"
  | "answer 200 to BYE"
  | "answer 481 to BYE"
  | "cancel"
  | "bye once more"
  | "hold the notice back no more"
  /** What it means if nothing is held now. */
  | "cause: peer"
  | "cause: lost";

export interface LegRow {
  readonly next: LegState;
  readonly actions: readonly LegAct[];
}

type LegRows = Record<LegEvent, LegRow | null>;

const open = {
  "2xx": { next: "Confirmed", actions: ["stop waiting for an answer", "ack", "end lower ones"] }, // 6, 8
  "2xx superseded": { next: "Ended", actions: ["stop waiting for an answer", "ack", "bye"] }, // 6
  failed: { next: "Gone", actions: ["stop waiting for an answer", "wait"] }, // 5
  "failed for good": { next: "Gone", actions: ["stop waiting for an answer", "block"] },
  "603": { next: "Gone", actions: ["stop waiting for an answer", "over: peer"] }, // 11
  refused: { next: "Gone", actions: ["over: refused"] },
  provisional: { next: "Open", actions: ["stop waiting for an answer"] }, // 3
  silence: { next: "Abandoned", actions: ["forget after 64*T1"] }, // 3
  moved: { next: "Abandoned", actions: ["stop waiting for an answer", "forget after 64*T1"] }, // 3
  "memory over": null,
  ACK: null,
  "no ACK yet": null,
  "no ACK": null,
  "question: yes": null,
  "question: unknown": null,
  "question: over": null,
  "question: not yet": null,
  "lower lives": null,
  "lower unsure": null,
  asked: { next: "Open", actions: ["answer 491 to the question"] }, // 9b
  "asked when over": { next: "Open", actions: ["answer 603 to the question"] }, // 9b, 11
  // No 2xx came, so there is no dialog here; the peer has none any more either, and its 2xx would come too late.
  "BYE below": { next: "Gone", actions: ["stop waiting for an answer", "answer 481 to BYE"] },
  BYE: { next: "Gone", actions: ["stop waiting for an answer", "answer 481 to BYE"] },
  "BYE unanswered": null,
  lost: null,
  superseded: null, // 6 decides at its 2xx
  over: { next: "Open", actions: ["cancel"] },
} as const satisfies LegRows;

const abandoned = {
  ...open,
  "2xx": { next: "Confirmed", actions: ["ack", "end lower ones"] }, // 6, 8
  "2xx superseded": { next: "Ended", actions: ["ack", "bye"] }, // 6
  failed: { next: "Gone", actions: [] },
  "failed for good": { next: "Gone", actions: ["block"] },
  "603": { next: "Gone", actions: ["over: peer"] }, // 11
  refused: { next: "Gone", actions: [] },
  provisional: null,
  silence: null,
  moved: null,
  "memory over": { next: "Gone", actions: [] },
  asked: { next: "Abandoned", actions: ["answer 491 to the question"] }, // 9b
  "asked when over": { next: "Abandoned", actions: ["answer 603 to the question"] }, // 9b, 11
  "BYE below": { next: "Gone", actions: ["answer 481 to BYE"] },
  BYE: { next: "Gone", actions: ["answer 481 to BYE"] },
  over: { next: "Abandoned", actions: [] },
} as const satisfies LegRows;

const accepted = {
  "2xx": null,
  "2xx superseded": null,
  failed: null,
  "failed for good": null,
  "603": null,
  refused: null,
  provisional: null,
  silence: null,
  moved: null,
  "memory over": null,
  ACK: { next: "Confirmed", actions: ["stop waiting for the ACK", "end lower ones"] }, // 7, 8
  "no ACK yet": { next: "Accepted", actions: ["ask"] }, // 9
  "no ACK": {
    next: "Accepted",
    actions: ["stop waiting for the ACK", "ask once more", "ask in the lower one"],
  }, // 9: and again every 64*T1 while both stay
  "question: yes": { next: "Confirmed", actions: ["stop waiting for the ACK", "end lower ones"] }, // 7, 8
  "question: unknown": { next: "Ended", actions: ["stop waiting for the ACK", "cause: lost"] }, // 9
  "question: over": { next: "Accepted", actions: ["over: peer"] }, // 9, 11
  "question: not yet": { next: "Accepted", actions: [] }, // 9: the next 4*T1 asks again
  "lower lives": { next: "Ended", actions: ["bye", "cause: lost"] }, // 9
  "lower unsure": { next: "Accepted", actions: [] }, // 9: both stay
  asked: { next: "Accepted", actions: ["answer 200 to the question"] }, // 9b
  "asked when over": null, // accepted ones are Closing by then
  // 10; whoever ends it has ended what is below it, but that BYE may be lost.
  "BYE below": {
    next: "Ended",
    actions: ["stop waiting for the ACK", "answer 200 to BYE", "end lower ones"],
  },
  BYE: {
    next: "Ended",
    actions: ["stop waiting for the ACK", "answer 200 to BYE", "cause: peer", "end everything below"],
  }, // 10
  "BYE unanswered": null,
  lost: { next: "Ended", actions: ["stop waiting for the ACK", "cause: lost"] },
  superseded: { next: "Closing", actions: [] }, // 8
  over: { next: "Closing", actions: [] }, // 11
} as const satisfies LegRows;

const confirmed = {
  "2xx": { next: "Confirmed", actions: ["ack"] }, // retransmitted: RFC 3261 13.2.2.4
  "2xx superseded": { next: "Confirmed", actions: ["ack"] },
  failed: null,
  "failed for good": null,
  "603": null,
  refused: null,
  provisional: null,
  silence: null,
  moved: null,
  "memory over": null,
  ACK: null,
  "no ACK yet": null,
  "no ACK": null,
  "question: yes": null,
  "question: unknown": null,
  "question: over": null,
  "question: not yet": null,
  "lower lives": null,
  "lower unsure": null,
  asked: { next: "Confirmed", actions: ["answer 200 to the question"] }, // 9b
  "asked when over": null, // it has ended by then
  "BYE below": { next: "Ended", actions: ["answer 200 to BYE", "end lower ones"] }, // 10
  BYE: { next: "Ended", actions: ["answer 200 to BYE", "cause: peer", "end everything below"] }, // 10
  "BYE unanswered": null,
  lost: { next: "Ended", actions: ["bye", "cause: lost"] },
  superseded: { next: "Ended", actions: ["bye"] }, // 8
  over: { next: "Ended", actions: ["bye"] }, // 11
} as const satisfies LegRows;

const closing = {
  "2xx": null,
  "2xx superseded": null,
  failed: null,
  "failed for good": null,
  "603": null,
  refused: null,
  provisional: null,
  silence: null,
  moved: null,
  "memory over": null,
  ACK: { next: "Ended", actions: ["stop waiting for the ACK", "bye"] }, // 8, 11
  "no ACK yet": null,
  "no ACK": { next: "Ended", actions: ["stop waiting for the ACK", "bye"] }, // 8, 11
  "question: yes": { next: "Ended", actions: ["stop waiting for the ACK", "bye"] }, // 7, 8
  "question: unknown": { next: "Ended", actions: ["stop waiting for the ACK"] }, // 9
  "question: over": { next: "Closing", actions: ["over: peer"] }, // 9, 11
  "question: not yet": null,
  "lower lives": null,
  "lower unsure": null,
  asked: { next: "Closing", actions: ["answer 481 to the question"] }, // 9b
  "asked when over": { next: "Closing", actions: ["answer 603 to the question"] }, // 11
  "BYE below": { next: "Ended", actions: ["stop waiting for the ACK", "answer 200 to BYE"] }, // 10
  BYE: { next: "Ended", actions: ["stop waiting for the ACK", "answer 200 to BYE"] },
  "BYE unanswered": null,
  lost: { next: "Ended", actions: ["stop waiting for the ACK"] },
  superseded: null,
  over: null,
} as const satisfies LegRows;

const ended = {
  "2xx": { next: "Ended", actions: ["ack"] }, // retransmitted
  "2xx superseded": { next: "Ended", actions: ["ack"] },
  failed: null,
  "failed for good": null,
  "603": null,
  refused: null,
  provisional: null,
  silence: null,
  moved: null,
  "memory over": null,
  ACK: null,
  "no ACK yet": null,
  "no ACK": null,
  "question: yes": null,
  "question: unknown": null,
  "question: over": null,
  "question: not yet": null,
  "lower lives": null,
  "lower unsure": null,
  asked: { next: "Ended", actions: ["answer 481 to the question"] }, // 9b
  "asked when over": { next: "Ended", actions: ["answer 603 to the question"] }, // 9b, 11
  "BYE below": { next: "Ended", actions: ["answer 200 to BYE"] },
  BYE: { next: "Ended", actions: ["answer 200 to BYE"] },
  "BYE unanswered": { next: "Ended", actions: ["bye once more", "hold the notice back no more"] }, // 11, 12
  lost: null,
  superseded: null,
  over: null,
} as const satisfies LegRows;

const gone = {
  ...ended,
  "2xx": null, // no ACK: the peer's question gets 481, and a BYE would be taken for a hang-up
  "2xx superseded": null,
  "BYE unanswered": null,
  asked: { next: "Gone", actions: ["answer 481 to the question"] }, // 9b
  "asked when over": { next: "Gone", actions: ["answer 603 to the question"] }, // 9b, 11
  "BYE below": { next: "Gone", actions: ["answer 481 to BYE"] },
  BYE: { next: "Gone", actions: ["answer 481 to BYE"] },
} as const satisfies LegRows;

/** The whole table. `null`: nothing is done. */
export type LegTable = Record<LegState, LegRows>;

export const legTable = {
  Open: open,
  Abandoned: abandoned,
  Accepted: accepted,
  Confirmed: confirmed,
  Closing: closing,
  Ended: ended,
  Gone: gone,
} as const satisfies LegTable;
