// WWW-Authenticate and Proxy-Authenticate. RFC 3261 20.27, 20.44; RFC 7616 3.3; RFC 3310 3.2.
import {
  type AuthenticationValue,
  formatAuthentication,
  parseAuthentication,
} from "./authentication-parameters.ts";

/** One challenge; the values of its parameters are plain text, without quotes. */
export interface Challenge extends AuthenticationValue {}

const plain: ReadonlySet<string> = new Set(["algorithm", "stale"]);

/** One field's value (never split at commas); null when it is none. */
export function parseChallenge(text: string): Challenge | null {
  return parseAuthentication(text);
}

/** As one field's value; all parameters but algorithm and stale are quoted. */
export function formatChallenge(challenge: Challenge): string {
  return formatAuthentication(challenge, plain);
}
