// The location service in memory: for the lab, for tests, and for one process that runs CFD and CFS.
import { LocationRows } from "./memory-rows.ts";
import type { LocationRecord } from "./record.ts";
import type { ChangesSince, FunctionFilter, LocationStore, RecordChange, RecordRemoval } from "./store.ts";

export interface MemoryLocationStoreOptions {
  /**
   * Awaited before and after each operation takes its effect: a virtual run delays by its seed here, so that a write
   * may be done without its writer having heard of it. A rejection is that of the operation. Default: no delay.
   */
  readonly settle?: (operation: "read" | "write") => Promise<void>;
  /** Rows that others have open too, or that outlived a node. Default: new ones. */
  readonly rows?: LocationRows;
}

/** The memory's `LocationStore`. */
export class MemoryLocationStore implements LocationStore {
  readonly rows: LocationRows;
  readonly #settle: (operation: "read" | "write") => Promise<void>;
  #closed = false;

  constructor(options: MemoryLocationStoreOptions = {}) {
    this.rows = options.rows ?? new LocationRows();
    this.#settle = options.settle ?? (async () => undefined);
  }

  async #run<Result>(operation: "read" | "write", act: () => Result): Promise<Result> {
    if (this.#closed) throw new Error("the location store is closed; open another one");
    await this.#settle(operation);
    const result = act();
    await this.#settle(operation);
    return result;
  }

  upsert(changes: readonly RecordChange[]): Promise<"done" | "conflict"> {
    return this.#run("write", () => this.rows.upsert(changes));
  }

  remove(removals: readonly RecordRemoval[]): Promise<"done" | "conflict"> {
    return this.#run("write", () => this.rows.remove(removals));
  }

  get(impu: string): Promise<readonly LocationRecord[]> {
    return this.#run("read", () => this.rows.get(impu));
  }

  byFunction(filter: FunctionFilter): Promise<readonly LocationRecord[]> {
    return this.#run("read", () => this.rows.byFunction(filter));
  }

  changesSince(change: number, limit = 1000): Promise<ChangesSince> {
    return this.#run("read", () => this.rows.changesSince(change, limit));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
