// The experiment s-cscf-underload on the virtual clock: its report against its trace, lossy links, what goes wrong.
import assert from "node:assert/strict";
import test from "node:test";
import type { ExperimentOptions, ExperimentResult } from "@liquid-ims/lab/experiments/experiment";
import { sCscfUnderload } from "@liquid-ims/lab/experiments/s-cscf-underload";
import { recount } from "../support/recount.ts";

const defaults: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 20, rate: 1, duration: 120, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0, loss: 0, kill: false, placement: "shared", logLevel: "error" },
};

function run(changes: Partial<ExperimentOptions>): Promise<ExperimentResult> {
  return sCscfUnderload.run({ ...defaults, ...changes }, () => undefined);
}

function assertRecounts({ report, trace }: ExperimentResult): void {
  const functions = [...new Set(report.load.map((line) => line.function))];
  const seconds = report.load.filter((line) => line.function === functions[0]).length;
  const counted = recount(trace, { from: "scscf2", to: ["scscf1"], functions, speed: 1 }, seconds);
  const { dialogs, transfer, window } = report;
  assert.deepEqual(
    {
      ...{ planned: counted.planned, moved: counted.moved.length, kept: counted.kept, lost: counted.lost },
      ...{ endedByUsers: counted.endedByUsers, load: counted.load },
      longest: Math.round((counted.windows.at(-1) ?? 0) * 10) / 10,
    },
    {
      ...{ planned: transfer.planned, moved: transfer.moved, kept: dialogs.kept, lost: dialogs.lost },
      ...{ endedByUsers: dialogs.endedMeanwhile + dialogs.pinned, load: report.load },
      longest: window?.maxMilliseconds,
    },
  );
}

test("the seed's experiment: everybody leaves with their calls, and the trace alone says the same", async () => {
  const result = await run({});
  const { report } = result;
  assert.deepEqual(result.context.failures, []);
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.ok(report.dialogs.kept >= 3, `kept ${report.dialogs.kept}`);
  assertRecounts(result);
  const late = (name: string) =>
    report.load
      .filter((line) => line.function === name && line.second >= 80 && line.second < 120)
      .reduce((sum, line) => sum + line.sessionSetups, 0);
  assert.deepEqual([late("scscf1"), late("scscf2")], [40, 0]);
});

test("calls of which both ends move are among those that are kept, each replaced once", async () => {
  const { context, trace } = await run({ seed: 2 });
  const moved = (user: string) => Number(/user(\d+)@/.exec(user)?.[1]) > 10;
  const both = context.dialogs.filter((one) => one.fate === "kept" && moved(one.caller) && moved(one.callee));
  assert.ok(both.length > 0, "no such call");
  for (const { callId } of both) {
    const replacing = trace.filter(
      ({ from, message }) =>
        from.startsWith("ue") && message.startsWith("INVITE ") && message.includes(`Replaces: ${callId};`),
    );
    assert.equal(replacing.length, 1, `${callId} is replaced by ${replacing.length} INVITEs`);
  }
});

test("parallel: all at once, at most ten in flight, and nothing is lost", async () => {
  const result = await run({ pace: "parallel", duration: 60 });
  assert.deepEqual(result.context.failures, []);
  assertRecounts(result);
});

test("half of the users leave: the others stay where they are", async () => {
  const result = await run({ load: 0.5, duration: 60 });
  assert.deepEqual(result.context.failures, []);
  assert.deepEqual(result.report.transfer, { planned: 5, moved: 5, left: 0 });
});

test("S-CSCF2 is killed after it was emptied: calls that were moved end as their users wish", async () => {
  const result = await run({ kill: true, duration: 60 });
  assert.deepEqual(result.context.failures, []);
  assertRecounts(result);
});

test("without Replaces the calls do not follow: dialogs are pinned", async () => {
  const { report, context } = await run({ replaceDialogs: false, duration: 60 });
  assert.equal(report.transfer.moved, report.transfer.planned);
  assert.equal(report.dialogs.kept, 0);
  assert.ok(report.dialogs.pinned > 0);
  assert.ok(context.failures.length > 0);
});

test("2 % of all datagrams lost, 40 seeds: all moved, no dialog lost, no call lost but in a window", async () => {
  const small = { users: 8, rate: 0.5, duration: 24, loss: 0.02 } as const;
  let kept = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const { report } = await run({ ...small, seed });
    const { transfer, dialogs, calls, window } = report;
    assert.deepEqual([seed, transfer.moved, transfer.left, dialogs.lost], [seed, 4, 0, 0]);
    assert.ok(calls.failed <= (window?.callsLost ?? 0), `seed ${seed}: ${JSON.stringify([calls, window])}`);
    kept += dialogs.kept;
  }
  assert.ok(kept > 20, `${kept} dialogs kept in all`);
});

test("calls begin and end all the time: no INVITE with Replaces of ours meets a user in his window", async (context) => {
  // Hang-ups of calls that waited to be replaced failed these two.
  for (const seed of [16, 18]) {
    const calls = { users: 40, rate: 12, duration: 40, pace: "parallel" } as const;
    const result = await run({ seed, ...calls });
    assert.deepEqual(result.context.failures, [], `seed ${seed}`);
    context.diagnostic(`seed ${seed}: ${result.report.dialogs.atTransfer} calls at the transfer`);
  }
});
