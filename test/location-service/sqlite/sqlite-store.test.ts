// The location service in an SQLite file: what it keeps over a restart, who else has it open, what an old file becomes.
import assert from "node:assert/strict";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import type { SqliteFailure } from "@liquid-ims/location-service/sqlite/failure";
import { createSqliteRows, openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import Database from "better-sqlite3";
import { sampleRecord } from "../../compliance/location-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const alice = sampleRecord();

function user(number: number) {
  const impu = `sip:user${number}@open-ims.test`;
  return sampleRecord({ impu, implicitSet: [impu, `tel:+1555${number}`], contact: null });
}

async function expectFailure(promise: Promise<unknown>, code: SqliteFailure["code"], text: RegExp) {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof Error && "code" in error, String(error));
    assert.match(error.message, text);
    assert.equal(error.code, code);
    return true;
  });
}

for (const driver of ["inline", "worker"] as const)
  test(`${driver}: a restart keeps every record, its version and the changes; numbers go on`, async (context) => {
    const file = join(temporaryFolder(context), "location.db");
    const first = await openSqliteLocationStore({ file, driver });
    for (let number = 0; number < 20; number++)
      await first.upsert([{ record: user(number), expect: "absent" }]);
    const before = await first.changesSince(0);
    await first.remove([{ key: user(3), expect: before.records[3]?.version ?? 0 }]);
    const after = await first.changesSince(0);
    const { createdAt } = await first.about();
    await first.close();
    const second = await openSqliteLocationStore({ file, driver });
    assert.deepEqual(await second.changesSince(0), after);
    assert.equal(after.records.length, 19);
    assert.equal((await second.changesSince(before.change)).removed, true);
    assert.deepEqual(await second.about(), { createdAt });
    assert.ok(Math.abs((createdAt ?? 0) - Date.now()) < 60_000);
    const [known] = await second.get("tel:+15555");
    assert.equal(
      await second.upsert([{ record: user(5), expect: known?.version ?? 0 }]),
      "done",
      "the version read before is the one to compare",
    );
    assert.ok(((await second.get("tel:+15555"))[0]?.change ?? 0) > after.change);
    await second.close();
  });

test("a reader on the same file sees what is committed, and writes nothing", async (context) => {
  const file = join(temporaryFolder(context), "location.db");
  const early = await Promise.all(
    (["inline", "worker"] as const).map((driver) =>
      openSqliteLocationStore({ file, driver, readOnly: true }),
    ),
  );
  for (const reader of early)
    await expectFailure(
      reader.changesSince(0),
      "missing",
      /location\.db: it cannot be opened; is its folder there/,
    );
  const writer = await openSqliteLocationStore({ file, driver: "worker" });
  for (const driver of ["inline", "worker"] as const) {
    const reader = await openSqliteLocationStore({ file, driver, readOnly: true });
    const { change } = await reader.changesSince(0);
    const impu = `sip:${driver}@open-ims.test`;
    const record = sampleRecord({ impu, implicitSet: [impu], pCscf: `${driver}.pcscf.test:4060` });
    await writer.upsert([{ record, expect: "absent" }]);
    assert.deepEqual(
      (await reader.changesSince(change)).records.map((found: LocationRecord) => found.impu),
      [impu],
    );
    assert.equal(
      (await reader.byFunction({ pCscf: `${driver}.pcscf.test` })).length,
      1,
      "a name that is new to it",
    );
    await expectFailure(
      reader.upsert([{ record: alice, expect: "absent" }]),
      "read-only",
      /may not be written/,
    );
    assert.equal((await reader.get(impu)).length, 1, "and goes on");
    await reader.close();
  }
  for (const reader of early) {
    assert.equal((await reader.changesSince(0)).records.length, 2, "one that was there before the file");
    await reader.close();
  }
  await writer.close();
});

