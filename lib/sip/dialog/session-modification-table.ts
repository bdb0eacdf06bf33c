// Modifying a session: re-INVITE of either end and UPDATE of the peer, as a table. RFC 3261 14, RFC 3311 5.2.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

export type ModificationState =
  | "Idle"
  /** Own re-INVITE, no final response. */
  | "INVITE sent"
  /** The peer's re-INVITE, not answered. */
  | "INVITE received"
  /** 2xx to the peer's re-INVITE sent and repeated, no ACK. */
  | "2xx sent"
  /** The peer's UPDATE with an offer, not answered. */
  | "UPDATE received"
  /** The session is over. */
  | "Ended";

export type ModificationEvent =
  /** The owner's re-INVITE, or the end of the wait after 491. */
  | "reinvite"
  | "2xx"
  | "491"
  /** Any other final response to our re-INVITE, or none. */
  | "failure"
  | "INVITE"
  | "CANCEL"
  /** UPDATE with an offer; one without changes nothing here. */
  | "UPDATE"
  /** The owner takes the peer's offer. */
  | "accept"
  /** The owner refuses it. */
  | "refuse"
  | "ACK"
  | "repeat"
  | "64*T1"
  | "end";

export type ModificationAction =
  | "send INVITE"
  | "send ACK"
  /** Try again: after 2.1 to 4 s for the owner of the Call-ID, after 0 to 2 s for the other (14.1). */
  | "wait"
  | "report outcome"
  | "report INVITE"
  | "report UPDATE"
  | "report ACK"
  /** No ACK to the 2xx of a re-INVITE: the session's affair (14.2, 13.3.1.4). */
  | "report no ACK"
  | "answer 2xx"
  | "send 2xx"
  | "stop 2xx"
  | "answer refusal"
  | "answer 487"
  | "answer 491"
  /** With Retry-After of 0 to 10 s (14.2, RFC 3311 5.2). */
  | "answer 500";

type Rows = StateRows<ModificationState, ModificationEvent, ModificationAction>;

const idle = {
  reinvite: to("INVITE sent", "send INVITE"),
  "2xx": null,
  "491": null,
  failure: null,
  INVITE: to("INVITE received", "report INVITE"),
  CANCEL: null,
  UPDATE: to("UPDATE received", "report UPDATE"),
  accept: to("Idle"),
  refuse: to("Idle"),
  ACK: to("Idle"),
  repeat: null,
  "64*T1": null,
  end: to("Ended"),
} as const satisfies Rows;

const inviteSent = {
  reinvite: null,
  "2xx": to("Idle", "send ACK", "report outcome"),
  "491": to("Idle", "wait"),
  failure: to("Idle", "report outcome"),
  INVITE: to("INVITE sent", "answer 491"),
  CANCEL: null,
  UPDATE: to("INVITE sent", "answer 491"),
  accept: to("INVITE sent"),
  refuse: to("INVITE sent"),
  ACK: to("INVITE sent"),
  repeat: null,
  "64*T1": null,
  end: to("Ended"),
} as const satisfies Rows;

const inviteReceived = {
  reinvite: to("INVITE received", "wait"),
  "2xx": null,
  "491": null,
  failure: null,
  INVITE: to("INVITE received", "answer 500"),
  CANCEL: to("Idle", "answer 487"),
  UPDATE: to("INVITE received", "answer 500"),
  accept: to("2xx sent", "answer 2xx"),
  refuse: to("Idle", "answer refusal"),
  ACK: to("INVITE received"),
  repeat: null,
  "64*T1": null,
  end: to("Ended", "answer 487"),
} as const satisfies Rows;

// Whose offer waits for an answer is not known here (bodies are opaque), so nothing may cross.
const successSent = {
  reinvite: to("2xx sent", "wait"),
  "2xx": null,
  "491": null,
  failure: null,
  INVITE: to("2xx sent", "answer 491"),
  CANCEL: to("2xx sent"),
  UPDATE: to("2xx sent", "answer 491"),
  accept: to("2xx sent"),
  refuse: to("2xx sent"),
  ACK: to("Idle", "stop 2xx", "report ACK"),
  repeat: to("2xx sent", "send 2xx"),
  "64*T1": to("Idle", "stop 2xx", "report no ACK"),
  end: to("Ended", "stop 2xx"),
} as const satisfies Rows;

const updateReceived = {
  reinvite: to("UPDATE received", "wait"),
  "2xx": null,
  "491": null,
  failure: null,
  INVITE: to("UPDATE received", "answer 500"),
  CANCEL: null,
  UPDATE: to("UPDATE received", "answer 500"),
  accept: to("Idle", "answer 2xx"),
  refuse: to("Idle", "answer refusal"),
  ACK: to("UPDATE received"),
  repeat: null,
  "64*T1": null,
  end: to("Ended", "answer 487"),
} as const satisfies Rows;

// A 2xx that comes now is acknowledged all the same, or the peer repeats it for 64*T1.
const ended = {
  reinvite: null,
  "2xx": to("Ended", "send ACK", "report outcome"),
  "491": to("Ended", "report outcome"),
  failure: to("Ended", "report outcome"),
  INVITE: null,
  CANCEL: to("Ended"),
  UPDATE: null,
  accept: to("Ended"),
  refuse: to("Ended"),
  ACK: to("Ended"),
  repeat: null,
  "64*T1": null,
  end: to("Ended"),
} as const satisfies Rows;

/** The table; it runs while the session is confirmed, and ends with it. */
export const modificationTable = {
  Idle: idle,
  "INVITE sent": inviteSent,
  "INVITE received": inviteReceived,
  "2xx sent": successSent,
  "UPDATE received": updateReceived,
  Ended: ended,
} as const satisfies Table<ModificationState, ModificationEvent, ModificationAction>;
