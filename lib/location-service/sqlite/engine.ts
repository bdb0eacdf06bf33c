// Runs what waits: reads on one snapshot, writes in one transaction, each caller with its own outcome.
import { Connection, type ConnectionOptions, type Operations, type StoreKind } from "./connection.ts";
import { type FailureCode, failureOf } from "./failure.ts";

/** One call of a store's operation, as it goes to a thread. */
export interface Call {
  readonly name: string;
  readonly argument: unknown;
}

/** What came of it, as it comes back from a thread. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string };

/** Transactions of writes that were committed, and the calls in them. */
export interface Committed {
  readonly groups: number;
  readonly writes: number;
}

/** After these the file is opened anew: it may be another one by then. */
const reopenAfter: ReadonlySet<FailureCode> = new Set([
  "full",
  "io",
  "corrupt",
  "missing",
  "read-only",
  "version",
]);

/** A store's operations on its file, in groups. */
export class Engine<Calls extends Operations> {
  readonly #kind: StoreKind<Calls>;
  readonly #connection: Connection<Calls>;
  #groups = 0;
  #writes = 0;

  constructor(kind: StoreKind<Calls>, options: ConnectionOptions, wall: () => number) {
    this.#kind = kind;
    this.#connection = new Connection(kind, options, wall);
  }

  get file(): string {
    return this.#connection.file;
  }

  get committed(): Committed {
    return { groups: this.#groups, writes: this.#writes };
  }

  /** Opens the file; throws a `SqliteFailure` when it cannot be had. */
  open(): void {
    try {
      this.#connection.open();
    } catch (error) {
      throw failureOf(this.file, error);
    }
  }

  /** `answer` is called once for each call, for reads before any write begins. Never throws for what a file does. */
  run(calls: readonly Call[], answer: (index: number, outcome: Outcome) => void): void {
    const reads: number[] = [];
    const writes: number[] = [];
    calls.forEach(({ name }, index) => {
      (this.#kind.writes.has(name) ? writes : reads).push(index);
    });
    if (reads.length > 0) this.#group("BEGIN", calls, reads, answer);
    if (writes.length > 0) this.#group("BEGIN IMMEDIATE", calls, writes, answer);
  }

  #group(
    begin: "BEGIN" | "BEGIN IMMEDIATE",
    calls: readonly Call[],
    group: readonly number[],
    answer: (index: number, outcome: Outcome) => void,
  ): void {
    const isWrite = begin === "BEGIN IMMEDIATE";
    let values: unknown[];
    try {
      values = this.#transaction(
        begin,
        group.map((index) => calls[index]).filter((call) => call !== undefined),
      );
    } catch (error) {
      // One caller's fault is not its neighbours': each by itself then.
      const { code, message } = failureOf(this.file, error);
      if (code === "failed" && group.length > 1) {
        for (const index of group) this.#group(begin, calls, [index], answer);
        return;
      }
      if (reopenAfter.has(code)) this.#connection.drop();
      for (const index of group) answer(index, { ok: false, code, message });
      return;
    }
    if (isWrite) {
      this.#groups += 1;
      this.#writes += group.length;
    }
    group.forEach((index, at) => {
      answer(index, { ok: true, value: values[at] });
    });
  }

  #transaction(begin: string, calls: readonly Call[]): unknown[] {
    const { database, sql } = this.#connection.open();
    const isWrite = begin !== "BEGIN";
    try {
      database.exec(begin);
      if (isWrite) sql.begin();
      const values = calls.map(({ name, argument }) => {
        const operation = sql.calls[name];
        if (operation === undefined) throw new Error(`the ${this.#kind.name} has no operation ${name}`);
        // `Driver` ties the argument to the name; over a thread's port neither has a type.
        return (operation as (argument: unknown) => unknown)(argument);
      });
      if (isWrite) sql.end();
      database.exec("COMMIT");
      return values;
    } catch (error) {
      // A full disk undoes the transaction by itself.
      if (database.open && database.inTransaction) database.exec("ROLLBACK");
      if (isWrite) sql.rolledBack();
      throw error;
    }
  }

  close(): void {
    this.#connection.close();
  }
}
