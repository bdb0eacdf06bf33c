// IP addresses in the data of A and AAAA records. RFC 1035 3.4.1, RFC 3596 2.2, RFC 4291 2.2, RFC 5952 4.
import { DnsDataError } from "./name.ts";

function readIpv4(text: string): number[] | null {
  const numbers = text.split(".").map((part) => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  return numbers.length === 4 && numbers.every((number) => number < 256) ? numbers : null;
}

/** Throws DnsDataError for what is no IPv4 address. */
export function encodeIpv4(text: string): Uint8Array {
  const numbers = readIpv4(text);
  if (numbers === null) throw new DnsDataError(`A "${text}": give an IPv4 address such as 192.0.2.1`);
  return Uint8Array.from(numbers);
}

export function decodeIpv4(data: Uint8Array): string {
  return data.join(".");
}

function groupsOf(text: string): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1 && part.includes(".") ? readIpv4(part) : null;
    if (last !== null) {
      const [a = 0, b = 0, c = 0, d = 0] = last;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

/** Throws DnsDataError for what is no IPv6 address. */
export function encodeIpv6(text: string): Uint8Array {
  const halves = text.split("::");
  const [head, tail] = [groupsOf(halves[0] ?? ""), groupsOf(halves[1] ?? "")];
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  const complete = halves.length === 1 ? missing === 0 : halves.length === 2 && missing > 0;
  if (head === null || tail === null || !complete)
    throw new DnsDataError(`AAAA "${text}": give an IPv6 address such as 2001:db8::1, without brackets`);
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The shortest form: the first longest run of two or more zero groups becomes "::". */
export function decodeIpv6(data: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => {
    const group = ((data[index * 2] ?? 0) << 8) | (data[index * 2 + 1] ?? 0);
    return group.toString(16);
  });
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === "0") length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}

/** The record type that an address literal belongs into, and its one spelling; null for what is none, brackets included. */
export function readAddress(text: string): { readonly type: "A" | "AAAA"; readonly address: string } | null {
  if (readIpv4(text) !== null) return { type: "A", address: text };
  try {
    return { type: "AAAA", address: decodeIpv6(encodeIpv6(text)) };
  } catch (error) {
    if (error instanceof DnsDataError) return null;
    throw error;
  }
}
