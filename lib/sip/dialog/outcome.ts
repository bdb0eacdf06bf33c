// The answer to a request of ours, or the lack of one. RFC 3261 8.1.3.1: a time-out counts as 408, a transport error as 503.
import type { SipResponse } from "../message.ts";
import type { ClientFailure, ClientHandlers } from "../transaction-user.ts";

/** `cause` says why there was no answer. */
export type Outcome =
  | { readonly status: number; readonly response: SipResponse; readonly cause: null }
  | { readonly status: 408 | 503; readonly response: null; readonly cause: ClientFailure };

/** The outcome of a request that nobody answered. */
export function failedOutcome(cause: ClientFailure): Outcome {
  return { status: cause === "timeout" ? 408 : 503, response: null, cause };
}

/** Handlers for requests of which only the final answer matters; provisional ones are dropped. */
export function finalOnly(outcome: (outcome: Outcome) => void): ClientHandlers {
  return {
    response(response) {
      if (response.status >= 200) outcome({ status: response.status, response, cause: null });
    },
    failed(cause) {
      outcome(failedOutcome(cause));
    },
  };
}
