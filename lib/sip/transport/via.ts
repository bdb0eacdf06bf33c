// Where a request came from, written into its Via, and where its responses go. RFC 3261 18.2, RFC 3581 4, RFC 5118 4.5.
import type { Address } from "@liquid-ims/runtime/network";
import { withParameters } from "../header/parameters.ts";
import { formatVia, parseVia, type Via } from "../header/via.ts";
import type { Headers } from "../headers.ts";
import { equalHosts, isIpAddress } from "../host.ts";
import type { TransportProtocol } from "../transport.ts";

/** Port of UDP and TCP where none is written (RFC 3261 19.1.2). */
export const defaultPort = 5060;

/**
 * Puts `received` into the first Via when its host is a name or another address, and `rport` where it was asked for
 * (RFC 3261 18.2.1, RFC 3581 4). Gives the Via as it is now; null when the first Via cannot be read.
 */
export function markReceived(headers: Headers, from: Address): Via | null {
  const value = headers.values("Via")[0];
  const via = value === undefined ? null : parseVia(value);
  if (via === null) return null;
  const asked = via.parameters.get("rport") === null;
  const elsewhere = !isIpAddress(via.host) || !equalHosts(via.host, from.host);
  // What the peer wrote there itself is not to be believed.
  const forged = via.parameters.has("received") || (via.parameters.get("rport") ?? null) !== null;
  if (!asked && !elsewhere && !forged) return via;
  const marked: Via = {
    ...via,
    parameters: withParameters(via.parameters, {
      received: asked || elsewhere ? from.host : undefined,
      rport: asked ? String(from.port) : undefined,
    }),
  };
  headers.removeFirst("Via");
  headers.prepend("Via", formatVia(marked));
  return marked;
}

function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/**
 * Where a response with this first Via goes when no connection of its request is left; null when nowhere.
 * `receivedBy`: the transport that the request came by, which counts more than the one that its Via claims.
 */
export function responseTarget(
  via: Via,
  receivedBy?: TransportProtocol,
): { protocol: TransportProtocol; address: Address } | null {
  const protocol = receivedBy ?? via.transport.toLowerCase();
  if (protocol !== "udp" && protocol !== "tcp") return null;
  const multicast = protocol === "udp" ? (via.parameters.get("maddr") ?? null) : null;
  const received = via.parameters.get("received") ?? null;
  const host = withoutBrackets(multicast ?? received ?? via.host);
  if (!isIpAddress(host)) return null;
  const rport = multicast === null && protocol === "udp" ? (via.parameters.get("rport") ?? null) : null;
  const port = rport === null ? (via.port ?? defaultPort) : Number(rport);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { protocol, address: { host, port } } : null;
}
