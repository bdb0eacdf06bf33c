// Runs one transaction machine: its state, its timers, the order of its events. RFC 3261 17.
import type { Clock, Timer } from "@liquid-ims/runtime/clock";
import { type Row, step } from "@liquid-ims/runtime/state-table";
import type { Timers } from "../timers.ts";
import type { Machine, TransactionAction } from "./table.ts";

/** Where the actions of a machine go. */
export interface RunHandlers<Sent extends string, Passed extends string> {
  send(what: Sent): void;
  pass(what: Passed): void;
  inform(cause: "timeout" | "transport error"): void;
  /** The state is Terminated: nothing follows. */
  terminated(): void;
}

export interface RunOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly reliable: boolean;
}

/**
 * A machine at work. `pass` and `inform` stand last in every row of every table, so that a user that answers at
 * once finds all else done. A timer of no length fires when the actions of the present event are finished.
 */
export class Run<
  State extends string,
  Event extends string,
  Sent extends string,
  Passed extends string,
  TimerName extends string & Event,
> {
  readonly #machine: Machine<State, Event, Sent, Passed, TimerName>;
  readonly #options: RunOptions;
  readonly #handlers: RunHandlers<Sent, Passed>;
  readonly #timers = new Map<TimerName, Timer>();
  readonly #counts = new Map<TimerName, number>();
  readonly #elapsed: TimerName[] = [];
  #state: State | "Terminated";

  constructor(
    machine: Machine<State, Event, Sent, Passed, TimerName>,
    options: RunOptions,
    handlers: RunHandlers<Sent, Passed>,
  ) {
    this.#machine = machine;
    this.#options = options;
    this.#handlers = handlers;
    this.#state = machine.start.next;
  }

  get state(): State | "Terminated" {
    return this.#state;
  }

  start(): void {
    this.#enter(this.#machine.start);
  }

  event(event: Event): void {
    this.#enter(step(this.#machine.table, this.#state, event));
  }

  /** Ends without a word: no handler is called, no timer fires. */
  abandon(): void {
    this.#state = "Terminated";
    this.#elapsed.length = 0;
    this.#stopTimers();
  }

  #enter(row: Row<State | "Terminated", TransactionAction<Sent, Passed, TimerName>>): void {
    const before = this.#state;
    this.#state = row.next;
    const ends = row.next === "Terminated" && before !== "Terminated";
    if (ends) this.#stopTimers();
    for (const action of row.actions) this.#perform(action);
    if (ends) this.#handlers.terminated();
    const elapsed = this.#elapsed.shift();
    if (elapsed !== undefined) this.event(elapsed);
  }

  #perform(action: TransactionAction<Sent, Passed, TimerName>): void {
    if ("send" in action) this.#handlers.send(action.send);
    else if ("pass" in action) this.#handlers.pass(action.pass);
    else if ("start" in action) this.#start(action.start);
    else if ("cancel" in action) this.#cancel(action.cancel);
    else this.#handlers.inform(action.inform);
  }

  #start(name: TimerName): void {
    this.#cancel(name);
    const { clock, timers, reliable } = this.#options;
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    const duration = this.#machine.duration[name]({ timers, reliable, count });
    if (duration === null) return;
    if (duration === 0) {
      this.#elapsed.push(name);
      return;
    }
    this.#timers.set(
      name,
      clock.after(
        duration,
        () => {
          this.#timers.delete(name);
          this.event(name);
        },
        `sip ${this.#machine.name} ${name}`,
      ),
    );
  }

  #cancel(name: TimerName): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  #stopTimers(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
