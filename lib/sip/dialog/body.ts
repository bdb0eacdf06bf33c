// Bodies that the user agent carries and never reads: offers, answers, events. RFC 3261 7.4.
import type { HeaderPair, SipMessage } from "../message.ts";

/** An opaque body with its media type. */
export interface Body {
  /** Value of Content-Type, with its parameters. */
  readonly type: string;
  readonly data: Uint8Array;
}

/** The body of a message; null when it has none. Without Content-Type it is `application/octet-stream`. */
export function bodyOf(message: SipMessage): Body | null {
  if (message.body.length === 0) return null;
  return { type: message.headers.get("Content-Type") ?? "application/octet-stream", data: message.body };
}

/** What `buildRequest` and `buildResponse` take for a body. */
export function bodyParts(body: Body | null | undefined): { headers: HeaderPair[]; body?: Uint8Array } {
  if (body === null || body === undefined) return { headers: [] };
  return { headers: [["Content-Type", body.type]], body: body.data };
}
