// Shows that the expectations of a table notice every change of it: one row at a time is changed, in memory, and the
// expectation function has to throw each time.

/** A row as far as this program cares; other members (of other machines) are kept as they are. */
interface MutableRow {
  readonly next: string;
  readonly actions: readonly unknown[];
}

/** Any table of this repository: state, event, row. Cells may be null. */
export type AnyTable = Readonly<Record<string, Readonly<Record<string, MutableRow | null>>>>;

/** One change and what it was. */
interface Mutation {
  readonly what: string;
  readonly row: MutableRow | null;
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function mutationsOf(
  row: MutableRow | null,
  states: readonly string[],
  actions: readonly unknown[],
): Mutation[] {
  const first = states[0] ?? "nowhere";
  if (row === null) return [{ what: "a row where none belongs", row: { next: first, actions: [] } }];
  const elsewhere = states.find((state) => state !== row.next) ?? "nowhere";
  const other = actions.find((action) => !row.actions.some((own) => equal(own, action))) ?? {
    mutant: true,
  };
  const mutations: Mutation[] = [
    { what: "no row", row: null },
    { what: `next ${elsewhere}`, row: { ...row, next: elsewhere } },
    { what: "one action more", row: { ...row, actions: [...row.actions, other] } },
  ];
  for (const index of row.actions.keys()) {
    mutations.push({
      what: `without action ${index + 1}`,
      row: { ...row, actions: row.actions.filter((_, at) => at !== index) },
    });
    mutations.push({
      what: `another action ${index + 1}`,
      row: { ...row, actions: row.actions.map((action, at) => (at === index ? other : action)) },
    });
  }
  const reverse = [...row.actions].reverse();
  if (!equal(reverse, row.actions))
    mutations.push({ what: "the actions in reverse", row: { ...row, actions: reverse } });
  return mutations;
}

function throws(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (error instanceof Error && error.name === "AssertionError") return true;
    throw error;
  }
}

/** Thrown when a change went unnoticed, and when the expectations fail on the table as it is. */
export class UnnoticedMutation extends Error {
  override readonly name = "UnnoticedMutation";
}

/**
 * Changes every cell of `table` in turn (next state, each action, order, presence) and asserts that `expectations`
 * fails with an AssertionError each time. Gives the number of changes. The table itself is never touched.
 */
export function mutateTable(table: AnyTable, expectations: (table: AnyTable) => void): number {
  expectations(table);
  const states = Object.keys(table);
  const actions = Object.values(table).flatMap((rows) =>
    Object.values(rows).flatMap((row) => row?.actions ?? []),
  );
  let count = 0;
  for (const [state, rows] of Object.entries(table)) {
    for (const [event, row] of Object.entries(rows)) {
      for (const mutation of mutationsOf(row, states, actions)) {
        const mutant = { ...table, [state]: { ...rows, [event]: mutation.row } };
        if (!throws(() => expectations(mutant)))
          throw new UnnoticedMutation(`${state} / ${event}: ${mutation.what} goes unnoticed`);
        count += 1;
      }
    }
  }
  return count;
}