test("two writers on one file compare versions with each other", async (context) => {
  const file = join(temporaryFolder(context), "location.db");
  const one = await openSqliteLocationStore({ file, driver: "worker" });
  const two = await openSqliteLocationStore({ file, driver: "worker" });
  await one.upsert([{ record: alice, expect: "absent" }]);
  assert.equal(await two.upsert([{ record: alice, expect: "absent" }]), "conflict");
  const [read] = await two.get(alice.impu);
  const expect = read?.version ?? 0;
  const results = await Promise.all([
    one.upsert([{ record: alice, expect }]),
    two.upsert([{ record: alice, expect }]),
  ]);
  assert.deepEqual(results.sort(), ["conflict", "done"]);
  await Promise.all([one.close(), two.close()]);
});

test("a file in the place of another one is taken over, and its readers are told to compare", async (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "location.db");
  const writer = await openSqliteLocationStore({ file, driver: "worker" });
  const reader = await openSqliteLocationStore({ file, driver: "inline", readOnly: true });
  await writer.upsert([{ record: alice, expect: "absent" }]);
  const { change } = await reader.changesSince(0);
  const { createdAt } = await writer.about();
  for (const end of ["", "-wal", "-shm"])
    if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, join(folder, `old.db${end}`));
  await writer.upsert([{ record: user(1), expect: "absent" }]);
  assert.equal(existsSync(file), true);
  const news = await reader.changesSince(change);
  assert.deepEqual(
    [news.records.map(({ impu }) => impu), news.removed],
    [[user(1).impu], true],
    "the number of the old store is lower than any of the new one",
  );
  assert.deepEqual(await reader.get(alice.impu), []);
  assert.ok(((await reader.about()).createdAt ?? 0) >= (createdAt ?? 0));
  await Promise.all([writer.close(), reader.close()]);
  const old = await openSqliteLocationStore({ file: join(folder, "old.db"), driver: "inline" });
  assert.equal((await old.get(alice.impu)).length, 1);
  assert.deepEqual(
    await old.changesSince(news.change),
    { records: [], change, more: false, removed: true },
    "an older copy that was put back has numbers that its reader is past",
  );
  await old.close();
});

/** The tables of version 1, as its program made them, with two users. */
const version1 = `
PRAGMA application_id = ${0x4c494d53};
PRAGMA user_version = 1;
CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), change INTEGER NOT NULL, removed_at INTEGER NOT NULL);
CREATE TABLE function_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, host TEXT NOT NULL);
CREATE INDEX function_name_host ON function_name (host);
CREATE TABLE record (id INTEGER PRIMARY KEY, impu TEXT NOT NULL, contact TEXT, p_cscf INTEGER, s_cscf INTEGER NOT NULL,
  state TEXT NOT NULL, registered_at INTEGER NOT NULL, refreshed_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  call_id TEXT, sequence INTEGER, detail TEXT NOT NULL, change INTEGER NOT NULL);
CREATE UNIQUE INDEX record_key ON record (impu, ifnull(contact, 0));
CREATE INDEX record_p_cscf ON record (p_cscf);
CREATE INDEX record_s_cscf ON record (s_cscf);
CREATE UNIQUE INDEX record_change ON record (change);
INSERT INTO counter VALUES (1, 42, 17);
INSERT INTO function_name VALUES (1, 'pcscf1.open-ims.test:4060', 'pcscf1.open-ims.test');
INSERT INTO function_name VALUES (2, 'sip:scscf1.open-ims.test:6060', 'scscf1.open-ims.test');
INSERT INTO record VALUES (1, 'sip:alice@open-ims.test', 'sip:alice@127.0.3.1:5060', 1, 2, 'registered', 1000, 2000,
  602000, 'reg-1', 2, '{"implicitSet":["sip:alice@open-ims.test","tel:+15551234"],"impi":"alice@open-ims.test",' ||
  '"instance":"urn:uuid:00000000-0000-1000-8000-000000000001","regId":1,' ||
  '"path":["sip:term@pcscf1.open-ims.test:4060;lr"],"visitedNetwork":"open-ims.test","doubtful":false,' ||
  '"ambiguous":false,"others":[],"leftAt":null}', 41);
INSERT INTO record VALUES (2, 'sip:bob@open-ims.test', NULL, NULL, 2, 'left', 1000, 2000, 602000, NULL, NULL,
  '{"implicitSet":["sip:bob@open-ims.test"],"impi":"bob@open-ims.test","instance":null,"path":[],' ||
  '"visitedNetwork":null,"doubtful":false,"ambiguous":false,"others":[],"leftAt":3000}', 42);
`;

