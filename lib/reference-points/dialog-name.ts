// The name of a dialog in cfs-ue: equal at both ends, and it says nothing about the users.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { encodeHex, encodeText } from "@liquid-ims/runtime/text";

/**
 * First 16 bytes, in hex, of SHA-256 over Call-ID and both tags. The tags are sorted (code units), so it does not
 * matter whose is whose; the parts are separated by line feeds, which none of them can contain.
 */
export function dialogName(callId: string, tagA: string, tagB: string, crypto: Pick<Crypto, "hash">): string {
  const [first, second] = tagA < tagB ? [tagA, tagB] : [tagB, tagA];
  const digest = crypto.hash("sha256", encodeText(`${callId}\n${first}\n${second}`));
  return encodeHex(digest.subarray(0, 16));
}
