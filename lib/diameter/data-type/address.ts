// Address: IPv4 or IPv6 as text, others as bytes of their family. RFC 6733 4.3.1.
import { decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import { type DataType, decoded, viewOf, wrongLength } from "./data-type.ts";

/** `family` is IANA's number: 1 IPv4, 2 IPv6, 8 E.164. The text of a family that is not IP is hexadecimal. */
export interface DiameterAddress {
  readonly family: number;
  readonly text: string;
}

const ipv4 = 1;
const ipv6 = 2;
const bytesOf: Readonly<Record<number, number>> = { [ipv4]: 4, [ipv6]: 16 };

function formatIpv6(data: Uint8Array): string {
  const view = viewOf(data);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2));
  // The longest run of zeros becomes "::" (RFC 5952 4.2).
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}

function parseIpv4(text: string): number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.map(Number);
}

function parseGroups(text: string): number[] | null {
  if (text === "") return [];
  const groups = text.split(":");
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return groups.map((group) => Number.parseInt(group, 16));
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "");
  const tail = parseGroups(halves[1] ?? "");
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** The address of an IP literal. Throws a RangeError when it is none. */
export function ipAddress(text: string): DiameterAddress {
  const family = text.includes(":") ? ipv6 : ipv4;
  if ((family === ipv6 ? parseIpv6(text) : parseIpv4(text)) === null)
    throw new RangeError(`Address: "${text}" is no IP address literal`);
  return { family, text };
}

function bytesFor(value: DiameterAddress): readonly number[] | Uint8Array {
  const bytes =
    value.family === ipv4
      ? parseIpv4(value.text)
      : value.family === ipv6
        ? parseIpv6(value.text)
        : decodeHex(value.text);
  if (bytes === null) throw new RangeError(`Address: "${value.text}" is not of family ${value.family}`);
  return bytes;
}

export const address: DataType<DiameterAddress> = {
  name: "Address",
  minimumBytes: 6,
  decode(data) {
    if (data.length < 2) return wrongLength;
    const family = viewOf(data).getUint16(0);
    const rest = data.subarray(2);
    const length = bytesOf[family];
    if (length !== undefined && rest.length !== length) return wrongLength;
    if (family === ipv4) return decoded({ family, text: rest.join(".") });
    return decoded({ family, text: family === ipv6 ? formatIpv6(rest) : encodeHex(rest) });
  },
  encode(value) {
    const bytes = bytesFor(value);
    const data = new Uint8Array(2 + bytes.length);
    viewOf(data).setUint16(0, value.family);
    data.set(bytes, 2);
    return data;
  },
};
