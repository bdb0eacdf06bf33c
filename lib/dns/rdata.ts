// The data of a record, as values and as sent. RFC 1035 3.3, RFC 3596 2.2, RFC 2782, RFC 3403 4.1, RFC 3597.
import { concatBytes, decodeHex, decodeText, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { decodeIpv4, decodeIpv6, encodeIpv4, encodeIpv6 } from "./ip.ts";
import { DnsDataError, decodeName, encodeName } from "./name.ts";
import type { NaptrRecord, SrvRecord } from "./records.ts";

export const typeNumbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  TSIG: 250,
  ANY: 255,
} as const;

/** A type by its name, or as RFC 3597 5 writes one without. */
export type TypeName = Exclude<keyof typeof typeNumbers, "TSIG" | "ANY"> | `TYPE${number}`;

export type RecordData =
  | { readonly type: "A" | "AAAA" | "CNAME" | "NS"; readonly data: string }
  | { readonly type: "SRV"; readonly data: SrvRecord }
  | { readonly type: "NAPTR"; readonly data: NaptrRecord }
  /** Its strings, each of at most 255 bytes. */
  | { readonly type: "TXT"; readonly data: readonly string[] }
  /** Any other type: its data in hexadecimal. */
  | { readonly type: "SOA" | `TYPE${number}`; readonly data: string };

export function typeNumber(type: TypeName): number {
  for (const [name, number] of Object.entries(typeNumbers)) if (name === type) return number;
  const number = Number(/^TYPE(\d{1,5})$/.exec(type)?.[1] ?? Number.NaN);
  if (!(number <= 0xffff))
    throw new DnsDataError(`type "${type}": write its name, or TYPE and its number up to 65535`);
  return number;
}

export function typeName(number: number): TypeName {
  switch (number) {
    case typeNumbers.A:
      return "A";
    case typeNumbers.AAAA:
      return "AAAA";
    case typeNumbers.CNAME:
      return "CNAME";
    case typeNumbers.NS:
      return "NS";
    case typeNumbers.SOA:
      return "SOA";
    case typeNumbers.SRV:
      return "SRV";
    case typeNumbers.NAPTR:
      return "NAPTR";
    case typeNumbers.TXT:
      return "TXT";
    default:
      return `TYPE${number}`;
  }
}

/** What the data of a type is made of: a name, a string with its length, so many bytes, or whatever is left. */
type Part = "name" | "string" | "strings" | "rest" | number;

const layouts: ReadonlyMap<number, readonly Part[]> = new Map([
  [typeNumbers.A, [4]],
  [typeNumbers.NS, ["name"]],
  [typeNumbers.CNAME, ["name"]],
  [typeNumbers.SOA, ["name", "name", 20]],
  [12, ["name"]], // PTR
  [15, [2, "name"]], // MX
  [typeNumbers.TXT, ["strings"]],
  [typeNumbers.AAAA, [16]],
  [typeNumbers.SRV, [6, "name"]],
  [typeNumbers.NAPTR, [4, "string", "string", "string", "name"]],
  [typeNumbers.TSIG, ["name", "rest"]],
]);

/** Where a string that begins at `at` ends; null when it does not by `end`. */
function endOfString(data: Uint8Array, at: number, end: number): number | null {
  const next = at + 1 + (data[at] ?? 0);
  return at < end && next <= end ? next : null;
}

function endOfPart(part: Exclude<Part, "name">, data: Uint8Array, at: number, end: number): number | null {
  if (part === "rest") return end;
  if (part === "string") return endOfString(data, at, end);
  if (part === "strings") {
    let here: number | null = at;
    do here = endOfString(data, here, end);
    while (here !== null && here < end);
    return here;
  }
  return at + part <= end ? at + part : null;
}

/**
 * The data of a record with its compressed names written out; null when it is not what its type demands. No data at
 * all is allowed: RFC 2136 sends records without.
 */
