// Expiry of records in virtual time.
import assert from "node:assert/strict";
import test from "node:test";
import { leftOut, testReference } from "../support/test-data.ts";
import { readCapture } from "./messages.ts";
import { methodsOf, openWorld } from "./world.ts";

test("expiry: the record leaves at Expires plus grace, is kept as left for 64*T1, then it is gone", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ expires: 60 }));
  await world.run(61_000);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  await world.run(3_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
  await world.run(29_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
  await world.run(5_000);
  assert.deepEqual(await world.lines(), []);
  assert.equal(world.count("cfd_expired_total"), 1);
});

test("expiry: OpenIMSCore's 120 s of grace are part of its Expires and are waited for", async (context) => {
  const folder = testReference("captures");
  if (folder === null) return leftOut(context, 1, "captured REGISTER");
  const world = await openWorld();
  world.scscf1.send(readCapture(folder, "20_openims_register_pcscf1.txt"));
  await world.run(719_000);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  await world.run(5_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
});

test("expiry: a refresh moves it, a doubtful record is kept to it", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ expires: 60 }));
  await world.run(50_000);
  world.scscf1.send(world.fresh({ expires: 60, pCscf: "pcscf2" }));
  await world.run(5_000);
  world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(50_000);
  assert.deepEqual(await world.lines(), ["pcscf2 doubtful"]);
  await world.run(10_000);
  assert.deepEqual(await world.lines(), ["pcscf2 left"]);
});

test("expiry: a removed record is kept as left for 64*T1", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh());
  await world.run(1_000);
  world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(31_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
  await world.run(4_000);
  assert.deepEqual(await world.lines(), []);
});

test("expiry: who comes back while the record is left is registered, and stays", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh());
  await world.run(1_000);
  world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(20_000);
  world.scscf1.send(world.fresh({ pCscf: "pcscf2" }));
  await world.run(60_000);
  assert.deepEqual(await world.lines(), ["pcscf2 registered"]);
});

test("expiry: after a restart, and for what another CFD has written", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ expires: 60 }));
  await world.run(1_000);
  world.cfd.kill();
  world.cfd.restart();
  await world.simulation.settle(world.cfd.node.ready);
  const [record] = await world.memory.get("sip:alice@open-ims.test");
  assert.ok(record !== undefined);
  const { version: _version, change: _change, ...content } = record;
  const bob = { ...content, impu: "sip:bob@open-ims.test", implicitSet: ["sip:bob@open-ims.test"] };
  await world.run(5_000);
  await world.memory.upsert([{ record: bob, expect: "absent" }]);
  await world.run(62_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
  assert.deepEqual(await world.lines("sip:bob@open-ims.test"), ["pcscf1 left"]);
});

test("expiry: a store that is down for a while delays it", async () => {
  let down = false;
  const world = await openWorld({
    storeOf: (memory) => ({
      ...methodsOf(memory),
      get: async (impu) => {
        if (down) throw new Error("down");
        return memory.get(impu);
      },
    }),
  });
  world.scscf1.send(world.fresh({ expires: 60 }));
  await world.run(50_000);
  down = true;
  await world.run(20_000);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  assert.ok(world.count("cfd_expiry_failed_total") > 0);
  down = false;
  await world.run(3_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
});

test("expiry: the grace is waited for", async () => {
  const world = await openWorld({ config: { expiryGrace: 20_000 } });
  world.scscf1.send(world.fresh({ expires: 60 }));
  await world.run(78_000);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  await world.run(5_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
});

test("expiry: a record that another CFD has written in between is looked at again", async () => {
  let conflicts = 0;
  const world = await openWorld({
    config: { leftFor: 5_000 },
    storeOf: (memory) => ({
      ...methodsOf(memory),
      remove: async (removals) => {
        conflicts += 1;
        return conflicts < 3 ? "conflict" : memory.remove(removals);
      },
    }),
  });
  world.scscf1.send(world.fresh());
  await world.run(1_000);
  world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(20_000);
  assert.equal(conflicts, 3);
  assert.deepEqual(await world.lines(), []);
});

test("expiry: a refresh that another CFD has just written is seen when the record is due", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ expires: 60 }));
  await world.run(100);
  const [record] = await world.memory.get("sip:alice@open-ims.test");
  assert.ok(record !== undefined);
  const { version, change: _change, ...content } = record;
  // Between two readings of what others write: only a look at the record itself shows it.
  await world.run(record.expiresAt + 1_500 - world.cfd.host.clock.wall());
  const refreshed = { ...content, expiresAt: record.expiresAt + 60_000 };
  assert.equal(await world.memory.upsert([{ record: refreshed, expect: version }]), "done");
  await world.run(5_000);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  assert.equal(world.count("cfd_expired_total"), 0);
  await world.run(62_000);
  assert.deepEqual(await world.lines(), ["pcscf1 left"]);
});
