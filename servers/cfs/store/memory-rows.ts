// The rows of a memory store apart from its connections: they outlive a node, and several nodes may have them open.
import type { Change, CommitResult, Key, Row, Value } from "./store.ts";

/** Rows with compared changes, applied at once. */
export class CfsRows {
  readonly #rows = new Map<Key, Row>();
  #sorted: Key[] | null = null;

  /** Whether `commit` would do it: every version is the one that the writer read. */
  accepts(batch: readonly Change[]): boolean {
    const keys = new Set(batch.map((change) => change.key));
    if (keys.size !== batch.length)
      throw new Error("a batch changes one row twice: put both changes of it together");
    return batch.every(({ key, expect }) => (this.#rows.get(key)?.version ?? "absent") === expect);
  }

  /** All or none; the versions are compared first. */
  commit(batch: readonly Change[]): CommitResult {
    if (!this.accepts(batch)) return "conflict";
    for (const { key, expect, value } of batch) this.#apply(key, expect, value);
    return "done";
  }

  #apply(key: Key, expect: number | "absent", value: Value | null): void {
    if (value === null) {
      if (this.#rows.delete(key)) this.#sorted = null;
      return;
    }
    if (!this.#rows.has(key)) this.#sorted = null;
    this.#rows.set(key, { key, version: expect === "absent" ? 1 : expect + 1, value });
  }

  /** As `CfsStore.scan`. */
  scan(after: Key, limit: number): Row[] {
    this.#sorted ??= [...this.#rows.keys()].sort();
    const keys = this.#sorted;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((keys[middle] ?? "") <= after) low = middle + 1;
      else high = middle;
    }
    return this.read(keys.slice(low, low + limit));
  }

  /** As `CfsStore.read`. */
  read(keys: readonly Key[]): Row[] {
    return keys.flatMap((key) => this.#rows.get(key) ?? []);
  }

  get size(): number {
    return this.#rows.size;
  }
}
