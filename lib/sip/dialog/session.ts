// An INVITE usage from its 2xx to its BYE. RFC 3261 12.2, 13.3.1.4, 14, 15.
import type { HeaderPair, SipRequest, SipResponse } from "../message.ts";
import type { Body } from "./body.ts";
import type { Dialog } from "./dialog.ts";
import type { Outcome, SessionHandlers } from "./session-handlers.ts";

export type SessionState =
  | "Accepted"
  | "Unacknowledged"
  | "Ending"
  | "Confirmed"
  | "Terminating"
  | "Terminated";

export interface InDialogRequestOptions {
  readonly headers?: Iterable<HeaderPair>;
  readonly body?: Body | null;
}

export interface ReinviteOptions extends InDialogRequestOptions {
  /** Final answer; after 491 the re-INVITE is sent again by itself (14.1) and only then told. */
  outcome(outcome: Outcome): void;
  /** Body of the ACK, where the 2xx held the offer. */
  ackBody?(response: SipResponse): Body | null;
}

/** One confirmed, or (UAS) accepted, dialog made by INVITE. */
export declare class Session {
  readonly role: "uac" | "uas";
  /** The INVITE that made it. */
  readonly invite: SipRequest;
  /** The 2xx to it. */
  readonly response: SipResponse;
  /** May be set at any time. */
  handlers: SessionHandlers;
  get dialog(): Dialog;
  get state(): SessionState;
  /** Ends it: BYE at once, for a UAS without ACK at the ACK or 64*T1 (15). Harmless when it is over. */
  bye(options?: InDialogRequestOptions): void;
  /** UAS: takes the place of an ACK that was lost; the peer said otherwise that it has the 2xx. */
  confirm(): void;
  /** False: another INVITE is under way in the dialog (14.1), or it is not confirmed. */
  reinvite(options: ReinviteOptions): boolean;
  /** Another request in the dialog: OPTIONS, INFO, MESSAGE. 481 and 408 are also told as `lost`. */
  send(method: string, options: InDialogRequestOptions, outcome: (outcome: Outcome) => void): void;
}
