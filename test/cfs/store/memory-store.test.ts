// The CFS's store: compared batches, order of rows, delayed commits, what a dead writer leaves.
import assert from "node:assert/strict";
import test from "node:test";
import { openLogStore } from "@liquid-ims/cfs/store/log-store";
import { CfsRows } from "@liquid-ims/cfs/store/memory-rows";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import type { CfsStore, Change } from "@liquid-ims/cfs/store/store";
import { storeOf } from "@liquid-ims/cfs/store/table";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";

function put(key: string, expect: number | "absent", value: string | null): Change {
  return { key, expect, value };
}

test("nobody is told before the commit is done, and it may be done before anybody is told", async () => {
  const gates: (() => void)[] = [];
  const settle = () => new Promise<void>((resolve) => gates.push(resolve));
  const rows = new CfsRows();
  const store = new MemoryCfsStore({ settle, rows });
  let answer = "";
  const committed = store.commit([put("a", "absent", "x")]).then((result) => {
    answer = result;
  });
  assert.equal(rows.size, 0);
  gates.shift()?.();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(rows.size, 1);
  assert.equal(answer, "");
  gates.shift()?.();
  await committed;
  assert.equal(answer, "done");
});

test("of two writers that read the same version one gets a conflict", async () => {
  const rows = new CfsRows();
  const first = new MemoryCfsStore({ rows });
  const second = new MemoryCfsStore({ rows });
  await first.commit([put("a", "absent", "x")]);
  const results = await Promise.all([first.commit([put("a", 1, "y")]), second.commit([put("a", 1, "z")])]);
  assert.deepEqual(results, ["done", "conflict"]);
});

test("after close nothing is answered", async () => {
  const store = new MemoryCfsStore();
  await store.close();
  let answered = false;
  store.commit([put("a", "absent", "x")]).then(() => {
    answered = true;
  }, assert.fail);
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(answered, false);
  assert.equal(store.rows.size, 0);
});

/** Starts one life with the store of a remote disk. */
function lives(seed: number) {
  const simulation = new Simulation({ seed });
  const disk = simulation.disk<readonly Change[]>("d", { kind: "remote" });
  const open = (host: Host): CfsStore => storeOf(host, openLogStore(disk.mount(host)));
  const node = simulation.addHost("h", {
    addresses: ["127.0.0.9"],
    program: (host) => ({ host, store: open(host) }),
  });
  return { simulation, disk, node };
}

test("a log of batches adds up to the rows; a second writer's stale change is refused there, too", async () => {
  const { simulation, node, disk } = lives(1);
  const { store } = node.node;
  assert.equal(await simulation.settle(store.commit([put("a", "absent", "x")])), "done");
  assert.equal(await simulation.settle(store.commit([put("a", "absent", "y")])), "conflict");
  assert.equal(await simulation.settle(store.commit([put("a", 1, "z")])), "done");
  assert.deepEqual(await store.read(["a"]), [{ key: "a", version: 2, value: "z" }]);
  assert.equal(disk.batches.length, 2);
  const other = node.restart().store;
  assert.deepEqual(await other.scan("", 5), [{ key: "a", version: 2, value: "z" }]);
});

test("what a killed writer sent may arrive after the restart has read: the compared write notices", async () => {
  let late = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const { simulation, node } = lives(seed);
    const { host } = node;
    let told = false;
    host.spawn("write", async () => {
      await node.node.store.commit([put("a", "absent", "old")]);
      told = true;
    });
    await simulation.run({ ms: 0.2 });
    node.kill();
    const { store } = node.restart();
    const seen = await store.read(["a"]);
    await simulation.run({ ms: 10 });
    assert.equal(told, false, "a dead life hears nothing");
    const expect = seen[0]?.version ?? "absent";
    const result = await simulation.settle(store.commit([put("a", expect, "new")]));
    if (result === "conflict") late += 1;
    assert.equal(result, seen.length === 0 ? "conflict" : "done");
  }
  assert.ok(late > 0);
});
