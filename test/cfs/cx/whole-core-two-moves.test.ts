// Both ends of a call belong to different transfers, in the lab's core: one changes the P-CSCF and replaces the call, the
// other one the S-CSCF, and has a window in which nothing may be sent to him.
import assert from "node:assert/strict";
import test from "node:test";
import { ended, isAt, openOwnCfs, s2, settled } from "./own-cfs.ts";

const p3 = "pcscf3.open-ims.test:4060";

/** The change of P-CSCF begins so many milliseconds after that of S-CSCF. */
async function play(afterMs: number) {
  const made = await openOwnCfs(71);
  const { world, cfs } = made;
  const alice = await world.openUe(1, 1);
  const bob = await world.openUe(2, 2);
  const carol = await world.openUe(3, 2);
  await world.wait(2_000);
  const order = (user: string, target: string) =>
    settled(
      made,
      cfs.node.operations.createTransfer({
        users: [user],
        targets: [{ function: target }],
        reason: "maintenance",
      }),
    );
  // The HSS is known to move users then.
  await ended(made, (await order(carol.identity, s2)).id);
  const { placed, received } = await world.connect(alice, bob);
  const hss = world.placement.node("hss", "hss");
  let claims = 0;
  const state = () => hss.assignment(bob.identity)?.state;
  const sMove = await order(bob.identity, s2);
  const pMove = { id: "" };
  const begunAt = world.simulation.now;
  await world.simulation.run({ ms: afterMs, when: () => state() === "unregistered" });
  if (world.simulation.now < begunAt + afterMs) claims += 1;
  pMove.id = (await order(alice.identity, p3)).id;
  await world.simulation.run({ ms: 2_000, when: () => state() === "unregistered" });
  if (state() === "unregistered") claims += 1;
  const lines = [(await ended(made, sMove.id)).users[0], (await ended(made, pMove.id)).users[0]];
  return { made, alice, bob, calls: [placed.state, received.state], claims, lines };
}

test("a call of two moves: nobody claims the one who has no S-CSCF, the call goes on, both are moved", async (context) => {
  let runs = 0;
  for (let afterMs = 0; afterMs <= 120; afterMs += 2) {
    const { made, alice, bob, calls, claims, lines } = await play(afterMs);
    const what = `after ${afterMs} ms: ${JSON.stringify(lines)}`;
    assert.equal(claims, 0, what);
    assert.deepEqual(
      lines.map((line) => line?.state),
      ["done", "done"],
      what,
    );
    assert.deepEqual(calls, ["confirmed", "confirmed"], what);
    isAt(made, bob, s2, what);
    const pCscfs = made.world.placement.rows.get(alice.identity).map(({ pCscf }) => pCscf);
    assert.ok(pCscfs.includes(p3), `${what} ${pCscfs}`);
    runs += 1;
  }
  context.diagnostic(`${runs} distances between the two orders`);
});
