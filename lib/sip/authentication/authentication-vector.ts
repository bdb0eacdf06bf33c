// Authentication vectors of the home network and their re-synchronisation. TS 33.102 6.3.2, 6.3.5.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { concatBytes, equalBytes } from "@liquid-ims/runtime/text";
import { checkLength, f1, f1star, f5star, f2345, type MilenageKeys } from "./milenage.ts";

/** A quintet. */
export interface AuthenticationVector {
  /** 16 bytes. */
  readonly rand: Uint8Array;
  /** 16 bytes: SQN hidden by AK, AMF, MAC-A. */
  readonly autn: Uint8Array;
  /** 8 bytes: the RES that is expected. */
  readonly xres: Uint8Array;
  /** 16 bytes. */
  readonly ck: Uint8Array;
  /** 16 bytes. */
  readonly ik: Uint8Array;
}

/** A sequence number of 6 bytes with an anonymity key upon it, or the other way round. */
export function hideSequenceNumber(sqn: Uint8Array, ak: Uint8Array): Uint8Array {
  return sqn.map((byte, index) => byte ^ (ak[index] ?? 0));
}

/** The vector for one sequence number, which is used once only. */
export function generateVector(
  crypto: Crypto,
  options: {
    readonly keys: MilenageKeys;
    /** 2 bytes. */
    readonly amf: Uint8Array;
    /** 6 bytes, see `sqnBytes`. */
    readonly sqn: Uint8Array;
    /** 16 random bytes. */
    readonly rand: Uint8Array;
  },
): AuthenticationVector {
  const { keys, amf, sqn, rand } = options;
  const mac = f1(crypto, keys, { rand, sqn, amf });
  const { res, ck, ik, ak } = f2345(crypto, keys, rand);
  return { rand, autn: concatBytes([hideSequenceNumber(sqn, ak), amf, mac]), xres: res, ck, ik };
}

/** AMF of a re-synchronisation (6.3.3). */
export const resynchronisationAmf: readonly number[] = [0, 0];

/**
 * SQN_MS of an AUTS (14 bytes) that answers the challenge with this RAND; null when it was not made with these
 * keys and this RAND, or has another length.
 */
export function readAuts(
  crypto: Crypto,
  options: { readonly keys: MilenageKeys; readonly rand: Uint8Array; readonly auts: Uint8Array },
): Uint8Array | null {
  const { keys, rand, auts } = options;
  checkLength("RAND", rand, 16);
  if (auts.length !== 14) return null;
  const sqn = hideSequenceNumber(auts.slice(0, 6), f5star(crypto, keys, rand));
  const amf = Uint8Array.from(resynchronisationAmf);
  return equalBytes(f1star(crypto, keys, { rand, sqn, amf }), auts.slice(6)) ? sqn : null;
}
