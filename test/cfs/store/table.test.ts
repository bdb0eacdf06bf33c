// A table of the store with its rows in memory: compared writes, conflicts, late answers.
import assert from "node:assert/strict";
import test from "node:test";
import { CfsRows } from "@liquid-ims/cfs/store/memory-rows";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { type Codec, commitChanges, Table } from "@liquid-ims/cfs/store/table";

const codec: Codec<string> = { encode: (content) => `<${content}>`, decode: (text) => text.slice(1, -1) };

function table(name = "t"): Table<string> {
  return new Table(name, codec, { index: (content) => content.charAt(0) });
}

test("rows are there for reading once they are durable, and again after a load", async () => {
  const store = new MemoryCfsStore();
  const rows = table();
  const change = rows.change({ id: "1", content: "apple" });
  assert.equal(rows.get("1"), null);
  assert.equal(await commitChanges(store, [change]), "done");
  assert.equal(rows.get("1"), "apple");
  await commitChanges(store, [rows.change({ id: "1", content: "avocado" })]);
  await commitChanges(store, [table("other").change({ id: "9", content: "x" })]);
  const again = table();
  await again.load(store);
  assert.deepEqual(again.ids(), ["1"]);
  assert.equal(again.get("1"), "avocado");
});

test("a table of many rows is read to its end, and no further", async () => {
  const store = new MemoryCfsStore();
  const rows = table();
  for (let id = 0; id < 1201; id++)
    await commitChanges(store, [rows.change({ id: String(id), content: "x" })]);
  await commitChanges(store, [table("u").change({ id: "0", content: "y" })]);
  const again = table();
  await again.load(store);
  assert.equal(again.size, 1201);
});

test("after a conflict the table holds what is in the store, deletions too", async () => {
  const shared = new CfsRows();
  const store = new MemoryCfsStore({ rows: shared });
  const mine = table();
  const theirs = table();
  await commitChanges(store, [
    mine.change({ id: "1", content: "a" }),
    mine.change({ id: "2", content: "b" }),
  ]);
  await theirs.load(store);
  await commitChanges(store, [
    theirs.change({ id: "1", content: "c" }),
    theirs.change({ id: "2", content: null }),
  ]);
  const stale = [mine.change({ id: "1", content: "d" }), mine.change({ id: "2", content: "e" })];
  assert.equal(await commitChanges(store, stale), "conflict");
  assert.equal(mine.get("1"), "c");
  assert.equal(mine.get("2"), null);
  assert.deepEqual(mine.find("c"), ["c"]);
  assert.equal(await commitChanges(store, [mine.change({ id: "1", content: "d" })]), "done");
});

test("rows are found by their second name as it changes", async () => {
  const store = new MemoryCfsStore();
  const rows = table();
  for (const [id, content] of [
    ["1", "apple"],
    ["2", "avocado"],
    ["3", "banana"],
  ] as const)
    await commitChanges(store, [rows.change({ id, content })]);
  assert.deepEqual(rows.find("a"), ["apple", "avocado"]);
  await commitChanges(store, [
    rows.change({ id: "1", content: "blackberry" }),
    rows.change({ id: "2", content: null }),
  ]);
  assert.deepEqual(rows.find("a"), []);
  assert.deepEqual(rows.find("b"), ["banana", "blackberry"]);
});

test("the answers of two writers come in the wrong order: the newer row stays", async () => {
  const store = new MemoryCfsStore();
  const rows = table();
  await commitChanges(store, [rows.change({ id: "1", content: "a" })]);
  const first = rows.change({ id: "1", content: "b" });
  const done = first === null ? "conflict" : store.rows.commit([first.change]);
  assert.equal(done, "done");
  assert.equal(await commitChanges(store, [rows.change({ id: "1", content: "c" })]), "conflict");
  await commitChanges(store, [rows.change({ id: "1", content: "c" })]);
  first?.done();
  assert.equal(rows.get("1"), "c");
});

test("a row that is not there is not deleted", async () => {
  assert.equal(table().change({ id: "1", content: null }), null);
  assert.equal(await commitChanges(new MemoryCfsStore(), [null]), "done");
});
