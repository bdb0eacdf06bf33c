// The timer of a watchdog: Tw with its jitter, Tc between calls. RFC 3539 3.4.1, RFC 6733 2.1.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";

const jitterMs = 2_000;

/** Setting it again is cheap: a running timer that would fire early looks at the deadline and sleeps on. */
export class WatchdogTimer {
  readonly #host: Host;
  readonly #times: { readonly watchdogMs: number; readonly reconnectMs: number };
  readonly #expired: () => void;
  #timer: Timer | null = null;
  #firesAt = 0;
  #deadline = 0;

  constructor(
    host: Host,
    times: { readonly watchdogMs: number; readonly reconnectMs: number },
    expired: () => void,
  ) {
    this.#host = host;
    this.#times = times;
    this.#expired = expired;
  }

  set(interval: "watchdog" | "reconnect"): void {
    const spread = interval === "watchdog" ? jitterMs : this.#times.reconnectMs / 10;
    const whole = interval === "watchdog" ? this.#times.watchdogMs : this.#times.reconnectMs;
    const ms = whole + (this.#host.random.float() * 2 - 1) * spread;
    this.#deadline = this.#host.clock.now() + ms;
    if (this.#timer !== null && this.#firesAt <= this.#deadline) return;
    this.#timer?.cancel();
    this.#arm(ms);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(ms: number): void {
    this.#firesAt = this.#host.clock.now() + ms;
    const fire = (): void => {
      this.#timer = null;
      const left = this.#deadline - this.#host.clock.now();
      if (left > 0) this.#arm(left);
      else this.#expired();
    };
    this.#timer = this.#host.clock.after(ms, fire, "diameter watchdog");
  }
}
