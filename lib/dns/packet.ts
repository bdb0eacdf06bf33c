// dns-packet works on Node's Buffer and throws for what is no message; here it takes and gives bytes, or null.
import { Buffer } from "node:buffer";
import { type DecodedPacket, decode, encode, type Packet } from "dns-packet";

export type { Answer, DecodedPacket, Packet, Question } from "dns-packet";

/** Null when the bytes are no DNS message (RFC 1035 4.1). */
export function decodePacket(data: Uint8Array): DecodedPacket | null {
  try {
    return decode(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  } catch (error) {
    // Plain errors and range errors are what it throws for a message that is cut or means nothing.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Throws for what has no place in a message, such as a label of more than 63 bytes. */
export function encodePacket(packet: Packet): Uint8Array {
  const data = encode(packet);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
