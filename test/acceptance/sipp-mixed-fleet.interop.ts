// The experiment with SIPp UEs that have no LCF, on both cores: they are left for that reason and never count as moved.
import assert from "node:assert/strict";
import test from "node:test";
import { assertSums } from "./report-checks.ts";
import { describe, readReport, runLab } from "./run-lab.ts";

for (const core of ["embedded", "kamailio"] as const) {
  test(`mixed-fleet on the ${core} core: no LCF, left`, async (context) => {
    const run = await runLab(context, "mixed-fleet", "--core", core, "--speed", "10");
    assert.equal(run.exitCode, 0, describe(run));
    const report = readReport(run);
    assertSums(report);
    assert.deepEqual(report.transfer, { planned: 20, moved: 10, left: 10 });
    const strangers = report.users.filter(({ user }) => user.startsWith("sip:sipp"));
    assert.deepEqual(
      strangers.map(({ outcome, reason, from, to }) => [outcome, reason, to === from]),
      Array.from({ length: 10 }, () => ["skipped", "no LCF", true]),
    );
    assert.equal(report.dialogs.lost, 0);
  });
}
