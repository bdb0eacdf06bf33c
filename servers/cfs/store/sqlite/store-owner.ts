// One CFS for one store file: two would go on with the same transfers and command the same UEs. The owner holds a lock of
// SQLite's on a file beside the store, which the system takes away with the process, however that ends.
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { failureOf, SqliteFailure } from "@liquid-ims/location-service/sqlite/failure";
import type { Clock } from "@liquid-ims/runtime/clock";
import Database from "better-sqlite3";

export interface StoreOwner {
  /** Lets another CFS have the file. */
  release(): void;
}

/** How long one that is about to end may still have the file, ms: a restart comes at once. */
const longestWaitMs = 5_000;
const lookEveryMs = 100;

/** Two names of one file are one file. */
function lockFileOf(file: string): string {
  const path = resolve(file);
  try {
    return `${realpathSync(path)}-owner`;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    return `${join(realpathSync(dirname(path)), basename(path))}-owner`;
  }
}

/** Null: somebody else has it. */
function tryLock(lockFile: string): StoreOwner | null {
  let database: Database.Database | null = null;
  try {
    const opened = new Database(lockFile, { timeout: 0 });
    database = opened;
    opened.exec("BEGIN EXCLUSIVE");
    return { release: () => void opened.close() };
  } catch (error) {
    database?.close();
    const failure = failureOf(lockFile, error);
    if (failure.code === "locked") return null;
    throw failure;
  }
}

/** Takes the file for this process; rejects with a `SqliteFailure` when another CFS keeps it. */
export async function ownStore(clock: Clock, file: string): Promise<StoreOwner> {
  let lockFile: string;
  try {
    lockFile = lockFileOf(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SqliteFailure("missing", `${file}: it cannot be opened: ${reason}`, { cause: error });
  }
  const until = clock.now() + longestWaitMs;
  for (;;) {
    const owner = tryLock(lockFile);
    if (owner !== null) return owner;
    if (clock.now() >= until)
      throw new SqliteFailure(
        "locked",
        `${file}: another CFS runs on this file, and two would command the same users; stop it, or give this one another store.file`,
      );
    await clock.sleep(lookEveryMs, "the store's owner");
  }
}
