// Seeded randomness of the simulation: sfc32, forked by name, so that one more node changes nobody else's draws.
import type { Random } from "../random.ts";

/** Four 32-bit words that depend on every character of the text. */
function seedWords(text: string): [number, number, number, number] {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = 0xdeadbeef;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x85ebca6b) ^ (d >>> 15);
    b = Math.imul(b ^ unit, 0xc2b2ae35) ^ (a >>> 13);
    c = Math.imul(c ^ unit, 0x27d4eb2f) ^ (b >>> 16);
    d = Math.imul(d ^ unit, 0x165667b1) ^ (c >>> 14);
  }
  return [a, b, c, d];
}

/** Not for secrets: whoever knows the seed knows every draw. Only the simulation makes one. */
export class SeededRandom implements Random {
  readonly #path: string;
  readonly #forks = new Map<string, number>();
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(path: string) {
    this.#path = path;
    [this.#a, this.#b, this.#c, this.#d] = seedWords(path);
    for (let round = 0; round < 15; round++) this.u32();
  }

  u32(): number {
    const mixed = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + mixed;
    return mixed >>> 0;
  }

  float(): number {
    return this.u32() / 0x1_0000_0000;
  }

  int(below: number): number {
    return Math.floor(this.float() * below);
  }

  bytes(count: number): Uint8Array {
    const data = new Uint8Array(count);
    for (let at = 0; at < count; at += 4) {
      const word = this.u32();
      for (let byte = 0; byte < 4 && at + byte < count; byte++) data[at + byte] = word >>> (8 * byte);
    }
    return data;
  }

  /** A second fork of the same name is another stream than the first: two users of one name must not agree. */
  fork(name: string): Random {
    const count = this.#forks.get(name) ?? 0;
    this.#forks.set(name, count + 1);
    return new SeededRandom(`${this.#path}/${name}${count === 0 ? "" : `~${count}`}`);
  }
}
