// A CFS whose own store is full for a while: nothing leaves it that is not durable, nobody crashes, and all goes on.
import assert from "node:assert/strict";
import test from "node:test";
import { createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import type { OperationResult } from "@liquid-ims/cfs/operations/operations";
import { openSqliteCfsStore } from "@liquid-ims/cfs/store/sqlite/sqlite-store";
import { type CfsStore, StoreDown } from "@liquid-ims/cfs/store/store";
import { createSqliteRows } from "@liquid-ims/location-service/sqlite/sqlite-store";
import type { LocationStore } from "@liquid-ims/location-service/store";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addAlice, alice, aliceContact, cfsTarget, record } from "../support/cfs-ue-world.ts";

const p1 = "pcscf1.open-ims.test:4060";
const p2 = "pcscf2.open-ims.test:4060";

const config: CfsConfig = {
  listen: [cfsTarget],
  homeDomain: "open-ims.test",
  contact: `sip:${cfsTarget.address.host}:${cfsTarget.address.port}`,
  functions: [
    { kind: "P-CSCF", name: p1, addresses: ["127.0.1.1"] },
    { kind: "P-CSCF", name: p2, addresses: ["127.0.1.2"] },
    { kind: "S-CSCF", name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21"] },
  ],
};

/** Both stores in SQLite, on the virtual clock; each can be switched off. */
async function start() {
  const simulation = new Simulation({ seed: 5 });
  const rows = createSqliteRows(() => 0);
  const location = rows.open();
  await location.upsert([{ record: record(), expect: "absent" }]);
  const cfsRows = await openSqliteCfsStore({ file: ":memory:", driver: "inline" });
  const state = { storeDown: false, locationDown: false, commits: 0, location };
  const store: CfsStore = {
    commit: async (batch) => {
      if (state.storeDown) throw new StoreDown("CFS store cfs.db: there is no room for it");
      state.commits += 1;
      return cfsRows.commit(batch);
    },
    scan: (after, limit) => cfsRows.scan(after, limit),
    read: (keys) => cfsRows.read(keys),
    close: () => cfsRows.close(),
  };
  const asked = (): LocationStore => {
    if (state.locationDown) throw new Error("location.db: the disk fails");
    return state.location;
  };
  const read: LocationStore = {
    upsert: async (changes) => asked().upsert(changes),
    remove: async (removals) => asked().remove(removals),
    get: async (impu) => asked().get(impu),
    byFunction: async (filter) => asked().byFunction(filter),
    changesSince: async (change, limit) => asked().changesSince(change, limit),
    about: async () => state.location.about(),
    close: () => location.close(),
  };
  const cfs = simulation.addHost("cfs", {
    addresses: [cfsTarget.address.host],
    program: (host) => createCfs({ location: read, store, config })(host),
  });
  const lcf = addAlice(simulation, { contact: aliceContact });
  let isReady = false;
  void cfs.node.ready.then(() => {
    isReady = true;
  });
  await simulation.run({ ms: 5_000, when: () => isReady && lcf.node.ready });
  const dialog = lcf.node.subscribe();
  await simulation.run({ ms: 5_000, when: () => cfs.node.reachable() === 1 });
  assert.equal(cfs.node.reachable(), 1);
  return { simulation, state, cfs, dialog };
}

const drain = { function: p1, load: 0, targets: [{ function: p2 }], reason: "removal" } as const;

test("no room for the CFS: no command is sent and no transfer shown before the write is done, then all goes on", async () => {
  const { simulation, state, cfs, dialog } = await start();
  const commands = () => dialog.notifies.flatMap(({ commands: some }) => some);
  state.storeDown = true;
  const before = state.commits;
  const answers: OperationResult<unknown>[] = [];
  void cfs.node.operations.createTransfer(drain).then((answer) => answers.push(answer));
  await simulation.run({ ms: 30_000 });
  assert.deepEqual([answers.length, commands().length, state.commits - before], [0, 0, 0]);
  assert.match(cfs.node.storeTrouble() ?? "", /cfs\.db: there is no room/);
  const shown = await simulation.settle(cfs.node.operations.listTransfers());
  assert.deepEqual(shown, { ok: true, value: { transfers: [] } });
  state.storeDown = false;
  await simulation.run({ ms: 6_000, when: () => commands().length > 0 });
  assert.deepEqual(
    [answers.map(({ ok }) => ok), commands().map(({ command }) => command)],
    [[true], ["move"]],
  );
  assert.equal(cfs.node.storeTrouble(), null);
  await cfs.node.stop();
});

test("no room while a transfer goes on: the answer of the LCF is not acknowledged before it is durable", async () => {
  const { simulation, state, cfs, dialog } = await start();
  const answers: OperationResult<{ id: string }>[] = [];
  void cfs.node.operations.createTransfer(drain).then((answer) => answers.push(answer));
  await simulation.run({
    ms: 5_000,
    when: () => dialog.notifies.some(({ commands }) => commands.length > 0),
  });
  state.storeDown = true;
  await simulation.run({ ms: 20_000 });
  const [created] = answers;
  assert.ok(created?.ok);
  const stands = await simulation.settle(cfs.node.operations.getTransfer(created.value.id));
  assert.ok(stands.ok);
  assert.equal(stands.value.state, "PROCESSING", "time goes on in memory only when it is written");
  state.storeDown = false;
  await simulation.run({ ms: 60_000 });
  const ended = await simulation.settle(cfs.node.operations.getTransfer(created.value.id));
  assert.ok(ended.ok);
  assert.notEqual(ended.value.users[0]?.state, "commanded", "its deadline was seen to after all");
  await cfs.node.stop();
});

test("a location service that is down: operations answer 503 with the reason, and serve again later", async () => {
  const { simulation, state, cfs } = await start();
  state.locationDown = true;
  const refused = await simulation.settle(cfs.node.operations.createTransfer(drain));
  assert.ok(!refused.ok);
  assert.deepEqual(
    [refused.problem.status, refused.problem.type],
    [503, "urn:liquid-ims:problem:store-down"],
  );
  assert.match(refused.problem.detail, /location\.db: the disk fails; ask again/);
  assert.match(cfs.node.locationTrouble() ?? "", /the disk fails/);
  assert.equal(cfs.node.storeTrouble(), null, "its own store has no trouble");
  state.locationDown = false;
  const list = await simulation.settle(cfs.node.operations.listAllUsers());
  assert.ok(list.ok);
  assert.deepEqual([list.value.users.length, list.value.unknown.count], [1, 0]);
  assert.equal(cfs.node.locationTrouble(), null);
  await cfs.node.stop();
});

test("a CFD restarted with an empty store: GET /users counts who is unknown, until they register again", async () => {
  const { simulation, state, cfs } = await start();
  const users = async () => {
    const list = await simulation.settle(cfs.node.operations.listAllUsers());
    assert.ok(list.ok);
    return list.value;
  };
  assert.deepEqual((await users()).unknown, { count: 0, reasons: [], users: [] });
  await simulation.run({ ms: 10_000 });
  const createdAt = cfs.host.clock.wall();
  const emptied = createSqliteRows(() => createdAt);
  state.location = emptied.open();
  const { unknown, location } = await users();
  assert.equal(location.createdAt, Math.floor(createdAt));
  assert.deepEqual(
    unknown.users.map(({ user }) => user),
    [alice],
  );
  assert.equal(unknown.count, 1);
  assert.match(
    unknown.reasons[0]?.reason ?? "",
    /^no record since the location store was made at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  );
  assert.match(unknown.reasons[0]?.remedy ?? "", /recorded at its next re-registration/);
  await state.location.upsert([{ record: record(), expect: "absent" }]);
  const after = await users();
  assert.deepEqual([after.users.length, after.unknown.count], [1, 0]);
  await cfs.node.stop();
  emptied.close();
});
