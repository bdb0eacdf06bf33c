// One table of the CFS's store with its rows in memory: reading is at once, every write is compared and durable first.
import type { Host } from "@liquid-ims/runtime/host";
import type { CfsStore, Change, Key, Row } from "./store.ts";

/** How a table's rows are written down. */
export interface Codec<Content> {
  encode(content: Content): string;
  /** Throws when the text is none of its rows: a store that does not read back is a fault of ours. */
  decode(text: string): Content;
}

/** What a writer wants a row to be; null: gone. */
export interface Write<Content> {
  readonly id: string;
  readonly content: Content | null;
}

interface Held<Content> {
  readonly version: number;
  readonly content: Content;
}

/** A change with the table that takes it over once it is done. */
export interface TableChange {
  readonly change: Change;
  /** The row was written. */
  done(): void;
  /** The row as it is now, after a conflict. */
  read(row: Row | undefined): void;
}

/** Rows of one table by their id. Rows that another instance writes are seen when a write conflicts, or by `refresh`. */
export class Table<Content> {
  readonly #prefix: string;
  readonly #codec: Codec<Content>;
  readonly #indexOf: ((content: Content) => string) | null;
  readonly #held = new Map<string, Held<Content>>();
  readonly #index = new Map<string, Set<string>>();

  /** `index` gives a second name by which rows are found; several rows may share one. */
  constructor(
    name: string,
    codec: Codec<Content>,
    options: { readonly index?: (content: Content) => string } = {},
  ) {
    this.#prefix = `${name}/`;
    this.#codec = codec;
    this.#indexOf = options.index ?? null;
  }

  #set(id: string, held: Held<Content> | null): void {
    const before = this.#held.get(id);
    if (held === null) this.#held.delete(id);
    else this.#held.set(id, held);
    if (this.#indexOf === null) return;
    const old = before === undefined ? null : this.#indexOf(before.content);
    const now = held === null ? null : this.#indexOf(held.content);
    if (old === now) return;
    if (old !== null) {
      const ids = this.#index.get(old);
      ids?.delete(id);
      if (ids?.size === 0) this.#index.delete(old);
    }
    if (now !== null) this.#index.set(now, (this.#index.get(now) ?? new Set()).add(id));
  }

  /** Rows by their second name, in the order in which they got it. */
  find(index: string): Content[] {
    return [...(this.#index.get(index) ?? [])].flatMap((id) => this.#held.get(id)?.content ?? []);
  }

  get(id: string): Content | null {
    return this.#held.get(id)?.content ?? null;
  }

  ids(): string[] {
    return [...this.#held.keys()];
  }

  get size(): number {
    return this.#held.size;
  }

  keyOf(id: string): Key {
    return this.#prefix + id;
  }

  /** Reads the whole table. */
  async load(store: CfsStore): Promise<void> {
    let after = this.#prefix;
    for (;;) {
      const rows = await store.scan(after, 500);
      for (const row of rows) {
        if (!row.key.startsWith(this.#prefix)) return;
        this.#take(row.key.slice(this.#prefix.length), row);
        after = row.key;
      }
      if (rows.length === 0) return;
    }
  }

  /** Reads one row again, as another instance may have written it. */
  async refresh(store: CfsStore, id: string): Promise<Content | null> {
    const [row] = await store.read([this.keyOf(id)]);
    this.#take(id, row);
    return this.get(id);
  }

  #take(id: string, row: Row | undefined): void {
    if (row === undefined) this.#set(id, null);
    else if ((this.#held.get(id)?.version ?? 0) < row.version)
      this.#set(id, { version: row.version, content: this.#codec.decode(row.value) });
  }

  /** The compared change that makes a row so; null when there is nothing to delete. */
  change({ id, content }: Write<Content>): TableChange | null {
    const held = this.#held.get(id);
    if (held === undefined && content === null) return null;
    const expect = held?.version ?? "absent";
    return {
      change: { key: this.keyOf(id), expect, value: content === null ? null : this.#codec.encode(content) },
      done: () => {
        const version = expect === "absent" ? 1 : expect + 1;
        // The answers of two writers of one process may come out of order: the newer one stays.
        if ((this.#held.get(id)?.version ?? 0) >= version) return;
        this.#set(id, content === null ? null : { version, content });
      },
      read: (row) => this.#take(id, row),
    };
  }
}

/**
 * Commits changes of tables in one batch. After a conflict the tables hold what is in the store: the caller looks
 * again and decides anew.
 */
export async function commitChanges(
  store: CfsStore,
  changes: readonly (TableChange | null)[],
): Promise<"done" | "conflict"> {
  const real = changes.filter((change) => change !== null);
  if (real.length === 0) return "done";
  const result = await store.commit(real.map(({ change }) => change));
  if (result === "done") {
    for (const change of real) change.done();
    return result;
  }
  const rows = await store.read(real.map(({ change }) => change.key));
  const byKey = new Map(rows.map((row) => [row.key, row]));
  for (const change of real) change.read(byKey.get(change.change.key));
  return result;
}

/**
 * The store as one life of a host sees it: after its end nothing is answered, so that no task of a dead life writes
 * on.
 */
export function storeOf(host: Host, store: CfsStore): CfsStore {
  const alive = async <Result>(answer: Promise<Result>): Promise<Result> => {
    const result = await answer;
    return host.alive ? result : new Promise<Result>(() => undefined);
  };
  return {
    commit: (batch) => alive(store.commit(batch)),
    scan: (after, limit) => alive(store.scan(after, limit)),
    read: (keys) => alive(store.read(keys)),
    close: () => store.close(),
  };
}
