// A UE at the edge of a whole core: registers, calls, moves with its calls. TS 24.229 5.1, RFC 3891.
import assert from "node:assert/strict";
import test from "node:test";
import { fates, openUeWorld } from "../../ue-world.ts";

test("TS 24.229 5.1.1: registered, the UE knows its P-CSCF and S-CSCF", async () => {
  const world = await openUeWorld();
  const { ue } = await world.openUe(1, 1);
  assert.deepEqual(ue.registration, {
    pCscf: "pcscf1.open-ims.test:4060",
    sCscf: "scscf1.open-ims.test:6060",
  });
});

for (const end of ["caller", "callee"] as const) {
  test(`RFC 3261 15: the ${end} hangs up, both ends hear of it once`, async () => {
    const world = await openUeWorld();
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 2);
    const { placed, received } = await world.connect(a, b);
    (end === "caller" ? placed : received).hangUp();
    await world.wait(60_000);
    const self = end === "caller" ? a : b;
    const peer = end === "caller" ? b : a;
    assert.deepEqual(self.heard, ["call-1 ringing", "call-1 confirmed", "call-1 ended by self"]);
    assert.deepEqual(peer.heard, ["call-1 ringing", "call-1 confirmed", "call-1 ended by peer"]);
    assert.deepEqual(fates(self), ["gen 0 confirmed", "gen 0 ended: self"]);
    assert.deepEqual(fates(peer), ["gen 0 confirmed", "gen 0 ended: peer"]);
    assert.equal(a.ue.calls.length + b.ue.calls.length, 0);
  });
}

for (const mover of ["caller", "callee"] as const) {
  test(`rule 2: the ${mover} moves, its call follows and nobody hears of it`, async () => {
    const world = await openUeWorld();
    const a = await world.openUe(1, 1);
    const b = await world.openUe(2, 3);
    const { placed } = await world.connect(a, b);
    const [moving] = mover === "caller" ? [a] : [b];
    const result = await world.simulation.settle(moving.ue.moveTo(world.pCscf(2)));
    assert.equal(result.outcome, "registered");
    await world.wait(10_000);
    for (const end of [a, b]) {
      assert.deepEqual(end.heard, ["call-1 ringing", "call-1 confirmed"]);
      // The BYE on the old path may overtake the ACK on the new one.
      assert.deepEqual(fates(end).sort(), ["gen 0 confirmed", "gen 0 ended: replaced", "gen 1 confirmed"]);
    }
    const moved = moving.dialogs.find((event) => event.dialog.gen === 1);
    assert.equal(moved?.dialog.registration.pCscf, "pcscf2.open-ims.test:4060");
    const before = world.hops.length;
    placed.hangUp();
    await world.wait(60_000);
    const byes = world.hops.slice(before).filter((hop) => hop.includes("BYE"));
    assert.ok(
      byes.some((hop) => hop.includes("pcscf2")),
      byes.join("\n"),
    );
    assert.ok(!byes.some((hop) => hop.includes("pcscf1") && mover === "caller"), byes.join("\n"));
    assert.equal(a.heard.at(-1), "call-1 ended by self");
    assert.equal(b.heard.at(-1), "call-1 ended by peer");
  });
}
