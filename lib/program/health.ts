// What /healthz says, and how a part is asked whether it lives.
import type { Clock } from "@liquid-ims/runtime/clock";

/** `ready` is answered 200, everything else 503. */
export type HealthStatus = "starting" | "ready" | "store down" | "stopping";

export interface Health {
  readonly status: HealthStatus;
  /** Addresses on which the server listens: `udp:127.0.0.1:5060`. */
  readonly listening: readonly string[];
  /** More, by part: `store`, `cx`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** `ok`, or what is wrong. */
export type Probe = () => Promise<string>;

/**
 * Asks a part; one that does not answer in `timeoutMs` (default 1,000) is wrong, and is not asked again before its
 * answer has come: whoever looks often must not heap questions on a part that hangs.
 */
export function createProbe(clock: Clock, ask: () => Promise<unknown>, timeoutMs = 1_000): Probe {
  let asked: Promise<string> | null = null;
  function answer(): Promise<string> {
    asked ??= ask()
      .then(
        () => "ok",
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      .finally(() => {
        asked = null;
      });
    return asked;
  }
  return () =>
    new Promise((resolve) => {
      const late = () => resolve(`no answer in ${timeoutMs} ms`);
      const timer = clock.after(timeoutMs, late, "health");
      void answer().then((text) => {
        timer.cancel();
        resolve(text);
      });
    });
}