test("a file of version 1 becomes one of the present version with all that is in it", async (context) => {
  const file = join(temporaryFolder(context), "location.db");
  const made = new Database(file);
  made.exec(version1);
  made.close();
  await expectFailure(
    openSqliteLocationStore({ file, driver: "inline", readOnly: true }),
    "version",
    /has location store schema version 1, this program reads 2; start the program that writes it/,
  );
  const store = await openSqliteLocationStore({ file, driver: "worker" });
  const [byNumber] = await store.get("tel:+15551234");
  assert.deepEqual(byNumber, { ...alice, version: 41, change: 41 });
  const all = await store.changesSince(0);
  assert.deepEqual(
    all.records.map(({ impu, state, leftAt }) => [impu, state, leftAt]),
    [
      ["sip:alice@open-ims.test", "registered", null],
      ["sip:bob@open-ims.test", "left", 3000],
    ],
  );
  assert.equal(all.change, 42);
  assert.deepEqual(await store.about(), { createdAt: null }, "version 1 has not kept it");
  assert.equal(await store.upsert([{ record: { ...alice, refreshedAt: 9 }, expect: 41 }]), "done");
  assert.equal((await store.get("tel:+15551234"))[0]?.change, 43);
  await store.close();
  const looked = new Database(file);
  assert.equal(looked.pragma("user_version", { simple: true }), 2);
  assert.deepEqual(
    looked.prepare("SELECT impu, p_cscf, refreshed FROM location WHERE state = 'registered'").all(),
    [{ impu: alice.impu, p_cscf: "pcscf1.open-ims.test:4060", refreshed: "1970-01-01 00:00:00" }],
  );
  looked.close();
});

test("a migration that fails leaves the file as it was", async (context) => {
  const file = join(temporaryFolder(context), "location.db");
  const made = new Database(file);
  // The view of version 2 cannot be made beside this table.
  made.exec(`${version1}; CREATE TABLE location (x);`);
  made.close();
  await expectFailure(openSqliteLocationStore({ file, driver: "inline" }), "failed", /location/);
  const looked = new Database(file);
  assert.equal(looked.pragma("user_version", { simple: true }), 1);
  assert.equal(looked.prepare("SELECT 1 FROM sqlite_master WHERE name = 'identity'").get(), undefined);
  looked.close();
});

for (const driver of ["inline", "worker"] as const)
  test(`${driver}: a newer version, another program's file and garbage are refused and left alone`, async (context) => {
    const folder = temporaryFolder(context);
    const newer = join(folder, "newer.db");
    await (await openSqliteLocationStore({ file: newer, driver: "inline" })).close();
    const raised = new Database(newer);
    raised.pragma("user_version = 99");
    raised.close();
    await expectFailure(
      openSqliteLocationStore({ file: newer, driver }),
      "version",
      /newer\.db: has location store schema version 99, this program reads 2; start a newer release/,
    );
    const other = join(folder, "other.db");
    const theirs = new Database(other);
    theirs.exec("CREATE TABLE cookies (x); PRAGMA user_version = 2;");
    theirs.close();
    await expectFailure(
      openSqliteLocationStore({ file: other, driver }),
      "version",
      /other\.db: is another program's database, no location store; name another file/,
    );
    await expectFailure(
      openSqliteLocationStore({ file: join(folder, "none", "x.db"), driver }),
      "missing",
      /x\.db/,
    );
    await expectFailure(openSqliteLocationStore({ file: folder, driver }), "missing", /cannot be opened/);
  });

test("lives on one database in memory: what one wrote the next one finds, whatever its own delays", async () => {
  const rows = createSqliteRows(() => 5_000);
  const waits: string[] = [];
  const first = rows.open(async (operation) => {
    waits.push(operation);
  });
  await first.upsert([{ record: alice, expect: "absent" }]);
  await first.close();
  assert.deepEqual(waits, ["write", "write"]);
  const second = rows.open();
  assert.equal((await second.get(alice.impu)).length, 1);
  assert.deepEqual(await second.about(), { createdAt: 5_000 });
  rows.close();
});
