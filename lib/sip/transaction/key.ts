// Which message belongs to which transaction. RFC 3261 17.1.3, 17.2.3, 8.2.2.2.
import { parseCSeq } from "../header/cseq.ts";
import { tagOf } from "../header/name-address.ts";
import { formatVia, parseVia, type Via } from "../header/via.ts";
import { normalizeHost } from "../host.ts";
import type { SipMessage, SipRequest } from "../message.ts";

/** What every branch begins with since RFC 3261 (8.1.1.7). */
export const branchCookie = "z9hG4bK";

/** A key as text: a JSON array, so that no two keys of different parts are the same text. */
export type TransactionKey = string;

function keyOf(...parts: readonly (string | number | null)[]): TransactionKey {
  return JSON.stringify(parts);
}

/** The first Via of a message, null when there is none that can be read. */
export function topVia(message: SipMessage): Via | null {
  const value = message.headers.values("Via")[0];
  return value === undefined ? null : parseVia(value);
}

/** The branch when it is one of RFC 3261, in one case: tokens are compared without regard to it (7.3.1). */
function uniqueBranch(via: Via): string | null {
  const branch = via.parameters.get("branch")?.toLowerCase() ?? "";
  return branch.startsWith(branchCookie.toLowerCase()) && branch.length > branchCookie.length ? branch : null;
}

/** Of a client transaction: branch and method of CSeq (17.1.3). Null: the message names none. */
export function clientKey(message: SipMessage): TransactionKey | null {
  const branch = topVia(message)?.parameters.get("branch");
  const method = parseCSeq(message.headers.get("CSeq") ?? "")?.method;
  return branch === undefined || branch === null || method === undefined
    ? null
    : keyOf(branch.toLowerCase(), method);
}

/**
 * Of a server transaction (17.2.3), the same for an INVITE and the ACK to its non-2xx response. A request without
 * a branch of RFC 3261 is matched by its contents; then `legacy` is true and the To tag is to be compared, too.
 */
export interface ServerKey {
  readonly key: TransactionKey;
  readonly legacy: boolean;
}

function serverKeyFor(request: SipRequest, method: string): ServerKey | null {
  const via = topVia(request);
  if (via === null) return null;
  const branch = uniqueBranch(via);
  if (branch !== null)
    return { key: keyOf(branch, normalizeHost(via.host), via.port, method), legacy: false };
  const { headers } = request;
  const sequence = parseCSeq(headers.get("CSeq") ?? "")?.sequence ?? null;
  const from = tagOf(headers.get("From") ?? "");
  const callId = headers.get("Call-ID") ?? null;
  return {
    key: keyOf("RFC 2543", request.uri, from, callId, sequence, formatVia(via), method),
    legacy: true,
  };
}

/** The key of the transaction that a request makes or retransmits, or of the INVITE that an ACK ends. */
export function serverKey(request: SipRequest): ServerKey | null {
  return serverKeyFor(request, request.method === "ACK" ? "INVITE" : request.method);
}

/** The key of the INVITE that a CANCEL means (9.2). */
export function cancelledKey(cancel: SipRequest): ServerKey | null {
  return serverKeyFor(cancel, "INVITE");
}

/** The same for one request that came on two paths (8.2.2.2); null within a dialog. */
export function mergedKey(request: SipRequest): TransactionKey | null {
  const { headers } = request;
  if (tagOf(headers.get("To") ?? "") !== null) return null;
  const cseq = parseCSeq(headers.get("CSeq") ?? "");
  if (cseq === null) return null;
  return keyOf(tagOf(headers.get("From") ?? ""), headers.get("Call-ID") ?? null, cseq.sequence, cseq.method);
}
