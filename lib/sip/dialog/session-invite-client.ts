// An INVITE of ours outside a dialog, with all that it may lead to. RFC 3261 9.1, 13.2.
import type { HeaderPair, SipRequest, SipResponse } from "../message.ts";
import type { Target } from "../transport.ts";
import type { Body } from "./body.ts";
import type { Dialog } from "./dialog.ts";
import type { Session } from "./session.ts";
import type { Outcome } from "./session-handlers.ts";
import type { SessionPolicy } from "./user-agent-core.ts";

export interface InviteOptions {
  /** Request-URI. */
  readonly uri: string;
  /** Value of To; default the Request-URI. */
  readonly to?: string;
  /** Default: a new one. */
  readonly callId?: string;
  /** Tag of From; default: a new one. */
  readonly localTag?: string;
  /** Replaces the identity's Route values. */
  readonly route?: readonly string[];
  readonly target?: Target | null;
  /** Further headers: Replaces, Require, Accept-Contact. */
  readonly headers?: Iterable<HeaderPair>;
  /** The offer; without one the 2xx holds it and `ackBody` gives the answer. */
  readonly body?: Body | null;
  ackBody?(response: SipResponse): Body | null;
  readonly policy?: Partial<SessionPolicy>;
}

export interface OutgoingInviteHandlers {
  /** 100 to 199; the early dialog where the response made one (several when the request forked). */
  provisional?(response: SipResponse, dialog: Dialog | null): void;
  /**
   * A 2xx, acknowledged already; each dialog of a fork once. `late`: after `cancel` or `abandon`; the owner
   * keeps the session or ends it with `bye`. Set `session.handlers` here.
   */
  accepted(session: Session, response: SipResponse, late: boolean): void;
  /** The final failure: 300 to 699 (487 after `cancel`), or no answer. No `accepted` came before. */
  failed?(outcome: Outcome): void;
}

export type InviteClientUsageState =
  | "Calling"
  | "Proceeding"
  | "Cancelling"
  | "Abandoned"
  | "Accepted"
  | "Terminated";

export declare class OutgoingInvite {
  /** As it was given to the transaction layer, without Via. */
  readonly request: SipRequest;
  readonly callId: string;
  readonly localTag: string;
  get state(): InviteClientUsageState;
  get earlyDialogs(): readonly Dialog[];
  /** CANCEL once a provisional response has come (9.1); a 2xx that crosses it is told as `late`. */
  cancel(): void;
  /** Given up without CANCEL: a 2xx is acknowledged and told as `late`; CANCEL after 64*T1 cleans up. */
  abandon(): void;
}
