// Dialogs replaced over a whole core: both ends at once, losses, hang-ups, peers without Replaces, forgers. RFC 3891.
import assert from "node:assert/strict";
import test from "node:test";
import { fates, openUeWorld, type TestUe, type UeWorld } from "../../ue-world.ts";

const seeds = Array.from({ length: 50 }, (_, index) => index + 1);

/** Dialogs that an end has confirmed and not ended. */
function open(end: TestUe): string[] {
  const ids = new Set<string>();
  for (const event of end.dialogs) {
    if (event.kind === "confirmed") ids.add(event.dialog.callId);
    if (event.kind === "ended") ids.delete(event.dialog.callId);
  }
  return [...ids];
}

/** The one dialog is the same at both ends, and both legs are fresh. */
function assertKept(world: UeWorld, ends: readonly [TestUe, TestUe], note: string): void {
  const [a, b] = ends;
  const detail = `${note}: ${fates(a).join(", ")} | ${fates(b).join(", ")}`;
  assert.equal(open(a).length, 1, detail);
  assert.deepEqual(open(a), open(b), detail);
  for (const end of ends) {
    assert.ok(!end.heard.some((line) => line.includes("ended")), `${detail}: ${end.heard.join(", ")}`);
    const last = end.dialogs.find(
      (event) => event.kind === "confirmed" && event.dialog.callId === open(end)[0],
    );
    assert.deepEqual(last?.dialog.registration, end.ue.registration, detail);
  }
  assert.ok(world.simulation.now > 0);
}

function lose(world: UeWorld, loss: number): void {
  world.simulation.link("*", "*", { delayMs: 0.5, jitterMs: 0.5, loss });
}

/** Both users hang up by one of them: both ends hear of it and keep nothing. */
async function hangUpAndLook(
  world: UeWorld,
  by: TestUe,
  ends: readonly TestUe[],
  note: string,
): Promise<void> {
  for (const call of by.ue.calls) call.hangUp();
  await world.wait(200_000);
  for (const end of ends) {
    const detail = `${note}, ${end.name}: ${end.heard.join(", ")} | ${fates(end).join(", ")}`;
    assert.equal(end.heard.at(-1), end === by ? "call-1 ended by self" : "call-1 ended by peer", detail);
    assert.deepEqual(open(end), [], detail);
    assert.equal(end.ue.calls.length, 0, detail);
  }
}

test("rules 2, 4: both ends move at once, 50 seeds: one dialog is left, with two fresh legs", async () => {
  for (const seed of seeds) {
    const world = await openUeWorld(seed);
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 1);
    await world.connect(a, b);
    const delay = world.simulation.random.int(60);
    const first = a.ue.moveTo(world.pCscf(2));
    await world.wait(delay);
    const second = b.ue.moveTo(world.pCscf(seed % 2 === 0 ? 2 : 3));
    await world.simulation.settle(Promise.all([first, second]));
    await world.wait(20_000);
    assertKept(world, [a, b], `seed ${seed}`);
    await hangUpAndLook(world, seed % 3 === 0 ? a : b, [a, b], `seed ${seed}`);
  }
});

test("rules 3, 5, 6, 9: both ends move, 2 % of all datagrams are lost, 50 seeds: every call is kept", async () => {
  for (const seed of seeds) {
    const world = await openUeWorld(seed);
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 1);
    await world.connect(a, b);
    lose(world, 0.02);
    const results = await world.simulation.settle(
      Promise.all([a.ue.moveTo(world.pCscf(2)), b.ue.moveTo(world.pCscf(3))]),
    );
    assert.deepEqual(
      results.map((result) => result.outcome),
      ["registered", "registered"],
    );
    await world.wait(120_000);
    assertKept(world, [a, b], `seed ${seed}`);
    lose(world, 0);
    await hangUpAndLook(world, a, [a, b], `seed ${seed}`);
  }
});

test("rules 2, 3: a failed P-CSCF, its user moves without a path to his old leg: the call is kept", async () => {
  for (const seed of seeds.slice(0, 10)) {
    const world = await openUeWorld(seed);
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 2);
    await world.connect(a, b);
    world.network.kill("pcscf1");
    await world.simulation.settle(a.ue.moveTo(world.pCscf(3)));
    await world.wait(100_000);
    assertKept(world, [a, b], `seed ${seed}`);
    await hangUpAndLook(world, b, [a, b], `seed ${seed}`);
  }
});

test("rules 11, 12: hung up at any moment of a replacement, 50 seeds: over at both ends", async () => {
  for (const seed of seeds) {
    const world = await openUeWorld(seed);
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 1);
    await world.connect(a, b);
    const moves = [a.ue.moveTo(world.pCscf(2))];
    if (seed % 2 === 0) moves.push(b.ue.moveTo(world.pCscf(3)));
    await world.wait(world.simulation.random.float() * 40);
    await hangUpAndLook(world, seed % 3 === 0 ? a : b, [a, b], `seed ${seed}`);
    await world.simulation.settle(Promise.all(moves));
  }
});

test("RFC 3261 19.2: a peer without Replaces: the dialog is pinned, the call goes on", async () => {
  const world = await openUeWorld();
  const a = await world.openUe(1, 1);
  const b = await world.openUe(2, 2, { lcf: null });
  await world.connect(a, b);
  await world.simulation.settle(a.ue.moveTo(world.pCscf(3)));
  await world.wait(10_000);
  assert.deepEqual(fates(a), ["gen 0 confirmed", "gen 0 pinned"]);
  const pinned = a.dialogs.find((event) => event.kind === "pinned");
  assert.equal(pinned?.reason, "the peer does not support Replaces");
  assert.equal(pinned?.dialog.registration.pCscf, "pcscf1.open-ims.test:4060");
  assert.deepEqual(fates(b), ["gen 0 confirmed"]);
  assert.equal(a.heard.at(-1), "call-1 confirmed");
});
