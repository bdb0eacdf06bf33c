// Challenges to a REGISTER and the credentials that answer them. RFC 3261 22.2, 22.4, RFC 3310 3.3, 3.4,
// TS 24.229 5.1.1.2.2, 5.1.1.5.1, 5.1.1.5.3.
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { answerChallenge, isStale, readDigestChallenge, refuseChallenge } from "./authentication/digest.ts";
import type { ChallengeAnswer, UserCredentials } from "./authentication/user-credentials.ts";
import { type Challenge, parseChallenge } from "./header/challenge.ts";
import { type Credentials, formatCredentials } from "./header/credentials.ts";
import type { HeaderPair, SipResponse } from "./message.ts";
import type { RegistrationEvent } from "./registration-table.ts";

/** Why a REGISTER was not authenticated. */
export type AuthenticationFailure =
  /** No challenge can be read, or none is of a kind that these credentials answer. */
  | "no credentials"
  /** The network did not accept the answer. */
  | "answer refused"
  /** The network did not know the key: its challenges were invalid (TS 24.229 5.1.1.5.3). */
  | "MAC failure"
  /** The network's sequence numbers did not fit, also after a re-synchronisation. */
  | "synchronisation failure"
  /** There is no card, or it does not answer. */
  | "unavailable"
  /** The network goes on challenging. */
  | "too many challenges";

/** A challenge that can be answered, and the field for the answer. */
export interface ChosenChallenge {
  readonly challenge: Challenge;
  readonly realm: string;
  readonly nonce: string;
  readonly field: "Authorization" | "Proxy-Authorization";
}

/** The first challenge of a 401 or 407 that is of a kind that these credentials answer. */
export function chooseChallenge(
  response: SipResponse,
  credentials: UserCredentials | null,
): ChosenChallenge | null {
  const isProxy = response.status === 407;
  for (const value of response.headers.all(isProxy ? "Proxy-Authenticate" : "WWW-Authenticate")) {
    const challenge = parseChallenge(value);
    const digest = challenge === null ? null : readDigestChallenge(challenge);
    if (challenge === null || digest === null) continue;
    if (credentials?.algorithms.includes(digest.algorithm) !== true) continue;
    const { realm, nonce } = digest;
    return { challenge, realm, nonce, field: isProxy ? "Proxy-Authorization" : "Authorization" };
  }
  return null;
}

/** What the answer means for the registration: another event in its table. */
export function eventOf(
  { challenge }: ChosenChallenge,
  answer: ChallengeAnswer,
): Extract<RegistrationEvent, `${string} challenge` | "challenge"> {
  switch (answer.kind) {
    case "answer":
      return answer.single || isStale(challenge) ? "fresh challenge" : "challenge";
    case "synchronisation failure":
    case "MAC failure":
      return "invalid challenge";
    case "unreadable":
    case "unavailable":
      return "unanswerable challenge";
  }
}

/** The field with the answer; null where nothing is answered. */
export function authorizationOf(
  host: Host,
  chosen: ChosenChallenge,
  answer: ChallengeAnswer,
  options: { readonly username: string; readonly uri: string },
): HeaderPair | null {
  const { challenge, field } = chosen;
  const common = {
    ...{ ...options, challenge, method: "REGISTER", crypto: host.crypto },
    cnonce: encodeHex(host.random.bytes(8)),
  };
  let credentials: Credentials | null = null;
  if (answer.kind === "answer")
    credentials = answerChallenge({ ...common, secret: { password: answer.password } });
  else if (answer.kind === "synchronisation failure")
    credentials = answerChallenge({ ...common, secret: { password: "" }, auts: answer.auts });
  else if (answer.kind === "MAC failure") credentials = refuseChallenge({ ...options, challenge });
  return credentials === null ? null : [field, formatCredentials(credentials)];
}

/** TS 24.229 5.1.1.2.2: the private identity in the first REGISTER, so that the I-CSCF can ask for it. */
export function firstAuthorization(options: {
  readonly username: string;
  readonly realm: string;
  readonly uri: string;
}): HeaderPair {
  const { username, realm, uri } = options;
  const parameters = new Map([
    ["username", username],
    ["realm", realm],
    ["nonce", ""],
    ["uri", uri],
    ["response", ""],
  ]);
  return ["Authorization", formatCredentials({ scheme: "Digest", parameters })];
}
