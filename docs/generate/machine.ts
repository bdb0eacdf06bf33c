// What the pages need of a state machine, whatever shape its table has in the code.

/** An event in a state: where it leads, and what is done on the way. */
export interface Transition {
  readonly event: string;
  readonly next: string;
  readonly actions: readonly string[];
}

export interface State {
  readonly name: string;
  readonly transitions: readonly Transition[];
  /** Events without a row. */
  readonly impossible: readonly string[];
}

/** How a machine comes into being: into which state, on what, doing what. */
export interface Start {
  readonly next: string;
  readonly label: string;
}

/** Where the code says what names mean: a type of a file, whose path is from the root. */
export interface MeaningSource {
  readonly file: string;
  readonly type: string;
  readonly of: "states" | "events" | "actions";
}

/** Types of one file; null where names of that kind have no type with comments. */
export function namesIn(
  file: string,
  states: string | null,
  events: string | null,
  actions: string | null,
): MeaningSource[] {
  const all = { states, events, actions };
  return (["states", "events", "actions"] as const).flatMap((kind) => {
    const type = all[kind];
    return type === null ? [] : [{ file, type, of: kind }];
  });
}

/** How long a timer runs: by transport, in milliseconds. */
export interface TimerLength {
  readonly name: string;
  readonly unreliable: string;
  readonly reliable: string;
}

export interface Machine {
  /** Name of the page, without `.md`. */
  readonly page: string;
  readonly title: string;
  /** The file of the table, from the root. */
  readonly source: string;
  readonly clause: string;
  /** A few sentences on what it is about and how to read it. */
  readonly about: string;
  readonly starts: readonly Start[];
  readonly states: readonly State[];
  readonly meanings: readonly MeaningSource[];
  /** States that are one in the figure, so that it can be read. */
  readonly merged?: { readonly name: string; readonly states: readonly string[] };
  readonly timers?: readonly TimerLength[];
}

interface Row {
  readonly next?: string;
  readonly actions: readonly unknown[];
  readonly reason?: string;
}

/** A table as the code has it. */
export type RawTable = Readonly<Record<string, Readonly<Record<string, Row | null>>>>;

/** `{ start: "timerA" }` becomes "start timerA". */
function actionText(action: unknown): string {
  if (typeof action === "string") return action;
  if (typeof action !== "object" || action === null) throw new TypeError(`no action: ${String(action)}`);
  return Object.entries(action)
    .map(([verb, object]) => `${verb} ${String(object)}`)
    .join(", ");
}

/**
 * The states of a table in the code's order. `nextOf` is for rows that do not name their next state.
 */
export function statesOf(
  table: RawTable,
  nextOf: (state: string, actions: readonly string[]) => string = (state) => state,
): State[] {
  return Object.entries(table).map(([name, rows]) => {
    const transitions: Transition[] = [];
    const impossible: string[] = [];
    for (const [event, row] of Object.entries(rows)) {
      if (row === null) {
        impossible.push(event);
        continue;
      }
      const actions = row.actions.map(actionText);
      if (row.reason !== undefined) actions.push(`reason ${row.reason}`);
      transitions.push({ event, next: row.next ?? nextOf(name, actions), actions });
    }
    return { name, transitions, impossible };
  });
}

/** No row leads out of it. */
export function isFinal(state: State): boolean {
  return state.transitions.every(({ next }) => next === state.name);
}
