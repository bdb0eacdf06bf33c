// What Kamailio's P-CSCFs do for UEs behind a NAT (nathelper's add_contact_alias): where a REGISTER came from goes into its
// Contact, and requests to that contact go there. An S-CSCF that compares contacts as texts then takes the same UE on
// another port for another binding.
import { formatHost } from "@liquid-ims/sip/host";
import type { MessageSource, Target, TransportProtocol } from "@liquid-ims/sip/transport";
import { parseHostPort } from "@liquid-ims/sip/uri";

/** Kamailio's numbers of protocols. */
const numbers: Readonly<Record<TransportProtocol, number>> = { udp: 1, tcp: 2 };

/** Contact value up to its host and port. */
const upToPort = /^([^<]*<sips?:(?:[^@<>]*@)?(?:\[[^\]]*\]|[^;:?>]+)(?::\d+)?)(.*)$/is;

/**
 * The Contact value with `;alias=address~port~protocol` behind host and port; another alias that is there already stays
 * behind it, as with Kamailio 5.6. A value without angle brackets stays as it is.
 */
export function addContactAlias(contact: string, { address, protocol }: MessageSource): string {
  const alias = `;alias=${formatHost(address.host)}~${address.port}~${numbers[protocol]}`;
  return contact.replace(upToPort, (_all, before: string, rest: string) => `${before}${alias}${rest}`);
}

const aliasParameter = /;alias=([^;?~]+)~(\d{1,5})~([12])(?=[;?]|$)/i;

/** A Request-URI without its first alias, and where that says to send; null when it has none. */
export function takeContactAlias(uri: string): { readonly uri: string; readonly target: Target } | null {
  const found = aliasParameter.exec(uri);
  const [whole, host = "", port = "", number = ""] = found ?? [];
  const address = whole === undefined ? null : parseHostPort(`${host}:${port}`);
  if (whole === undefined || address === null) return null;
  const protocol = number === "1" ? "udp" : "tcp";
  const target: Target = { protocol, address: { host: address.host, port: Number(port) } };
  return { uri: uri.replace(whole, ""), target };
}
