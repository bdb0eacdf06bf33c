// State machines as complete tables, and the one interpreter of all of them.

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
