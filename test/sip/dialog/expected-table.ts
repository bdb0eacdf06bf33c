// Compares a table with rows written by hand, one a line: `event -> next: action, action`.
import assert from "node:assert/strict";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";

/** For each state, its rows; an event that is not listed has a null cell. */
export type ExpectedTable = Readonly<Record<string, readonly string[]>>;

/** Asserts that `table` is as expected. */
export function expectTable(table: AnyTable, expected: ExpectedTable): void {
  assert.deepEqual(Object.keys(table).sort(), Object.keys(expected).sort());
  for (const [state, rows] of Object.entries(table)) {
    const lines = Object.entries(rows).flatMap(([event, row]) => {
      if (row === null) return [];
      const actions = row.actions.map(String).join("; ");
      return [`${event} -> ${row.next}${actions === "" ? "" : `: ${actions}`}`];
    });
    assert.deepEqual(lines.sort(), [...(expected[state] ?? [])].sort(), state);
  }
}

/** The same, and that each change of a cell is noticed; gives the number of changes. */
export function expectTableAndMutations(table: AnyTable, expected: ExpectedTable): number {
  return mutateTable(table, (candidate) => expectTable(candidate, expected));
}
