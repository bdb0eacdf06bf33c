// A store that is down: asked again, nothing visible before it is durable, faults stay faults.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { guardLocation, LocationDown } from "@liquid-ims/cfs/store/guarded-location";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { openSqliteCfsStore } from "@liquid-ims/cfs/store/sqlite/sqlite-store";
import { steadyStore } from "@liquid-ims/cfs/store/steady-store";
import { type CfsStore, StoreDown } from "@liquid-ims/cfs/store/store";
import { commitChanges, Table } from "@liquid-ims/cfs/store/table";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { LocationStore } from "@liquid-ims/location-service/store";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { put } from "./compliance.ts";

function hostOf(simulation: Simulation) {
  return simulation.addHost("cfs", { addresses: ["127.0.0.9"], program: (host) => host }).node;
}

/** A store that can be switched off, before or after its work is done. */
function breakable() {
  const inner = new MemoryCfsStore();
  const state = { down: false, afterwards: false, asked: 0 };
  const ask = async <Answer>(act: () => Promise<Answer>): Promise<Answer> => {
    state.asked += 1;
    if (state.down && !state.afterwards) throw new StoreDown("no room");
    const answer = await act();
    if (state.down) throw new StoreDown("died after it");
    return answer;
  };
  const store: CfsStore = {
    commit: (batch) => ask(() => inner.commit(batch)),
    scan: (after, limit) => ask(() => inner.scan(after, limit)),
    read: (keys) => ask(() => inner.read(keys)),
    close: () => inner.close(),
  };
  return { store, state };
}

const text = { encode: (content: string) => content, decode: (content: string) => content };

test("a commit that cannot be done is asked again, and the row is seen only then", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { store, state } = breakable();
  const steady = steadyStore(hostOf(simulation), store);
  const table = new Table("t", text);
  state.down = true;
  let result = "";
  const committed = commitChanges(steady, [table.change({ id: "1", content: "x" })]).then((done) => {
    result = done;
  });
  await simulation.run({ ms: 20_000 });
  assert.deepEqual([result, table.get("1")], ["", null]);
  assert.equal(steady.trouble(), "no room");
  // 100 ms doubled up to 5 s: at 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 11.3, 16.3 s.
  assert.equal(state.asked, 9);
  state.down = false;
  await simulation.run({ ms: 5_000 });
  await committed;
  assert.deepEqual([result, table.get("1"), steady.trouble()], ["done", "x", null]);
});

test("a commit that was done and not acknowledged is a conflict, and the row is what was written", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { store, state } = breakable();
  const steady = steadyStore(hostOf(simulation), store);
  const table = new Table("t", text);
  Object.assign(state, { down: true, afterwards: true });
  const committed = commitChanges(steady, [table.change({ id: "1", content: "x" })]);
  await simulation.run({ ms: 50 });
  state.down = false;
  assert.equal(await simulation.settle(committed), "conflict");
  assert.equal(table.get("1"), "x");
});

test("a fault of the caller is not asked again", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { store } = breakable();
  const steady = steadyStore(hostOf(simulation), store);
  await assert.rejects(steady.commit([put("a", "absent", "x"), put("a", 1, "y")]), /twice/);
});

test("SQLite with a full disk: StoreDown, and done as soon as there is room", async (context) => {
  const file = join(temporaryFolder(context), "cfs.db");
  const small = await openSqliteCfsStore({ file, driver: "inline", maxBytes: 64 * 1024 });
  const value = "x".repeat(4_000);
  let row = 0;
  const fill = async () => {
    for (; row < 100; row++) await small.commit([put(`t/${row}`, "absent", value)]);
  };
  await assert.rejects(fill(), (error: unknown) => {
    assert.ok(error instanceof StoreDown);
    assert.match(error.message, /cfs\.db: there is no room for it; make some/);
    return true;
  });
  assert.ok(row > 2);
  assert.equal((await small.scan("", 100)).length, row, "nothing of it is there, all before it is");
  await small.commit([put("t/0", 1, null), put("t/1", 1, null)]);
  assert.equal(await small.commit([put(`t/${row}`, "absent", value)]), "done");
  await small.close();
});

function failing(store: LocationStore): { readonly location: LocationStore; down: boolean } {
  const state = { down: true, location: store };
  state.location = {
    upsert: (changes) => store.upsert(changes),
    remove: (removals) => store.remove(removals),
    get: (impu) => store.get(impu),
    byFunction: (filter) => (state.down ? Promise.reject(new Error("no disk")) : store.byFunction(filter)),
    changesSince: (change, limit) => store.changesSince(change, limit),
    close: () => store.close(),
  };
  return state;
}

test("the location service is waited for while the CFS starts, afterwards its failure is told", async () => {
  const simulation = new Simulation({ seed: 1 });
  const state = failing(new MemoryLocationStore());
  const guarded = guardLocation(hostOf(simulation), state.location);
  const first = guarded.byFunction({});
  await simulation.run({ ms: 3_000 });
  assert.equal(guarded.trouble(), "no disk");
  state.down = false;
  assert.deepEqual(await simulation.settle(first), []);
  assert.equal(guarded.trouble(), null);
  guarded.started();
  state.down = true;
  await assert.rejects(guarded.byFunction({}), LocationDown);
});
