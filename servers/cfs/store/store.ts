// The CFS's own store as a port: compared changes in batches, rows in the order of their keys.

/** Slash-separated, the first part naming the table: `subscription/…`, `lcf/…`, `transfer/…`. */
export type Key = string;

/** Opaque to the store: the owner of a table encodes and versions its rows (JSON in all of ours). */
export type Value = string;

export interface Row {
  readonly key: Key;
  /** Raised by every change of the row, never 0. */
  readonly version: number;
  readonly value: Value;
}

/** One row's change; holds only if the row is still as its writer read it. */
export interface Change {
  readonly key: Key;
  /** The version that was read, or that no such row existed. */
  readonly expect: number | "absent";
  /** Null deletes the row. */
  readonly value: Value | null;
}

/** `conflict`: somebody else wrote one of the rows; nothing of the batch was done. */
export type CommitResult = "done" | "conflict";

/** The store cannot do it now (no room, locked, gone); what was asked may have happened. Worth asking again. */
export class StoreDown extends Error {
  override readonly name = "StoreDown";
}

/**
 * Durable rows. Nothing may be acknowledged or sent on the strength of a change before its commit has answered
 * `done`. A commit that never answered (a crash) or that failed may have been done, or may still be. The promises
 * reject with `StoreDown` only, and within a CFS they do not even that (steady-store.ts). A key that may come again is
 * better emptied than deleted, because a deleted row's versions begin anew.
 */
export interface CfsStore {
  /** All changes or none. An accepted change gives the row the version `expect` + 1 (`absent`: 1). */
  commit(batch: readonly Change[]): Promise<CommitResult>;
  /** Rows with keys greater than `after`, in the order of their keys (code points or code units), `limit` at most. */
  scan(after: Key, limit: number): Promise<readonly Row[]>;
  /** The rows of these keys that exist, in the order asked for. */
  read(keys: readonly Key[]): Promise<readonly Row[]>;
  /** Ends what the store has open; commits after it never answer. */
  close(): Promise<void>;
}
