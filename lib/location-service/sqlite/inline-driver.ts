// The SQL in the caller's thread: for virtual runs, whose order it keeps, and for tests.
import type { Operations, StoreKind } from "./connection.ts";
import { type Driver, isWorthWaiting, type SqliteOptions } from "./driver.ts";
import { type Committed, Engine, type Outcome } from "./engine.ts";
import { closedFailure, SqliteFailure } from "./failure.ts";

/** Operations over an engine that others may use too (several lives on one database in memory). */
export class InlineDriver<Calls extends Operations> implements Driver<Calls> {
  readonly #engine: Engine<Calls>;
  readonly #writes: ReadonlySet<keyof Calls>;
  readonly #settle: (operation: "read" | "write") => Promise<void>;
  readonly #ownsEngine: boolean;
  #closed = false;

  constructor(
    kind: StoreKind<Calls>,
    engine: Engine<Calls>,
    options: { readonly settle?: SqliteOptions["settle"]; readonly ownsEngine: boolean },
  ) {
    this.#engine = engine;
    this.#writes = kind.writes;
    this.#settle = options.settle ?? (async () => undefined);
    this.#ownsEngine = options.ownsEngine;
  }

  async call<Name extends keyof Calls & string>(
    name: Name,
    argument: Parameters<Calls[Name]>[0],
  ): Promise<ReturnType<Calls[Name]>> {
    if (this.#closed) throw closedFailure(this.#engine.file);
    const operation = this.#writes.has(name) ? "write" : "read";
    await this.#settle(operation);
    let outcome: Outcome | null = null;
    this.#engine.run([{ name, argument }], (_index, result) => {
      outcome = result;
    });
    const value = resultOf(outcome);
    await this.#settle(operation);
    return value as ReturnType<Calls[Name]>;
  }

  get committed(): Committed {
    return this.#engine.committed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ownsEngine) this.#engine.close();
  }
}

function resultOf(outcome: Outcome | null): unknown {
  if (outcome === null) throw new Error("the engine gave no answer");
  if (!outcome.ok) throw new SqliteFailure(outcome.code, outcome.message);
  return outcome.value;
}

/** Opens the file in this thread. */
export function openInline<Calls extends Operations>(
  kind: StoreKind<Calls>,
  options: SqliteOptions,
): Driver<Calls> {
  const engine = new Engine(kind, options, options.wall ?? (() => Date.now()));
  try {
    engine.open();
  } catch (error) {
    if (!isWorthWaiting(error, options)) throw error;
  }
  return new InlineDriver(kind, engine, {
    ownsEngine: true,
    ...(options.settle === undefined ? {} : { settle: options.settle }),
  });
}
