// The private identity of a user whose S-CSCF does not show it. TS 23.003 13.4B derives the public from the private
// one without a subscriber's choice; this is the same the other way round.
import { parseSipUri } from "@liquid-ims/sip/uri";

/** `user@realm`; without a realm that of the identity, or the bare number of a tel URI. */
export function deriveImpi(impu: string, realm: string | null): string {
  const uri = parseSipUri(impu);
  if (uri !== null) return `${uri.user ?? ""}@${realm ?? uri.host}`;
  const number = impu.replace(/^[A-Za-z]+:/, "").replace(/;.*$/, "");
  return realm === null ? number : `${number}@${realm}`;
}
