// i-cscf-scale and cfd-scale on the virtual clock, with lossy links, many seeds; the test beside the sources runs fewer.
import assert from "node:assert/strict";
import test from "node:test";
import { cfdScale } from "@liquid-ims/lab/experiments/cfd-scale";
import type { ExperimentOptions } from "@liquid-ims/lab/experiments/experiment";
import { iCscfScale } from "@liquid-ims/lab/experiments/i-cscf-scale";

const seeds = 20;
const options: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 10, rate: 5, duration: 40, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0, loss: 0.02, kill: false, placement: "shared", logLevel: "error" },
};

for (const experiment of [iCscfScale, cfdScale])
  test(`${experiment.name}: 2 % of all datagrams lost, ${seeds} seeds: as expected`, async (context) => {
    let registrations = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const { report, context: seen } = await experiment.run({ ...options, seed }, () => undefined);
      assert.deepEqual([seed, ...seen.failures], [seed]);
      assert.deepEqual([report.registrations.failed, report.records.missing], [0, []]);
      registrations += report.registrations.completed;
    }
    context.diagnostic(`${registrations} registrations`);
    assert.ok(registrations >= seeds * 200, `${registrations}`);
  });
