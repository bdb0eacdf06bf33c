// Finds requests that came before, by Origin-Host and End-to-End identifier. RFC 6733 3, 6.1.5, RFC 6733 Appendix C.
import type { Clock } from "@liquid-ims/runtime/clock";
import { identityKey } from "./data-type/diameter-identity.ts";
import { originHost, sessionId } from "./dictionary/base.ts";
import { findValue } from "./dictionary.ts";
import type { DiameterMessage } from "./message.ts";

/** Answers one copy of a request: the AVPs of the answer are the same for all copies. */
export type Respond<Answer> = (answer: Answer) => void;

interface Entry<Answer> {
  answer: Answer | null;
  waiting: Respond<Answer>[];
  readonly until: number;
}

/** End-to-End identifiers are unique for so long (RFC 6733 3). */
const rememberedMs = 240_000;
const maximum = 50_000;
/** Copies of one request that wait for its answer; of more the oldest gets none. */
const maximumWaiting = 8;

/** What a node remembers of requests that must not be executed twice. */
export class DuplicateRequests<Answer> {
  readonly #clock: Clock;
  /** In order of arrival. */
  readonly #entries = new Map<string, Entry<Answer>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#entries.size;
  }

  /**
   * Null for a request that came before: `respond` is called with its answer, now or when there is one. Else what the
   * answer is to be given to.
   */
  admit(request: DiameterMessage, respond: Respond<Answer>): Respond<Answer> | null {
    this.#forget();
    const key = keyOf(request);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      if (known.answer !== null) respond(known.answer);
      else if (known.waiting.push(respond) > maximumWaiting) known.waiting.shift();
      return null;
    }
    const until = this.#clock.now() + rememberedMs;
    const entry: Entry<Answer> = { answer: null, waiting: [respond], until };
    this.#entries.set(key, entry);
    return (answer) => {
      if (entry.answer !== null) return;
      entry.answer = answer;
      const { waiting } = entry;
      entry.waiting = [];
      for (const one of waiting) one(answer);
    };
  }

  #forget(): void {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#entries) {
      if (until > now && this.#entries.size < maximum) return;
      this.#entries.delete(key);
    }
  }
}

/**
 * Command and session belong to the key as well, so that a peer that repeats an identifier too early never gets the
 * answer, and the keys, of another user.
 */
function keyOf(request: DiameterMessage): string {
  const host = identityKey(findValue(request.avps, originHost) ?? "");
  const session = findValue(request.avps, sessionId) ?? "";
  return JSON.stringify([host, request.endToEnd, request.applicationId, request.commandCode, session]);
}
