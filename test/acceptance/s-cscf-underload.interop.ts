// The experiment s-cscf-underload, run for real, with a process for each element, and virtually.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { Report } from "@liquid-ims/lab/report/report";
import {
  assertRecounts,
  assertSums,
  assertWithin15Percent,
  burnProcessors,
  lateLoad,
} from "./report-checks.ts";
import { describe, type LabRun, readBytes, readReport, runLab } from "./run-lab.ts";

const experiment = "s-cscf-underload";
const real = [experiment, "--speed", "10", "--trace"];

function assertMovedWithCalls(context: TestContext, run: LabRun): Report {
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  const { dialogs, calls, window } = report;
  assertSums(report);
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.equal(report.users.length, 20);
  assert.equal(dialogs.lost, 0);
  assert.ok(dialogs.kept >= 3, `kept ${dialogs.kept}`);
  assert.equal(calls.attempted, 120);
  assert.ok(window !== null);
  assert.ok(calls.failed <= window.callsLost, `${calls.failed} failed, ${window.callsLost} in a window`);
  const { windows } = assertRecounts(run, report, "scscf2", "scscf1");
  assert.equal(windows.length, 10);
  assert.equal(Math.round((windows.at(-1) ?? 0) * 10) / 10, window.maxMilliseconds);
  assertWithin15Percent(lateLoad(report, "scscf1"), 1, "S-CSCF1");
  assert.equal(lateLoad(report, "scscf2"), 0);
  context.diagnostic(
    `${dialogs.kept} dialogs kept, ${calls.failed} calls failed, window ${window.medianMilliseconds} ms median, ` +
      `${window.maxMilliseconds} ms at most; ${run.seconds.toFixed(1)} s`,
  );
  return report;
}

test("everybody leaves S-CSCF2 with their calls", async (context) => {
  assertMovedWithCalls(context, await runLab(context, ...real));
});

test("the same with a process for every element of the core", async (context) => {
  assertMovedWithCalls(context, await runLab(context, ...real, "--placement", "process"));
});

test("S-CSCF2 is killed 2 s after COMPLETED, by SIGKILL: every kept call still ends normally", async (context) => {
  const run = await runLab(context, ...real, "--kill", "--placement", "process");
  assertMovedWithCalls(context, run);
  assert.match(readBytes(run, "run.json").toString(), /scscf2 killed/);
});

test("without Replaces the same run is not what was expected: exit 1", async (context) => {
  const run = await runLab(context, experiment, "--virtual", "--without-replaces");
  assert.equal(run.exitCode, 1, describe(run));
  const { dialogs, transfer } = readReport(run);
  assert.equal(transfer.moved, transfer.planned);
  assert.equal(dialogs.kept, 0);
});

test("virtual: the same seed gives the same bytes under load, another seed others", async (context) => {
  const stop = burnProcessors();
  context.after(stop);
  const first = await runLab(context, experiment, "--virtual", "--trace", "--seed", "7");
  assertMovedWithCalls(context, first);
  const again = await runLab(context, experiment, "--virtual", "--trace", "--seed", "7");
  stop();
  for (const name of ["report.json", "trace.jsonl"])
    assert.ok(readBytes(first, name).equals(readBytes(again, name)), `${name} differs`);
  const other = await runLab(context, experiment, "--virtual", "--seed", "8");
  assert.equal(other.exitCode, 0, describe(other));
  assert.notDeepEqual(readReport(first).load, readReport(other).load);
});
