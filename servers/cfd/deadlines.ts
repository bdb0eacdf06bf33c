// Many waits of one length, watched by one timer: whoever began first is late first.
import type { Clock, Timer } from "@liquid-ims/runtime/clock";

/** One wait. */
export interface Wait {
  /** It came to its end in time. */
  end(): void;
}

interface Entry extends Wait {
  readonly due: number;
  readonly late: () => void;
  isOver: boolean;
}

/** Waits that each are late after `timeout` ms. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #label: string;
  /** In the order of their ends; those that are over leave when they reach the front. */
  #entries: Entry[] = [];
  #front = 0;
  #timer: Timer | null = null;

  constructor(clock: Clock, timeout: number, label: string) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#label = label;
  }

  /** `late` is called once, unless the wait has ended before. */
  begin(late: () => void): Wait {
    const entry: Entry = {
      due: this.#clock.now() + this.#timeout,
      late,
      isOver: false,
      end: () => {
        entry.isOver = true;
        this.#tidy();
      },
    };
    this.#entries.push(entry);
    if (this.#timer === null) this.#watch(this.#timeout);
    return entry;
  }

  #watch(ms: number): void {
    this.#timer = this.#clock.after(ms, () => this.#look(), this.#label);
  }

  #tidy(): void {
    while (this.#entries[this.#front]?.isOver === true) this.#front += 1;
    if (this.#front === this.#entries.length) {
      this.#entries = [];
      this.#front = 0;
      this.#timer?.cancel();
      this.#timer = null;
    } else if (this.#front > 1_024 && 2 * this.#front > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#front);
      this.#front = 0;
    }
  }

  #look(): void {
    this.#timer = null;
    const now = this.#clock.now();
    const late: Entry[] = [];
    for (let at = this.#front; at < this.#entries.length; at++) {
      const entry = this.#entries[at];
      if (entry === undefined || entry.due > now) break;
      if (!entry.isOver) late.push(entry);
      entry.isOver = true;
    }
    this.#tidy();
    const next = this.#entries[this.#front];
    if (next !== undefined) this.#watch(next.due - now);
    for (const entry of late) entry.late();
  }
}
