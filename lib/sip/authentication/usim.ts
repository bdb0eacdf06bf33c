// The subscriber's side of AKA. TS 33.102 6.3.3; what TS 31.102 7.1.1 calls AUTHENTICATE.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { concatBytes, equalBytes } from "@liquid-ims/runtime/text";
import { hideSequenceNumber, resynchronisationAmf } from "./authentication-vector.ts";
import { checkLength, f1, f1star, f5star, f2345, type MilenageKeys } from "./milenage.ts";
import {
  acceptSequenceNumber,
  freshSequenceState,
  highestAccepted,
  type SequenceLimits,
  type SequenceState,
  sqnBytes,
  sqnOfBytes,
} from "./sequence-number.ts";

/** What the USIM says to a challenge. */
export type UsimResult =
  | {
      readonly outcome: "ok";
      /** 4 to 16 bytes (8 with Milenage). */
      readonly res: Uint8Array;
      readonly ck: Uint8Array;
      readonly ik: Uint8Array;
    }
  /** The network is the right one, the sequence number is not; `auts`: 14 bytes. */
  | { readonly outcome: "synchronisation failure"; readonly auts: Uint8Array }
  /** The network did not know the key. */
  | { readonly outcome: "MAC failure" };

/** A USIM in software, with its sequence numbers. */
export interface Usim {
  /** RAND and AUTN have 16 bytes each. */
  authenticate(rand: Uint8Array, autn: Uint8Array): UsimResult;
  /** To be kept when it is to survive a restart. */
  readonly state: SequenceState;
}

export interface UsimOptions {
  readonly crypto: Crypto;
  readonly keys: MilenageKeys;
  /** Default: nothing accepted yet. */
  readonly initial?: SequenceState;
  readonly limits?: SequenceLimits;
}

export function createUsim(options: UsimOptions): Usim {
  const { crypto, keys, limits = {} } = options;
  let state = options.initial ?? freshSequenceState;

  function resynchronisation(rand: Uint8Array): Uint8Array {
    const sqn = sqnBytes(highestAccepted(state));
    const mac = f1star(crypto, keys, { rand, sqn, amf: Uint8Array.from(resynchronisationAmf) });
    return concatBytes([hideSequenceNumber(sqn, f5star(crypto, keys, rand)), mac]);
  }

  return {
    get state() {
      return state;
    },
    authenticate(rand, autn) {
      checkLength("AUTN", autn, 16);
      const { res, ck, ik, ak } = f2345(crypto, keys, rand);
      const sqn = hideSequenceNumber(autn.slice(0, 6), ak);
      const mac = f1(crypto, keys, { rand, sqn, amf: autn.slice(6, 8) });
      if (!equalBytes(mac, autn.slice(8))) return { outcome: "MAC failure" };
      const judged = acceptSequenceNumber(state, sqnOfBytes(sqn), limits);
      if (!judged.accepted) return { outcome: "synchronisation failure", auts: resynchronisation(rand) };
      state = judged.state;
      return { outcome: "ok", res, ck, ik };
    },
  };
}
