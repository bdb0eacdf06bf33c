// All SQL of the location service: synchronous, within the transactions of whoever calls.
import type Database from "better-sqlite3";
import type { LocationContent, LocationRecord, RecordKey } from "../record.ts";
import type { ChangesSince, FunctionFilter, RecordChange, RecordRemoval } from "../store.ts";
import type { StoreKind, StoreSql } from "./connection.ts";
import { FunctionNames } from "./function-names.ts";
import { detailOf, type RecordRow, recordColumns, recordOf } from "./record-row.ts";
import { locationApplicationId, locationSteps } from "./schema.ts";

/** The operations, as they are called from any thread. */
export type LocationCalls = {
  upsert(changes: readonly RecordChange[]): "done" | "conflict";
  remove(removals: readonly RecordRemoval[]): "done" | "conflict";
  get(impu: string): readonly LocationRecord[];
  byFunction(filter: FunctionFilter): readonly LocationRecord[];
  changesSince(from: { readonly change: number; readonly limit: number }): ChangesSince;
  about(nothing: null): { readonly createdAt: number | null };
};

interface Counter {
  readonly change: number;
  readonly removed_at: number;
  readonly created_at: number | null;
}

const sameKey = "impu = ? AND ifnull(contact, 0) = ?";

/** An unknown contact is one key, too; no text equals the number 0. */
function keyOf({ impu, contact }: RecordKey): [string, string | 0] {
  return [impu, contact ?? 0];
}

