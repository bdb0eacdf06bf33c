// The experiments i-cscf-scale and cfd-scale on the virtual clock: their reports against their traces, many seeds, lossy links.
import assert from "node:assert/strict";
import test from "node:test";
import { cfdScale } from "@liquid-ims/lab/experiments/cfd-scale";
import type { ExperimentOptions, ScaleResult } from "@liquid-ims/lab/experiments/experiment";
import { iCscfScale } from "@liquid-ims/lab/experiments/i-cscf-scale";
import { createScaleExperiment } from "@liquid-ims/lab/experiments/scale-experiment";
import { elementAt, type Topology } from "@liquid-ims/lab/topology";
import { recountRegisters } from "../support/recount-registers.ts";

const defaults: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 20, rate: 5, duration: 60, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0, loss: 0, kill: false, placement: "shared", logLevel: "error" },
};
const small = { users: 10, duration: 40 } as const;

for (const experiment of [iCscfScale, cfdScale]) {
  const run = (changes: Partial<ExperimentOptions>): Promise<ScaleResult> =>
    experiment.run({ ...defaults, ...changes }, () => undefined);

  test(`${experiment.name}: load spreads, then all goes to the second, and the trace alone says the same`, async () => {
    const { report, context, trace } = await run({});
    assert.deepEqual(context.failures, []);
    const { registrations, shares, records, reported, transactions } = report;
    assert.ok(registrations.attempted >= 300, `${registrations.attempted}`);
    assert.equal(registrations.completed, registrations.attempted);
    assert.deepEqual(records, { expected: 20, found: 20, missing: [] });
    assert.deepEqual(
      shares.map((share) => share.phase),
      ["before", "both", "after"],
    );
    const [first] = context.functions;
    const seconds = report.load.filter((line) => line.function === first).length;
    const counted = recountRegisters(trace, context.functions, 1, seconds);
    assert.deepEqual(counted.load, report.load);
    assert.deepEqual(counted.bad, []);
    assert.equal(counted.afterRemoval, 0);
    assert.equal(counted.registers, transactions.total);
    assert.equal(counted.registered, registrations.completed);
    assert.deepEqual([counted.registeredInAll, counted.told], [reported.expected, reported.found]);
    const [added, removed] = report.functionChanges;
    // The TTL of 5 s, and the answer to an OSS/BSS that asks ten times a second.
    assert.ok(
      added?.completedAt !== null && (added?.completedAt ?? 99) <= (counted.added.completed ?? 0) + 0.01,
    );
    assert.ok((removed?.completedAt ?? 0) - (removed?.startedAt ?? 99) >= 5);
    // The report's times are hundredths.
    assert.ok((counted.removed.completed ?? 0) >= (removed?.completedAt ?? 99) - 0.01);
    // It is the removal that ends the load of the first one, not the kill.
    assert.ok((report.killed?.at ?? 0) >= (removed?.completedAt ?? 99) + 2);
  });

  test(`${experiment.name}: the same seed gives the same bytes, another seed others`, async () => {
    const [once, again, other] = [await run(small), await run(small), await run({ ...small, seed: 2 })];
    assert.equal(JSON.stringify(once.report), JSON.stringify(again.report));
    assert.equal(JSON.stringify(once.trace), JSON.stringify(again.trace));
    assert.notDeepEqual(once.report.load, other.report.load);
  });

  // test/acceptance/scale-seeds.interop.ts runs more.
  test(`${experiment.name}: six seeds, every second with 2 % of all datagrams lost: nobody fails, no record is missing`, async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { report, context } = await run({ ...small, seed, loss: seed % 2 === 0 ? 0.02 : 0 });
      assert.deepEqual([seed, ...context.failures], [seed]);
      assert.deepEqual([report.registrations.failed, report.records.missing], [0, []]);
    }
  });
}

const hasty = { name: "hasty", summary: "", title: () => "", kill: "when ordered" } as const;

test("an I-CSCF that is killed before resolvers have forgotten it: registrations fail, and the report says so", async () => {
  const first = ({ iCscfs }: Topology) => elementAt(iCscfs, 0);
  const experiment = createScaleExperiment({ ...hasty, second: "I-CSCF", first });
  const { report, context } = await experiment.run({ ...defaults, ...small }, () => undefined);
  assert.ok(report.registrations.failed > 0);
  assert.ok(report.transactions.unanswered > 0);
  assert.ok(context.failures.some((line) => /^\d+ of \d+ registrations failed$/.test(line)));
});

test("a CFD that is killed before resolvers have forgotten it: users do not notice, the report does", async () => {
  const first = ({ cfds }: Topology) => elementAt(cfds, 0);
  const experiment = createScaleExperiment({ ...hasty, second: "CFD", first });
  const { report, context } = await experiment.run({ ...defaults, ...small }, () => undefined);
  assert.equal(report.registrations.failed, 0);
  assert.ok(report.transactions.unanswered > 0);
  assert.ok(context.failures.some((line) => /unanswered$/.test(line)));
});
