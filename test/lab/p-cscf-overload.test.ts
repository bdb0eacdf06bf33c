// The experiment p-cscf-overload on the virtual clock: its report against its trace, lossy links, what goes wrong.
import assert from "node:assert/strict";
import test from "node:test";
import type { ExperimentOptions, ExperimentResult } from "@liquid-ims/lab/experiments/experiment";
import { pCscfOverload } from "@liquid-ims/lab/experiments/p-cscf-overload";
import { recount } from "../support/recount.ts";

const defaults: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 20, rate: 1, duration: 120, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0.5, loss: 0, kill: false, placement: "shared", logLevel: "error" },
};

function run(changes: Partial<ExperimentOptions>): Promise<ExperimentResult> {
  return pCscfOverload.run({ ...defaults, ...changes }, () => undefined);
}

function assertRecounts({ report, trace }: ExperimentResult): void {
  const functions = [...new Set(report.load.map((line) => line.function))];
  const seconds = report.load.filter((line) => line.function === functions[0]).length;
  const counted = recount(trace, { from: "pcscf1", to: ["pcscf2"], functions, speed: 1 }, seconds);
  const { dialogs, transfer } = report;
  assert.deepEqual(
    {
      ...{ planned: counted.planned, moved: counted.moved.length, kept: counted.kept, lost: counted.lost },
      ...{ endedByUsers: counted.endedByUsers, load: counted.load },
    },
    {
      ...{ planned: transfer.planned, moved: transfer.moved, kept: dialogs.kept, lost: dialogs.lost },
      ...{ endedByUsers: dialogs.endedMeanwhile + dialogs.pinned, load: report.load },
    },
  );
}

test("the seed's experiment: everybody planned moves, no dialog is lost, and the trace alone says the same", async () => {
  const result = await run({});
  const { report } = result;
  assert.deepEqual(result.context.failures, []);
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.ok(report.dialogs.kept >= 3, `kept ${report.dialogs.kept}`);
  assert.equal(report.calls.failed, 0);
  // One call a second, to the second.
  const setups = report.load.filter((line) => line.function === "pcscf1" && line.second < 60);
  assert.deepEqual([...new Set(setups.map((line) => line.sessionSetups))], [1]);
  assertRecounts(result);
  for (const user of report.users.filter((one) => one.planned)) {
    assert.ok(
      user.milliseconds !== null && user.milliseconds > 0 && user.messages > 20,
      JSON.stringify(user),
    );
  }
});

test("parallel: all at once, and nothing is lost", async () => {
  const result = await run({ pace: "parallel", duration: 60 });
  assert.deepEqual(result.context.failures, []);
  assertRecounts(result);
});

test("drained and killed: calls that were moved end as their users wish", async () => {
  const result = await run({ load: 0, kill: true, duration: 60 });
  assert.deepEqual(result.context.failures, []);
  assert.equal(result.report.transfer.planned, 20);
  assert.equal(result.context.marks.length, 1);
  assertRecounts(result);
});

test("without Replaces the calls do not follow: dialogs are pinned, or lost when the function is killed", async () => {
  const { report, context } = await run({ load: 0, kill: true, replaceDialogs: false, duration: 60 });
  assert.equal(report.transfer.moved, report.transfer.planned);
  assert.equal(report.dialogs.kept, 0);
  assert.ok(report.dialogs.pinned + report.dialogs.lost > 0);
  assert.ok(context.failures.length > 0);
});

test("2 % of all datagrams lost, 40 seeds: all moved, no dialog lost", async () => {
  const small = { users: 4, rate: 0.5, duration: 24, loss: 0.02, load: 0 } as const;
  let kept = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const { report } = await run({ ...small, seed });
    const { transfer, dialogs } = report;
    assert.deepEqual([seed, transfer.moved, transfer.left, dialogs.lost], [seed, 4, 0, 0]);
    kept += dialogs.kept;
  }
  assert.ok(kept > 20, `${kept} dialogs kept in all`);
});
