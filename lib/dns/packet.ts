// dns-packet reads Node's Buffer and throws for what is no message; here it reads bytes and gives null.
import { Buffer } from "node:buffer";
import { type DecodedPacket, decode } from "dns-packet";

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