class LocationSql implements StoreSql<LocationCalls> {
  readonly calls: LocationCalls;
  readonly #database: Database.Database;
  readonly #names: FunctionNames;
  readonly #readCounter: Database.Statement<[], Counter>;
  readonly #writeCounter: Database.Statement<[number, number]>;
  readonly #insert: Database.Statement;
  readonly #refresh: Database.Statement;
  readonly #update: Database.Statement<unknown[], { id: number }>;
  readonly #delete: Database.Statement<unknown[], { id: number }>;
  readonly #addIdentity: Database.Statement<[string, number]>;
  readonly #dropIdentities: Database.Statement<[number]>;
  readonly #get: Database.Statement<[string, string], RecordRow>;
  readonly #since: Database.Statement<[number, number], RecordRow>;
  #change = 0;
  #removedAt = 0;
  /** `#change` as it stands in the file. */
  #written = 0;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#names = new FunctionNames(database);
    this.#readCounter = database.prepare("SELECT change, removed_at, created_at FROM counter WHERE id = 1");
    this.#writeCounter = database.prepare("UPDATE counter SET change = ?, removed_at = ? WHERE id = 1");
    this.#insert = database.prepare(
      `INSERT INTO record (${recordColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (impu, ifnull(contact, 0)) DO NOTHING`,
    );
    // Touches no index but that of the changes.
    this.#refresh = database.prepare(
      `UPDATE record SET refreshed_at = ?, expires_at = ?, call_id = ?, sequence = ?, change = ?
       WHERE ${sameKey} AND change = ? AND p_cscf IS ? AND s_cscf = ? AND state = ? AND registered_at = ?
       AND detail = ?`,
    );
    this.#update = database.prepare(
      `UPDATE record SET p_cscf = ?, s_cscf = ?, state = ?, registered_at = ?, refreshed_at = ?, expires_at = ?,
       call_id = ?, sequence = ?, detail = ?, change = ? WHERE ${sameKey} AND change = ? RETURNING id`,
    );
    this.#delete = database.prepare(`DELETE FROM record WHERE ${sameKey} AND change = ? RETURNING id`);
    this.#addIdentity = database.prepare("INSERT OR IGNORE INTO identity (identity, record) VALUES (?, ?)");
    this.#dropIdentities = database.prepare("DELETE FROM identity WHERE record = ?");
    this.#get = database.prepare(
      `SELECT ${recordColumns} FROM record
       WHERE impu = ? OR id IN (SELECT record FROM identity WHERE identity = ?)`,
    );
    this.#since = database.prepare(
      `SELECT ${recordColumns} FROM record WHERE change > ? ORDER BY change LIMIT ?`,
    );
    this.calls = {
      upsert: (changes) => this.#batch(changes, (change) => this.#write(change)),
      remove: (removals) => this.#batch(removals, (removal) => this.#remove(removal)),
      get: (impu) => this.#records(this.#get.all(impu, impu)).sort((a, b) => a.change - b.change),
      byFunction: (filter) => this.#byFunction(filter),
      changesSince: ({ change, limit }) => this.#changesSince(change, limit),
      about: () => ({ createdAt: this.#counter().created_at }),
    };
  }

  begin(): void {
    const { change, removed_at } = this.#counter();
    this.#change = change;
    this.#written = change;
    this.#removedAt = removed_at;
  }

  end(): void {
    if (this.#change === this.#written) return;
    this.#written = this.#change;
    this.#writeCounter.run(this.#change, this.#removedAt);
  }

  rolledBack(): void {
    this.#names.forget();
  }

  #counter(): Counter {
    const counter = this.#readCounter.get();
    if (counter === undefined) throw new Error("the counter is missing; the file is not whole");
    return counter;
  }

  /** All or nothing: one statement is so by itself. */
  #batch<Item>(items: readonly Item[], write: (item: Item) => boolean): "done" | "conflict" {
    const [only] = items;
    if (only !== undefined && items.length === 1) return write(only) ? "done" : "conflict";
    // A batch of nothing asks whether the file can be written: so something must be.
    if (only === undefined) {
      this.#change += 1;
      return "done";
    }
    const before = { change: this.#change, removedAt: this.#removedAt };
    this.#database.exec("SAVEPOINT batch");
    if (items.every(write)) {
      this.#database.exec("RELEASE batch");
      return "done";
    }
    this.#database.exec("ROLLBACK TO batch; RELEASE batch");
    this.#names.forget();
    this.#change = before.change;
    this.#removedAt = before.removedAt;
    return "conflict";
  }

  /** False when the record is not as its writer has read it. */
  #write({ record, expect }: RecordChange): boolean {
    const { state, registeredAt, refreshedAt, expiresAt } = record;
    const pCscf = record.pCscf === null ? null : this.#names.intern(record.pCscf);
    const sCscf = this.#names.intern(record.sCscf);
    const callId = record.order?.callId ?? null;
    const sequence = record.order?.sequence ?? null;
    const detail = detailOf(record);
    const change = this.#change + 1;
    const times = [registeredAt, refreshedAt, expiresAt, callId, sequence, detail, change];
    if (expect === "absent") {
      const { impu, contact } = record;
      const added = this.#insert.run(impu, contact, pCscf, sCscf, state, ...times);
      if (added.changes === 0) return false;
      this.#addIdentities(Number(added.lastInsertRowid), record);
    } else {
      const key = keyOf(record);
      const same = [...key, expect, pCscf, sCscf, state, registeredAt, detail];
      const refreshed = this.#refresh.run(refreshedAt, expiresAt, callId, sequence, change, ...same);
      if (refreshed.changes === 0) {
        const written = this.#update.get(pCscf, sCscf, state, ...times, ...key, expect);
        if (written === undefined) return false;
        this.#dropIdentities.run(written.id);
        this.#addIdentities(written.id, record);
      }
    }
    this.#change = change;
    return true;
  }

  #addIdentities(id: number, { impu, implicitSet }: LocationContent): void {
    for (const identity of implicitSet) if (identity !== impu) this.#addIdentity.run(identity, id);
  }

  #remove({ key, expect }: RecordRemoval): boolean {
    const removed = this.#delete.get(...keyOf(key), expect);
    if (removed === undefined) return false;
    this.#dropIdentities.run(removed.id);
    this.#change += 1;
    this.#removedAt = this.#change;
    return true;
  }

  #records(rows: readonly RecordRow[]): LocationRecord[] {
    return rows.map((row) => recordOf(row, (id) => this.#names.nameOf(id)));
  }

  #byFunction({ pCscf, sCscf }: FunctionFilter): readonly LocationRecord[] {
    const conditions = ["state = 'registered'"];
    const ids: string[] = [];
    for (const [column, name] of [
      ["p_cscf", pCscf],
      ["s_cscf", sCscf],
    ]) {
      if (name === undefined) continue;
      conditions.push(`${column} IN (SELECT value FROM json_each(?))`);
      ids.push(JSON.stringify(this.#names.same(name)));
    }
    const select = this.#database.prepare<string[], RecordRow>(
      `SELECT ${recordColumns} FROM record WHERE ${conditions.join(" AND ")} ORDER BY +change`,
    );
    return this.#records(select.all(...ids));
  }

  #changesSince(since: number, limit: number): ChangesSince {
    const counter = this.#counter();
    // A number from the future is that of a store whose place this one has taken.
    if (since > counter.change) return { records: [], change: counter.change, more: false, removed: true };
    const rows = this.#since.all(since, limit + 1);
    const more = rows.length > limit;
    const records = this.#records(rows.slice(0, limit));
    const change = more ? (records.at(-1)?.change ?? since) : counter.change;
    return { records, change, more, removed: since > 0 && since < counter.removed_at };
  }
}

/**
 * The change numbers of a new store begin with its date in microseconds: higher than those of any store before it,
 * so that a reader who knew that one is told to compare.
 */
function create(database: Database.Database, at: number): void {
  const first = Math.floor(at * 1000);
  database
    .prepare("INSERT INTO counter (id, change, removed_at, created_at) VALUES (1, ?, ?, ?)")
    .run(first, first, Math.floor(at));
}

/** The location service as a kind of SQLite store. */
export const locationKind: StoreKind<LocationCalls> = {
  name: "location store",
  applicationId: locationApplicationId,
  steps: locationSteps,
  writes: new Set(["upsert", "remove"] as const),
  create,
  open: (database) => new LocationSql(database),
};
