// The signals that ask a program to end, and how it ends without being killed by their copies.
import { constants } from "node:os";

export const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type EndSignal = (typeof endSignals)[number];

/** Of `process`, what is used here. */
export interface SignalSource {
  on(signal: EndSignal, listener: (signal: EndSignal) => void): unknown;
}

/**
 * Signals so near to each other are one, milliseconds: who signals the whole group (a terminal, `timeout`, systemd) reaches
 * this process directly and through npm and run.mjs.
 */
const sameSignalMs = 500;

export interface EndSignalListener {
  readonly first: (signal: EndSignal) => void;
  /** Another one, no copy of the first; default: nothing. */
  readonly again?: (signal: EndSignal) => void;
}

/** Listens from the call on and for ever: a signal that finds no listener kills the process, whatever it is doing. */
export function onEndSignal(
  { first, again }: EndSignalListener,
  source: SignalSource = process,
  now: () => number = () => performance.now(),
): void {
  let firstAt: number | null = null;
  const heard = (signal: EndSignal) => {
    if (firstAt === null) {
      firstAt = now();
      first(signal);
    } else if (now() - firstAt > sameSignalMs) again?.(signal);
  };
  for (const signal of endSignals) source.on(signal, heard);
}

/** What a shell shows of a program that a signal has ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/**
 * Ends the process with this exit code. A process that has only set `process.exitCode` takes its listeners away when it has
 * nothing more to do, and is killed by the copy of a signal that arrives then.
 */
export function endProcess(exitCode: number): never {
  process.exit(exitCode);
}
