// The experiments on real Kamailio CSCFs and BIND; run by hand, .ci/run does not yet: node run.mjs --test <this file>.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { installLine, missingPrograms } from "@liquid-ims/lab/kamailio-core/programs";
import type { Report } from "@liquid-ims/lab/report/report";
import { type Recount, recount } from "../support/recount.ts";
import { assertSums, assertWithin15Percent, lateLoad } from "./report-checks.ts";
import { describe, type LabRun, readReport, readTrace, runLab } from "./run-lab.ts";

const root = join(import.meta.dirname, "../..");
const real = ["--core", "kamailio", "--speed", "10", "--trace"];

function assertInstalled(): void {
  const missing = missingPrograms();
  const names = missing.map((one) => one.program).join(", ");
  assert.deepEqual(missing, [], `${names} are missing: ${installLine(missing)}`);
}

/** Command lines of the processes of this machine that name the folder. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(folder));
}

/** Waits for what holds soon. */
async function soon(what: string, holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 100) {
    assert.ok(waited < 20_000, what);
    await sleep(100);
  }
}

/** Records of all users, each as HSS and usrloc have it: what the lab prints and judges. */
function assertRecords(run: LabRun, users: number): void {
  const lines = run.output.split("\n").filter((line) => line.includes(" | usrloc of "));
  assert.equal(lines.length, users, run.output);
  for (const line of lines) {
    const found =
      /record (\S+) (\S+) (\S+) \| HSS registered (\S+) \| usrloc of (\S+) registered (\S+),/.exec(line);
    assert.ok(found, line);
    const [, , pCscf, sCscf, atHss, name, atPath] = found;
    assert.deepEqual([pCscf, sCscf, sCscf], [atPath, atHss, `sip:${name}.open-ims.test:6060`], line);
  }
}

function assertMovedWithCalls(run: LabRun): Report {
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  assertSums(report);
  assert.equal(report.core, "kamailio");
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.equal(report.dialogs.lost, 0);
  assert.ok(report.dialogs.kept >= 3, `kept ${report.dialogs.kept}`);
  assert.equal(report.calls.attempted, 120);
  return report;
}

/**
 * Each server assignment of a registration (29.228 6.1.2) has its 200 at a UE; an UNREGISTERED_USER one has an INVITE of
 * another user in the window behind it: nothing of ours made an S-CSCF claim a user.
 */
function assertAssignments(run: LabRun, registrations: Record<string, number>): void {
  const trace = readTrace(run);
  const counts: Record<string, number> = {};
  for (const { at, message, from } of trace) {
    if (!message.startsWith("Server-Assignment-Request")) continue;
    const type = /Server-Assignment-Type: (.*)/.exec(message)?.[1] ?? "";
    const user = /Public-Identity: (.*)/.exec(message)?.[1] ?? "";
    if (type !== "UNREGISTERED_USER") {
      counts[`${from} ${type}`] = (counts[`${from} ${type}`] ?? 0) + 1;
      continue;
    }
    const causes = trace.filter(
      (one) => one.to === from && one.at <= at && one.at > at - 1000 && one.message.split(" ", 2)[1] === user,
    );
    assert.match(causes.at(-1)?.message ?? "nothing", /^INVITE /, `${from} claims ${user} at ${at}`);
  }
  assert.deepEqual(counts, registrations);
}

/**
 * The report's figures are those of the trace, counted by other code. Times of the trace are those of the wire here, not
 * of the programs: a hang-up that meets a replacement may be counted either way.
 */
function assertRecounts(run: LabRun, report: Report, from: string, to: string): Recount {
  const functions = [...new Set(report.load.map((line) => line.function))];
  const seconds = report.load.filter((line) => line.function === functions[0]).length;
  const counted = recount(readTrace(run), { from, to: [to], functions, speed: report.speed }, seconds);
  const { dialogs, transfer } = report;
  assert.deepEqual(
    [counted.planned, counted.moved.length, counted.lost],
    [transfer.planned, transfer.moved, 0],
  );
  assert.equal(counted.kept + counted.endedByUsers, dialogs.atTransfer);
  assert.ok(
    Math.abs(counted.kept - dialogs.kept) <= counted.crossed,
    `kept: ${counted.kept} by the trace, ${dialogs.kept} by the report, ${counted.crossed} crossed by a hang-up`,
  );
  assert.deepEqual(counted.load, report.load);
  return counted;
}

function tell(context: TestContext, run: LabRun, { dialogs, calls, users, window }: Report): void {
  const times = users
    .map((user) => user.milliseconds)
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  context.diagnostic(
    `${dialogs.kept} dialogs kept, ${calls.failed} of ${calls.attempted} calls failed; ` +
      `${times[times.length >> 1]} ms from command to record, median; ` +
      `window ${window?.medianMilliseconds ?? "none"} ms; ${run.seconds.toFixed(1)} s`,
  );
}

test("p-cscf-overload on Kamailio: half of P-CSCF1's users move with their calls", async (context) => {
  assertInstalled();
  const run = await runLab(context, "p-cscf-overload", ...real);
  const report = assertMovedWithCalls(run);
  assertRecounts(run, report, "pcscf1", "pcscf2");
  assertRecords(run, 22);
  assertWithin15Percent(lateLoad(report, "pcscf1"), 0.5, "P-CSCF1");
  assertWithin15Percent(lateLoad(report, "pcscf2"), 0.5, "P-CSCF2");
  tell(context, run, report);
});

test("s-cscf-underload on Kamailio: everybody leaves S-CSCF2 with their calls, and nobody claims a user", async (context) => {
  assertInstalled();
  const run = await runLab(context, "s-cscf-underload", "--core", "kamailio", "--speed", "5", "--trace");
  const report = assertMovedWithCalls(run);
  assert.ok(report.window !== null);
  assert.ok(report.calls.failed <= report.window.callsLost);
  const { windows } = assertRecounts(run, report, "scscf2", "scscf1");
  assert.equal(windows.length, 10);
  assertRecords(run, 20);
  assert.equal(lateLoad(report, "scscf2"), 0);
  // 10 registrations at each, and 10 moves.
  assertAssignments(run, { "scscf1 REGISTRATION": 20, "scscf2 REGISTRATION": 10 });
  tell(context, run, report);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  test(`nothing is left after ${signal}`, async (context) => {
    assertInstalled();
    const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const argv = ["lab/main.ts", "p-cscf-overload", "--core", "kamailio", "--out", folder];
    const lab = spawn(process.execPath, argv, { cwd: root, stdio: "ignore", detached: true });
    const ended = new Promise<number | null>((resolve) => lab.once("close", resolve));
    const running = (name: string): boolean => processesOf(folder).some((line) => line.includes(name));
    await soon("an S-CSCF runs", () => running("scscf1.cfg"));
    lab.kill(signal);
    const code = await ended;
    assert.equal(code, { SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal]);
    await soon(`still there: ${processesOf(folder).join("; ")}`, () => processesOf(folder).length === 0);
  });
}
