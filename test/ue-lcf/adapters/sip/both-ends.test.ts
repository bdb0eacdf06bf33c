// A CFS and LCFs that nobody plays: calls whose both ends are moved. cfs-ue 7, system 6.
import assert from "node:assert/strict";
import test from "node:test";
import { runSeeds } from "../../seeded-moves.ts";
import { openUeWorld } from "../../ue-world.ts";

test("system 6: a call between two who move is replaced once, by its caller; the callee's own call by the callee", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const world = await openUeWorld(seed);
    const [first, second, third] = [
      await world.openUe(1, 1),
      await world.openUe(2, 1),
      await world.openUe(3, 3),
    ];
    await world.wait(3000);
    const { operations } = world.placement.node("cfs", "cfs").cfs;
    await world.connect(first, second);
    await world.connect(second, third);
    const made = await world.simulation.settle(
      operations.createTransfer({
        users: [first.identity, second.identity],
        targets: [{ function: "pcscf2.open-ims.test:4060" }],
        reason: "removal",
      }),
    );
    assert.ok(made.ok);
    await world.wait(40_000);
    const ended = await world.simulation.settle(operations.getTransfer(made.value.id));
    assert.ok(ended.ok);
    assert.deepEqual(
      [seed, ended.value.state, ended.value.counts.moved, ended.value.dialogs.kept, ended.value.dialogs.lost],
      [seed, "COMPLETED", 2, 2, 0],
    );
    const replacing = (ue: typeof first) =>
      ue.dialogs
        .filter((event) => event.kind === "confirmed" && event.dialog.gen > 0)
        .map((event) => event.dialog.role);
    // One INVITE for the call of the first and the second, sent by the first; one for that of the second and the third.
    assert.deepEqual([seed, replacing(first)], [seed, ["uac"]]);
    assert.deepEqual([seed, replacing(second).sort()], [seed, ["uac", "uas"]]);
    assert.deepEqual([seed, replacing(third)], [seed, ["uas"]]);
  }
});

test("dialog replacement: both ends move at once, loss, delay, order and hang-ups by seed, 100 seeds", async (context) => {
  context.diagnostic(await runSeeds(1, 100));
});
