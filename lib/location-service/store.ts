// The port to the home network's database of location records: written by every CFD, read by every CFS.
import type { LocationContent, LocationRecord, RecordKey } from "./record.ts";

/** A write. `expect` is the version that the writer has read. */
export interface RecordChange {
  readonly record: LocationContent;
  readonly expect: number | "absent";
}

/** Takes a record out altogether (a `left` one whose time is over). */
export interface RecordRemoval {
  readonly key: RecordKey;
  readonly expect: number;
}

export interface ChangesSince {
  /** At most `limit` records with a higher change number, in the order of it; each record once, as it is now. */
  readonly records: readonly LocationRecord[];
  /** Ask with this number next time. */
  readonly change: number;
  /** More are there already. */
  readonly more: boolean;
  /**
   * Records were taken out since the number asked for: `left` ones among them may have gone unseen. The reader
   * compares what it has with a reading from 0.
   */
  readonly removed: boolean;
}

/** Which records `byFunction` gives: those that agree with every member given. Names compare as function-name.ts says. */
export interface FunctionFilter {
  readonly pCscf?: string;
  readonly sCscf?: string;
}

/**
 * Every write compares versions, because what a dead writer did not see acknowledged may be there or may still
 * arrive. A batch is all or nothing. Promises reject when the store is down; what was asked may have happened.
 */
export interface LocationStore {
  /** Writes all or none. No changes at all: asks whether the store can be written, and changes no record. */
  upsert(changes: readonly RecordChange[]): Promise<"done" | "conflict">;
  remove(removals: readonly RecordRemoval[]): Promise<"done" | "conflict">;
  /** All records of a user, by any identity of the implicit set, `left` ones too. */
  get(impu: string): Promise<readonly LocationRecord[]>;
  /** Registered records only. */
  byFunction(filter: FunctionFilter): Promise<readonly LocationRecord[]>;
  /** From 0: everything. `limit` defaults to 1,000. */
  changesSince(change: number, limit?: number): Promise<ChangesSince>;
  /** When the store was made, ms since 1970 (null: not known); left out by stores that cannot say. */
  about?(): Promise<{ readonly createdAt: number | null }>;
  close(): Promise<void>;
}
