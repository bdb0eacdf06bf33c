// All SQL of the CFS's own store: synchronous, within the transactions of whoever calls.
import type { StoreKind, StoreSql } from "@liquid-ims/location-service/sqlite/connection";
import type Database from "better-sqlite3";
import type { Change, CommitResult, Key, Row } from "../store.ts";

/** The operations, as they are called from any thread. */
export type CfsCalls = {
  commit(batch: readonly Change[]): CommitResult;
  scan(from: { readonly after: Key; readonly limit: number }): readonly Row[];
  read(keys: readonly Key[]): readonly Row[];
};

/** Version 1: rows as the port has them. Keys begin with their table's name. */
const version1 = `
CREATE TABLE entry (
  key TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  value TEXT NOT NULL
);
`;

class CfsSql implements StoreSql<CfsCalls> {
  readonly calls: CfsCalls;
  readonly #database: Database.Database;
  readonly #insert: Database.Statement<[Key, string]>;
  readonly #update: Database.Statement<[string, Key, number]>;
  readonly #delete: Database.Statement<[Key, number]>;
  readonly #read: Database.Statement<[Key], Row>;
  readonly #scan: Database.Statement<[Key, number], Row>;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#insert = database.prepare(
      "INSERT INTO entry (key, version, value) VALUES (?, 1, ?) ON CONFLICT (key) DO NOTHING",
    );
    this.#update = database.prepare(
      "UPDATE entry SET value = ?, version = version + 1 WHERE key = ? AND version = ?",
    );
    this.#delete = database.prepare("DELETE FROM entry WHERE key = ? AND version = ?");
    this.#read = database.prepare("SELECT key, version, value FROM entry WHERE key = ?");
    this.#scan = database.prepare("SELECT key, version, value FROM entry WHERE key > ? ORDER BY key LIMIT ?");
    this.calls = {
      commit: (batch) => this.#commit(batch),
      scan: ({ after, limit }) => this.#scan.all(after, limit),
      read: (keys) => keys.flatMap((key) => this.#read.get(key) ?? []),
    };
  }

  begin(): void {
    // Nothing is remembered from one transaction to the next.
  }

  end(): void {
    // Nothing is written beside the rows.
  }

  rolledBack(): void {
    // Nothing was remembered.
  }

  #commit(batch: readonly Change[]): CommitResult {
    if (new Set(batch.map(({ key }) => key)).size !== batch.length)
      throw new Error("a batch changes one row twice: put both changes of it together");
    this.#database.exec("SAVEPOINT batch");
    const done = batch.every((change) => this.#apply(change));
    this.#database.exec(done ? "RELEASE batch" : "ROLLBACK TO batch; RELEASE batch");
    return done ? "done" : "conflict";
  }

  /** False when the row is not as its writer has read it. */
  #apply({ key, expect, value }: Change): boolean {
    if (expect === "absent")
      return value === null ? this.#read.get(key) === undefined : this.#insert.run(key, value).changes > 0;
    if (value === null) return this.#delete.run(key, expect).changes > 0;
    return this.#update.run(value, key, expect).changes > 0;
  }
}

/** The CFS's store as a kind of SQLite store; `LCFS` in its head. */
export const cfsKind: StoreKind<CfsCalls> = {
  name: "CFS store",
  applicationId: 0x4c434653,
  steps: [version1],
  writes: new Set(["commit"] as const),
  create: () => undefined,
  open: (database) => new CfsSql(database),
};
