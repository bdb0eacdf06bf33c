// T3 in the lab's core: a call into the window between MAR and registration makes the new S-CSCF tell the HSS that the
// user is unregistered, and that may come after the user's own registration.
import assert from "node:assert/strict";
import test from "node:test";
import { begin, ended, isAt, openOwnCfs, s2 } from "./own-cfs.ts";

/** A call is placed so many milliseconds after the name has changed. */
async function play(afterMs: number) {
  const made = await openOwnCfs(61);
  const { world, cfs } = made;
  const alice = await world.openUe(1, 1);
  const bob = await world.openUe(2, 2);
  const hss = world.placement.node("hss", "hss");
  const targets = [{ function: s2 }];
  const id = await begin(made, { users: [alice.identity], targets, reason: "maintenance" });
  await world.simulation.run({ ms: 10_000, when: () => hss.assignment(alice.identity)?.serverName === s2 });
  await world.wait(afterMs);
  const call = world.place(bob, alice);
  const transfer = await ended(made, id);
  const found = cfs.host.metrics
    .samples()
    .filter(({ name, labels }) => name === "cfs_reassignments_total" && labels["result"] === "not held")
    .reduce((sum, { value }) => sum + value, 0);
  const line = transfer.users.find(({ user }) => user === alice.identity);
  return { made, alice, bob, call, line, found };
}

test("T3: wherever a call falls into the window, the user is registered at the HSS in the end, and can be called", async (context) => {
  let repaired = 0;
  for (let afterMs = 8; afterMs <= 28; afterMs += 0.5) {
    const { made, alice, bob, call, line, found } = await play(afterMs);
    const what = `call after ${afterMs} ms: ${JSON.stringify(line)}`;
    assert.equal(line?.state, "done", what);
    isAt(made, alice, s2, what);
    if (found > 0) {
      repaired += 1;
      assert.match(line.reason, /^registered at the HSS after 1 registration more$/, what);
    }
    call.hangUp();
    await made.world.wait(1_000);
    const again = made.world.place(bob, alice);
    await made.world.simulation.run({ ms: 20_000, when: () => again.state === "confirmed" });
    assert.equal(again.state, "confirmed", what);
  }
  context.diagnostic(`${repaired} of 41 users were told to register again`);
  assert.ok(repaired > 0, "the race has happened");
});
