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

test("RFC 3891 8: an INVITE with Replaces from somebody else gets 403, the call stays as it is", async () => {
  const world = await openUeWorld();
  const a = await world.openUe(1, 1);
  const b = await world.openUe(2, 2);
  const forger = await world.openBareUe(3);
  await forger.register(1);
  await world.connect(a, b);
  const [confirmed] = b.dialogs;
  assert.ok(confirmed !== undefined);
  const { callId, localTag, remoteTag } = confirmed.dialog;
  const statuses: number[] = [];
  const forge = (toTag: string) =>
    forger.agent.invite(
      {
        uri: b.identity,
        headers: [
          ["Replaces", `${callId};to-tag=${toTag};from-tag=${remoteTag}`],
          ["Require", "replaces"],
        ],
      },
      { accepted: () => statuses.push(200), failed: ({ status }) => statuses.push(status) },
    );
  forge(localTag);
  await world.wait(5_000);
  forge("guessed");
  await world.wait(5_000);
  assert.deepEqual(statuses, [403, 481]);
  assert.deepEqual(fates(b), ["gen 0 confirmed"]);
  assert.equal(b.heard.at(-1), "call-1 confirmed");
});

test("rule 1: moved while it rings, at either end, 20 seeds: replaced once it is confirmed", async () => {
  for (const seed of seeds.slice(0, 20)) {
    const world = await openUeWorld(seed);
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 1);
    const placed = world.place(a, b);
    await world.wait(world.simulation.random.int(1_050));
    const moving = seed % 2 === 0 ? a : b;
    await world.simulation.settle(moving.ue.moveTo(world.pCscf(2)));
    await world.wait(20_000);
    assert.equal(placed.state, "confirmed");
    assertKept(world, [a, b], `seed ${seed}`);
    await hangUpAndLook(world, a, [a, b], `seed ${seed}`);
  }
});

test("rule 13: the direction that is wanted while dialogs are replaced stands in the last one, 50 seeds", async () => {
  for (const seed of seeds) {
    const world = await openUeWorld(seed);
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 1);
    const { placed, received } = await world.connect(a, b);
    const seen: string[] = [];
    received.handlers = {
      ...received.handlers,
      mediaChanged: (remote) => seen.push(/a=(sendrecv|sendonly|recvonly|inactive)/.exec(remote)?.[1] ?? ""),
    };
    const moves = [a.ue.moveTo(world.pCscf(2))];
    if (seed % 2 === 0) moves.push(b.ue.moveTo(world.pCscf(3)));
    await world.wait(world.simulation.random.float() * 40);
    placed.setDirection("sendrecv");
    placed.setDirection("inactive");
    await world.wait(world.simulation.random.float() * 10);
    placed.setDirection("sendonly");
    await world.simulation.settle(Promise.all(moves));
    await world.wait(60_000);
    assert.equal(
      seen.at(-1),
      "sendonly",
      `seed ${seed}: ${seen.join()} ${fates(a).join()} | ${fates(b).join()}`,
    );
    assertKept(world, [a, b], `seed ${seed}`);
  }
});

test("rule 1: the caller is behind the P-CSCF to which the called one moves while it rings: replaced", async () => {
  const world = await openUeWorld();
  const a = await world.openUe(1, 2);
  const b = await world.openUe(2, 1);
  world.place(a, b);
  await world.simulation.run({ ms: 10_000, when: () => b.incoming.length > 0 });
  await world.simulation.settle(b.ue.moveTo(world.pCscf(2)));
  await world.wait(20_000);
  assertKept(world, [a, b], "one path");
  assert.deepEqual(fates(b).sort(), ["gen 0 confirmed", "gen 0 ended: replaced", "gen 1 confirmed"]);
});
