// The virtual clock of one life.
import type { Clock, Timer } from "../clock.ts";
import type { Owner } from "./agenda.ts";
import type { Scheduler } from "./scheduler.ts";

export class SimulatedClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #owner: Owner;
  readonly #epoch: number;

  /** `epoch`: what `wall` says at virtual time 0, this host's skew included. */
  constructor(scheduler: Scheduler, owner: Owner, epoch: number) {
    this.#scheduler = scheduler;
    this.#owner = owner;
    this.#epoch = epoch;
  }

  now(): number {
    return this.#scheduler.now;
  }

  wall(): number {
    return Math.floor(this.#epoch + this.#scheduler.now);
  }

  after(ms: number, run: () => void, label: string): Timer {
    if (Number.isNaN(ms)) throw new RangeError(`timer "${label}": NaN ms; give a number`);
    const event = this.#scheduler.timer(Math.max(0, ms), this.#owner, label, run);
    return {
      cancel() {
        event.run = null;
      },
    };
  }

  sleep(ms: number, label: string): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve, label);
    });
  }
}
