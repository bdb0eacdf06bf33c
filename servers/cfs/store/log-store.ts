// The CFS's store over a log of batches, such as a disk of the simulation: rows are what the log adds up to.
import { CfsRows } from "./memory-rows.ts";
import type { CfsStore, Change } from "./store.ts";

/** A log that keeps batches in order and outlives its writers. */
export interface BatchLog {
  /** Every batch that is there now, acknowledged or not. */
  batches(): readonly (readonly Change[])[];
  /** Appends when `accepts` says so of what is there at that moment; settles when it is durable. */
  append(
    batch: readonly Change[],
    accepts: (batches: readonly (readonly Change[])[]) => boolean,
  ): Promise<"done" | "conflict">;
}

/** Opens the store for one life of a node. */
export function openLogStore(log: BatchLog): CfsStore {
  let rows = new CfsRows();
  let applied = 0;
  const catchUp = (batches: readonly (readonly Change[])[]): CfsRows => {
    // A log that lost its end (power) is read from the beginning.
    if (batches.length < applied) {
      rows = new CfsRows();
      applied = 0;
    }
    for (const batch of batches.slice(applied)) rows.commit(batch);
    applied = batches.length;
    return rows;
  };
  return {
    commit: (batch) => log.append(batch, (batches) => catchUp(batches).accepts(batch)),
    scan: async (after, limit) => catchUp(log.batches()).scan(after, limit),
    read: async (keys) => catchUp(log.batches()).read(keys),
    close: async () => undefined,
  };
}
