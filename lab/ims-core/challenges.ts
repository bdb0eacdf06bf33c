// The challenges of the lab's S-CSCF: AKAv1-MD5 and SIP digest. TS 24.229 5.4.1.2.1, 7.2A.1; RFC 3310 3; RFC 2617 3.2.
import type { MultimediaAuthAnswer } from "@liquid-ims/diameter/cx/multimedia-auth";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { akaAlgorithm, formatAkaNonce, parseAuts } from "@liquid-ims/sip/authentication/aka";
import { challengeOf, type DigestSecret, verifyResponse } from "@liquid-ims/sip/authentication/digest";
import { formatChallenge } from "@liquid-ims/sip/header/challenge";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import type { SipRequest } from "@liquid-ims/sip/message";
import { authenticationScheme } from "./hss-authentication.ts";

/** TS 24.229 7.x: reg-await-auth. */
const awaitAuthenticationMs = 240_000;

/** Challenges of one private identity that wait at the same time; one more takes the place of the oldest. */
const mostWaiting = 8;

type AuthDataItem = NonNullable<MultimediaAuthAnswer["sipAuthDataItems"]>[number];

/** A challenge that waits for its answer. */
interface Challenge {
  readonly nonce: string;
  readonly secret: DigestSecret;
  readonly algorithm: "MD5" | "AKAv1-MD5";
  /** Of AKA. */
  readonly rand: Uint8Array | null;
  /** reg-await-auth. */
  readonly timer: Timer;
}

/** What a REGISTER says to the challenge of its private identity. */
export type Verdict =
  | { readonly kind: "right" }
  /** Wrong, too late, or to no challenge. */
  | { readonly kind: "wrong" }
  /** The USIM wants another sequence number (RFC 3310 3.4). */
  | { readonly kind: "synchronisation failure"; readonly rand: Uint8Array; readonly auts: Uint8Array };

/** Whose REGISTER is challenged; devices of one user authenticate at once, each by a Call-ID of its own. */
export interface Asked {
  readonly userName: string;
  readonly callId: string;
}

export interface Challenges {
  /**
   * The value of WWW-Authenticate that these data make; null when they make none. `expired` is called when nobody
   * answers in 4 minutes.
   */
  create(asked: Asked, item: AuthDataItem, expired: () => void): string | null;
  /** A challenge is good for one answer, right or wrong: a vector is never used twice. */
  judge(userName: string, request: SipRequest): Verdict;
  /** Whether a challenge of this private identity waits for its answer. */
  isWaiting(userName: string): boolean;
}

export function createChallenges(host: Host, realm: string): Challenges {
  /** By private identity and Call-ID, the oldest first. */
  const waiting = new Map<string, Map<string, Challenge>>();

  /** Takes away what waits: a challenge is good for one answer. */
  function take({ userName, callId }: Asked): Challenge | null {
    const ofUser = waiting.get(userName);
    const found = ofUser?.get(callId) ?? null;
    found?.timer.cancel();
    ofUser?.delete(callId);
    if (ofUser?.size === 0) waiting.delete(userName);
    return found;
  }

  function remember(asked: Asked, challenge: Omit<Challenge, "timer">, expired: () => void): void {
    take(asked);
    const { userName, callId } = asked;
    const oldest = waiting.get(userName)?.keys().next().value;
    if (oldest !== undefined && waiting.get(userName)?.size === mostWaiting)
      take({ userName, callId: oldest });
    const expire = (): void => {
      take(asked);
      expired();
    };
    const timer = host.clock.after(awaitAuthenticationMs, expire, "reg-await-auth");
    const ofUser = waiting.get(userName) ?? new Map<string, Challenge>();
    waiting.set(userName, ofUser.set(callId, { ...challenge, timer }));
  }

  /** 5.4.1.2.1A, without qop: a card computes no cnonce. CK and IK are for the P-CSCF, which takes them away. */
  function createAka(asked: Asked, item: AuthDataItem, expired: () => void): string | null {
    const { sipAuthenticate, sipAuthorization, confidentialityKey, integrityKey } = item;
    if (sipAuthenticate?.length !== 32 || sipAuthorization === undefined) return null;
    const rand = sipAuthenticate.slice(0, 16);
    const nonce = formatAkaNonce({ rand, autn: sipAuthenticate.slice(16) });
    remember(
      asked,
      { nonce, secret: { password: sipAuthorization }, algorithm: akaAlgorithm, rand },
      expired,
    );
    const { scheme, parameters } = challengeOf({ realm, nonce, algorithm: akaAlgorithm, qop: [] });
    const keys: [string, string][] = [];
    if (integrityKey !== undefined) keys.push(["ik", encodeHex(integrityKey)]);
    if (confidentialityKey !== undefined) keys.push(["ck", encodeHex(confidentialityKey)]);
    return formatChallenge({ scheme, parameters: new Map([...parameters, ...keys]) });
  }

  /** 5.4.1.2.1B. */
  function createDigest(asked: Asked, item: AuthDataItem, expired: () => void): string | null {
    const digest = item.sipDigestAuthenticate;
    if (digest === undefined || (digest.digestAlgorithm ?? "MD5") !== "MD5") return null;
    const nonce = encodeHex(host.random.bytes(16));
    remember(asked, { nonce, secret: { ha1: digest.digestHa1 }, algorithm: "MD5", rand: null }, expired);
    return formatChallenge(challengeOf({ realm: digest.digestRealm, nonce }));
  }

  return {
    create(asked, item, expired) {
      return item.sipAuthenticationScheme === authenticationScheme.aka
        ? createAka(asked, item, expired)
        : createDigest(asked, item, expired);
    },
    judge(userName, request) {
      const pending = take({ userName, callId: request.headers.get("Call-ID") ?? "" });
      const credentials = parseCredentials(request.headers.get("Authorization") ?? "");
      if (pending === null || credentials === null || credentials.parameters.get("nonce") !== pending.nonce)
        return { kind: "wrong" };
      const written = credentials.parameters.get("auts") ?? null;
      if (pending.rand !== null && written !== null) {
        const auts = parseAuts(written);
        if (auts !== null) return { kind: "synchronisation failure", rand: pending.rand, auts };
        return { kind: "wrong" };
      }
      const { secret, algorithm } = pending;
      const isRight = verifyResponse({
        ...{ crypto: host.crypto, credentials, secret, algorithm },
        method: "REGISTER",
      });
      return { kind: isRight ? "right" : "wrong" };
    },
    isWaiting: (userName) => waiting.has(userName),
  };
}
