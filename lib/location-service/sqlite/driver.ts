// How a store's operations are called: in this thread or in another one.
import type { ConnectionOptions, Operations } from "./connection.ts";
import type { Committed, Outcome } from "./engine.ts";
import { SqliteFailure } from "./failure.ts";

/** Calls the operations of a store; a call rejects with a `SqliteFailure`. */
export interface Driver<Calls extends Operations> {
  call<Name extends keyof Calls & string>(
    name: Name,
    argument: Parameters<Calls[Name]>[0],
  ): Promise<ReturnType<Calls[Name]>>;
  /** In the life of this driver's engine. */
  readonly committed: Committed;
  /** Ends what was called before, then closes the file. Calls after it reject. */
  close(): Promise<void>;
}

/** Where the SQL runs: `worker`: in a thread of its own, for servers; `inline`: in the caller's, for virtual runs. */
export type DriverKind = "worker" | "inline";

export interface SqliteOptions extends ConnectionOptions {
  readonly driver: DriverKind;
  /**
   * Inline only: awaited before and after each operation takes its effect, where a virtual run delays by its seed.
   * Default: no delay.
   */
  readonly settle?: (operation: "read" | "write") => Promise<void>;
  /** Inline only: wall clock for the date of a new file. Default: the system's. */
  readonly wall?: () => number;
}

/** True for a reader whose file is not there yet: each call tries again, and says so. */
export function isWorthWaiting(error: unknown, { readOnly = false }: ConnectionOptions): boolean {
  return readOnly && error instanceof SqliteFailure && error.code === "missing";
}

/** Settles a caller's promise by its outcome. */
export function settleBy(
  outcome: Outcome,
  caller: { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void },
): void {
  if (outcome.ok) caller.resolve(outcome.value);
  else caller.reject(new SqliteFailure(outcome.code, outcome.message));
}
