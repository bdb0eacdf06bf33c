// The experiment s-cscf-underload on real Kamailio CSCFs and BIND: over real Cx, and what the window between MAR and
// registration costs.
import assert from "node:assert/strict";
import test from "node:test";
import type { Report } from "@liquid-ims/lab/report/report";
import {
  assertAssignments,
  assertInstalled,
  assertMovedWithCalls,
  assertRecords,
  assertRecounts,
  fast,
  real,
  tell,
} from "./kamailio-checks.ts";
import { lateLoad } from "./report-checks.ts";
import { describe, readReport, readTrace, runLab } from "./run-lab.ts";

/** Who stays registers once more, for comparison. */
function assignments({ planned }: Report["users"][number]): string[] {
  return planned
    ? ["scscf2 REGISTRATION", "scscf1 REGISTRATION"]
    : ["scscf1 REGISTRATION", "scscf1 RE_REGISTRATION"];
}

test("s-cscf-underload on Kamailio: everybody leaves S-CSCF2 with their calls, and nobody claims a user", async (context) => {
  assertInstalled();
  const run = await runLab(context, "s-cscf-underload", ...real, "--trace");
  const report = assertMovedWithCalls(run);
  tell(context, run, report);
  const { window } = report;
  assert.ok(window !== null);
  assert.ok(report.calls.failed <= window.callsLost);
  const { windows } = assertRecounts(run, report, "scscf2", "scscf1");
  assert.equal(windows.length, 10);
  assert.equal(Math.round((windows.at(-1) ?? 0) * 10) / 10, window.maxMilliseconds);
  assertRecords(run, 20);
  assert.equal(lateLoad(report, "scscf2"), 0);
  assertAssignments(context, run, assignments);
  assert.ok(window.baselineMilliseconds !== null);
  // The baseline waits for the command as the window does: how long that may last is a figure of its own.
  assert.ok(window.medianMilliseconds < 1_000, JSON.stringify(window));
  assert.ok(window.medianMilliseconds <= 1.3 * window.baselineMilliseconds, JSON.stringify(window));
});

test("a MESSAGE into every window: the S-CSCF claims those users, and the check names each of them", async (context) => {
  assertInstalled();
  const run = await runLab(
    context,
    ...["s-cscf-underload", ...fast, "--trace", "--message-into-window", "--duration", "30"],
  );
  assert.equal(run.exitCode, 1, describe(run));
  assert.deepEqual(readReport(run).transfer, { planned: 10, moved: 10, left: 0 });
  const claimed = [...run.errors.matchAll(/UNREGISTERED_USER of (\S+) for (\S+) at .* caused by a MESSAGE/g)];
  const users = new Set(claimed.map(([, , user]) => user));
  // A window may be over before the MESSAGE has crossed a busy core; not every one.
  assert.ok(users.size >= 5, run.errors);
  for (const [line, server, user = ""] of claimed) {
    assert.equal(server, "sip:scscf1.open-ims.test:6060", line);
    assert.match(user, /^sip:user0(1[1-9]|20)@open-ims\.test$/);
  }
  assert.throws(
    () => assertAssignments(context, run, assignments),
    (error) =>
      error instanceof assert.AssertionError &&
      claimed.every(([, server = "", user = ""]) =>
        error.message.includes(`UNREGISTERED_USER of ${server} for ${user}`),
      ),
  );
});

test("an HSS that ignores the MAR's name, as PyHSS: everybody moves by its interface, without a MAR of the CFS", async (context) => {
  assertInstalled();
  const run = await runLab(
    context,
    ...["s-cscf-underload", ...real, "--trace", "--hss", "pyhss", "--duration", "60"],
  );
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  tell(context, run, report);
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.equal(report.dialogs.lost, 0);
  assertRecords(run, 20);
  assertAssignments(context, run, assignments);
  const ofCfs = readTrace(run).filter(({ from, to }) => from === "cfs" && to === "hss");
  const asked = (begins: string) => ofCfs.filter(({ message }) => message.startsWith(begins)).length;
  assert.equal(asked("Multimedia-Auth-Request"), 0);
  assert.ok(asked("PATCH /ims_subscriber/") >= 10);
});

test("the same without that interface: all are told why, nobody is moved or called in vain, and the run ends soon", async (context) => {
  assertInstalled();
  const run = await runLab(
    context,
    ...["s-cscf-underload", ...fast, "--hss", "pyhss", "--without-adapter", "--duration", "30"],
  );
  assert.equal(run.exitCode, 1, describe(run));
  const { transfer, calls, window } = readReport(run);
  assert.deepEqual([transfer, calls.failed, window], [{ planned: 10, moved: 0, left: 10 }, 0, null]);
  const refused = run.errors.match(
    /was not moved: refused, HSS does not move users on MAR: .* give cx\.adapter/g,
  );
  assert.equal(refused?.length, 10, run.errors);
  assert.ok(run.seconds < 60, `${run.seconds} s`);
});
