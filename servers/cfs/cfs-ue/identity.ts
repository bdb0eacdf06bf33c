// Public identities: comparing them, and reading the asserted ones of a request. RFC 3325 9.1, TS 23.003 13.4.

import { parseNameAddress } from "@liquid-ims/sip/header/name-address";
import type { Headers } from "@liquid-ims/sip/headers";
import { normalizeTel, parseSipUri } from "@liquid-ims/sip/uri";

/** One text per identity: SIP URIs without port, parameters and letter case of the host, tel URIs by RFC 3966 4. */
export function identityKey(uri: string): string {
  const tel = normalizeTel(uri);
  if (tel !== null) return tel;
  const sip = parseSipUri(uri);
  return sip === null ? uri : `sip:${sip.user ?? ""}@${sip.host.toLowerCase()}`;
}

export function isSameIdentity(a: string, b: string): boolean {
  return identityKey(a) === identityKey(b);
}

export type AssertedIdentities =
  | { readonly ok: true; readonly identities: readonly string[] }
  | { readonly ok: false; readonly detail: string };

/**
 * The asserted identities, a SIP URI first. Exactly one pair: one SIP and one tel URI, or one of them. A UE can have
 * its own value passed along beside the P-CSCF's on real cores, so more than that is believed by nobody.
 */
export function assertedIdentities(headers: Headers): AssertedIdentities {
  const values = headers.values("P-Asserted-Identity");
  const sip: string[] = [];
  const tel: string[] = [];
  for (const value of values) {
    const uri = parseNameAddress(value)?.uri;
    if (uri === undefined) return { ok: false, detail: `P-Asserted-Identity ${value}: is no address` };
    if (normalizeTel(uri) !== null) tel.push(uri);
    else if (parseSipUri(uri) !== null) sip.push(uri);
    else return { ok: false, detail: `P-Asserted-Identity ${uri}: is neither a SIP nor a tel URI` };
  }
  if (sip.length + tel.length === 0) return { ok: false, detail: "no P-Asserted-Identity" };
  if (sip.length > 1 || tel.length > 1)
    return { ok: false, detail: `${values.length} asserted identities: at most one SIP and one tel URI` };
  return { ok: true, identities: [...sip, ...tel] };
}
