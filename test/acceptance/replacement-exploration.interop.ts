// The longer runs of dialog replacement: explorations that take minutes, and 1,000 seeded runs of whole UEs.
import test from "node:test";
import { slowFaults } from "../ue-lcf/replacement-faults.ts";
import { assertFound, assertGood, figures, longRuns } from "../ue-lcf/replacement-runs.ts";
import { runSeeds } from "../ue-lcf/seeded-moves.ts";

for (const run of longRuns) {
  test(`dialog replacement, every interleaving of moves ${run.title}`, (context) => {
    context.diagnostic(figures(assertGood(run)));
  });
}

for (const [title, changes] of slowFaults) {
  test(`dialog replacement, without a rule: ${title}`, (context) => {
    context.diagnostic(assertFound(title, changes));
  });
}

test("dialog replacement: both ends move at once, by seed, 1,000 seeds", async (context) => {
  context.diagnostic(await runSeeds(1, 1000));
});
