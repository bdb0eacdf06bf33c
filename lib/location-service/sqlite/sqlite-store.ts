// The location service in an SQLite file: written by the CFDs of one machine, read by its CFSs.
import { extname } from "node:path";
import type { LocationRecord } from "../record.ts";
import type { ChangesSince, FunctionFilter, LocationStore, RecordChange, RecordRemoval } from "../store.ts";
import { type Driver, isWorthWaiting, type SqliteOptions } from "./driver.ts";
import { type Committed, Engine } from "./engine.ts";
import { examineFile } from "./file-format.ts";
import { InlineDriver, openInline } from "./inline-driver.ts";
import { type LocationCalls, locationKind } from "./location-sql.ts";
import { WorkerDriver } from "./worker-driver.ts";

export type { DriverKind, SqliteOptions } from "./driver.ts";

/** The `LocationStore` over a driver; every rejection is a `SqliteFailure`. */
export class SqliteLocationStore implements LocationStore {
  readonly #driver: Driver<LocationCalls>;

  constructor(driver: Driver<LocationCalls>) {
    this.#driver = driver;
  }

  upsert(changes: readonly RecordChange[]): Promise<"done" | "conflict"> {
    return this.#driver.call("upsert", changes);
  }

  remove(removals: readonly RecordRemoval[]): Promise<"done" | "conflict"> {
    return this.#driver.call("remove", removals);
  }

  get(impu: string): Promise<readonly LocationRecord[]> {
    return this.#driver.call("get", impu);
  }

  byFunction(filter: FunctionFilter): Promise<readonly LocationRecord[]> {
    return this.#driver.call("byFunction", filter);
  }

  changesSince(change: number, limit = 1000): Promise<ChangesSince> {
    return this.#driver.call("changesSince", { change, limit });
  }

  about(): Promise<{ readonly createdAt: number | null }> {
    return this.#driver.call("about", null);
  }

  /** Transactions of writes and the writes in them: how well they share the disk's work. */
  get committed(): Committed {
    return this.#driver.committed;
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}

/** Opens the file, making it where there is none; rejects with a `SqliteFailure` that says why it cannot be had. */
export async function openSqliteLocationStore(options: SqliteOptions): Promise<SqliteLocationStore> {
  if (options.driver === "inline") return new SqliteLocationStore(openInline(locationKind, options));
  const program = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);
  const driver = new WorkerDriver<LocationCalls>(program, options);
  await driver.open();
  return new SqliteLocationStore(driver);
}

/**
 * Throws the `SqliteFailure` with which opening the file would be refused, as far as it is seen without opening it; nothing
 * is made or changed. A reader waits for a file that is not there.
 */
export function examineSqliteLocationStore(options: Pick<SqliteOptions, "file" | "readOnly">): void {
  try {
    examineFile(locationKind, options);
  } catch (error) {
    if (!isWorthWaiting(error, options)) throw error;
  }
}

/**
 * A database in memory that outlives the stores on it, as `LocationRows` does: `open` gives one to each life of a
 * node. `wall` dates it, ms since 1970.
 */
export function createSqliteRows(wall: () => number): {
  open(settle?: SqliteOptions["settle"]): SqliteLocationStore;
  close(): void;
} {
  const engine = new Engine(locationKind, { file: ":memory:" }, wall);
  engine.open();
  return {
    open: (settle) =>
      new SqliteLocationStore(
        new InlineDriver(locationKind, engine, {
          ownsEngine: false,
          ...(settle === undefined ? {} : { settle }),
        }),
      ),
    close: () => engine.close(),
  };
}
