// The experiment p-cscf-overload on real Kamailio CSCFs and BIND.
import assert from "node:assert/strict";
import test from "node:test";
import {
  assertAssignments,
  assertInstalled,
  assertMovedWithCalls,
  assertRecords,
  assertRecounts,
  fast,
  tell,
} from "./kamailio-checks.ts";
import { assertWithin15Percent, lateLoad } from "./report-checks.ts";
import { runLab } from "./run-lab.ts";

test("p-cscf-overload on Kamailio: half of P-CSCF1's users move with their calls", async (context) => {
  assertInstalled();
  const run = await runLab(context, "p-cscf-overload", ...fast, "--trace");
  const report = assertMovedWithCalls(run);
  tell(context, run, report);
  assert.equal(report.calls.failed, 0);
  assertRecounts(run, report, "pcscf1", "pcscf2");
  assertRecords(run, 22);
  // Who moves stays at the S-CSCF that he has.
  assertAssignments(context, run, ({ planned }) => [
    "scscf1 REGISTRATION",
    ...(planned ? ["scscf1 RE_REGISTRATION"] : []),
  ]);
  assertWithin15Percent(lateLoad(report, "pcscf1"), 0.5, "P-CSCF1");
  assertWithin15Percent(lateLoad(report, "pcscf2"), 0.5, "P-CSCF2");
});
