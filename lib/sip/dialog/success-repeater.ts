// Repeats a 2xx to an INVITE until its ACK. RFC 3261 13.3.1.4.
import type { Clock, Timer } from "@liquid-ims/runtime/clock";
import { nextRetransmission, type Timers, transactionTimeout } from "../timers.ts";

/** T1 after the 2xx, then doubling up to T2; over after 64*T1. */
export class SuccessRepeater {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #repeat: () => void;
  readonly #expired: () => void;
  #next: Timer | null = null;
  #end: Timer | null = null;

  constructor(clock: Clock, timers: Timers, repeat: () => void, expired: () => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#repeat = repeat;
    this.#expired = expired;
  }

  /** To be called when the 2xx was sent first. */
  start(): void {
    this.stop();
    this.#end = this.#clock.after(transactionTimeout(this.#timers), () => this.#expire(), "2xx without ACK");
    this.#schedule(this.#timers.T1);
  }

  stop(): void {
    this.#next?.cancel();
    this.#end?.cancel();
    this.#next = null;
    this.#end = null;
  }

  #schedule(delay: number): void {
    this.#next = this.#clock.after(
      delay,
      () => {
        this.#schedule(nextRetransmission(delay, this.#timers.T2));
        this.#repeat();
      },
      "2xx again",
    );
  }

  #expire(): void {
    this.stop();
    this.#expired();
  }
}