export function expandRdata(
  type: number,
  message: Uint8Array,
  begin: number,
  end: number,
): Uint8Array | null {
  const layout = layouts.get(type);
  if (layout === undefined || begin === end) return message.slice(begin, end);
  const parts: Uint8Array[] = [];
  let at = begin;
  for (const part of layout) {
    const name = part === "name" ? decodeName(message, at) : null;
    const next: number | null = part === "name" ? (name?.next ?? null) : endOfPart(part, message, at, end);
    if (next === null || next > end) return null;
    parts.push(name === null ? message.slice(at, next) : encodeName(name.name));
    at = next;
  }
  return at === end ? concatBytes(parts) : null;
}

function u16(field: string, value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff)
    throw new DnsDataError(`${field} ${value}: give a whole number from 0 to 65535`);
  return Uint8Array.of(value >> 8, value & 0xff);
}

function text(field: string, value: string): Uint8Array {
  const bytes = encodeText(value);
  if (bytes.length > 255)
    throw new DnsDataError(`${field} of ${bytes.length} bytes: at most 255, split it into several`);
  return concatBytes([Uint8Array.of(bytes.length), bytes]);
}

/** The data as sent. Throws DnsDataError for what cannot be. */
export function encodeRdata(record: RecordData): Uint8Array {
  switch (record.type) {
    case "A":
      return encodeIpv4(record.data);
    case "AAAA":
      return encodeIpv6(record.data);
    case "CNAME":
    case "NS":
      return encodeName(record.data);
    case "SRV": {
      const { priority, weight, port, target } = record.data;
      return concatBytes([
        u16("SRV priority", priority),
        u16("SRV weight", weight),
        u16("SRV port", port),
        encodeName(target),
      ]);
    }
    case "NAPTR": {
      const { order, preference, flags, service, regexp, replacement } = record.data;
      return concatBytes([
        u16("NAPTR order", order),
        u16("NAPTR preference", preference),
        text("NAPTR flags", flags),
        text("NAPTR service", service),
        text("NAPTR regexp", regexp),
        encodeName(replacement),
      ]);
    }
    case "TXT": {
      if (record.data.length === 0) throw new DnsDataError("TXT without a string: give at least one");
      return concatBytes(record.data.map((string) => text("TXT string", string)));
    }
    default: {
      const data = decodeHex(record.data);
      if (data === null)
        throw new DnsDataError(`data "${record.data}" of ${record.type}: write it in hexadecimal`);
      return data;
    }
  }
}

function strings(data: Uint8Array, begin: number): { readonly values: string[]; readonly next: number } {
  const values: string[] = [];
  let at = begin;
  while (at < data.length) {
    const next = at + 1 + (data[at] ?? 0);
    values.push(decodeText(data.subarray(at + 1, next)));
    at = next;
  }
  return { values, next: at };
}

/** Reads data that `expandRdata` has let pass, and that is not empty. */
export function decodeRdata(type: number, data: Uint8Array): RecordData {
  const name = (at: number) => decodeName(data, at)?.name ?? "";
  const number = (at: number) => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  switch (type) {
    case typeNumbers.A:
      return { type: "A", data: decodeIpv4(data) };
    case typeNumbers.AAAA:
      return { type: "AAAA", data: decodeIpv6(data) };
    case typeNumbers.CNAME:
      return { type: "CNAME", data: name(0) };
    case typeNumbers.NS:
      return { type: "NS", data: name(0) };
    case typeNumbers.SRV:
      // The root as a target says that there is no such service (RFC 2782); it is written as a dot.
      return {
        type: "SRV",
        data: { priority: number(0), weight: number(2), port: number(4), target: name(6) || "." },
      };
    case typeNumbers.NAPTR: {
      const at = [4];
      for (let index = 0; index < 3; index++) at.push((at[index] ?? 0) + 1 + (data[at[index] ?? 0] ?? 0));
      const [flags = "", service = "", regexp = ""] = at
        .slice(0, 3)
        .map((begin, index) => decodeText(data.subarray(begin + 1, at[index + 1])));
      const replacement = name(at[3] ?? 0) || ".";
      return {
        type: "NAPTR",
        data: { order: number(0), preference: number(2), flags, service, regexp, replacement },
      };
    }
    case typeNumbers.TXT:
      return { type: "TXT", data: strings(data, 0).values };
    case typeNumbers.SOA:
      return { type: "SOA", data: encodeHex(data) };
    default:
      return { type: `TYPE${type}`, data: encodeHex(data) };
  }
}
