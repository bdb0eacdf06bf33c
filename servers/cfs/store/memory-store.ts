// The CFS's store in memory: for the lab, for tests, and for one process that forgets when it ends.
import { CfsRows } from "./memory-rows.ts";
import type { CfsStore, Change, CommitResult, Key, Row } from "./store.ts";

export interface MemoryCfsStoreOptions {
  /**
   * Awaited before and after each operation takes effect: a virtual run delays by its seed here, so that a write may
   * be done without its writer having heard of it, or arrive after another has read. Default: no delay.
   */
  readonly settle?: (operation: "read" | "write") => Promise<void>;
  /** Rows that others have open too, or that outlived a node. Default: new ones. */
  readonly rows?: CfsRows;
}

/** The memory's `CfsStore`. */
export class MemoryCfsStore implements CfsStore {
  readonly rows: CfsRows;
  readonly #settle: (operation: "read" | "write") => Promise<void>;
  #closed = false;

  constructor(options: MemoryCfsStoreOptions = {}) {
    this.rows = options.rows ?? new CfsRows();
    this.#settle = options.settle ?? (async () => undefined);
  }

  async #run<Result>(operation: "read" | "write", act: () => Result): Promise<Result> {
    await this.#settle(operation);
    if (this.#closed) return new Promise<Result>(() => undefined);
    const result = act();
    await this.#settle(operation);
    return result;
  }

  commit(batch: readonly Change[]): Promise<CommitResult> {
    return this.#run("write", () => this.rows.commit(batch));
  }

  scan(after: Key, limit: number): Promise<readonly Row[]> {
    return this.#run("read", () => this.rows.scan(after, limit));
  }

  read(keys: readonly Key[]): Promise<readonly Row[]> {
    return this.#run("read", () => this.rows.read(keys));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
