// A CFD that ends answers what it has taken, and takes nothing more.
import assert from "node:assert/strict";
import test from "node:test";
import { methodsOf, openWorld, type World } from "./world.ts";

/** A world whose store takes 50 ms for each write. */
function slowWorld(): Promise<World> {
  return openWorld({
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        await host.clock.sleep(50, "slow store");
        return memory.upsert(changes);
      },
    }),
  });
}

function drain(world: World): () => boolean {
  let drained = false;
  void world.cfd.node.drain().then(() => {
    drained = true;
  });
  return () => drained;
}

test("drain: REGISTERs in the queue are answered 200, those that come later 503 with Retry-After", async () => {
  const world = await slowWorld();
  world.scscf1.send(world.fresh({ user: "alice" }));
  world.scscf1.send(world.fresh({ user: "bob" }));
  // The second of a user waits for the first.
  world.scscf1.send(world.fresh({ user: "alice", expires: 0 }));
  await world.run(10);
  assert.deepEqual(world.scscf1.statuses, []);
  const isDrained = drain(world);
  world.scscf1.send(world.fresh({ user: "carol" }));
  await world.run(10);
  assert.deepEqual(world.scscf1.statuses, [503]);
  assert.match(world.scscf1.received[0] ?? "", /\r\nRetry-After: 5\r\n/);
  assert.equal(isDrained(), false);
  await world.run(60);
  assert.equal(isDrained(), false);
  await world.run(60);
  assert.deepEqual(world.scscf1.statuses, [503, 200, 200, 200]);
  assert.equal(isDrained(), true);
  assert.equal((await world.memory.get("sip:carol@open-ims.test")).length, 0);
  await world.simulation.settle(world.cfd.node.stop());
});

test("drain: at once when nothing is open, and twice is no harm", async () => {
  const world = await slowWorld();
  const first = drain(world);
  const second = drain(world);
  await world.run(1);
  assert.deepEqual([first(), second()], [true, true]);
});
