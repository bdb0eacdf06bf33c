// Stateful proxy as the CSCFs use it. RFC 3261 16, RFC 6026 8.
//
// A CSCF's `request` handler: prepareRequest, then refuse or forward; its `ack` handler: prepareRequest, forwardAck.
import { addressUri } from "./header/name-address.ts";
import { buildResponse, copyRequest, type SipRequest } from "./message.ts";
import type { Branch, ForwardOptions } from "./proxy/forwarding.ts";
import { outgoingCopy, ResponseContext } from "./proxy/response-context.ts";
import { type Rejection, reject } from "./rejection.ts";
import type { SipStack } from "./stack.ts";
import type { ServerTransaction } from "./transaction-user.ts";
import { parseSipUri, type SipUri } from "./uri.ts";

export interface ProxyIdentity {
  /** Whether a URI (of a Route, or the Request-URI) names this proxy. */
  isOwn(uri: SipUri): boolean;
  /** Option tags of Proxy-Require that are understood. Default none. */
  readonly supported?: readonly string[];
}

/** A request after 16.3 and 16.4: a copy that may be edited, without the Route value that was ours. */
export interface PreparedRequest {
  readonly request: SipRequest;
  /** The Route value of ours that brought it here, null when none did: its user part and parameters carry our state. */
  readonly route: string | null;
}

export interface Forwarding {
  /** Cancels what is still open (16.10); the best of the answers still goes upstream. */
  cancel(): void;
}

/** Whether `prepareRequest` gave a rejection. */
export function isRejection(result: PreparedRequest | Rejection): result is Rejection {
  return "status" in result;
}

/** Validates a request and takes our own Route off (RFC 3261 16.3, 16.4). */
export function prepareRequest(request: SipRequest, identity: ProxyIdentity): PreparedRequest | Rejection {
  if (request.headers.get("Max-Forwards") === "0") return reject(483, "Max-Forwards is 0");
  const unknown = request.headers
    .values("Proxy-Require")
    .filter((tag) => identity.supported?.includes(tag) !== true);
  if (unknown.length > 0 && request.method !== "ACK")
    return reject(420, `Proxy-Require ${unknown.join(", ")} is not understood`, [
      ["Unsupported", unknown.join(", ")],
    ]);
  const isOwn = (text: string): boolean => {
    const uri = parseSipUri(text);
    return uri !== null && identity.isOwn(uri);
  };
  let copy = copyRequest(request);
  const routes = copy.headers.values("Route");
  const last = routes[routes.length - 1];
  // A strict router before us put our Record-Route into the Request-URI and the real one behind all routes (16.4).
  if (last !== undefined && parseSipUri(copy.uri)?.parameters.has("lr") === true && isOwn(copy.uri)) {
    const route = `<${copy.uri}>`;
    copy.headers.remove("Route");
    for (const value of routes.slice(0, -1)) copy.headers.add("Route", value);
    copy = copyRequest(copy, { uri: addressUri(last) });
    return { request: copy, route };
  }
  const [first] = routes;
  if (first === undefined || !isOwn(addressUri(first))) return { request: copy, route: null };
  copy.headers.removeFirst("Route");
  return { request: copy, route: first };
}

/** Answers a request with a rejection. */
export function refuse(stack: SipStack, transaction: ServerTransaction, rejection: Rejection): void {
  const { status, reason, headers = [] } = rejection;
  transaction.respond(buildResponse(transaction.request, status, { reason, headers, toTag: stack.newTag() }));
}

/** Forwards a prepared request to one or several places in parallel (RFC 3261 16.6 to 16.10). */
export function forward(
  stack: SipStack,
  transaction: ServerTransaction,
  request: SipRequest,
  options: ForwardOptions,
): Forwarding {
  return new ResponseContext(stack, transaction, request, options);
}

/** Forwards an ACK to a 2xx, prepared like every request, by its Route (16.6, without a transaction). */
export function forwardAck(stack: SipStack, request: SipRequest, branch: Branch = {}): void {
  const { copy, nextHop } = outgoingCopy(request, branch);
  stack.sendAck(copy, {
    ...(branch.target === undefined ? {} : { target: branch.target }),
    ...(nextHop === null ? {} : { nextHop }),
    ...(branch.from === undefined ? {} : { from: branch.from }),
  });
}
