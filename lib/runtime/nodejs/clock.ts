// The clock of the real host.
import type { Clock, Timer } from "../clock.ts";

/** Node's timers fire at once above this. */
const longestTimerMs = 2_147_483_647;

/** How callbacks of the outside world enter a host: not at all when it is closed, and guarded. */
export type Enter = (label: string, run: () => void) => void;

export class NodejsClock implements Clock {
  readonly #enter: Enter;
  readonly #timers = new Set<() => void>();
  #stopped = false;

  constructor(enter: Enter) {
    this.#enter = enter;
  }

  now(): number {
    return performance.now();
  }

  wall(): number {
    return Date.now();
  }

  after(ms: number, run: () => void, label: string): Timer {
    if (Number.isNaN(ms)) throw new RangeError(`timer "${label}": NaN ms; give a number`);
    if (this.#stopped) return { cancel: () => undefined };
    let handle: NodeJS.Timeout;
    const cancel = () => {
      clearTimeout(handle);
      this.#timers.delete(cancel);
    };
    const due = this.now() + ms;
    const wait = (left: number) => {
      handle = setTimeout(
        () => {
          const still = due - this.now();
          // Node rounds to whole milliseconds and may be early by a part of one.
          if (still > 0.05) {
            wait(still);
            return;
          }
          this.#timers.delete(cancel);
          this.#enter(label, run);
        },
        Math.min(Math.ceil(left), longestTimerMs),
      );
    };
    this.#timers.add(cancel);
    wait(Math.max(0, ms));
    return { cancel };
  }

  sleep(ms: number, label: string): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve, label);
    });
  }

  /** No timer fires any more. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of [...this.#timers]) cancel();
  }
}
