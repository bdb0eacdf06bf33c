// The answer that a request has earned by being wrong. RFC 3261 8.2, 21.4.
import type { HeaderPair } from "./headers.ts";
import { reasonPhrase } from "./status.ts";

/** What is owed to the sender of a request; `detail` is for our log, not for the wire. */
export interface Rejection {
  readonly status: number;
  readonly reason: string;
  readonly headers?: readonly HeaderPair[];
  readonly detail: string;
}

/** A rejection with the status's usual words. */
export function reject(status: number, detail: string, headers?: readonly HeaderPair[]): Rejection {
  const reason = reasonPhrase(status);
  return headers === undefined ? { status, reason, detail } : { status, reason, detail, headers };
}
