// AKA in HTTP digest. RFC 3310 3.
import { concatBytes, decodeBase64, encodeBase64 } from "@liquid-ims/runtime/text";
import type { UsimResult } from "./usim.ts";

/** Spelled as the standard does. */
export const akaAlgorithm = "AKAv1-MD5";

/** What a challenge carries in its nonce; 16 bytes each. */
export interface AkaChallenge {
  readonly rand: Uint8Array;
  readonly autn: Uint8Array;
}

/** RFC 3310 3.2: without data of the server's own. */
export function formatAkaNonce({ rand, autn }: AkaChallenge): string {
  return encodeBase64(concatBytes([rand, autn]));
}

/** Null when it is too short or no base64; data of the server's own behind AUTN is passed over. */
export function parseAkaNonce(nonce: string): AkaChallenge | null {
  const bytes = decodeBase64(nonce);
  if (bytes === null || bytes.length < 32) return null;
  return { rand: bytes.slice(0, 16), autn: bytes.slice(16, 32) };
}

/** The `auts` parameter (RFC 3310 3.4). */
export function formatAuts(auts: Uint8Array): string {
  return encodeBase64(auts);
}

/** Null when it is no base64 of 14 bytes. */
export function parseAuts(text: string): Uint8Array | null {
  const bytes = decodeBase64(text);
  return bytes?.length === 14 ? bytes : null;
}

/** `unavailable`: there is no card, or it does not answer. */
export type AkaResult = UsimResult | { readonly outcome: "unavailable" };

/**
 * What runs AKA for a UE: a phone's card, or the USIM in software. It keeps the sequence numbers. A promise must
 * settle; its rejection is a fault of the program.
 */
export interface AkaAuthenticator {
  authenticate(rand: Uint8Array, autn: Uint8Array): AkaResult | Promise<AkaResult>;
}
