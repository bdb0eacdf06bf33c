// What a UE answers challenges with: a password, or the card that runs AKA. RFC 3261 22, RFC 3310 3, TS 24.229
// 5.1.1.5.
import { type AkaAuthenticator, type AkaResult, akaAlgorithm, formatAuts, parseAkaNonce } from "./aka.ts";
import type { DigestAlgorithm } from "./digest.ts";

/** What becomes of one challenge. */
export type ChallengeAnswer =
  | {
      readonly kind: "answer";
      readonly password: string | Uint8Array;
      /** The password is of this challenge alone, which has proved its freshness: no answer before it was the same. */
      readonly single: boolean;
    }
  /** Answered with `auts` (base64); the network sends another challenge. */
  | { readonly kind: "synchronisation failure"; readonly auts: string }
  /** Answered with an empty response. */
  | { readonly kind: "MAC failure" }
  /** Not answered at all. */
  | { readonly kind: "unreadable" | "unavailable" };

/** The credentials of one private identity. */
export interface UserCredentials {
  readonly username: string;
  /** Challenges with another algorithm are never answered, so that nobody can ask for a weaker one. */
  readonly algorithms: readonly DigestAlgorithm[];
  /** Of a challenge with one of the algorithms. A promise must settle; its rejection is a fault of the program. */
  answer(challenge: {
    readonly realm: string;
    readonly nonce: string;
  }): ChallengeAnswer | Promise<ChallengeAnswer>;
}

/** A password that both sides know. */
export function digestCredentials(options: {
  readonly username: string;
  readonly password: string;
}): UserCredentials {
  const { username, password } = options;
  return {
    username,
    algorithms: ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"],
    answer: () => ({ kind: "answer", password, single: false }),
  };
}

function answerOf(result: AkaResult): ChallengeAnswer {
  switch (result.outcome) {
    case "ok":
      return { kind: "answer", password: result.res, single: true };
    case "synchronisation failure":
      return { kind: "synchronisation failure", auts: formatAuts(result.auts) };
    case "MAC failure":
      return { kind: "MAC failure" };
    case "unavailable":
      return { kind: "unavailable" };
  }
}

async function answerLater(result: Promise<AkaResult>): Promise<ChallengeAnswer> {
  return answerOf(await result);
}

/** A card, or the USIM in software. */
export function akaCredentials(options: {
  readonly username: string;
  readonly authenticator: AkaAuthenticator;
}): UserCredentials {
  const { username, authenticator } = options;
  return {
    username,
    algorithms: [akaAlgorithm],
    answer({ nonce }) {
      const challenge = parseAkaNonce(nonce);
      if (challenge === null) return { kind: "unreadable" };
      const result = authenticator.authenticate(challenge.rand, challenge.autn);
      return result instanceof Promise ? answerLater(result) : answerOf(result);
    },
  };
}
