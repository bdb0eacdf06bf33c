// The experiment p-cscf-overload, run for real and virtually as a person runs it.
import assert from "node:assert/strict";
import test from "node:test";
import { assertHalfMovedWithCalls, assertRecounts, assertSums, burnProcessors } from "./report-checks.ts";
import { describe, readBytes, readReport, runLab } from "./run-lab.ts";

const experiment = "p-cscf-overload";
const speed = 10;
const real = [experiment, "--speed", String(speed), "--trace"];

test("half of P-CSCF1's users move with their calls", async (context) => {
  assertHalfMovedWithCalls(context, await runLab(context, ...real));
});

test("real: the same seed plans the same users each time", async (context) => {
  const planned = async () => {
    const run = await runLab(context, experiment, "--speed", "50", "--duration", "20");
    return readReport(run)
      .users.filter((user) => user.planned)
      .map((user) => user.user);
  };
  const first = await planned();
  assert.equal(first.length, 10);
  assert.deepEqual(await planned(), first);
});

test("P-CSCF1 is drained and killed 2 s after COMPLETED: every kept call still ends normally", async (context) => {
  const run = await runLab(context, ...real, "--load", "0", "--kill");
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  assertSums(report);
  assert.deepEqual(report.transfer, { planned: 20, moved: 20, left: 0 });
  assert.equal(report.dialogs.lost, 0);
  assert.ok(report.dialogs.kept >= 3, `kept ${report.dialogs.kept}`);
  assert.equal(report.calls.failed, 0);
  assertRecounts(run, report, "pcscf1", "pcscf2");
  assert.match(readBytes(run, "run.json").toString(), /pcscf1 killed/);
});

test("without Replaces the same run is not what was expected: exit 1, and it says why", async (context) => {
  // A drain would wait 5 s for the calls to end, which at this speed is longer than they last; here it is over while they
  // go on.
  const run = await runLab(context, experiment, "--speed", "5", "--trace", "--without-replaces");
  assert.equal(run.exitCode, 1, describe(run));
  const { dialogs, transfer } = readReport(run);
  assert.equal(transfer.moved, transfer.planned);
  assert.equal(dialogs.kept, 0);
  assert.ok(dialogs.lost + dialogs.pinned > 0);
  assert.match(run.errors, /dialogs (were lost|stayed on the path that was left)/);
});

test("virtual: the same seed gives the same bytes under load, another seed others, in 30 s at most", async (context) => {
  const stop = burnProcessors();
  context.after(stop);
  const first = await runLab(context, experiment, "--virtual", "--trace", "--seed", "7");
  assert.equal(first.exitCode, 0, describe(first));
  const again = await runLab(context, experiment, "--virtual", "--trace", "--seed", "7");
  stop();
  for (const name of ["report.json", "trace.jsonl"]) {
    assert.ok(readBytes(first, name).equals(readBytes(again, name)), `${name} differs`);
  }
  const other = await runLab(context, experiment, "--virtual", "--seed", "8");
  assert.equal(other.exitCode, 0, describe(other));
  const [one, two] = [readReport(first), readReport(other)];
  assert.notDeepEqual([one.users, one.load], [two.users, two.load]);
  context.diagnostic(
    `${other.seconds.toFixed(1)} s alone, ${first.seconds.toFixed(1)} s beside two busy loops`,
  );
  assert.ok(other.seconds < 30, `${other.seconds} s`);
});
