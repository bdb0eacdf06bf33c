// Both experiments on the virtual clock with lossy links, 200 seeds each; the tests beside the sources run fewer.
import assert from "node:assert/strict";
import test from "node:test";
import type { Experiment, ExperimentOptions } from "@liquid-ims/lab/experiments/experiment";
import { pCscfOverload } from "@liquid-ims/lab/experiments/p-cscf-overload";
import { sCscfUnderload } from "@liquid-ims/lab/experiments/s-cscf-underload";

const seeds = 200;
const options: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 4, rate: 0.5, duration: 24, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0, loss: 0.02, kill: false, placement: "shared", logLevel: "error" },
};

const cases: readonly (readonly [Experiment, users: number, planned: number])[] = [
  [pCscfOverload, 4, 4],
  [sCscfUnderload, 8, 4],
];

for (const [experiment, users, planned] of cases)
  test(`${experiment.name}: 2 % of all datagrams lost, ${seeds} seeds: all moved, no dialog lost`, async (context) => {
    const sum = { dialogs: 0, kept: 0, calls: 0, lostInWindow: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const { report } = await experiment.run({ ...options, users, seed }, () => undefined);
      const { transfer, dialogs, calls, window } = report;
      assert.deepEqual([seed, transfer.moved, transfer.left, dialogs.lost], [seed, planned, 0, 0]);
      assert.ok(
        calls.failed <= (window?.callsLost ?? 0),
        `seed ${seed}: ${JSON.stringify({ calls, window })}`,
      );
      sum.dialogs += dialogs.atTransfer;
      sum.kept += dialogs.kept;
      sum.calls += calls.attempted;
      sum.lostInWindow += window?.callsLost ?? 0;
    }
    context.diagnostic(JSON.stringify(sum));
    assert.ok(sum.kept > seeds / 2, `${sum.kept} dialogs kept in all`);
  });
