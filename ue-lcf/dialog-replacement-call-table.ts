// Replacing a dialog: what happens to the call as a whole, one table for both ends. RFC 3891; the numbers in the
// comments are the rules of docs/dialog-replacement.md.

export type CallPhase = "live" | "over";

export type CallTableEvent =
  /** A registration stands, the same one again or another. */
  | "registered"
  /** No registration may be used for now. */
  | "unregistered"
  /** The command's `replace`. */
  | "replace now"
  | "replace wait"
  /** The jitter of rule 5 is over. */
  | "retry"
  /** The command's deadline. */
  | "deadline"
  /** The application hangs up, with no stale leg of this end and with one. */
  | "hang-up"
  | "hang-up when stale"
  /** INVITE with Replaces that names the call: rank above all that is held, or not. */
  | "INVITE"
  | "INVITE below"
  /** 64*T1 after the last that an ended call heard. */
  | "memory over";

export type CallAct =
  | "take the registration"
  | "drop the registration"
  /** Rule 3, for INVITEs that left by another registration. */
  | "abandon by move"
  /** All open INVITEs but the call's first: no more is tried. */
  | "abandon all"
  /** May be tried anew: another registration, another command. */
  | "unblock"
  | "block: deadline"
  | "allow"
  | "disallow"
  | "stop waiting"
  | "over: self"
  /** Rule 12: the peer is told by a new INVITE. */
  | "notice"
  | "give up the notice"
  | "answer 200 and hold it"
  | "answer 491"
  | "answer 603"
  | "done, if nothing is under way";

export interface CallRow {
  readonly actions: readonly CallAct[];
}

type CallRows = Record<CallTableEvent, CallRow | null>;

const live = {
  registered: { actions: ["take the registration", "unblock", "abandon by move"] }, // 2, 3
  unregistered: { actions: ["drop the registration"] }, // 2
  "replace now": { actions: ["allow"] }, // 2
  "replace wait": { actions: ["disallow"] }, // 2
  retry: { actions: ["stop waiting"] }, // 5
  deadline: { actions: ["block: deadline", "abandon all"] },
  "hang-up": { actions: ["over: self"] }, // 11
  "hang-up when stale": { actions: ["notice", "over: self", "abandon all"] }, // 11, 12
  INVITE: { actions: ["answer 200 and hold it"] }, // 4
  "INVITE below": { actions: ["answer 491"] }, // 4
  "memory over": null,
} as const satisfies CallRows;

const over = {
  registered: { actions: ["take the registration", "abandon by move"] }, // 12
  unregistered: { actions: ["drop the registration"] },
  "replace now": null,
  "replace wait": null,
  retry: { actions: ["stop waiting"] }, // 12
  deadline: { actions: ["give up the notice"] }, // 12
  "hang-up": null,
  "hang-up when stale": null,
  INVITE: { actions: ["answer 603"] }, // 4, 11
  "INVITE below": { actions: ["answer 603"] }, // 4, 11
  "memory over": { actions: ["done, if nothing is under way"] }, // 11
} as const satisfies CallRows;

export type CallTable = Record<CallPhase, CallRows>;

export const callTable = { live, over } as const satisfies CallTable;
