// Transaction machines as complete tables, and the one interpreter of all of them. RFC 3261 17.
import type { Timers } from "../timers.ts";

/** What an event does in a state: the next state, and what is done on the way, in this order. */
export interface Row<State extends string, Action> {
  readonly next: State;
  readonly actions: readonly Action[];
}

/** All events of one state. `null`: the event cannot happen there, as a timer that is not running. */
export type StateRows<State extends string, Event extends string, Action> = Readonly<
  Record<Event, Row<State, Action> | null>
>;

/** A machine: every state, every event; a missing cell does not compile. */
export type Table<State extends string, Event extends string, Action> = Readonly<
  Record<State, StateRows<State, Event, Action>>
>;

/** What `step` gives; `expected` is false for a cell that is null. */
export interface Step<State extends string, Action> extends Row<State, Action> {
  readonly expected: boolean;
}

/** The interpreter. An event that cannot happen in a state changes nothing. */
export function step<State extends string, Event extends string, Action>(
  table: Table<State, Event, Action>,
  state: State,
  event: Event,
): Step<State, Action> {
  const row = table[state][event];
  if (row === null) return { next: state, actions: [], expected: false };
  return { next: row.next, actions: row.actions, expected: true };
}

/** Makes a row: `to("Proceeding", pass)`. */
export function to<const State extends string, const Actions extends readonly unknown[]>(
  next: State,
  ...actions: Actions
): { readonly next: State; readonly actions: Actions } {
  return { next, actions };
}

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
