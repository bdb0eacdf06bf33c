// An INVITE of the peer outside a dialog until its final response. RFC 3261 9.2, 13.3, 15.1.2.
import type { HeaderPair, SipRequest } from "../message.ts";
import type { MessageSource } from "../transport.ts";
import type { Body } from "./body.ts";
import type { RespondOptions } from "./incoming-request.ts";
import type { Session } from "./session.ts";
import type { SessionHandlers } from "./session-handlers.ts";
import type { SessionPolicy } from "./user-agent-core.ts";

export interface AcceptOptions {
  readonly body?: Body | null;
  readonly headers?: Iterable<HeaderPair>;
  readonly handlers?: SessionHandlers;
  readonly policy?: Partial<SessionPolicy>;
}

export interface IncomingInviteHandlers {
  /** CANCEL, or BYE in the early dialog; answered with 487 already. */
  cancelled?(): void;
}

export type InviteServerUsageState = "Proceeding" | "Accepted" | "Rejected" | "Cancelled";

export declare class IncomingInvite {
  readonly request: SipRequest;
  readonly source: MessageSource;
  /** The offer. */
  readonly body: Body | null;
  /** Parsed Replaces (RFC 3891), null without one. */
  readonly replaces: null;
  readonly localTag: string;
  handlers: IncomingInviteHandlers;
  get state(): InviteServerUsageState;
  /** 101 to 199; makes the early dialog. 100 is the transaction layer's. */
  provisional(status: number, options?: RespondOptions): void;
  /** 200, repeated until its ACK. Null when it is too late (cancelled, answered). */
  accept(options: AcceptOptions): Session | null;
  /** 300 to 699. */
  reject(status: number, options?: RespondOptions): void;
}
