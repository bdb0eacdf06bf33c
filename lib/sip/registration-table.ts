// Registration of a UE as a table. RFC 3261 10.2, 22.2, RFC 3327, RFC 5626 4.5, TS 24.229 5.1.1,
// RFC 3310 3.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

/** Without what was asked for: the queue of wishes is the driver's. */
export type RegistrationState =
  /** No REGISTER under way. */
  | "Idle"
  /** REGISTER sent, with the credentials of the last challenge or with none. */
  | "Registering"
  /** REGISTER sent with the answer to a challenge of this attempt. */
  | "Authenticating"
  /** REGISTER sent that says that the network's challenge was invalid (AKA). */
  | "Contesting"
  /** The same, after a second invalid challenge: a third one is not looked at (TS 24.229 5.1.1.5.3). */
  | "Contesting again"
  /** Stopped while one was under way: its answer changes nothing. */
  | "Stopped";

export type RegistrationEvent =
  /** A wish is next in the queue. */
  | "register"
  | "200"
  /** 401 or 407 with a challenge that can be answered. */
  | "challenge"
  /** The same, and the answer is right even after another one: the nonce was too old, or AKA proves it fresh. */
  | "fresh challenge"
  /** One that does not prove itself: MAC failure or synchronisation failure of AKA, which the network is told. */
  | "invalid challenge"
  /** 401 or 407 that cannot be answered, or is about an answer that was wrong. */
  | "unanswerable challenge"
  | "423"
  /** Any other final response from 300 on. */
  | "refused"
  /** No answer. */
  | "failed"
  | "stop";

export type RegistrationAction =
  | "send REGISTER"
  | "answer challenge"
  | "raise expires"
  | "note bindings"
  | "report registered"
  | "report refused"
  | "report failed"
  /** Takes the next wish. */
  | "next";

type Rows = StateRows<RegistrationState, RegistrationEvent, RegistrationAction>;

const idle = {
  register: to("Registering", "send REGISTER"),
  "200": null,
  challenge: null,
  "fresh challenge": null,
  "invalid challenge": null,
  "unanswerable challenge": null,
  "423": null,
  refused: null,
  failed: null,
  stop: to("Idle"),
} as const satisfies Rows;

const registering = {
  register: null,
  "200": to("Idle", "note bindings", "report registered", "next"),
  challenge: to("Authenticating", "answer challenge", "send REGISTER"),
  "fresh challenge": to("Authenticating", "answer challenge", "send REGISTER"),
  "invalid challenge": to("Contesting", "answer challenge", "send REGISTER"),
  "unanswerable challenge": to("Idle", "report refused", "next"),
  "423": to("Registering", "raise expires", "send REGISTER"),
  refused: to("Idle", "report refused", "next"),
  failed: to("Idle", "report failed", "next"),
  stop: to("Stopped"),
} as const satisfies Rows;

// The same credentials are never tried twice: a challenge is answered again only when it says why (22.2).
const authenticating = {
  register: null,
  "200": to("Idle", "note bindings", "report registered", "next"),
  challenge: to("Idle", "report refused", "next"),
  "fresh challenge": to("Authenticating", "answer challenge", "send REGISTER"),
  "invalid challenge": to("Contesting", "answer challenge", "send REGISTER"),
  "unanswerable challenge": to("Idle", "report refused", "next"),
  "423": to("Registering", "raise expires", "send REGISTER"),
  refused: to("Idle", "report refused", "next"),
  failed: to("Idle", "report failed", "next"),
  stop: to("Stopped"),
} as const satisfies Rows;

const contesting = {
  register: null,
  "200": to("Idle", "note bindings", "report registered", "next"),
  // A challenge of AKA is fresh or invalid.
  challenge: null,
  "fresh challenge": to("Authenticating", "answer challenge", "send REGISTER"),
  "invalid challenge": to("Contesting again", "answer challenge", "send REGISTER"),
  "unanswerable challenge": to("Idle", "report refused", "next"),
  "423": to("Registering", "raise expires", "send REGISTER"),
  refused: to("Idle", "report refused", "next"),
  failed: to("Idle", "report failed", "next"),
  stop: to("Stopped"),
} as const satisfies Rows;

// Every challenge is unanswerable now: the USIM is not asked again.
const contestingAgain = {
  register: null,
  "200": to("Idle", "note bindings", "report registered", "next"),
  challenge: null,
  "fresh challenge": null,
  "invalid challenge": null,
  "unanswerable challenge": to("Idle", "report refused", "next"),
  "423": to("Registering", "raise expires", "send REGISTER"),
  refused: to("Idle", "report refused", "next"),
  failed: to("Idle", "report failed", "next"),
  stop: to("Stopped"),
} as const satisfies Rows;

const stopped = {
  register: null,
  "200": to("Idle", "next"),
  challenge: to("Idle", "next"),
  "fresh challenge": to("Idle", "next"),
  "invalid challenge": to("Idle", "next"),
  "unanswerable challenge": to("Idle", "next"),
  "423": to("Idle", "next"),
  refused: to("Idle", "next"),
  failed: to("Idle", "next"),
  stop: to("Stopped"),
} as const satisfies Rows;

/** The table. */
export const registrationTable = {
  Idle: idle,
  Registering: registering,
  Authenticating: authenticating,
  Contesting: contesting,
  "Contesting again": contestingAgain,
  Stopped: stopped,
} as const satisfies Table<RegistrationState, RegistrationEvent, RegistrationAction>;
