// How a proxy forwards a request: where to, and what becomes of the answers. RFC 3261 16.6, 16.7.
import type { SipRequest, SipResponse } from "../message.ts";
import type { ClientFailure } from "../transaction-user.ts";
import type { Target } from "../transport.ts";

/** One place to forward to. */
export interface Branch {
  /** Request-URI of the copy. Default: unchanged. */
  readonly uri?: string;
  /** Route values put in front, each as `<sip:...;lr>`: a Path, a Service-Route, the next CSCF. */
  readonly routes?: readonly string[];
  /** Where to send, whatever the Route and Request-URI say. */
  readonly target?: Target;
  /** Which of the stack's addresses to send from. */
  readonly from?: Target;
  /** Edits this branch's copy last, after Max-Forwards, Record-Route and routes. */
  onRequest?(copy: SipRequest): void;
}

export interface ForwardOptions {
  readonly branches: readonly Branch[];
  /** URI to Record-Route with (`lr` is put on), used for requests that make or refresh a dialog. */
  readonly recordRoute?: string;
  /** Edits each response that goes upstream, our Via already off. */
  onResponse?(response: SipResponse): void;
  /** The first final response went upstream. */
  onFinal?(response: SipResponse): void;
  /** What a branch that gave no answer counts as. Default 408 for a timeout, else 503 (16.7, 16.9). */
  statusOf?(cause: ClientFailure): number;
  /** Sends a 503 upstream as it is instead of 500 (16.7 step 6). Default false. */
  readonly keep503?: boolean;
  /** Timer C in ms. Default 181,000. */
  readonly timerC?: number;
}
