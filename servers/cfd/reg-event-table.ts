// One look at the registration state of a user, as a table. RFC 3680, RFC 6665 4.1.2, TS 24.229 5.7.1.1.
//
// As an application server the CFD asserts its own identity. Kamailio's S-CSCF takes that of the user only: after a 403 the
// CFD asks once more, on his behalf. A user may always ask for himself (5.4.2.1.1): an S-CSCF that tells of others and
// forbids it to him does not have him. What the subscription itself does is the subscriber's table (RFC 6665).
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

export type LookState =
  /** SUBSCRIBE sent, asserting the server. */
  | "Asking"
  /** SUBSCRIBE sent, asserting the user. */
  | "Asking for the user"
  /** Told by a NOTIFY that came before the answer to the SUBSCRIBE. */
  | "Told"
  /** Told, and the subscription is being ended. */
  | "Leaving"
  | "Over";

export type LookEvent =
  | "2xx"
  /** Forbidden to the identity that was asserted. */
  | "403"
  /** The same, by an S-CSCF that has told of others. */
  | "403 of one that tells"
  /** Any other final answer. */
  | "refused"
  /** The SUBSCRIBE reached nobody. */
  | "no answer"
  /** Registration information, full and about this user. */
  | "NOTIFY"
  /** The same, before the answer to the SUBSCRIBE. */
  | "early NOTIFY"
  /** The same, and it ends the subscription. */
  | "last NOTIFY"
  /** A NOTIFY that says nothing usable. */
  | "NOTIFY unusable"
  /** The subscription is over; no word about the user came where none was told. */
  | "ended"
  /** The patience is over. */
  | "late";

export type LookAction =
  | "ask for the user"
  | "tell contacts"
  | "tell nobody registered"
  | "tell refused"
  | "tell unusable"
  | "tell silence"
  /** SUBSCRIBE with Expires 0 in its dialog. */
  | "unsubscribe"
  /** What still comes gets 481, which ends it at the S-CSCF. */
  | "abandon"
  | "stop patience";

type Rows = StateRows<LookState, LookEvent, LookAction>;

const asking = {
  "2xx": to("Asking"),
  "403": to("Asking for the user", "ask for the user"),
  "403 of one that tells": to("Asking for the user", "ask for the user"),
  refused: to("Over", "stop patience", "tell refused"),
  "no answer": to("Over", "stop patience", "tell silence"),
  NOTIFY: to("Leaving", "stop patience", "tell contacts", "unsubscribe"),
  "early NOTIFY": to("Told", "stop patience", "tell contacts"),
  "last NOTIFY": to("Over", "stop patience", "tell contacts"),
  "NOTIFY unusable": to("Over", "stop patience", "abandon", "tell unusable"),
  ended: to("Over", "stop patience", "tell unusable"),
  late: to("Over", "abandon", "tell silence"),
} as const satisfies Rows;

const askingForTheUser = {
  "2xx": to("Asking for the user"),
  "403": to("Over", "stop patience", "tell refused"),
  "403 of one that tells": to("Over", "stop patience", "tell nobody registered"),
  refused: to("Over", "stop patience", "tell refused"),
  "no answer": to("Over", "stop patience", "tell silence"),
  NOTIFY: to("Leaving", "stop patience", "tell contacts", "unsubscribe"),
  "early NOTIFY": to("Told", "stop patience", "tell contacts"),
  "last NOTIFY": to("Over", "stop patience", "tell contacts"),
  "NOTIFY unusable": to("Over", "stop patience", "abandon", "tell unusable"),
  ended: to("Over", "stop patience", "tell unusable"),
  late: to("Over", "abandon", "tell silence"),
} as const satisfies Rows;

const told = {
  "2xx": to("Leaving", "unsubscribe"),
  "403": to("Over", "abandon"),
  "403 of one that tells": to("Over", "abandon"),
  refused: to("Over", "abandon"),
  "no answer": to("Over", "abandon"),
  NOTIFY: null,
  "early NOTIFY": to("Told"), // the state has changed since: a third-party REGISTER tells of that
  "last NOTIFY": to("Over"),
  "NOTIFY unusable": to("Told"),
  ended: to("Over"),
  late: null,
} as const satisfies Rows;

const leaving = {
  "2xx": to("Leaving"),
  "403": to("Over", "abandon"),
  "403 of one that tells": to("Over", "abandon"),
  refused: to("Over", "abandon"),
  "no answer": to("Over", "abandon"),
  NOTIFY: to("Leaving"),
  "early NOTIFY": to("Leaving"), // before the answer to the second SUBSCRIBE
  "last NOTIFY": to("Over"),
  "NOTIFY unusable": to("Leaving"),
  ended: to("Over"),
  late: null,
} as const satisfies Rows;

const over = {
  "2xx": null,
  "403": null,
  "403 of one that tells": null,
  refused: null,
  "no answer": null,
  NOTIFY: null,
  "early NOTIFY": null,
  "last NOTIFY": null,
  "NOTIFY unusable": null,
  ended: null,
  late: null,
} as const satisfies Rows;

export const lookTable = {
  Asking: asking,
  "Asking for the user": askingForTheUser,
  Told: told,
  Leaving: leaving,
  Over: over,
} as const satisfies Table<LookState, LookEvent, LookAction>;
