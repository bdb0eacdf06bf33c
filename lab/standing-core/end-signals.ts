// The signals that end a core which stands without a command.
import type { Clock } from "@liquid-ims/runtime/clock";

export const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Of `process`, what is used here. */
export interface SignalSource {
  on(signal: (typeof endSignals)[number], listener: () => void): unknown;
}

/**
 * Signals so near to each other are one: who signals the whole group (a terminal, `timeout`) reaches this process directly
 * and through npm and run.mjs.
 */
const sameSignalMs = 500;

/**
 * Resolves at the first signal. One that comes later, while things are still being closed, calls `endAtOnce`. Listens from
 * the call on and for ever, so that no signal finds the process without a listener, which would kill it.
 */
export function untilSignal(
  source: SignalSource,
  clock: Pick<Clock, "now">,
  endAtOnce: () => void,
): Promise<void> {
  let first: number | null = null;
  return new Promise((resolve) => {
    const heard = () => {
      const now = clock.now();
      if (first !== null && now - first > sameSignalMs) endAtOnce();
      first ??= now;
      resolve();
    };
    for (const signal of endSignals) source.on(signal, heard);
  });
}
