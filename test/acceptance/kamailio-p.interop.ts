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
  real,
  tell,
} from "./kamailio-checks.ts";
import { assertWithin15Percent, lateLoad } from "./report-checks.ts";
import { describe, readReport, readTrace, runLab } from "./run-lab.ts";

test("p-cscf-overload on Kamailio: half of P-CSCF1's users move with their calls", async (context) => {
  assertInstalled();
  const run = await runLab(context, "p-cscf-overload", ...real, "--trace");
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

test("T6: with P-CSCFs that alias contacts a moved UE has two bindings for a while; in the end one, and the record shows it", async (context) => {
  assertInstalled();
  const run = await runLab(
    context,
    ...["p-cscf-overload", ...fast, "--trace", "--add-contact-alias", "--duration", "40"],
  );
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  tell(context, run, report);
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.deepEqual([report.dialogs.lost, report.calls.failed], [0, 0]);
  assertRecords(run, 22);
  const told = readTrace(run).filter(({ to, message }) => to === "cfd" && message.startsWith("REGISTER "));
  for (const { user } of report.users.filter(({ planned }) => planned)) {
    // What the UE registered, in the body: the contact with its alias, and for how long.
    const bodies = told
      .filter(({ message }) => message.includes(`\r\nTo: <${user}>`))
      .map(({ message }) => message.slice(message.indexOf("\r\n\r\n")));
    const aliases = bodies.map((body) => /^Contact: <[^>]*;alias=([^;>]*)/m.exec(body)?.[1] ?? "none");
    assert.equal(new Set(aliases).size, 2, `${user}: ${aliases.join(", ")}`);
    // Kamailio 5.6.3's P-CSCF cannot read others.
    for (const alias of aliases) assert.match(alias, /^[0-9.]+~\d{4}~2$/, user);
    const removed = bodies.map((body) => /^Expires: 0\r$/m.test(body));
    assert.ok(removed.includes(true), `${user}: his first binding was removed`);
    assert.equal(removed.at(-1), false, `${user}: the last that the CFD hears is a registration`);
    assert.equal(aliases[removed.indexOf(true)], aliases[0], user);
    assert.notEqual(aliases.at(-1), aliases[0], user);
  }
});
