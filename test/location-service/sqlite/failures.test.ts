// A file that cannot be written or read for a while: each call fails with a clear text, and the store recovers.
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { isSqliteError } from "@liquid-ims/location-service/sqlite/failure";
import type { LocationCalls } from "@liquid-ims/location-service/sqlite/location-sql";
import {
  openSqliteLocationStore,
  SqliteLocationStore,
} from "@liquid-ims/location-service/sqlite/sqlite-store";
import { WorkerDriver } from "@liquid-ims/location-service/sqlite/worker-driver";
import Database from "better-sqlite3";
import { sampleRecord } from "../../compliance/location-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function user(number: number) {
  const impu = `sip:user${number}@open-ims.test`;
  return sampleRecord({ impu, implicitSet: [impu], contact: null });
}

for (const driver of ["inline", "worker"] as const) {
  test(`${driver}: no room: what is written stays, more fails as full, and goes on when there is room`, async (context) => {
    const file = join(temporaryFolder(context), "location.db");
    const store = await openSqliteLocationStore({ file, driver, maxBytes: 80 * 1024 });
    let number = 0;
    await assert.rejects(
      async () => {
        for (; number < 2_000; number++) await store.upsert([{ record: user(number), expect: "absent" }]);
      },
      { code: "full", message: /location\.db: there is no room for it; make some.*SQLITE_FULL/ },
    );
    assert.ok(number > 10, `${number} records had room`);
    assert.equal((await store.changesSince(0, 5_000)).records.length, number, "none of the refused one");
    const group = await Promise.allSettled(
      [0, 1].map((more) => store.upsert([{ record: user(5_000 + more), expect: "absent" }])),
    );
    assert.deepEqual(
      group.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    for (let gone = 0; gone < number; gone++) {
      const version = (await store.get(user(gone).impu))[0]?.version ?? 0;
      assert.equal(await store.remove([{ key: user(gone), expect: version }]), "done");
    }
    assert.equal(await store.upsert([{ record: user(number), expect: "absent" }]), "done");
    await store.close();
  });

  test(`${driver}: locked by another process's transaction: fails after the timeout, reads go on`, async (context) => {
    const file = join(temporaryFolder(context), "location.db");
    const store = await openSqliteLocationStore({ file, driver, busyTimeout: 20 });
    await store.upsert([{ record: user(1), expect: "absent" }]);
    const other = new Database(file);
    other.exec("BEGIN EXCLUSIVE");
    await assert.rejects(store.upsert([{ record: user(2), expect: "absent" }]), {
      code: "locked",
      message: /another process has kept it locked.*SQLITE_BUSY/,
    });
    assert.equal((await store.get(user(1).impu)).length, 1);
    other.exec("ROLLBACK");
    other.close();
    assert.equal(await store.upsert([{ record: user(2), expect: "absent" }]), "done");
    await store.close();
  });

  test(`${driver}: a file that has become garbage fails as corrupt; a sound copy in its place is taken`, async (context) => {
    const folder = temporaryFolder(context);
    const file = join(folder, "location.db");
    const first = await openSqliteLocationStore({ file, driver });
    await first.upsert([{ record: user(1), expect: "absent" }]);
    await first.close();
    copyFileSync(file, join(folder, "sound.db"));
    const store = await openSqliteLocationStore({ file, driver });
    rmSync(file);
    writeFileSync(file, "this is no database, and never was one\n".repeat(500));
    await assert.rejects(store.get(user(1).impu), {
      code: "corrupt",
      message: /put a sound copy in its place/,
    });
    await assert.rejects(store.upsert([{ record: user(2), expect: "absent" }]), { code: "corrupt" });
    await assert.rejects(openSqliteLocationStore({ file, driver }), { code: "corrupt" });
    for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    copyFileSync(join(folder, "sound.db"), file);
    assert.equal((await store.get(user(1).impu)).length, 1);
    assert.equal(await store.upsert([{ record: user(2), expect: "absent" }]), "done");
    await store.close();
  });
}

test("one caller's fault is not its neighbours' in the same group", async (context) => {
  const file = join(temporaryFolder(context), "location.db");
  const store = await openSqliteLocationStore({ file, driver: "worker" });
  // SQLite takes no record without an S-CSCF; a program in plain JavaScript might leave it out.
  const wrong = JSON.parse(JSON.stringify({ ...user(2), registeredAt: null }));
  const results = await Promise.allSettled([
    store.upsert([{ record: user(1), expect: "absent" }]),
    store.upsert([{ record: wrong, expect: "absent" }]),
    store.upsert([{ record: user(3), expect: "absent" }]),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value : "rejected")),
    ["done", "rejected", "done"],
  );
  assert.deepEqual(
    (await store.changesSince(0)).records.map(({ impu }) => impu),
    [user(1).impu, user(3).impu],
  );
  await store.close();
});

test("a read-only file: told, and written again when it may be", async (context) => {
  if (process.getuid?.() === 0) {
    // Root may write everything: SQLite's own read-only opening stands for it.
    const file = join(temporaryFolder(context), "location.db");
    await (await openSqliteLocationStore({ file, driver: "inline" })).close();
    const database = new Database(file, { readonly: true });
    assert.throws(
      () => database.exec("DELETE FROM record"),
      (error) => isSqliteError(error) && error.code === "SQLITE_READONLY",
    );
    database.close();
    return;
  }
  const folder = temporaryFolder(context);
  const file = join(folder, "location.db");
  await (await openSqliteLocationStore({ file, driver: "inline" })).close();
  chmodSync(file, 0o444);
  chmodSync(folder, 0o555);
  await assert.rejects(openSqliteLocationStore({ file, driver: "inline" }), { code: "read-only" });
  chmodSync(folder, 0o755);
  chmodSync(file, 0o644);
  await (await openSqliteLocationStore({ file, driver: "inline" })).close();
});

test("a thread that dies: what it was asked fails, the next call has a new one, nothing committed is lost", async (context) => {
  const file = join(temporaryFolder(context), "location.db");
  const program = new URL("./dying-thread.ts", import.meta.url);
  const driver = new WorkerDriver<LocationCalls>(program, { file });
  await driver.open();
  const store = new SqliteLocationStore(driver);
  await store.upsert([{ record: user(1), expect: "absent" }]);
  const results = await Promise.allSettled([store.get("sip:die@open-ims.test"), store.get(user(1).impu)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  await assert.rejects(async () => {
    throw results[0]?.status === "rejected" ? results[0].reason : null;
  }, /location\.db: the store's thread ended/);
  assert.equal((await store.get(user(1).impu)).length, 1);
  assert.equal(await store.upsert([{ record: user(2), expect: "absent" }]), "done");
  await store.close();
  await store.close();
});
