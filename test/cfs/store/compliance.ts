// What every store of a CFS must do, whatever it is made of.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { CfsStore, Change } from "@liquid-ims/cfs/store/store";

export function put(key: string, expect: number | "absent", value: string | null): Change {
  return { key, expect, value };
}

/** Registers the tests; `open` gives an empty store each time. */
export function testCfsStore(kind: string, open: (context: TestContext) => Promise<CfsStore>): void {
  function testStore(title: string, run: (store: CfsStore) => Promise<void>): void {
    test(`CFS store, ${kind}: ${title}`, async (context) => {
      const store = await open(context);
      await run(store);
      await store.close();
    });
  }

  testStore("a batch is done as a whole, or not at all", async (store) => {
    assert.equal(await store.commit([put("a/1", "absent", "x"), put("a/2", "absent", "y")]), "done");
    assert.equal(await store.commit([put("a/3", "absent", "z"), put("a/1", "absent", "w")]), "conflict");
    assert.equal(await store.commit([put("a/3", "absent", "z"), put("a/1", 2, "w")]), "conflict");
    assert.deepEqual(await store.read(["a/3", "a/1"]), [{ key: "a/1", version: 1, value: "x" }]);
    assert.equal(await store.commit([put("a/1", 1, "w"), put("a/2", 1, null)]), "done");
    assert.deepEqual(await store.scan("", 10), [{ key: "a/1", version: 2, value: "w" }]);
    assert.equal(await store.commit([put("a/9", 1, null)]), "conflict");
    assert.equal(await store.commit([put("a/1", "absent", null)]), "conflict");
    assert.equal(await store.commit([put("a/9", "absent", null)]), "done");
    assert.equal(await store.commit([]), "done");
  });

  testStore("a row twice in one batch is a fault of the caller, and of nobody else", async (store) => {
    const [twice, other] = await Promise.allSettled([
      store.commit([put("a", "absent", "x"), put("a", 1, "y")]),
      store.commit([put("b", "absent", "z")]),
    ]);
    assert.equal(twice.status, "rejected");
    assert.match(String(twice.status === "rejected" ? twice.reason : ""), /twice/);
    assert.deepEqual(other, { status: "fulfilled", value: "done" });
    assert.deepEqual(await store.scan("", 9), [{ key: "b", version: 1, value: "z" }]);
  });

  testStore("scan gives rows behind a key in the order of keys, so many at a time", async (store) => {
    for (const key of ["b/1", "a/10", "a/2", "a/1", "B/1"]) await store.commit([put(key, "absent", key)]);
    const keys = async (after: string, limit: number) =>
      (await store.scan(after, limit)).map(({ key }) => key);
    assert.deepEqual(await keys("", 9), ["B/1", "a/1", "a/10", "a/2", "b/1"]);
    assert.deepEqual(await keys("a/", 2), ["a/1", "a/10"]);
    assert.deepEqual(await keys("a/10", 9), ["a/2", "b/1"]);
    await store.commit([put("a/10", 1, null)]);
    assert.deepEqual(await keys("a/1", 1), ["a/2"]);
  });

  testStore("rows are read in the order asked for, values as they were", async (store) => {
    const value = JSON.stringify({ name: 'zoë "\u{1f600}"\0' });
    await store.commit([put("t/ü", "absent", value), put("t/1", "absent", "")]);
    assert.deepEqual(await store.read(["t/ü", "t/0", "t/1"]), [
      { key: "t/ü", version: 1, value },
      { key: "t/1", version: 1, value: "" },
    ]);
  });

  testStore("of two writers that read the same version one gets a conflict", async (store) => {
    await store.commit([put("a", "absent", "x")]);
    const results = await Promise.all([
      store.commit([put("a", 1, "y"), put("b", "absent", "y")]),
      store.commit([put("a", 1, "z"), put("c", "absent", "z")]),
    ]);
    assert.deepEqual(results, ["done", "conflict"]);
    assert.deepEqual(
      (await store.scan("", 9)).map(({ key }) => key),
      ["a", "b"],
    );
  });

  test(`CFS store, ${kind}: after close nothing is answered`, async (context) => {
    const store = await open(context);
    await store.close();
    let answered = false;
    const noted = () => {
      answered = true;
    };
    store.commit([put("a", "absent", "x")]).then(noted, noted);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    assert.equal(answered, false);
  });
}
