// Cuts a byte stream into Diameter messages. RFC 6733 3, 7.1.5.
import { type DiameterHeader, decodeHeader, headerBytes } from "./message.ts";
import { resultCode } from "./result-code.ts";

/**
 * Behind an `error` nobody knows where the next message begins: what is owed can be said with `header`, then the
 * connection is to be closed.
 */
export type StreamFrame =
  | { readonly kind: "message"; readonly data: Uint8Array }
  | {
      readonly kind: "error";
      readonly resultCode: number;
      readonly header: DiameterHeader;
      readonly detail: string;
    };

export interface StreamFramerOptions {
  /** Longest message in bytes; default 1,048,576. What waits for its rest is never longer. */
  readonly maximumBytes?: number;
}

const version = 1;

/** One direction of one connection. */
export class StreamFramer {
  readonly #maximumBytes: number;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  /** Length of the message that has begun; 0 while its header is not complete. */
  #wanted = 0;
  #broken = false;

  constructor(options: StreamFramerOptions = {}) {
    this.#maximumBytes = options.maximumBytes ?? 1_048_576;
  }

  /** What is complete with these bytes. The bytes are not kept beyond the call; nothing follows an error. */
  push(chunk: Uint8Array): StreamFrame[] {
    const frames: StreamFrame[] = [];
    let rest = chunk;
    while (rest.length > 0 && !this.#broken) {
      const goal = this.#wanted === 0 ? headerBytes : this.#wanted;
      const part = rest.subarray(0, goal - this.#waiting);
      rest = rest.subarray(part.length);
      // A copy: whoever gives the chunk may use its bytes again.
      this.#chunks.push(part.slice());
      this.#waiting += part.length;
      if (this.#waiting < goal) break;
      const frame = this.#complete();
      if (frame !== null) frames.push(frame);
    }
    return frames;
  }

  #complete(): StreamFrame | null {
    const data = this.#join();
    if (this.#wanted === 0) {
      const error = this.#begin(data);
      if (error !== null) return error;
      if (this.#wanted > data.length) {
        this.#chunks = [data];
        this.#waiting = data.length;
        return null;
      }
    }
    this.#wanted = 0;
    return { kind: "message", data };
  }

  #join(): Uint8Array {
    const data = new Uint8Array(this.#waiting);
    let at = 0;
    for (const chunk of this.#chunks) {
      data.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [];
    this.#waiting = 0;
    return data;
  }

  #begin(data: Uint8Array): StreamFrame | null {
    const first = new DataView(data.buffer).getUint32(0);
    const length = first & 0xffffff;
    if (first >>> 24 !== version)
      return this.#fail(data, resultCode.unsupportedVersion, `version ${first >>> 24}, must be ${version}`);
    if (length < headerBytes || length % 4 !== 0)
      return this.#fail(
        data,
        resultCode.invalidMessageLength,
        `length ${length}, must be 20, 24, 28 and so on`,
      );
    if (length > this.#maximumBytes) {
      const detail = `length ${length}, at most ${this.#maximumBytes} is read`;
      return this.#fail(data, resultCode.invalidMessageLength, detail);
    }
    this.#wanted = length;
    return null;
  }

  #fail(data: Uint8Array, code: number, detail: string): StreamFrame {
    this.#broken = true;
    return { kind: "error", resultCode: code, header: decodeHeader(data), detail };
  }
}
