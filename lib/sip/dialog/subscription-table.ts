// The subscriber's half of a subscription as a table. RFC 6665 4.1.2, figure 1.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

export type SubscriberState =
  /** SUBSCRIBE sent, no NOTIFY in its dialog yet, whether its 2xx came or not. */
  "notify_wait" | "pending" | "active" | "terminated";

export type SubscriberEvent =
  /** 2xx to the first SUBSCRIBE. */
  | "2xx"
  /** Final failure of the first SUBSCRIBE, or no answer. */
  | "failure"
  /** 423 to the last SUBSCRIBE, with a Min-Expires above what was asked for. */
  | "423"
  | "NOTIFY pending"
  | "NOTIFY active"
  | "NOTIFY terminated"
  /** 64*T1 after a SUBSCRIBE without NOTIFY. */
  | "timerN"
  /** The owner's refresh or end. */
  | "refresh"
  | "refresh 2xx"
  /** 481 or another failure that ends it (RFC 6665 4.1.2.2, RFC 5057 5.1), or no answer. */
  | "refresh fatal"
  /** Any other failure: it lasts as long as it did before. */
  | "refresh failure"
  | "expired";

export type SubscriberAction =
  | "start timerN"
  | "stop timerN"
  /** Asks once more, for Min-Expires seconds. */
  | "raise duration"
  | "make dialog"
  | "note duration"
  | "send SUBSCRIBE"
  /** 200 to the NOTIFY, then its body to the owner. */
  | "answer 200"
  | "report notification"
  | "report answer"
  | "report failure"
  | "report no NOTIFY"
  | "report terminated"
  | "report expired"
  | "report lost"
  | "forget";

type Rows = StateRows<SubscriberState, SubscriberEvent, SubscriberAction>;

const notifyWait = {
  "2xx": to("notify_wait", "make dialog", "note duration", "report answer"),
  failure: to("terminated", "stop timerN", "forget", "report failure"),
  "423": to("notify_wait", "raise duration", "start timerN", "send SUBSCRIBE"),
  "NOTIFY pending": to(
    "pending",
    "stop timerN",
    "make dialog",
    "note duration",
    "answer 200",
    "report notification",
  ),
  "NOTIFY active": to(
    "active",
    "stop timerN",
    "make dialog",
    "note duration",
    "answer 200",
    "report notification",
  ),
  "NOTIFY terminated": to(
    "terminated",
    "stop timerN",
    "answer 200",
    "forget",
    "report notification",
    "report terminated",
  ),
  timerN: to("terminated", "forget", "report no NOTIFY"),
  refresh: null,
  "refresh 2xx": null,
  "refresh fatal": null,
  "refresh failure": null,
  expired: null,
} as const satisfies Rows;

const running = (state: "pending" | "active") =>
  ({
    // It came after the NOTIFY.
    "2xx": { next: state, actions: ["note duration", "report answer"] },
    // The notifier has answered by its NOTIFY; the final failure comes from some other branch.
    failure: { next: state, actions: [] },
    "423": { next: state, actions: ["raise duration", "start timerN", "send SUBSCRIBE"] },
    "NOTIFY pending": {
      next: "pending",
      actions: ["stop timerN", "note duration", "answer 200", "report notification"],
    },
    "NOTIFY active": {
      next: "active",
      actions: ["stop timerN", "note duration", "answer 200", "report notification"],
    },
    "NOTIFY terminated": {
      next: "terminated",
      actions: ["stop timerN", "answer 200", "forget", "report notification", "report terminated"],
    },
    timerN: { next: "terminated", actions: ["forget", "report no NOTIFY"] },
    refresh: { next: state, actions: ["start timerN", "send SUBSCRIBE"] },
    "refresh 2xx": { next: state, actions: ["note duration", "report answer"] },
    "refresh fatal": { next: "terminated", actions: ["stop timerN", "forget", "report lost"] },
    "refresh failure": { next: state, actions: ["stop timerN", "report answer"] },
    expired: { next: "terminated", actions: ["stop timerN", "forget", "report expired"] },
  }) as const satisfies Rows;

const terminated = {
  "2xx": to("terminated"),
  failure: to("terminated"),
  "423": to("terminated"),
  "NOTIFY pending": null,
  "NOTIFY active": null,
  "NOTIFY terminated": null,
  timerN: null,
  refresh: to("terminated"),
  "refresh 2xx": to("terminated"),
  "refresh fatal": to("terminated"),
  "refresh failure": to("terminated"),
  expired: null,
} as const satisfies Rows;

/** The table; the first SUBSCRIBE is sent, and timer N started, on the way into notify_wait. */
export const subscriberTable = {
  notify_wait: notifyWait,
  pending: running("pending"),
  active: running("active"),
  terminated,
} as const satisfies Table<SubscriberState, SubscriberEvent, SubscriberAction>;
