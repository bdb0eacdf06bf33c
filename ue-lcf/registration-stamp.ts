// Which registration a leg belongs to. Two are the same when host and port of the P-CSCF and of the S-CSCF in the
// last Service-Route are. TS 24.229 5.1.1, RFC 3608 6.1, RFC 5626.
import { addressUri } from "@liquid-ims/sip/header/name-address";
import type { SipRequest } from "@liquid-ims/sip/message";
import { parseSipUri } from "@liquid-ims/sip/uri";

/** `host:port` of both functions. */
export interface RegistrationStamp {
  readonly pCscf: string;
  readonly sCscf: string;
}

/** `host:port` in lower case of a SIP URI or name-addr, with port 5060 where it has none; empty when it is none. */
export function hostPortOf(value: string): string {
  const uri = parseSipUri(addressUri(value));
  if (uri === null) return "";
  const host = uri.host.includes(":") ? `[${uri.host}]` : uri.host;
  return `${host.toLowerCase()}:${uri.port ?? 5060}`;
}

/** The stamp's one text, to compare and to keep in a leg. */
export function stampKey(stamp: RegistrationStamp): string {
  return `${stamp.pCscf} ${stamp.sCscf}`;
}

export function stampOfKey(key: string): RegistrationStamp {
  const [pCscf = "", sCscf = ""] = key.split(" ");
  return { pCscf, sCscf };
}

/** Of a 200 to REGISTER that went by `pCscf`. */
export function stampOf(pCscf: string, serviceRoute: readonly string[]): RegistrationStamp {
  return { pCscf: hostPortOf(pCscf), sCscf: hostPortOf(serviceRoute.at(-1) ?? "") };
}

/** A registration that a request may have come by, and the addresses that its P-CSCF sends from. */
export interface KnownRegistration {
  readonly stamp: RegistrationStamp;
  readonly pCscfAddresses: readonly string[];
}

/** Where it stands; behind all others when it does not. */
function placeIn(recorded: readonly string[], name: string): number {
  const at = recorded.indexOf(name);
  return at < 0 ? recorded.length : at;
}

/**
 * The registration by which an INVITE arrived: the one whose functions its source and Record-Route show, the P-CSCF
 * before the S-CSCF. Those of this end stand on top, the caller's, who may use the same ones, below. `known` has the
 * present one first, which is taken when nothing tells.
 */
export function stampOfArrival(
  invite: SipRequest,
  sourceHost: string,
  known: readonly KnownRegistration[],
): RegistrationStamp | null {
  const recorded = invite.headers.values("Record-Route").map((value) => hostPortOf(value));
  let best: { readonly stamp: RegistrationStamp; readonly p: number; readonly s: number } | null = null;
  for (const { stamp, pCscfAddresses } of known) {
    const p = pCscfAddresses.includes(sourceHost) ? -1 : placeIn(recorded, stamp.pCscf);
    const s = placeIn(recorded, stamp.sCscf);
    if (best === null || p < best.p || (p === best.p && s < best.s)) best = { stamp, p, s };
  }
  return best?.stamp ?? null;
}
