// A drain is a standing order (system 3): whoever registers on the drained function later is moved, too. In the lab's
// core, for a P-CSCF and for an S-CSCF, which every new user is given first.
import assert from "node:assert/strict";
import test from "node:test";
import type { TransferResource } from "@liquid-ims/cfs/operations/operations";
import type { TestUe } from "../../ue-lcf/ue-world.ts";
import { isAt, leave, type OwnCfs, openOwnCfs, s1, s2, settled } from "./own-cfs.ts";

const p1 = "pcscf1.open-ims.test:4060";
const p2 = "pcscf2.open-ims.test:4060";

async function until(made: OwnCfs, id: string, is: (present: TransferResource) => boolean, what: string) {
  const limit = made.world.simulation.now + 60_000;
  for (;;) {
    const present = await settled(made, made.cfs.node.operations.getTransfer(id));
    if (is(present)) return present;
    assert.ok(made.world.simulation.now < limit, `${what}: ${JSON.stringify(present)}`);
    await made.world.wait(200);
  }
}

function places({ world }: OwnCfs, { identity }: TestUe) {
  return world.placement.rows
    .get(identity)
    .filter(({ state }) => state === "registered")
    .map(({ pCscf, sCscf }) => [pCscf, sCscf]);
}

test("system 3: users who register through a drained P-CSCF are moved as they come, with a call that they have made", async () => {
  const made = await openOwnCfs(51);
  const { world, cfs } = made;
  const first = await world.openUe(1, 1);
  const id = await leave(made, { function: p1, load: 0, targets: [{ function: p2 }] });
  await until(made, id, ({ state }) => state === "COMPLETED", "the first drain");
  assert.deepEqual(places(made, first), [[p2, s1]]);
  const others = await world.openUe(4, 3);
  const late = await world.openUe(2, 1);
  const { placed } = await world.connect(late, others);
  await until(made, id, ({ counts }) => counts.moved === 2, "who comes later");
  assert.deepEqual(places(made, late), [[p2, s1]]);
  assert.equal(placed.state, "confirmed");
  const remove = await settled(made, cfs.node.operations.canRemove(p1));
  assert.deepEqual(
    remove.inflow.map(({ user }) => user),
    [late.identity],
  );
  await settled(made, cfs.node.operations.endDrain(p1));
  const third = await world.openUe(3, 1);
  await world.wait(5_000);
  assert.deepEqual(places(made, third), [[p1, s1]], "the order was ended");
});

test("system 3: the HSS gives new users a drained S-CSCF: each is moved, and again when he comes back to it", async () => {
  const made = await openOwnCfs(52);
  const { world, cfs } = made;
  const ues = [await world.openUe(1, 1)];
  const id = await leave(made, { load: 0 });
  await until(made, id, ({ state }) => state === "COMPLETED", "the first drain");
  for (const n of [2, 3, 4]) ues.push(await world.openUe(n, n - 1));
  await until(made, id, ({ counts }) => counts.moved === 4, "who comes later");
  for (const ue of ues) isAt(made, ue, s2);
  const hss = world.placement.node("hss", "hss");
  const [, , third] = ues;
  assert.ok(third !== undefined);
  // He switches off and on: the HSS has forgotten him, and his first S-CSCF is the drained one.
  await world.simulation.settle(third.ue.deregister());
  await world.simulation.run({ ms: 5_000, when: () => hss.assignment(third.identity)?.serverName === null });
  const again = await world.simulation.settle(third.ue.register());
  assert.equal(again.outcome, "registered");
  assert.equal(hss.assignment(third.identity)?.serverName, s1, "refilled");
  await world.simulation.run({ ms: 30_000, when: () => hss.assignment(third.identity)?.serverName === s2 });
  await world.wait(3_000);
  isAt(made, third, s2);
  const remove = await settled(made, cfs.node.operations.canRemove(s1));
  assert.ok(remove.inflow.length >= 3, JSON.stringify(remove));
  assert.equal(remove.users, 0);
});
