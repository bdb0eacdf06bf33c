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

/**
 * The registration by which an INVITE arrived: the one whose functions its Record-Route and source show; `known`
 * has the present one first, which is taken when nothing tells.
 */
export function stampOfArrival(
  invite: SipRequest,
  sourceHost: string,
  known: readonly KnownRegistration[],
): RegistrationStamp | null {
  // Top first: this end's P-CSCF, its S-CSCF, then those of the caller.
  const recorded = invite.headers.values("Record-Route").map((value) => hostPortOf(value));
  let best: KnownRegistration | null = null;
  let bestScore = -1;
  for (const candidate of known) {
    const { stamp, pCscfAddresses } = candidate;
    const byPCscf = recorded.includes(stamp.pCscf) || pCscfAddresses.includes(sourceHost);
    const sCscfAt = recorded.indexOf(stamp.sCscf);
    const score = (byPCscf ? 1 : 0) + (sCscfAt < 0 ? 0 : 1 / (sCscfAt + 2));
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best?.stamp ?? null;
}
