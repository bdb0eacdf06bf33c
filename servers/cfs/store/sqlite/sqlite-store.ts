// The CFS's own store in an SQLite file.
import { extname } from "node:path";
import type { Driver, SqliteOptions } from "@liquid-ims/location-service/sqlite/driver";
import { SqliteFailure } from "@liquid-ims/location-service/sqlite/failure";
import { examineFile } from "@liquid-ims/location-service/sqlite/file-format";
import { openInline } from "@liquid-ims/location-service/sqlite/inline-driver";
import { WorkerDriver } from "@liquid-ims/location-service/sqlite/worker-driver";
import { type CfsStore, type Change, type CommitResult, type Key, type Row, StoreDown } from "../store.ts";
import { type CfsCalls, cfsKind } from "./cfs-sql.ts";

class SqliteCfsStore implements CfsStore {
  readonly #driver: Driver<CfsCalls>;
  #closed = false;

  constructor(driver: Driver<CfsCalls>) {
    this.#driver = driver;
  }

  async #ask<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      // Whoever is closed under its callers answers no more: their host has ended.
      if (this.#closed) return new Promise<Answer>(() => undefined);
      if (error instanceof SqliteFailure && error.code !== "failed")
        throw new StoreDown(`CFS store ${error.message}`, { cause: error });
      throw error;
    }
  }

  commit(batch: readonly Change[]): Promise<CommitResult> {
    return this.#ask(this.#driver.call("commit", batch));
  }

  scan(after: Key, limit: number): Promise<readonly Row[]> {
    return this.#ask(this.#driver.call("scan", { after, limit }));
  }

  read(keys: readonly Key[]): Promise<readonly Row[]> {
    return this.#ask(this.#driver.call("read", keys));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#driver.close();
  }
}

/** Opens the file, making it where there is none; rejects with a `SqliteFailure` that says why it cannot be had. */
export async function openSqliteCfsStore(options: SqliteOptions): Promise<CfsStore> {
  if (options.driver === "inline") return new SqliteCfsStore(openInline(cfsKind, options));
  const program = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);
  const driver = new WorkerDriver<CfsCalls>(program, options);
  await driver.open();
  return new SqliteCfsStore(driver);
}

/**
 * Throws the `SqliteFailure` with which opening the file would be refused, as far as it is seen without opening it; nothing
 * is made or changed, and a CFS may run on it.
 */
export function examineSqliteCfsStore({ file }: Pick<SqliteOptions, "file">): void {
  examineFile(cfsKind, { file });
}
