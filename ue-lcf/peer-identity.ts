// Who the peer of a dialog is, and how it can be addressed. RFC 3325 9.1, RFC 3891 8, RFC 5627, RFC 3966 4.
import { contactInstance } from "@liquid-ims/sip/header/contact";
import { addressUri, parseNameAddress } from "@liquid-ims/sip/header/name-address";
import type { SipRequest, SipResponse } from "@liquid-ims/sip/message";
import { normalizeTel, parseSipUri, schemeOf } from "@liquid-ims/sip/uri";

/** All that one end has seen of its peer in a call. */
export interface PeerIdentity {
  /** P-Asserted-Identity URIs of the peer's requests and responses. */
  readonly asserted: readonly string[];
  /** The URI that this end dialled, null for a call that came in. */
  readonly dialled: string | null;
  /** From of the peer's INVITE: good for addressing, never for checking. */
  readonly from: string | null;
  /** History-Info or Diversion was seen: whoever was dialled need not be the peer. */
  readonly diverted: boolean;
  /** Contact with a `gr` parameter (RFC 5627 4.3). */
  readonly gruu: string | null;
  readonly instance: string | null;
}

export const unknownPeer: PeerIdentity = {
  asserted: [],
  dialled: null,
  from: null,
  diverted: false,
  gruu: null,
  instance: null,
};

/** URIs of P-Asserted-Identity, in order. */
export function assertedIdentities(message: SipRequest | SipResponse): string[] {
  return message.headers.values("P-Asserted-Identity").map((value) => addressUri(value));
}

function isAnonymous(uri: string): boolean {
  return parseSipUri(uri)?.host.toLowerCase() === "anonymous.invalid";
}

/** What a message of the peer adds; for a request also its From. */
export function learnPeer(peer: PeerIdentity, message: SipRequest | SipResponse): PeerIdentity {
  const { headers } = message;
  const contact = parseNameAddress(headers.values("Contact")[0] ?? "");
  const isGruu = contact !== null && (parseSipUri(contact.uri)?.parameters.has("gr") ?? false);
  const from = message.kind === "request" ? addressUri(headers.get("From") ?? "") : "";
  return {
    asserted: [...new Set([...peer.asserted, ...assertedIdentities(message)])],
    dialled: peer.dialled,
    from: peer.from ?? (from === "" || isAnonymous(from) ? null : from),
    diverted: peer.diverted || headers.has("History-Info") || headers.has("Diversion"),
    gruu: isGruu ? contact.uri : peer.gruu,
    instance: (contact === null ? null : contactInstance(contact)) ?? peer.instance,
  };
}

/** Request-URI for a new INVITE: a raw Contact is not routable through an IMS core. Null: it cannot be addressed. */
export function addressOfPeer(peer: PeerIdentity): string | null {
  if (peer.gruu !== null) return peer.gruu;
  const sip = peer.asserted.find((uri) => schemeOf(uri) === "sip");
  return sip ?? peer.asserted[0] ?? peer.dialled ?? peer.from;
}

/** One text for each user, whatever form the identity has: RFC 3966 4 for numbers, else user and host. */
function comparable(uri: string): string | null {
  const tel = normalizeTel(uri);
  if (tel !== null) return tel;
  const parsed = parseSipUri(uri);
  if (parsed === null || parsed.user === null) return null;
  const number = normalizeTel(`tel:${parsed.user}`);
  const isNumber = parsed.parameters.get("user")?.toLowerCase() === "phone" || parsed.user.startsWith("+");
  return isNumber && number !== null ? number : `${parsed.user}@${parsed.host.toLowerCase()}`;
}

/** True when both name the same user. */
export function sameUser(a: string, b: string): boolean {
  const left = comparable(a);
  return left !== null && left === comparable(b);
}

export type IdentityCheck = "same" | "other" | "unknown" | "too many";

/**
 * Whether an INVITE with Replaces comes from the dialog's peer: one match suffices; `unknown`: nothing is known of
 * the peer, Call-ID and both tags must do. More than one sip and one tel value can be forged.
 */
export function checkIdentity(peer: PeerIdentity, invite: SipRequest): IdentityCheck {
  const asserted = assertedIdentities(invite);
  const count = (scheme: string) => asserted.filter((uri) => schemeOf(uri) === scheme).length;
  if (count("sip") + count("sips") > 1 || count("tel") > 1) return "too many";
  const known = [...peer.asserted];
  if (known.length === 0 && !peer.diverted && peer.dialled !== null) known.push(peer.dialled);
  if (known.length === 0) return "unknown";
  return asserted.some((uri) => known.some((one) => sameUser(one, uri))) ? "same" : "other";
}
