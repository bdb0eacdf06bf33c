// Which of the final responses of all branches goes upstream. RFC 3261 16.7 steps 6 and 7.
import type { SipResponse } from "../message.ts";

/** Preferred within 4xx: they say how the request can be made to succeed (step 6). */
const helpful = [401, 407, 415, 420, 484];

/** Smaller is better: any 6xx, else the lowest class, and in it what helps. */
function rank(status: number): number {
  if (status >= 600) return 0;
  const klass = Math.floor(status / 100) * 10;
  if (helpful.includes(status)) return klass;
  // A 503 tells of one server only, every other 5xx says more.
  return status === 503 ? klass + 2 : klass + 1;
}

/** The best of final responses; of equal ones the first. Null when there is none. */
export function bestResponse(responses: readonly SipResponse[]): SipResponse | null {
  let best: SipResponse | null = null;
  for (const response of responses)
    if (best === null || rank(response.status) < rank(best.status)) best = response;
  return best;
}

const challenges = ["WWW-Authenticate", "Proxy-Authenticate"];

/** Adds the challenges of the other 401 and 407 responses to the best one, when it is one of them (step 7). */
export function addChallenges(best: SipResponse, all: readonly SipResponse[]): void {
  if (best.status !== 401 && best.status !== 407) return;
  for (const other of all) {
    if (other === best || (other.status !== 401 && other.status !== 407)) continue;
    for (const name of challenges) for (const value of other.headers.all(name)) best.headers.add(name, value);
  }
}
