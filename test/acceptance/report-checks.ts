// What the acceptance tests of the experiments check of every report.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { TestContext } from "node:test";
import type { Report } from "@liquid-ims/lab/report/report";
import { type Recount, recount } from "../support/recount.ts";
import { describe, type LabRun, readReport, readTrace } from "./run-lab.ts";

/** Mean session set-ups a second of the script in the last two turns of the callers, 80 s to 120 s. */
export function lateLoad(report: Report, name: string): number {
  const late = report.load.filter((line) => line.function === name && line.second >= 80 && line.second < 120);
  assert.equal(late.length, 40);
  return late.reduce((sum, line) => sum + line.sessionSetups, 0) / late.length;
}

export function assertWithin15Percent(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 0.15 * expected, `${what}: ${actual}, expected ${expected}`);
}

/** The report's figures are those of the trace, counted by other code. */
export function assertRecounts(run: LabRun, report: Report, from: string, to: string): Recount {
  const functions = [...new Set(report.load.map((line) => line.function))];
  const seconds = report.load.filter((line) => line.function === functions[0]).length;
  const counted = recount(readTrace(run), { from, to: [to], functions, speed: report.speed }, seconds);
  const { dialogs, transfer } = report;
  assert.deepEqual(
    { planned: counted.planned, moved: counted.moved.length, lost: counted.lost },
    { planned: transfer.planned, moved: transfer.moved, lost: dialogs.lost },
  );
  // A UE, a process of its own on a busy machine, may hear after the order of a hang-up that crossed the wires before it.
  const more = dialogs.kept + dialogs.endedMeanwhile + dialogs.pinned - counted.kept - counted.endedByUsers;
  assert.ok(
    more >= 0 && more <= counted.border,
    `${more} dialogs more in the report than in the trace, ${counted.border} ended just before the order`,
  );
  assert.ok(
    Math.abs(counted.kept - dialogs.kept) <= counted.crossed,
    `kept: ${counted.kept} by the trace, ${dialogs.kept} by the report, ${counted.crossed} crossed by a hang-up`,
  );
  assert.deepEqual(counted.load, report.load);
  return counted;
}

export function assertSums({ dialogs, transfer, calls }: Report): void {
  assert.equal(dialogs.atTransfer, dialogs.kept + dialogs.pinned + dialogs.lost + dialogs.endedMeanwhile);
  assert.equal(transfer.planned, transfer.moved + transfer.left);
  assert.equal(calls.attempted, calls.completed + calls.failed);
}

/**
 * Figure 3.6a: half of P-CSCF1's users moved to P-CSCF2 with their calls, every other call went on, and what was kept ended
 * through P-CSCF2 alone.
 */
export function assertHalfMovedWithCalls(context: TestContext, run: LabRun): Report {
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  const { transfer, dialogs, calls, users } = report;
  assertSums(report);
  assert.deepEqual(transfer, { planned: 10, moved: 10, left: 0 });
  assert.equal(dialogs.lost, 0);
  assert.ok(dialogs.kept >= 3, `kept ${dialogs.kept}`);
  assert.deepEqual({ attempted: calls.attempted, failed: calls.failed }, { attempted: 120, failed: 0 });
  assert.equal(users.length, 22);
  const { byePaths, kept } = assertRecounts(run, report, "pcscf1", "pcscf2");
  assert.equal(byePaths.size, kept);
  for (const [callId, path] of byePaths)
    assert.ok(
      path.includes("pcscf2") && !path.includes("pcscf1"),
      `BYE of ${callId} crossed ${path.join(", ")}`,
    );
  assertWithin15Percent(lateLoad(report, "pcscf1"), 0.5, "P-CSCF1");
  assertWithin15Percent(lateLoad(report, "pcscf2"), 0.5, "P-CSCF2");
  assertWithin15Percent(lateLoad(report, "pcscf3"), 1, "P-CSCF3");
  context.diagnostic(`${dialogs.kept} dialogs kept; ${run.seconds.toFixed(1)} s`);
  return report;
}

/** Keeps both cores busy until it is stopped. */
export function burnProcessors(): () => void {
  const burners = [0, 1].map(() => spawn(process.execPath, ["-e", "for (;;) {}"], { stdio: "ignore" }));
  return () => {
    for (const burner of burners) burner.kill("SIGKILL");
  };
}
