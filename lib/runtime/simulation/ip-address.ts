// IP address literals in one spelling, so that they can be keys.
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import type { Address } from "../network.ts";
import { formatAddress } from "../network.ts";
import { RuntimeError } from "../runtime-error.ts";

/** The literal as RFC 5952 spells it. Throws RuntimeError `bad-address` for anything else. */
export function canonicalIp(text: string): string {
  if (isIPv4(text)) return text;
  if (isIPv6(text) && !text.includes("%"))
    return new SocketAddress({ address: text, family: "ipv6" }).address;
  throw new RuntimeError(
    "bad-address",
    `address "${text}" is no IP address: give a literal, IPv6 without brackets`,
  );
}

/** The unspecified address of the same family: every address of the machine. */
export function wildcardFor(ip: string): string {
  return ip.includes(":") ? "::" : "0.0.0.0";
}

export function isWildcard(ip: string): boolean {
  return ip === wildcardFor(ip);
}

/** The key of a socket that listens to that port on every address. */
export function wildcardKey(address: Address): string {
  return formatAddress({ host: wildcardFor(address.host), port: address.port });
}
