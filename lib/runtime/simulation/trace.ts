// The trace hash: equal for equal runs, different from the first event on in which two runs differ.

/** One event of a run, as the option `trace` of the simulation keeps it. */
export interface TraceEntry {
  readonly event: number;
  /** Virtual ms. */
  readonly time: number;
  readonly host: string;
  readonly label: string;
  /** The hash after this event. */
  readonly hash: string;
}

/** Bytes or text that an event carries. */
export type EventContents = Uint8Array | string | null;

/** Two lanes of 32 bits; no protection against somebody who looks for collisions. */
export class TraceHash {
  #high = 0x6a09e667;
  #low = 0xbb67ae85;
  readonly #time = new Float64Array(1);
  readonly #timeWords = new Uint32Array(this.#time.buffer);

  #word(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x9e3779b1) ^ (this.#low >>> 15);
    this.#low = Math.imul(this.#low ^ value, 0x85ebca77) ^ (this.#high >>> 13);
  }

  #text(text: string): void {
    for (let index = 0; index < text.length; index++) this.#word(text.charCodeAt(index));
    this.#word(-1);
  }

  #bytes(data: Uint8Array): void {
    const whole = data.length & ~3;
    for (let at = 0; at < whole; at += 4) {
      const low = (data[at] as number) | ((data[at + 1] as number) << 8);
      this.#word(low | ((data[at + 2] as number) << 16) | ((data[at + 3] as number) << 24));
    }
    for (let at = whole; at < data.length; at++) this.#word(data[at] as number);
    this.#word(data.length);
  }

  mix(time: number, host: string, label: string, contents: EventContents): void {
    this.#time[0] = time;
    this.#word(this.#timeWords[0] as number);
    this.#word(this.#timeWords[1] as number);
    this.#text(host);
    this.#text(label);
    if (typeof contents === "string") this.#text(contents);
    else if (contents !== null) this.#bytes(contents);
  }

  get value(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }
}
