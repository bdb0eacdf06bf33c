// Stateful proxy as the CSCFs use it. RFC 3261 16, RFC 6026 8.
import type { SipRequest, SipResponse } from "./message.ts";
import type { Rejection } from "./rejection.ts";
import type { ServerTransaction, SipStack } from "./stack.ts";
import type { Target } from "./transport.ts";
import type { SipUri } from "./uri.ts";

export interface ProxyIdentity {
  /** Whether a URI (of a Route, or the Request-URI) names this proxy. */
  isOwn(uri: SipUri): boolean;
  /** Option tags of Proxy-Require that are understood. Default none. */
  readonly supported?: readonly string[];
}

/** A request after 16.3 and 16.4: a copy that may be edited, without the Route values that were ours. */
export interface PreparedRequest {
  readonly request: SipRequest;
  /** The Route value of ours that brought it here, null when none did: its user part and parameters carry our state. */
  readonly route: string | null;
}

/** Validates a request and takes our own Route off (RFC 3261 16.3, 16.4). */
export function prepareRequest(_request: SipRequest, _identity: ProxyIdentity): PreparedRequest | Rejection {
  throw new Error("not there yet");
}

/** One place to forward to. */
export interface Branch {
  /** Request-URI of the copy. Default: unchanged. */
  readonly uri?: string;
  /** Route values put in front, each as `<sip:...;lr>`: a Path, a Service-Route, the next CSCF. */
  readonly routes?: readonly string[];
  /** Where to send, whatever the Route and Request-URI say. */
  readonly target?: Target;
  /** Edits this branch's copy last, after Max-Forwards, Record-Route and routes. */
  onRequest?(copy: SipRequest): void;
}

export interface ForwardOptions {
  readonly branches: readonly Branch[];
  /** URI to Record-Route with, without `lr` (it is put on); only on requests that make or refresh a dialog. */
  readonly recordRoute?: string;
  /** Edits the response that goes upstream, our Via already off. */
  onResponse?(response: SipResponse): void;
  /** The final response went upstream, or the request failed without one. */
  onFinal?(response: SipResponse | null): void;
  /** Timer C in ms. Default 181,000. */
  readonly timerC?: number;
}

export interface Forwarding {
  /** Cancels what is still open (16.10); the caller's 487 comes as the best response. */
  cancel(): void;
}

/** Forwards a prepared request to one or several places in parallel (RFC 3261 16.6 to 16.8, 16.10). */
export function forward(
  _stack: SipStack,
  _transaction: ServerTransaction,
  _request: SipRequest,
  _options: ForwardOptions,
): Forwarding {
  throw new Error("not there yet");
}

/** Forwards an ACK to a 2xx by its Route (16.6, without a transaction). */
export function forwardAck(_stack: SipStack, _request: SipRequest, _branch?: Branch): void {
  throw new Error("not there yet");
}
