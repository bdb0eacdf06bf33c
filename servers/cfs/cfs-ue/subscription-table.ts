// The life of one subscription at the notifier, as a table. RFC 6665 4.2.1, 4.2.2; cfs-ue 2 and 5.
//
// `pending`, `active` and `terminated` are RFC 6665's. `resp_wait` is its state before the SUBSCRIBE is answered;
// `resp_verify` and `pending_verify` wait for a signature to be verified. `suspect` is ours: the dialog may be dead,
// so nothing new is sent in it until something signed, or an answer to a NOTIFY, shows that it is not.

export type SubscriptionState =
  | "resp_wait"
  | "resp_verify"
  | "pending"
  | "pending_verify"
  | "active"
  | "suspect"
  | "terminated";

export type SubscriptionEvent =
  /** The location record says what the hello says. */
  | "record agrees"
  /** At the first look it does not, or is not there. */
  | "record differs"
  /** It has not agreed in time. */
  | "record wait over"
  | "hello verified"
  /** The signature is wrong, or the pair is bound to another key. */
  | "hello refused"
  /** A signed SUBSCRIBE in the dialog that is newer than the last one. */
  | "refresh"
  /** The same with Expires 0. */
  | "unsubscribe"
  /** A signed SUBSCRIBE in the dialog that was there already. */
  | "repeated"
  /** A SUBSCRIBE in the dialog without a body. */
  | "unsigned"
  /** 2xx to a NOTIFY, however late. */
  | "notify answered"
  /** A final error to a NOTIFY that says that the subscription is not there. */
  | "notify refused"
  /** No answer to a NOTIFY in time, or one that speaks of the path only. */
  | "notify timed out"
  /** The NOTIFY that said `terminated` was answered or given up. */
  | "final notify done"
  /** The challenge was not repeated in time: its LCF is asked to begin anew. */
  | "challenge over"
  | "expired"
  /** The CFS's keys were revoked: the LCF has to subscribe anew. */
  | "revoked";

export type SubscriptionAction =
  /** 2xx to the SUBSCRIBE. */
  | "answer"
  /** The error owed to the SUBSCRIBE that asks for too much. */
  | "refuse"
  /** 481 to the SUBSCRIBE. */
  | "answerNoDialog"
  | "awaitRecord"
  | "verify"
  /** The hello's registration is now known: ticket, and commands that wait. */
  | "activate"
  /** Challenge, answers and reports of the body, and its expiry. */
  | "takeBody"
  /** A NOTIFY is owed: after the one in flight, with whatever is pending then. */
  | "notify"
  /** What is pending may be sent now, here or in another dialog. */
  | "deliver"
  /** The row is deleted. */
  | "remove";

/** `reason` of Subscription-State (RFC 6665 4.1.3). */
export type TerminationReason = "probation" | "rejected" | "timeout" | "deactivated";

export interface SubscriptionStep {
  readonly next: SubscriptionState;
  readonly actions: readonly SubscriptionAction[];
  readonly reason?: TerminationReason;
}

/** Null: does nothing (a timer or an answer that comes too late to matter). */
type Rows = Readonly<Record<SubscriptionEvent, SubscriptionStep | null>>;

const nothing = {
  "record agrees": null,
  "record differs": null,
  "record wait over": null,
  "hello verified": null,
  "hello refused": null,
  refresh: null,
  unsubscribe: null,
  repeated: null,
  unsigned: null,
  "notify answered": null,
  "notify refused": null,
  "notify timed out": null,
  "final notify done": null,
  "challenge over": null,
  expired: null,
  revoked: null,
} as const satisfies Rows;

const respWait = {
  ...nothing,
  "record agrees": { next: "resp_verify", actions: ["verify"] },
  "record differs": { next: "pending", actions: ["answer", "notify", "awaitRecord"] },
} as const satisfies Rows;

const respVerify = {
  ...nothing,
  "hello verified": { next: "active", actions: ["activate", "answer", "notify"] },
  "hello refused": { next: "terminated", actions: ["refuse"] },
} as const satisfies Rows;

const pending = {
  ...nothing,
  "record agrees": { next: "pending_verify", actions: ["verify"] },
  "record wait over": { next: "terminated", reason: "probation", actions: ["notify"] },
  // No key is known yet: signed or not, nothing in it can be believed.
  refresh: { next: "pending", actions: ["answer", "notify"] },
  unsubscribe: { next: "pending", actions: ["answer", "notify"] },
  repeated: { next: "pending", actions: ["answer", "notify"] },
  unsigned: { next: "pending", actions: ["answer", "notify"] },
  "notify refused": { next: "terminated", actions: ["remove"] },
  expired: { next: "terminated", reason: "timeout", actions: ["notify"] },
  revoked: { next: "terminated", reason: "deactivated", actions: ["notify"] },
} as const satisfies Rows;

const pendingVerify = {
  ...pending,
  "record agrees": null,
  "record wait over": null,
  refresh: { next: "pending_verify", actions: ["answer", "notify"] },
  unsubscribe: { next: "pending_verify", actions: ["answer", "notify"] },
  repeated: { next: "pending_verify", actions: ["answer", "notify"] },
  unsigned: { next: "pending_verify", actions: ["answer", "notify"] },
  "hello verified": { next: "active", actions: ["activate", "notify"] },
  "hello refused": { next: "terminated", reason: "rejected", actions: ["notify"] },
} as const satisfies Rows;

const active = {
  ...nothing,
  refresh: { next: "active", actions: ["takeBody", "answer", "notify"] },
  unsubscribe: { next: "terminated", reason: "timeout", actions: ["takeBody", "answer", "notify"] },
  repeated: { next: "active", actions: ["answer", "notify"] },
  // The NOTIFY that is owed for it shows whether the dialog lives.
  unsigned: { next: "suspect", actions: ["answer", "notify"] },
  "notify answered": { next: "active", actions: ["deliver"] },
  "notify refused": { next: "terminated", actions: ["remove", "deliver"] },
  "notify timed out": { next: "suspect", actions: ["deliver"] },
  "challenge over": { next: "terminated", reason: "deactivated", actions: ["notify"] },
  expired: { next: "terminated", reason: "timeout", actions: ["notify"] },
  revoked: { next: "terminated", reason: "deactivated", actions: ["notify"] },
} as const satisfies Rows;

const suspect = {
  ...active,
  repeated: { next: "suspect", actions: ["answer", "notify"] },
} as const satisfies Rows;

const terminated = {
  ...nothing,
  refresh: { next: "terminated", actions: ["answerNoDialog"] },
  unsubscribe: { next: "terminated", actions: ["answerNoDialog"] },
  repeated: { next: "terminated", actions: ["answerNoDialog"] },
  unsigned: { next: "terminated", actions: ["answerNoDialog"] },
  // One that was in flight when it ended: the final one may go now.
  "notify answered": { next: "terminated", actions: ["deliver"] },
  "notify refused": { next: "terminated", actions: ["remove"] },
  "notify timed out": { next: "terminated", actions: ["deliver"] },
  "final notify done": { next: "terminated", actions: ["remove"] },
} as const satisfies Rows;

/** Every state's answer to every event. */
export const subscriptionTable = {
  resp_wait: respWait,
  resp_verify: respVerify,
  pending,
  pending_verify: pendingVerify,
  active,
  suspect,
  terminated,
} as const satisfies Readonly<Record<SubscriptionState, Rows>>;

/** What an event does in a state; null: nothing. */
export function stepSubscription(
  state: SubscriptionState,
  event: SubscriptionEvent,
): SubscriptionStep | null {
  return subscriptionTable[state][event];
}
