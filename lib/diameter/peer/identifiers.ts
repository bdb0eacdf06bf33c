// Hop-by-Hop and End-to-End identifiers, Session-Ids. RFC 6733 3, 8.8.
import type { Host } from "@liquid-ims/runtime/host";

/** Those of one node. */
export class Identifiers {
  readonly #originHost: string;
  readonly #start: number;
  #hopByHop: number;
  #endToEnd: number;
  #session: number;

  constructor(host: Host, originHost: string) {
    this.#originHost = originHost;
    this.#start = Math.floor(host.clock.wall() / 1000) >>> 0;
    this.#hopByHop = host.random.u32();
    // The high 12 bits are the low ones of the time, so that a restarted node does not begin where it was.
    this.#endToEnd = (((this.#start & 0xfff) << 20) | host.random.int(1 << 20)) >>> 0;
    this.#session = host.random.u32();
  }

  hopByHop(): number {
    this.#hopByHop = (this.#hopByHop + 1) >>> 0;
    return this.#hopByHop;
  }

  endToEnd(): number {
    this.#endToEnd = (this.#endToEnd + 1) >>> 0;
    return this.#endToEnd;
  }

  sessionId(): string {
    this.#session = (this.#session + 1) >>> 0;
    return `${this.#originHost};${this.#start};${this.#session}`;
  }
}
