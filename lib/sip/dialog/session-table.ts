// An INVITE usage from its 2xx to its end, as a table. RFC 3261 13.3.1.4, 14, 15.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

export type SessionState =
  /** UAS: 2xx sent and repeated, no ACK. */
  | "Accepted"
  /** UAS: 64*T1 without ACK, the owner decides. */
  | "Unacknowledged"
  /** UAS: to be ended, but BYE may not be sent before the ACK or 64*T1 (15). */
  | "Ending"
  /** UAC: 2xx got and acknowledged. UAS: ACK got. */
  | "Confirmed"
  /** Own BYE sent, not answered. */
  | "Terminating"
  | "Terminated";

export type SessionEvent =
  /** ACK to the initial 2xx. */
  | "ACK"
  /** The owner knows by other means that the peer has the 2xx. */
  | "confirm"
  /** Time for the next copy of the 2xx. */
  | "repeat"
  /** 4*T1 after the 2xx and every 4*T1. */
  | "4*T1"
  /** 64*T1 after the 2xx; which of the two, the policy says. */
  | "64*T1, bye"
  | "64*T1, report"
  /** The owner ends it. */
  | "bye"
  /** The owner ends it without a BYE: the peer has said that the dialog is gone. */
  | "drop"
  /** 481 or 408 to a request of ours, and the policy says `bye` (12.2.1.2). */
  | "lost"
  /** Final response to our BYE, or none. */
  | "BYE outcome"
  | "BYE"
  | "INVITE"
  /** Any other request. */
  | "request";

export type SessionAction =
  | "send 2xx"
  | "stop 2xx"
  | "send BYE"
  | "answer 200"
  | "answer 481"
  /** Not before the first INVITE is done with: the peer comes again (14.1). */
  | "answer 491"
  /** Give it to the re-INVITE machine, or to whoever answers other requests. */
  | "take"
  /** OPTIONS goes to the owner, who may know more than that the dialog ends; anything else gets 481. */
  | "take a question"
  | "report acknowledged"
  | "report unacknowledged"
  | "report BYE"
  | "report BYE outcome"
  | "report ended by peer"
  | "report ended here"
  | "report no ACK"
  | "report lost"
  /** Nothing of the dialog is left: later requests are of an unknown dialog. */
  | "forget";

type Rows = StateRows<SessionState, SessionEvent, SessionAction>;

const accepted = {
  ACK: to("Confirmed", "stop 2xx", "report acknowledged"),
  confirm: to("Confirmed", "stop 2xx", "report acknowledged"),
  repeat: to("Accepted", "send 2xx"),
  "4*T1": to("Accepted", "report unacknowledged"),
  "64*T1, bye": to("Terminating", "stop 2xx", "send BYE", "report no ACK"),
  "64*T1, report": to("Unacknowledged", "stop 2xx"),
  bye: to("Ending"),
  drop: to("Terminated", "stop 2xx", "forget"),
  lost: to("Ending"),
  "BYE outcome": null,
  BYE: to("Terminated", "stop 2xx", "answer 200", "forget", "report BYE", "report ended by peer"),
  INVITE: to("Accepted", "answer 491"),
  request: to("Accepted", "take"),
} as const satisfies Rows;

const unacknowledged = {
  ACK: to("Confirmed", "report acknowledged"),
  confirm: to("Confirmed", "report acknowledged"),
  repeat: null,
  "4*T1": to("Unacknowledged", "report unacknowledged"),
  "64*T1, bye": null,
  "64*T1, report": null,
  bye: to("Terminating", "send BYE", "report ended here"),
  drop: to("Terminated", "forget"),
  lost: to("Terminating", "send BYE", "report lost"),
  "BYE outcome": null,
  BYE: to("Terminated", "answer 200", "forget", "report BYE", "report ended by peer"),
  INVITE: to("Unacknowledged", "answer 491"),
  request: to("Unacknowledged", "take"),
} as const satisfies Rows;

// The 2xx goes on being repeated: without it the peer never sends the ACK that lets the BYE go.
const ending = {
  ACK: to("Terminating", "stop 2xx", "send BYE", "report ended here"),
  confirm: to("Terminating", "stop 2xx", "send BYE", "report ended here"),
  repeat: to("Ending", "send 2xx"),
  "4*T1": to("Ending", "report unacknowledged"),
  "64*T1, bye": to("Terminating", "stop 2xx", "send BYE", "report ended here"),
  "64*T1, report": to("Terminating", "stop 2xx", "send BYE", "report ended here"),
  bye: to("Ending"),
  drop: to("Terminated", "stop 2xx", "forget"),
  lost: to("Ending"),
  "BYE outcome": null,
  BYE: to("Terminated", "stop 2xx", "answer 200", "forget", "report BYE", "report ended by peer"),
  INVITE: to("Ending", "answer 491"),
  request: to("Ending", "take"),
} as const satisfies Rows;

const confirmed = {
  ACK: to("Confirmed"),
  confirm: to("Confirmed"),
  repeat: null,
  "4*T1": null,
  "64*T1, bye": null,
  "64*T1, report": null,
  bye: to("Terminating", "send BYE", "report ended here"),
  drop: to("Terminated", "forget"),
  lost: to("Terminating", "send BYE", "report lost"),
  "BYE outcome": null,
  BYE: to("Terminated", "answer 200", "forget", "report BYE", "report ended by peer"),
  INVITE: to("Confirmed", "take"),
  request: to("Confirmed", "take"),
} as const satisfies Rows;

// Both ends may send BYE at once: each is answered.
const terminating = {
  ACK: to("Terminating"),
  confirm: to("Terminating"),
  repeat: null,
  "4*T1": null,
  "64*T1, bye": null,
  "64*T1, report": null,
  bye: to("Terminating"),
  drop: to("Terminated", "forget"),
  lost: to("Terminating"),
  "BYE outcome": to("Terminated", "forget", "report BYE outcome"),
  BYE: to("Terminating", "answer 200"),
  INVITE: to("Terminating", "answer 481"),
  request: to("Terminating", "take a question"),
} as const satisfies Rows;

const terminated = {
  ACK: to("Terminated"),
  confirm: to("Terminated"),
  repeat: null,
  "4*T1": null,
  "64*T1, bye": null,
  "64*T1, report": null,
  bye: to("Terminated"),
  drop: to("Terminated"),
  lost: to("Terminated"),
  // A session that was dropped with its BYE under way.
  "BYE outcome": to("Terminated", "report BYE outcome"),
  BYE: to("Terminated", "answer 481"),
  INVITE: to("Terminated", "answer 481"),
  request: to("Terminated", "answer 481"),
} as const satisfies Rows;

/** The table of both roles; a UAC begins in Confirmed, a UAS in Accepted. */
export const sessionTable = {
  Accepted: accepted,
  Unacknowledged: unacknowledged,
  Ending: ending,
  Confirmed: confirmed,
  Terminating: terminating,
  Terminated: terminated,
} as const satisfies Table<SessionState, SessionEvent, SessionAction>;
