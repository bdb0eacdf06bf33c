// A registration that is under way when the MAR comes, in the lab's core: the old S-CSCF sends a MAR of its own for it and
// takes its user back (TS 29.228 6.3.1: the name is that of the last MAR).
import assert from "node:assert/strict";
import test from "node:test";
import { begin, ended, isAt, openOwnCfs, s2 } from "./own-cfs.ts";

const order = { targets: [{ function: s2 }], reason: "maintenance" } as const;

/** Bob's application registers so many milliseconds after his move was ordered. */
async function play(afterMs: number) {
  const made = await openOwnCfs(67);
  const { world, cfs } = made;
  const alice = await world.openUe(1, 1);
  const bob = await world.openUe(2, 2);
  // The HSS is known to move users then.
  await ended(made, await begin(made, { ...order, users: [alice.identity] }));
  const hss = world.placement.node("hss", "hss");
  const before = hss.assignment(bob.identity)?.serverName;
  const id = await begin(made, { ...order, users: [bob.identity] });
  await world.wait(afterMs);
  void bob.ue.register();
  const transfer = await ended(made, id);
  const taken = cfs.host.metrics
    .samples()
    .filter(({ name, labels }) => name === "cfs_reassignments_total" && labels["result"] === "overwritten")
    .reduce((sum, { value }) => sum + value, 0);
  return { made, alice, bob, before, taken, line: transfer.users[0] };
}

test("wherever a registration crosses the MAR, the user is at the new S-CSCF in the end, and can be called", async (context) => {
  let taken = 0;
  let runs = 0;
  for (let afterMs = 0; afterMs <= 60; afterMs += 1) {
    const played = await play(afterMs);
    const { made, alice, bob, line } = played;
    const what = `registers after ${afterMs} ms: ${JSON.stringify(line)}`;
    assert.notEqual(played.before, s2);
    assert.equal(line?.state, "done", what);
    isAt(made, bob, s2, what);
    const call = made.world.place(alice, bob);
    await made.world.simulation.run({ ms: 20_000, when: () => call.state === "confirmed" });
    assert.equal(call.state, "confirmed", what);
    runs += 1;
    taken += played.taken;
  }
  context.diagnostic(`${taken} times in ${runs} runs the old S-CSCF took him back`);
  assert.ok(taken > 0, "the crossing has happened");
});
