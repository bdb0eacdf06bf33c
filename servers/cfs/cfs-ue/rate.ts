// How often something may happen, for each key: token buckets.

export interface RateOptions {
  readonly perSecond: number;
  /** How many at once after a quiet time; default `perSecond`, at least 1. */
  readonly burst?: number;
  /** Keys remembered; beyond it those that are full again are forgotten. Default 10,000. */
  readonly maximumKeys?: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Counts by the monotonic clock, in ms. */
export class Rate {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #maximumKeys: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateOptions) {
    this.#perMs = options.perSecond / 1000;
    this.#burst = options.burst ?? Math.max(1, options.perSecond);
    this.#maximumKeys = options.maximumKeys ?? 10_000;
  }

  /** True, and one less left, when the key may go on now. */
  take(key: string, now: number): boolean {
    const known = this.#buckets.get(key);
    const tokens =
      known === undefined
        ? this.#burst
        : Math.min(this.#burst, known.tokens + (now - known.at) * this.#perMs);
    if (tokens < 1) return false;
    this.#buckets.set(key, { tokens: tokens - 1, at: now });
    if (this.#buckets.size > this.#maximumKeys) this.#forget(now);
    return true;
  }

  #forget(now: number): void {
    for (const [key, { tokens, at }] of this.#buckets)
      if (tokens + (now - at) * this.#perMs >= this.#burst) this.#buckets.delete(key);
  }
}
