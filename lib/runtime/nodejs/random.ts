// Randomness of the real host: the system's CSPRNG, in blocks.
import { randomFillSync } from "node:crypto";
import type { Random } from "../random.ts";

const blockBytes = 4096;
/** A call to the system costs as much as many words of the block. */
const longestFromBlock = 32;

export class NodejsRandom implements Random {
  readonly #bytes = new Uint8Array(blockBytes);
  readonly #block = new DataView(this.#bytes.buffer);
  #used = blockBytes;

  u32(): number {
    if (this.#used === blockBytes) {
      // Not the view: after some thousand calls Node 24's randomFillSync takes a DataView for none.
      randomFillSync(this.#bytes);
      this.#used = 0;
    }
    const word = this.#block.getUint32(this.#used);
    // What was given out is not kept.
    this.#block.setUint32(this.#used, 0);
    this.#used += 4;
    return word;
  }

  float(): number {
    return this.u32() / 0x1_0000_0000;
  }

  int(below: number): number {
    return Math.floor(this.float() * below);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    if (count > longestFromBlock) return randomFillSync(bytes);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < count; at += 4) {
      const word = this.u32();
      if (at + 4 <= count) view.setUint32(at, word);
      else for (let rest = at; rest < count; rest++) bytes[rest] = word >>> (8 * (rest - at));
    }
    return bytes;
  }

  /** Another CSPRNG; there is nothing to keep apart. */
  fork(_name: string): Random {
    return new NodejsRandom();
  }
}
