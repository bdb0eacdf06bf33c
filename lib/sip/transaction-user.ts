// The transaction user and what it holds: client and server transactions. RFC 3261 5, 17.
import type { SipRequest, SipResponse } from "./message.ts";
import type { MessageSource, Target } from "./transport.ts";

/** Why a client transaction ended without a final response. */
export type ClientFailure = "timeout" | "transport" | "unresolvable";

export interface ClientHandlers {
  /** Every provisional, the final, and each retransmission or further 2xx to an INVITE (RFC 6026 8.4). */
  response(response: SipResponse): void;
  /** Called at most once, when no target answered; no response follows. */
  failed(cause: ClientFailure): void;
}

export interface ClientTransaction {
  /** As it was sent last, with its Via; without one while its server is being located. */
  readonly request: SipRequest;
  /** The state of the machine (RFC 3261 17.1), or `Locating` before the first request was sent. */
  readonly state: string;
  /** Gives an INVITE up: CANCEL goes out once a provisional response has come (RFC 3261 9.1). Harmless later. */
  cancel(): void;
}

export interface ServerTransaction {
  /** Once a request but INVITE has its final answer, only Via, From, To, Call-ID and CSeq of it, without its body. */
  readonly request: SipRequest;
  readonly source: MessageSource;
  /** The state of the machine (RFC 3261 17.2). */
  readonly state: string;
  /** Sends a response; what the machine's state does not allow is dropped and counted. */
  respond(response: SipResponse): void;
  /** INVITE only: a CANCEL came and was answered; the owner answers the INVITE with 487 (RFC 3261 9.2). */
  onCancel: (() => void) | null;
  /** A CANCEL has come. For who asks somebody else first and sets `onCancel` only then. */
  readonly cancelled: boolean;
  /**
   * Called once. `completed`: answered, and all retransmissions absorbed; `timeout`: never acknowledged, or not
   * answered in time (RFC 4320); `transport`: an answer could not be sent (the transaction stays, RFC 6026 8.8).
   */
  onEnd: ((cause: "completed" | "timeout" | "transport") => void) | null;
}

/** The transaction user of RFC 3261 5. */
export interface TransactionUser {
  /** Every new request but ACK and CANCEL. */
  request(transaction: ServerTransaction): void;
  /** An ACK of no transaction: to a 2xx. */
  ack(request: SipRequest, source: MessageSource): void;
  /** A response that matches no client transaction; dropped when nobody takes it (RFC 6026 8.9). */
  strayResponse?(response: SipResponse, source: MessageSource): void;
}

export interface RequestOptions {
  readonly handlers: ClientHandlers;
  /** Where to send; else `nextHop`, the first Route or the Request-URI is located, with fail-over (RFC 3263 4.3). */
  readonly target?: Target | null;
  /** URI to locate instead of the first Route or the Request-URI, as after strict routing (RFC 3261 16.6, 7). */
  readonly nextHop?: string;
  /** Which of the listening addresses to send from; default the first of the same protocol and address family. */
  readonly from?: Target;
}

export interface SendOptions {
  readonly target?: Target | null;
  readonly nextHop?: string;
  readonly from?: Target;
}
