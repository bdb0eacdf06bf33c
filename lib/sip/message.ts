// SIP messages as values. RFC 3261 7; responses from requests: 8.2.6, 12.1.1.
import { parseNameAddress } from "./header/name-address.ts";
import type { HeaderPair } from "./headers.ts";
import { Headers } from "./headers.ts";
import { makesDialog } from "./method.ts";
import { reasonPhrase } from "./status.ts";

export type { HeaderPair };

/** A request; `uri` is the Request-URI as written. */
export interface SipRequest {
  readonly kind: "request";
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A response. */
export interface SipResponse {
  readonly kind: "response";
  /** 100 to 699. */
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export type SipMessage = SipRequest | SipResponse;

const noBody = new Uint8Array(0);

function setLength(headers: Headers, body: Uint8Array): void {
  const written = headers.get("Content-Length");
  if (written === undefined || Number(written) !== body.length)
    headers.set("Content-Length", String(body.length));
}

/** A request with these fields in this order; Content-Length is added or put right. */
export function buildRequest(options: {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Headers | Iterable<HeaderPair>;
  /** Default: empty. */
  readonly body?: Uint8Array;
}): SipRequest {
  const { method, uri, headers: given = [], body = noBody } = options;
  const headers = given instanceof Headers ? given.clone() : Headers.from(given);
  setLength(headers, body);
  return { kind: "request", method, uri, headers, body };
}

/**
 * A response to this request (RFC 3261 8.2.6.2): its Via, From, To, Call-ID and CSeq; Timestamp for 100;
 * Record-Route where the response makes a dialog (12.1.1). `toTag` is put into To unless it has a tag or the
 * status is 100.
 */
export function buildResponse(
  request: SipRequest,
  status: number,
  options: {
    /** Default: the usual words. */
    readonly reason?: string;
    readonly toTag?: string;
    /** Further fields, after those copied from the request. */
    readonly headers?: Iterable<HeaderPair>;
    /** Default: empty. */
    readonly body?: Uint8Array;
  } = {},
): SipResponse {
  const { reason = reasonPhrase(status), toTag, body = noBody } = options;
  const headers = new Headers();
  headers.copyFrom(request.headers, "Via");
  headers.copyFrom(request.headers, "From");
  headers.copyFrom(request.headers, "To");
  headers.copyFrom(request.headers, "Call-ID");
  headers.copyFrom(request.headers, "CSeq");
  if (status === 100) headers.copyFrom(request.headers, "Timestamp");
  else if (status < 300 && makesDialog(request.method)) headers.copyFrom(request.headers, "Record-Route");
  const to = headers.get("To");
  if (toTag !== undefined && status > 100 && to !== undefined) {
    const address = parseNameAddress(to);
    if (address !== null && !address.parameters.has("tag")) headers.set("To", `${to};tag=${toTag}`);
  }
  for (const [name, value] of options.headers ?? []) headers.add(name, value);
  setLength(headers, body);
  return { kind: "response", status, reason, headers, body };
}

/** A copy whose headers can be changed without changing the original; a new body sets Content-Length. */
export function copyRequest(
  request: SipRequest,
  changes: { readonly uri?: string; readonly body?: Uint8Array } = {},
): SipRequest {
  const { uri = request.uri, body = request.body } = changes;
  const headers = request.headers.clone();
  if (changes.body !== undefined) setLength(headers, body);
  return { kind: "request", method: request.method, uri, headers, body };
}

/** As `copyRequest`. */
export function copyResponse(
  response: SipResponse,
  changes: { readonly body?: Uint8Array } = {},
): SipResponse {
  const headers = response.headers.clone();
  if (changes.body !== undefined) setLength(headers, changes.body);
  return { ...response, headers, body: changes.body ?? response.body };
}
