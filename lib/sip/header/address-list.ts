// Lists of addresses: Route, Record-Route (RFC 3261 20.30, 20.34), Path (RFC 3327 4), Service-Route (RFC 3608 5),
// P-Associated-URI, P-Called-Party-ID (RFC 7315 5.1, 5.2), P-Asserted-Identity (RFC 3325 9.1).
import type { Headers } from "../headers.ts";
import { parseSipUri } from "../uri.ts";
import { formatNameAddress, type NameAddress, parseNameAddress } from "./name-address.ts";

/** The header fields that hold such lists. */
export type AddressListName =
  | "Route"
  | "Record-Route"
  | "Path"
  | "Service-Route"
  | "P-Associated-URI"
  | "P-Asserted-Identity"
  | "P-Preferred-Identity"
  | "P-Called-Party-ID"
  | "Refer-To"
  | "Referred-By";

/** All addresses of the fields of that name, first to last; null when one is none. */
export function parseAddressList(headers: Headers, name: AddressListName): NameAddress[] | null {
  const addresses: NameAddress[] = [];
  for (const value of headers.values(name)) {
    const address = parseNameAddress(value);
    if (address === null) return null;
    addresses.push(address);
  }
  return addresses;
}

/** The URIs of such a list; null when one is no address. */
export function addressUris(headers: Headers, name: AddressListName): string[] | null {
  return parseAddressList(headers, name)?.map((address) => address.uri) ?? null;
}

/** One value for the whole list. */
export function formatAddressList(addresses: readonly NameAddress[]): string {
  return addresses.map(formatNameAddress).join(", ");
}

/** One value for the whole list, from URIs alone: `<uri>, <uri>`. */
export function formatRouteSet(uris: readonly string[]): string {
  return uris.map((uri) => `<${uri}>`).join(", ");
}

/** True for a route whose server leaves the Request-URI alone (RFC 3261 16.12: the `lr` parameter). */
export function isLooseRoute(uri: string): boolean {
  return parseSipUri(uri)?.parameters.has("lr") ?? false;
}
