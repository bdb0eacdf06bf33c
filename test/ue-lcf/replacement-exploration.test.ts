// All interleavings of the real tables of dialog replacement; planted faults are found. docs/dialog-replacement.md.
import assert from "node:assert/strict";
import test from "node:test";
import { type Exploration, explore } from "./replacement-explorer.ts";
import { faults, slowFaults, withoutRules } from "./replacement-faults.ts";
import { assertFound, assertGood, figures, shortRuns, usual } from "./replacement-runs.ts";

for (const run of shortRuns) {
  test(`dialog replacement, every interleaving of moves ${run.title}`, (context) => {
    context.diagnostic(figures(assertGood(run)));
  });
}

test("the explorer: leaving out what changes nothing changes no result", () => {
  const runs: readonly Partial<Exploration>[] = [
    { moves: [1, 0] },
    { moves: [1, 0], losses: 1 },
    { moves: [0, 1], hangUp: [true, false] },
  ];
  for (const changes of runs) {
    const few = explore({ ...usual, ...changes });
    const all = explore({ ...usual, ...changes, keepsAll: true });
    assert.deepEqual([all.complete, all.counterexample, few.counterexample], [true, null, null]);
    assert.ok(all.states > few.states);
    assert.deepEqual([few.kept > 0, few.over > 0], [all.kept > 0, all.over > 0]);
  }
});

for (const [title, changes] of faults) {
  test(`dialog replacement, planted fault: ${title}`, (context) => {
    context.diagnostic(assertFound(title, changes));
  });
}

for (const [title, changes] of withoutRules) {
  test(`dialog replacement, without a rule: ${title}`, (context) => {
    context.diagnostic(assertFound(title, changes));
  });
}

test("the slow ones among the faults have titles of their own", () => {
  const titles = [...faults, ...withoutRules, ...slowFaults].map(([title]) => title);
  assert.equal(new Set(titles).size, titles.length);
});
