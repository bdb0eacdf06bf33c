// A CFS with its own store, killed in the middle of an S move in the lab's core: UEs with LCFs, HSS over Diameter.
import assert from "node:assert/strict";
import test from "node:test";
import type { CfsNode } from "@liquid-ims/cfs/cfs";
import type { OperationResult, TransferResource } from "@liquid-ims/cfs/operations/operations";
import type { SimulatedHost } from "@liquid-ims/runtime/simulation";
import type { TestUe, UeWorld } from "../../ue-lcf/ue-world.ts";
import { openOwnCfs, s1, s2 } from "./own-cfs.ts";

interface Killable {
  readonly world: UeWorld;
  readonly cfs: SimulatedHost<CfsNode>;
  readonly ues: readonly TestUe[];
}

/** In place of the lab's CFS, one whose store outlives it. */
async function open(seed: number): Promise<Killable> {
  const { world, cfs } = await openOwnCfs(seed);
  const ues = [await world.openUe(1, 1), await world.openUe(2, 2)];
  await world.wait(2_000);
  assert.equal(cfs.node.reachable(), 2);
  return { world, cfs, ues };
}

interface Moved {
  readonly ended: TransferResource;
  /** Events until both users had moved. */
  readonly eventsUsed: number;
}

async function move({ world, cfs, ues }: Killable, kills: readonly number[]): Promise<Moved> {
  const { simulation } = world;
  const value = async <Value>(answer: Promise<OperationResult<Value>>): Promise<Value> => {
    const result = await simulation.settle(answer);
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  };
  const request = {
    function: s1,
    load: 0.001,
    targets: [{ function: s2 }],
    reason: "maintenance",
    pace: { mode: "parallel" },
  } as const;
  const { id } = await value(cfs.node.operations.createTransfer(request));
  const start = simulation.events;
  for (const kill of kills) {
    await simulation.run({ event: Math.max(start + kill, simulation.events) });
    cfs.kill();
    await simulation.run({ ms: 50 });
    cfs.restart();
    await simulation.settle(cfs.node.ready);
  }
  const records = () => ues.map(({ identity }) => world.placement.rows.get(identity)[0]?.sCscf);
  await simulation.run({ ms: 60_000, when: () => records().every((server) => server === s2) });
  const eventsUsed = simulation.events - start;
  const until = simulation.now + 120_000;
  for (;;) {
    const present = await value(cfs.node.operations.getTransfer(id));
    if (present.endedAt !== null) return { ended: present, eventsUsed };
    assert.ok(simulation.now < until, JSON.stringify(present));
    await world.wait(100);
  }
}

test("system 6: a CFS killed anywhere in an S move, once or twice: both users move, and the HSS waits for nobody", async (context) => {
  const { eventsUsed } = await move(await open(1), []);
  let points = 0;
  for (let event = 10; event < eventsUsed; event += Math.ceil(eventsUsed / 16)) {
    const kills = event % 2 === 0 ? [event] : [event, event + 60];
    const made = await open(event);
    const { ended } = await move(made, kills);
    const what = `killed at ${kills}: ${JSON.stringify(ended.users)}`;
    assert.deepEqual(ended.counts, { planned: 2, moved: 2, left: 0 }, what);
    await made.world.wait(1_000);
    for (const ue of made.ues) {
      const assigned = made.world.placement.node("hss", "hss").assignment(ue.identity);
      assert.deepEqual(
        [assigned?.state, assigned?.serverName, assigned?.authenticationPending],
        ["registered", s2, false],
        what,
      );
      assert.equal(made.world.placement.rows.get(ue.identity)[0]?.sCscf, s2, what);
    }
    points += 1;
  }
  context.diagnostic(`${points} runs with kills among ${eventsUsed} events`);
});
