// i-cscf-scale and cfd-scale, run for real on both cores: on Kamailio with BIND, whose zone the CFS changes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { ScaleReport } from "@liquid-ims/lab/report/scale-report";
import { recountRegisters } from "../support/recount-registers.ts";
import { assertInstalled } from "./kamailio-checks.ts";
import { describe, type LabRun, readBytes, readTrace, runLab } from "./run-lab.ts";

const speed = 5;
const real = ["--speed", String(speed), "--duration", "48", "--trace"];

interface Case {
  readonly experiment: string;
  readonly functions: readonly [first: string, second: string];
}

const cases: readonly Case[] = [
  { experiment: "i-cscf-scale", functions: ["icscf1", "icscf2"] },
  { experiment: "cfd-scale", functions: ["cfd1", "cfd2"] },
];

function readScaleReport(run: LabRun): ScaleReport {
  return JSON.parse(readFileSync(join(run.folder, "report.json"), "utf8"));
}

/** The report, and by the trace alone: nobody failed, and the first one got nothing after its removal. */
function assertScaled(context: TestContext, run: LabRun, { functions }: Case): ScaleReport {
  assert.equal(run.exitCode, 0, describe(run));
  const report = readScaleReport(run);
  const { registrations, records, shares, reported, transactions } = report;
  assert.ok(registrations.attempted >= 240, `${registrations.attempted} registrations`);
  assert.deepEqual(
    [registrations.completed, registrations.failed, records.found, records.missing],
    [registrations.attempted, 0, 20, []],
  );
  const seconds = report.load.filter((line) => line.function === functions[0]).length;
  const counted = recountRegisters(readTrace(run), functions, speed, seconds);
  assert.deepEqual(counted.bad, []);
  assert.equal(counted.afterRemoval, 0);
  assert.equal(counted.registers, transactions.total);
  assert.equal(counted.registered, registrations.completed);
  assert.deepEqual([counted.registeredInAll, counted.told], [reported.expected, reported.found]);
  assert.deepEqual(counted.load, report.load);
  const [before, both, after] = shares;
  const counts = [before, both, after].map((share) => share?.registers.map((one) => one.registers) ?? []);
  assert.ok((counts[0]?.[0] ?? 0) > 0 && counts[0]?.[1] === 0, JSON.stringify(counts));
  assert.ok((counts[1]?.[0] ?? 0) > 0 && (counts[1]?.[1] ?? 0) > 0, JSON.stringify(counts));
  assert.ok(counts[2]?.[0] === 0 && (counts[2]?.[1] ?? 0) > 0, JSON.stringify(counts));
  assert.match(readBytes(run, "figure.svg").toString(), new RegExp(`${functions[0]} killed`));
  context.diagnostic(`${JSON.stringify(counts)}; ${run.seconds.toFixed(1)} s`);
  return report;
}

for (const one of cases) {
  test(`${one.experiment}, a process for each element of the core: the first one is removed, then gets SIGKILL`, async (context) => {
    const run = await runLab(context, one.experiment, ...real, "--placement", "process");
    assertScaled(context, run, one);
  });

  test(`${one.experiment} on Kamailio and BIND`, async (context) => {
    assertInstalled();
    const run = await runLab(context, one.experiment, ...real, "--core", "kamailio");
    const report = assertScaled(context, run, one);
    assert.equal(report.core, "kamailio");
  });
}

test("what cannot be judged is not what was expected: exit 1", async (context) => {
  const run = await runLab(context, "i-cscf-scale", "--virtual", "--duration", "10", "--rate", "1");
  assert.equal(run.exitCode, 1, describe(run));
  assert.match(run.errors, /REGISTERs while there were both are too few to judge/);
});

test("options that do not fit are refused: exit 2", async (context) => {
  const run = await runLab(context, "cfd-scale", "--kill");
  assert.equal(run.exitCode, 2, describe(run));
  assert.match(run.errors, /^lab: option '--kill' does not go with 'cfd-scale'/);
});
