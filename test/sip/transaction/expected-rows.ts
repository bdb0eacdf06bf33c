// Compares a transaction table with rows written by hand from the RFC.
import assert from "node:assert/strict";
import type { AnyTable } from "../../support/mutate-tables.ts";

/** State, event, next state, actions in the order in which they are done. */
export type ExpectedRow = readonly [state: string, event: string, next: string, ...actions: string[]];

/** The way a transaction begins, as a state of the table. */
export const beginning = "(begin)";

function words(action: unknown): string {
  assert.ok(typeof action === "object" && action !== null);
  return Object.entries(action)
    .map(([verb, what]) => `${verb} ${what}`)
    .join(", ");
}

/** Every listed cell is as expected, every other one is null, and no state or event is missing. */
export function expectRows(
  table: AnyTable,
  states: readonly string[],
  events: readonly string[],
  expected: readonly ExpectedRow[],
): void {
  assert.deepEqual(Object.keys(table).sort(), [beginning, ...states].sort());
  const left = new Map(expected.map((row) => [JSON.stringify(row.slice(0, 2)), row.slice(2)]));
  assert.equal(left.size, expected.length, "a cell is expected twice");
  for (const [state, rows] of Object.entries(table)) {
    if (state !== beginning) assert.deepEqual(Object.keys(rows).sort(), [...events].sort(), state);
    for (const [event, row] of Object.entries(rows)) {
      const key = JSON.stringify([state, event]);
      const actual = row === null ? undefined : [row.next, ...row.actions.map(words)];
      assert.deepEqual(actual, left.get(key), `${state} / ${event}`);
      left.delete(key);
    }
  }
  assert.deepEqual([...left.keys()], [], "cells that the table does not have");
}
