// Authorization and Proxy-Authorization. RFC 3261 20.7, 20.28; RFC 7616 3.4; RFC 3310 3.4; TS 24.229 7.2A.2.
import {
  type AuthenticationValue,
  formatAuthentication,
  parseAuthentication,
} from "./authentication-parameters.ts";

/** One set of credentials; the values of its parameters are plain text, without quotes. */
export interface Credentials extends AuthenticationValue {}

const plain: ReadonlySet<string> = new Set(["algorithm", "qop", "nc"]);

/** One field's value (never split at commas); null when it is none. */
export function parseCredentials(text: string): Credentials | null {
  return parseAuthentication(text);
}

/** As one field's value; all parameters but algorithm, qop and nc are quoted. */
export function formatCredentials(credentials: Credentials): string {
  return formatAuthentication(credentials, plain);
}
