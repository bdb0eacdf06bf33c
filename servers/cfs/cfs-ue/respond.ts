// Answering with a rejection. RFC 3261 8.2.6.
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { buildResponse } from "@liquid-ims/sip/message";
import type { Rejection } from "@liquid-ims/sip/rejection";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";

/** A random tag; what names a dialog cannot be guessed. */
export function newTag(host: Host): string {
  return encodeHex(host.random.bytes(16));
}

/** The error answer, with a To tag of its own where the request has none. */
export function respondRejection(host: Host, transaction: ServerTransaction, rejection: Rejection): void {
  const { status, reason, headers = [] } = rejection;
  transaction.respond(
    buildResponse(transaction.request, status, {
      reason,
      toTag: newTag(host),
      headers,
    }),
  );
}
