// Incoming calls placed around the window of a change of S-CSCF, by whole UEs on the virtual clock. system 3, S; trap T2.
import assert from "node:assert/strict";
import test from "node:test";
import { openUeWorld, type TestUe, type UeWorld } from "../ue-lcf/ue-world.ts";

const oldName = "sip:scscf1.open-ims.test:6060";
const newName = "sip:scscf2.open-ims.test:6060";

interface Outcome {
  /** Milliseconds from the transfer's order to the call. */
  readonly after: number;
  readonly inWindow: boolean;
  readonly connected: boolean;
}

async function order(world: UeWorld, user: TestUe): Promise<string> {
  const made = await world.simulation.settle(
    world.placement.node("cfs", "cfs").cfs.operations.createTransfer({
      users: [user.identity],
      targets: [{ function: newName }],
      reason: "underload",
    }),
  );
  assert.ok(made.ok, JSON.stringify(made));
  return made.value.id;
}

/** One user is moved; another calls him so many milliseconds after the order. */
async function callDuringMove(seed: number, after: number): Promise<Outcome> {
  const world = await openUeWorld(seed);
  const callee = await world.openUe(1, 1);
  const caller = await world.openUe(2, 1);
  await world.wait(3000);
  const id = await order(world, callee);
  await world.wait(after);
  const at = world.simulation.now;
  const call = world.place(caller, callee);
  await world.wait(15_000);
  const { operations } = world.placement.node("cfs", "cfs").cfs;
  const got = await world.simulation.settle(operations.getTransfer(id));
  assert.ok(got.ok);
  const [line] = got.value.users;
  assert.deepEqual([seed, after, line?.state, line?.reason], [seed, after, "done", ""]);
  // Whatever the call has done to the HSS in between, the user is registered at the new S-CSCF in the end.
  assert.deepEqual(world.placement.node("hss", "hss").assignment(callee.identity), {
    state: "registered",
    serverName: newName,
    authenticationPending: false,
  });
  const connected = call.state === "confirmed";
  if (!connected) {
    const again = await world.connect(caller, callee);
    assert.equal(again.received.state, "confirmed");
  }
  const wall = (moment: number) => moment + callee.host.clock.wall() - world.simulation.now;
  const placedAt = wall(at);
  const from = line?.reassignedAt ?? Number.POSITIVE_INFINITY;
  const to = line?.recordSeenAt ?? Number.NEGATIVE_INFINITY;
  // An INVITE takes some milliseconds to the I-CSCF, so one that left a little earlier may still meet the window.
  return { after, inWindow: placedAt >= from - 10 && placedAt <= to + 5, connected };
}

test("T2: a call placed in the window may fail, one placed outside never does, and he can be called afterwards", async () => {
  const outcomes: Outcome[] = [];
  for (let after = 0; after <= 150; after += 3) outcomes.push(await callDuringMove(1 + after, after));
  const failed = outcomes.filter((one) => !one.connected);
  for (const one of failed) assert.ok(one.inWindow, JSON.stringify(one));
  // The window is there to be hit: were it not, this test would say nothing.
  assert.ok(failed.length > 0, "no call met the window");
  assert.ok(failed.length < outcomes.length / 2, `${failed.length} of ${outcomes.length} calls failed`);
});

test("T2: the name that is left gets nobody back", async () => {
  const world = await openUeWorld(5);
  const user = await world.openUe(1, 1);
  await world.wait(3000);
  assert.equal(world.placement.node("hss", "hss").assignment(user.identity)?.serverName, oldName);
  await order(world, user);
  await world.wait(15_000);
  const [record] = world.placement.rows.get(user.identity);
  assert.equal(record?.sCscf, newName);
  assert.equal(user.ue.registration?.sCscf, "scscf2.open-ims.test:6060");
});
