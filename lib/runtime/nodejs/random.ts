// Randomness of the real host: the system's CSPRNG, in blocks.
import { randomFillSync } from "node:crypto";
import type { Random } from "../random.ts";

const blockBytes = 4096;

export class NodejsRandom implements Random {
  readonly #block = new DataView(new ArrayBuffer(blockBytes));
  #used = blockBytes;

  u32(): number {
    if (this.#used === blockBytes) {
      randomFillSync(this.#block);
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
    return randomFillSync(new Uint8Array(count));
  }

  /** Another CSPRNG; there is nothing to keep apart. */
  fork(_name: string): Random {
    return new NodejsRandom();
  }
}
