// A store's file looked at without opening it: what would keep a program from it is said, nothing is touched.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { SqliteFailure } from "@liquid-ims/location-service/sqlite/failure";
import { examineFile } from "@liquid-ims/location-service/sqlite/file-format";
import { locationKind } from "@liquid-ims/location-service/sqlite/location-sql";
import {
  examineSqliteLocationStore,
  openSqliteLocationStore,
} from "@liquid-ims/location-service/sqlite/sqlite-store";
import Database from "better-sqlite3";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** As `code: message`, or `right`. */
function lookAt(file: string, readOnly = false): string {
  try {
    examineFile(locationKind, { file, readOnly });
  } catch (error) {
    assert.ok(error instanceof SqliteFailure, String(error));
    return `${error.code}: ${error.message.replace(file, "F")}`;
  }
  return "right";
}

function make(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}

test("a file that is not there: a writer makes it where its folder lets him, and does not yet; a reader misses it", (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "location.db");
  assert.equal(lookAt(file), "right");
  assert.match(lookAt(file, true), /^missing: F: it cannot be opened; .*ENOENT/);
  assert.deepEqual(readdirSync(folder), []);
  assert.match(lookAt(join(folder, "none/location.db")), /^missing: F: it cannot be opened; is its folder/);
  writeFileSync(file, "");
  assert.match(lookAt(join(file, "location.db")), /^missing: F: it cannot be opened; .*ENOTDIR/);
  assert.equal(lookAt(file), "right");
});

test("a folder, another program's file, garbage, a newer and an older version", (context) => {
  const folder = temporaryFolder(context);
  assert.match(lookAt(folder), /^missing: F: it cannot be opened; .*it is no file/);
  const [other, theirs, newer, older, garbage] = ["a", "b", "c", "d", "e"].map((name) => join(folder, name));
  assert.ok(other && theirs && newer && older && garbage);
  make(other, "PRAGMA application_id = 7; CREATE TABLE cookies (x)");
  assert.equal(
    lookAt(other),
    "version: F: is another program's database, no location store; name another file",
  );
  make(theirs, "CREATE TABLE cookies (x); PRAGMA user_version = 2");
  assert.equal(lookAt(theirs), lookAt(other));
  make(newer, `PRAGMA application_id = ${locationKind.applicationId}; PRAGMA user_version = 99`);
  const tooNew =
    "version: F: has location store schema version 99, this program reads 2; start a newer release";
  assert.deepEqual([lookAt(newer), lookAt(newer, true)], [tooNew, tooNew]);
  make(older, `PRAGMA application_id = ${locationKind.applicationId}; PRAGMA user_version = 1`);
  assert.equal(lookAt(older), "right");
  assert.match(
    lookAt(older, true),
    /^version: F: has location store schema version 1, .*brings it up to date$/,
  );
  writeFileSync(garbage, "no database".repeat(20));
  assert.match(lookAt(garbage), /^corrupt: F: it is no readable database; /);
});

test("a store that is in use, with all of it in its transaction log: right, and nothing is touched", async (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "location.db");
  const link = join(folder, "link.db");
  symlinkSync(file, link);
  const store = await openSqliteLocationStore({ file, driver: "inline" });
  const state = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")]);
  const before = state();
  assert.deepEqual([lookAt(file), lookAt(file, true), lookAt(link)], ["right", "right", "right"]);
  assert.deepEqual(state(), before);
  await store.close();
  assert.deepEqual([lookAt(file), lookAt(file, true)], ["right", "right"]);
});

test("a reader of the location service waits for its file, and for no file of others", (context) => {
  const file = join(temporaryFolder(context), "location.db");
  examineSqliteLocationStore({ file, readOnly: true });
  writeFileSync(file, "no database".repeat(20));
  assert.throws(() => examineSqliteLocationStore({ file, readOnly: true }), { code: "corrupt" });
});
