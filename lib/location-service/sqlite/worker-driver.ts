// The SQL in a thread of its own: the event loop stays free, and what waits there goes into one transaction.
import { Worker } from "node:worker_threads";
import type { ConnectionOptions, Operations } from "./connection.ts";
import { type Driver, isWorthWaiting, settleBy } from "./driver.ts";
import type { Committed, Outcome } from "./engine.ts";
import { closedFailure, SqliteFailure } from "./failure.ts";

/** To the thread: calls with their numbers, or the end. */
export type ToThread =
  | {
      readonly kind: "calls";
      readonly calls: readonly { readonly id: number; readonly name: string; readonly argument: unknown }[];
    }
  | { readonly kind: "close" };

/** From the thread: what came of calls (`null` is the opening of the file), and its transactions so far. */
export interface FromThread {
  readonly outcomes: readonly { readonly id: number | null; readonly outcome: Outcome }[];
  readonly committed: Committed;
}

interface Caller {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One thread's life. */
interface Thread {
  readonly worker: Worker;
  readonly opened: Promise<void>;
}

/** A driver over a thread that is started anew when it has died. */
export class WorkerDriver<Calls extends Operations> implements Driver<Calls> {
  readonly #program: URL;
  readonly #options: ConnectionOptions;
  readonly #callers = new Map<number, Caller>();
  #opening: Caller | null = null;
  #waiting: { id: number; name: string; argument: unknown }[] = [];
  #thread: Thread | null = null;
  #lastId = 0;
  #committed: Committed = { groups: 0, writes: 0 };
  #closed: Promise<void> | null = null;

  /** `program` runs `serveStore`. */
  constructor(program: URL, options: ConnectionOptions) {
    this.#program = program;
    this.#options = options;
  }

  /** Resolves when the file is open; rejects with a `SqliteFailure`. */
  async open(): Promise<void> {
    try {
      await this.#start().opened;
    } catch (error) {
      if (isWorthWaiting(error, this.#options)) return;
      await this.close();
      throw error;
    }
  }

  #start(): Thread {
    const { file, readOnly, busyTimeout, maxBytes } = this.#options;
    const worker = new Worker(this.#program, {
      // Only what the thread needs: settings may hold functions.
      workerData: { file, readOnly, busyTimeout, maxBytes },
      execArgv: [],
    });
    const opened = new Promise<void>((resolve, reject) => {
      this.#opening = { resolve: () => resolve(), reject };
    });
    // Whoever awaits `opened` hears of it; later threads are opened by a call, which hears of it too.
    opened.catch(() => undefined);
    const thread = { worker, opened };
    worker.on("message", (message: FromThread) => this.#receive(message));
    worker.on("error", (error) => this.#died(thread, error));
    worker.on("exit", () => this.#died(thread, null));
    this.#thread = thread;
    return thread;
  }

  get committed(): Committed {
    return this.#committed;
  }

  #receive({ outcomes, committed }: FromThread): void {
    this.#committed = committed;
    for (const { id, outcome } of outcomes) {
      if (id === null) {
        const opening = this.#opening;
        this.#opening = null;
        if (opening !== null) settleBy(outcome, opening);
        continue;
      }
      const caller = this.#callers.get(id);
      this.#callers.delete(id);
      if (caller !== undefined) settleBy(outcome, caller);
    }
    // An idle store keeps no program alive.
    if (this.#callers.size === 0 && this.#closed === null) this.#thread?.worker.unref();
  }

  #died(thread: Thread, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    const reason = error instanceof Error ? `: ${error.message}` : "";
    const failure = new SqliteFailure("failed", `${this.#options.file}: the store's thread ended${reason}`);
    this.#opening?.reject(failure);
    this.#opening = null;
    const callers = [...this.#callers.values()];
    this.#callers.clear();
    for (const caller of callers) caller.reject(failure);
  }

  call<Name extends keyof Calls & string>(
    name: Name,
    argument: Parameters<Calls[Name]>[0],
  ): Promise<ReturnType<Calls[Name]>> {
    if (this.#closed !== null) return Promise.reject(closedFailure(this.#options.file));
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      this.#callers.set(this.#lastId, {
        resolve: (value) => resolve(value as ReturnType<Calls[Name]>),
        reject,
      });
      this.#waiting.push({ id: this.#lastId, name, argument });
      // All calls of one turn of the event loop go over in one message: each datagram has microtasks of its own.
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const calls = this.#waiting;
    if (calls.length === 0) return;
    this.#waiting = [];
    const { worker } = this.#thread ?? this.#start();
    worker.ref();
    worker.postMessage({ kind: "calls", calls } satisfies ToThread);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#flush();
    const thread = this.#thread;
    if (thread === null) return;
    thread.worker.ref();
    const ended = new Promise<void>((resolve) => {
      thread.worker.once("exit", () => resolve());
    });
    thread.worker.postMessage({ kind: "close" } satisfies ToThread);
    await ended;
  }
}
