// Nonces of hellos: each counts once within its life. Lost with the process, which is harmless: a replayed hello
// proves nothing without the challenge.

export class NonceMemory {
  readonly #life: number;
  readonly #seen = new Map<string, number>();

  /** `life` in ms. */
  constructor(life: number) {
    this.#life = life;
  }

  has(nonce: string, now: number): boolean {
    const at = this.#seen.get(nonce);
    return at !== undefined && now - at < this.#life;
  }

  /** False when it has been there within its life. */
  add(nonce: string, now: number): boolean {
    if (this.has(nonce, now)) return false;
    this.#seen.delete(nonce);
    this.#seen.set(nonce, now);
    // Oldest first: the map keeps the order in which they came.
    for (const [old, at] of this.#seen) {
      if (now - at < this.#life) break;
      this.#seen.delete(old);
    }
    return true;
  }
}
