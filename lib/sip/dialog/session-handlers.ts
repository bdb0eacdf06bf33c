// What an owner hears of INVITEs and sessions. RFC 3261 13-15.
import type { SipRequest } from "../message.ts";
import type { Body } from "./body.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import type { Outcome } from "./outcome.ts";

/** How a session ended; told when the BYE is sent or has come, its answer follows as `byeOutcome`. */
export type SessionEnd =
  | { readonly by: "local" }
  | { readonly by: "peer"; readonly bye: SipRequest }
  /** 64*T1 without ACK, and the policy says BYE. */
  | { readonly by: "no ACK" }
  /** 481 or 408 to a request of ours, and the policy says BYE. */
  | { readonly by: "lost"; readonly status: 481 | 408 };

/** A re-INVITE or UPDATE of the peer. Answer it once, now or later. */
export interface Modification {
  readonly request: SipRequest;
  readonly body: Body | null;
  /** 200; for a re-INVITE it is repeated until its ACK. */
  accept(options?: { readonly body?: Body | null }): void;
  reject(status: number, reason?: string): void;
}

/** All optional: what nobody handles gets the answer of RFC 3261. */
export interface SessionHandlers {
  /** UAS: the ACK to the initial 2xx came; null: `confirm` took its place. */
  acknowledged?(ack: SipRequest | null): void;
  /** UAS: still no ACK; called 4*T1 after the 2xx and every 4*T1 until the ACK or the end. */
  unacknowledged?(elapsedMs: number): void;
  /** OPTIONS in the dialog; default 200. */
  question?(question: IncomingRequest): void;
  /** The peer's re-INVITE; default 488. */
  reinvited?(modification: Modification): void;
  /** The ACK to a re-INVITE of the peer; its body is the answer where the 200 held the offer. */
  reinviteAcknowledged?(ack: SipRequest): void;
  /** The peer's UPDATE; default 488 for one with an offer, 200 for one without. */
  updated?(modification: Modification): void;
  /** A BYE came and was answered with 200. `ended` follows at once. */
  byeReceived?(bye: SipRequest): void;
  /** Any other request; false leaves it to the default, 405 or 501. */
  request?(incoming: IncomingRequest): boolean;
  /** The answer to our BYE, after `ended`. */
  byeOutcome?(outcome: Outcome): void;
  /** The session is over; called once: at the BYE's sending or arrival. */
  ended?(end: SessionEnd): void;
  /** 481 or 408 to a request of ours in the dialog (12.2.1.2). With the policy `bye` the end follows. */
  lost?(status: 481 | 408, method: string): void;
}
