// A CFD whose location store fails for a while: 503 with Retry-After, red for the operator, and well again by itself.
import assert from "node:assert/strict";
import test from "node:test";
import type { LocationContent } from "@liquid-ims/location-service/record";
import { createSqliteRows } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { sampleRecord } from "../compliance/location-store.ts";
import { methodsOf, openWorld } from "./world.ts";

test("no room: 503 to each REGISTER, no record, and /healthz is red until a write is done again", async () => {
  let full = false;
  const world = await openWorld({
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        await host.clock.sleep(1, "disk");
        if (full) throw new Error("location.db: there is no room for it");
        return memory.upsert(changes);
      },
    }),
  });
  const { node } = world.cfd;
  assert.equal(node.storeTrouble(), null);
  full = true;
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [503]);
  assert.match(world.scscf1.received.at(-1) ?? "", /\r\nRetry-After: 5\r\n/);
  assert.deepEqual(await world.lines(), []);
  assert.match(node.storeTrouble() ?? "", /upsert failed: location\.db: there is no room/);
  await world.run(5_000);
  assert.notEqual(node.storeTrouble(), null, "asked each second, still full");
  full = false;
  await world.run(1_100);
  assert.equal(node.storeTrouble(), null, "noticed without any traffic");
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [503, 200]);
});

test("the CFD on SQLite in memory on the virtual clock: registered, refreshed, expired, taken out", async () => {
  const rows = createSqliteRows(() => 0);
  const seen: LocationContent[] = [];
  const world = await openWorld({
    storeOf: (_memory, host) =>
      rows.open(() => host.clock.sleep(0.2 + host.random.float(), "location store")),
  });
  const look = rows.open();
  world.scscf1.send(world.fresh());
  await world.run(50);
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [200, 200]);
  assert.equal(world.count("cfd_registers_total", "refreshed"), 1);
  const impu = "sip:alice@open-ims.test";
  seen.push(...(await look.get(impu)));
  assert.deepEqual(
    seen.map(({ state, pCscf }) => [state, pCscf]),
    [["registered", "pcscf1.open-ims.test:4060"]],
  );
  await world.run(604_000);
  assert.deepEqual(
    (await look.get(impu)).map(({ state }) => state),
    ["left"],
  );
  await world.run(40_000);
  assert.deepEqual(await look.get(impu), []);
  rows.close();
});

test("a write of nothing asks the store and changes no record", async () => {
  const rows = createSqliteRows(() => 0);
  const store = rows.open();
  await store.upsert([{ record: sampleRecord(), expect: "absent" }]);
  const before = await store.changesSince(0);
  assert.equal(await store.upsert([]), "done");
  assert.deepEqual((await store.changesSince(0)).records, before.records);
  assert.deepEqual((await store.changesSince(before.change)).records, []);
  rows.close();
});
