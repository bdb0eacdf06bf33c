// Attribute-value pairs as bytes: order, flags and unknown ones are kept. RFC 6733 4.1.
import { resultCode } from "./result-code.ts";

/** Flag bits of an AVP. */
export const avpFlag = { vendor: 0x80, mandatory: 0x40, protected: 0x20, reserved: 0x1f } as const;

/** One AVP. `data` is the value without padding; the data of a grouped AVP are its AVPs, still encoded. */
export interface Avp {
  readonly code: number;
  /** The whole octet; the V bit says the same as `vendorId !== null`. */
  readonly flags: number;
  readonly vendorId: number | null;
  readonly data: Uint8Array;
}

/** What is wrong with received AVPs, as it is to be told: the code and what belongs into Failed-AVP. */
export interface AvpFault {
  readonly resultCode: number;
  readonly avp: Avp;
}

/** Those that could be read; `fault` is where reading ended. */
export interface DecodedAvps {
  readonly avps: readonly Avp[];
  readonly fault: AvpFault | null;
}

const longest = 0xffffff;

/** Bytes of the header: 12 with a Vendor-ID, else 8. */
function headerLength(vendorId: number | null): number {
  return vendorId === null ? 8 : 12;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Makes an AVP whose V bit fits its vendor. */
export function buildAvp(code: number, vendorId: number | null, flags: number, data: Uint8Array): Avp {
  const rest = flags & ~avpFlag.vendor;
  return { code, vendorId, flags: vendorId === null ? rest : rest | avpFlag.vendor, data };
}

/** Bytes with padding. Throws a RangeError when a value has more than 16,777,203 bytes. */
export function encodeAvps(avps: readonly Avp[]): Uint8Array {
  let total = 0;
  for (const avp of avps) {
    const length = headerLength(avp.vendorId) + avp.data.length;
    if (length > longest)
      throw new RangeError(
        `AVP ${avp.code}: ${avp.data.length} bytes of data do not fit into 24 bits of length`,
      );
    total += padded(length);
  }
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const avp of avps) {
    const header = headerLength(avp.vendorId);
    const length = header + avp.data.length;
    view.setUint32(at, avp.code);
    view.setUint32(at + 4, length);
    view.setUint8(at + 4, avp.flags);
    if (avp.vendorId !== null) view.setUint32(at + 8, avp.vendorId);
    bytes.set(avp.data, at + header);
    at += padded(length);
  }
  return bytes;
}

/** 7.1.5, 5014: the header as far as it came, filled with zeros, and no data. */
function lengthFault(data: Uint8Array, at: number): AvpFault {
  const header = new Uint8Array(12);
  header.set(data.subarray(at, at + 12));
  const view = new DataView(header.buffer);
  const flags = view.getUint8(4);
  const vendorId = (flags & avpFlag.vendor) === 0 ? null : view.getUint32(8);
  const avp = { code: view.getUint32(0), flags, vendorId, data: new Uint8Array(0) };
  return { resultCode: resultCode.invalidAvpLength, avp };
}

/**
 * Reads AVPs until the end or the first that cannot be one: cut, longer than what holds it, or shorter than its own
 * header. The padding of the last one may be missing, as some senders leave it out inside of grouped AVPs.
 */
export function decodeAvps(data: Uint8Array): DecodedAvps {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const avps: Avp[] = [];
  let at = 0;
  while (at < data.length) {
    if (data.length - at < 8) return { avps, fault: lengthFault(data, at) };
    const flags = view.getUint8(at + 4);
    const length = view.getUint32(at + 4) & longest;
    const header = (flags & avpFlag.vendor) === 0 ? 8 : 12;
    if (length < header || length > data.length - at) return { avps, fault: lengthFault(data, at) };
    avps.push({
      code: view.getUint32(at),
      flags,
      vendorId: header === 12 ? view.getUint32(at + 8) : null,
      data: data.subarray(at + header, at + length),
    });
    at += padded(length);
  }
  return { avps, fault: null };
}
