// UEs on the lab's network in virtual time: calls that go on while their ends register elsewhere.
import assert from "node:assert/strict";
import test from "node:test";
import { fates, openUeWorld } from "../../ue-world.ts";

const undisturbed = (end: "self" | "peer") => [
  "call-1 ringing",
  "call-1 confirmed",
  `call-1 ended by ${end}`,
];

test("RFC 3261 9.1: hung up while it rings, the call is cancelled at the other end", async () => {
  const world = await openUeWorld(2);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 3)];
  const call = world.place(a, b);
  await world.simulation.run({ ms: 5000, when: () => call.state === "ringing" });
  call.hangUp();
  assert.deepEqual(a.heard, ["call-1 ringing", "call-1 ended by self"]);
  await world.wait(1000);
  assert.deepEqual(b.heard, ["call-1 ringing", "call-1 ended by peer"]);
});

test("RFC 3261 13.3.1.3: a refused call ends with the status of its refusal", async () => {
  const world = await openUeWorld(3);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 3)];
  b.ue.onIncoming = (call) => call.reject(486);
  const ends: unknown[] = [];
  a.ue.call(b.identity, { ended: (end) => ends.push(end) });
  a.ue.call("sip:nobody@open-ims.test", { ended: (end) => ends.push(end) });
  await world.wait(5000);
  assert.deepEqual(ends, [
    { by: "refused", status: 404 },
    { by: "refused", status: 486 },
  ]);
});

test("system 7: the peer's side of a route set never counts: who did not move replaces nothing", async () => {
  const world = await openUeWorld(5);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 1)];
  await world.connect(a, b);
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(60_000);
  assert.deepEqual(fates(b), ["gen 0 confirmed", "gen 0 ended: replaced", "gen 1 confirmed"]);
  assert.equal(a.dialogs.filter(({ kind }) => kind === "confirmed").length, 2);
});

test("procedure P: REGISTER keeps Contact, Call-ID and a rising CSeq through another P-CSCF", async () => {
  const world = await openUeWorld(6);
  const a = await world.openUe(1, 1);
  await world.wait(500);
  const before = world.placement.rows.get(a.identity).map(({ contact, instance }) => ({ contact, instance }));
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(500);
  const records = world.placement.rows.get(a.identity);
  assert.deepEqual(
    records.map(({ contact, instance }) => ({ contact, instance })),
    before,
  );
  assert.equal(before.length, 1);
  assert.equal(records[0]?.pCscf, "pcscf2.open-ims.test:4060");
});

test("procedure P: a P-CSCF that does not answer: the old registration and the call stay", async () => {
  const world = await openUeWorld(7);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 3)];
  const { placed } = await world.connect(a, b);
  world.network.kill("pcscf2");
  const result = await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  assert.equal(result.outcome, "failed");
  assert.deepEqual(result.trouble, [{ status: 408, count: 3 }]);
  await world.wait(2000);
  assert.equal(a.ue.registration?.pCscf, "pcscf1.open-ims.test:4060");
  assert.deepEqual(fates(a), ["gen 0 confirmed"]);
  placed.hangUp();
  await world.wait(1000);
  assert.deepEqual(b.heard, undisturbed("peer"));
});

test("rule 12: the old P-CSCF is dead and the user hangs up after the move: the peer hears of it", async () => {
  const world = await openUeWorld(8);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 3)];
  const { placed } = await world.connect(a, b);
  world.network.kill("pcscf1");
  const moved = a.ue.moveTo(world.pCscf(2));
  await world.simulation.run({
    ms: 5000,
    when: () => a.ue.registration?.pCscf.startsWith("pcscf2") === true,
  });
  placed.hangUp();
  await world.simulation.settle(moved);
  await world.wait(3000);
  assert.deepEqual([a.heard, b.heard], [undisturbed("self"), undisturbed("peer")]);
});

test("procedure P after a failure: the old P-CSCF is dead, the call is kept, and ends normally", async () => {
  const world = await openUeWorld(9);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 3)];
  const { placed } = await world.connect(a, b);
  world.network.kill("pcscf1");
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(40_000);
  assert.deepEqual([placed.state, fates(a).includes("gen 1 confirmed")], ["confirmed", true]);
  placed.hangUp();
  await world.wait(1000);
  assert.deepEqual([a.heard, b.heard], [undisturbed("self"), undisturbed("peer")]);
});

test("system 7: a held call stays held, and what the application wants meanwhile is offered in the new dialog", async () => {
  const world = await openUeWorld(10);
  const [a, b] = [await world.openUe(1, 1), await world.openUe(2, 3)];
  const { placed } = await world.connect(a, b);
  const remote: string[] = [];
  b.incoming.at(-1)?.setDirection("sendrecv");
  const call = b.incoming.at(-1);
  assert.ok(call !== undefined);
  call.handlers = { ...call.handlers, mediaChanged: (description) => remote.push(description) };
  placed.setDirection("sendonly");
  await world.wait(1000);
  assert.equal(remote.length, 1);
  assert.match(remote[0] ?? "", /a=sendonly/);
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(3000);
  assert.equal(remote.length, 1, "the move changes nothing");
  const moved = b.ue.moveTo(world.pCscf(1));
  placed.setDirection("sendrecv");
  await world.simulation.settle(moved);
  await world.wait(5000);
  assert.match(remote.at(-1) ?? "", /a=sendrecv/);
  assert.equal(placed.state, "confirmed");
});

test("replaceDialogs false: the registration moves, the dialogs stay", async () => {
  const world = await openUeWorld(12);
  const [a, b] = [await world.openUe(1, 1, { lcf: { replaceDialogs: false } }), await world.openUe(2, 3)];
  await world.connect(a, b);
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(5000);
  assert.deepEqual(fates(a), ["gen 0 confirmed", "gen 0 pinned"]);
});
