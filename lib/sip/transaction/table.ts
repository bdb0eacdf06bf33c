// What a transaction machine is made of. RFC 3261 17.
import type { Row, Table } from "@liquid-ims/runtime/state-table";
import type { Timers } from "../timers.ts";

/**
 * What a transaction does, in the RFC's words. `send` gives a message to the transport layer, `pass` gives one to
 * the transaction user, `inform` tells the user of a failure. The end is the state Terminated, which stops all timers.
 */
export type TransactionAction<Sent extends string, Passed extends string, Timer extends string> =
  | { readonly send: Sent }
  | { readonly pass: Passed }
  | { readonly start: Timer }
  | { readonly cancel: Timer }
  | { readonly inform: "timeout" | "transport error" };

/** What the length of a timer depends on. */
export interface TimerContext {
  readonly timers: Timers;
  /** TCP: no retransmissions, and nothing to wait for (RFC 3261 17.1.1.2). */
  readonly reliable: boolean;
  /** How often this timer was started in this transaction before. */
  readonly count: number;
}

/** One kind of transaction, complete. */
export interface Machine<
  State extends string,
  Event extends string,
  Sent extends string,
  Passed extends string,
  Timer extends string & Event,
> {
  readonly name: string;
  /** How the transaction comes into being. */
  readonly start: Row<State, TransactionAction<Sent, Passed, Timer>>;
  readonly table: Table<State | "Terminated", Event, TransactionAction<Sent, Passed, Timer>>;
  /** Milliseconds; 0 fires at once, null: this timer is not started on this transport. */
  readonly duration: Readonly<Record<Timer, (context: TimerContext) => number | null>>;
}
