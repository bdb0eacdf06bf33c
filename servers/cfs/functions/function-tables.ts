// The tables of function operations in the CFS's store.
import type { CfsStore } from "../store/store.ts";
import { commitChanges, Table } from "../store/table.ts";
import {
  type FunctionOperationRow,
  type FunctionRow,
  functionCodec,
  isEnded,
  operationCodec,
} from "./function-row.ts";

/** What is known of a function now that its operation is so; null: the same as before. */
function known(row: FunctionRow, operation: FunctionOperationRow): FunctionRow | null {
  const { id, action, state, version } = operation;
  if (row.operation !== id) return null;
  if (state === "completed")
    return { ...row, present: action === "add", goneVersion: action === "add" ? null : version };
  // From its UPDATE on resolvers may learn of it, however the operation ends.
  const mayCome = state === "writing" && action === "add" && row.present === false;
  return mayCome ? { ...row, present: null, goneVersion: null } : null;
}

export class FunctionTables {
  readonly operations = new Table<FunctionOperationRow>("function-operation", operationCodec);
  /** By host name. */
  readonly functions = new Table<FunctionRow>("function", functionCodec);
  readonly #store: CfsStore;

  constructor(store: CfsStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    await this.operations.load(this.#store);
    await this.functions.load(this.#store);
  }

  /** The last operation of a function. */
  operationOf(name: string): FunctionOperationRow | null {
    const id = this.functions.get(name)?.operation ?? null;
    return id === null ? null : this.operations.get(id);
  }

  list(): FunctionRow[] {
    const rows = this.functions.ids().flatMap((name) => this.functions.get(name) ?? []);
    return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The order and what is known of its function: both or none. */
  create(operation: FunctionOperationRow, row: FunctionRow): Promise<"done" | "conflict"> {
    return commitChanges(this.#store, [
      this.operations.change({ id: operation.id, content: operation }),
      this.functions.change({ id: row.name, content: row }),
    ]);
  }

  /** `conflict`: the tables hold what is in the store now. */
  update(operation: FunctionOperationRow): Promise<"done" | "conflict"> {
    const row = this.functions.get(operation.function);
    const after = row === null ? null : known(row, operation);
    return commitChanges(this.#store, [
      this.operations.change({ id: operation.id, content: operation }),
      after === null ? null : this.functions.change({ id: after.name, content: after }),
    ]);
  }

  /** Forgets the oldest operations that have ended, beyond so many and those that are a function's last. */
  async prune(keep: number): Promise<void> {
    const last = new Set(this.list().map(({ operation }) => operation));
    const old = this.operations
      .ids()
      .flatMap((id) => this.operations.get(id) ?? [])
      .filter((row) => isEnded(row) && !last.has(row.id))
      .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0) || (a.id < b.id ? -1 : 1))
      .slice(keep);
    for (const { id } of old)
      await commitChanges(this.#store, [this.operations.change({ id, content: null })]);
  }
}
