// What a CFD counts, for /metrics.
import type { Counter, Metrics } from "@liquid-ims/runtime/metrics";
import type { Outcome } from "./record-change.ts";
import type { DoubtEnd } from "./registration-state.ts";

/** Why a request was not served. */
export type Refusal = "stranger" | "unusable" | "method" | "busy" | "store";

export class CfdCounters {
  readonly #metrics: Metrics;
  readonly unreadableBodies: Counter;
  readonly visited: Counter;
  readonly #registers = new Map<Outcome, Counter>();

  constructor(metrics: Metrics, queueLength: () => number) {
    this.#metrics = metrics;
    this.unreadableBodies = metrics.counter("cfd_unreadable_bodies_total", {
      help: "Parts of REGISTER bodies that could not be read",
    });
    this.visited = metrics.counter("cfd_visited_p_cscf_total", {
      help: "Visited P-CSCFs seen for the first time",
    });
    metrics.gauge("cfd_queue_length", { help: "REGISTERs that wait for the store" }, queueLength);
  }

  /** A REGISTER that was answered 200, by what came of it. */
  register(outcome: Outcome): void {
    let counter = this.#registers.get(outcome);
    if (counter === undefined) {
      const help = "Third-party REGISTERs answered 200";
      counter = this.#metrics.counter("cfd_registers_total", { help, labels: { outcome } });
      this.#registers.set(outcome, counter);
    }
    counter.add();
  }

  refused(reason: Refusal): void {
    const help = "Requests that were not served";
    this.#metrics.counter("cfd_refused_total", { help, labels: { reason } }).add();
  }

  /** Something that a REGISTER did without. */
  lacking(lack: string): void {
    const help = "Third-party REGISTERs that did without something that the CFD can use";
    this.#metrics.counter("cfd_register_lacks_total", { help, labels: { lack } }).add();
  }

  /** A look at the S-CSCF because of a doubtful record. */
  doubt(end: DoubtEnd | "unasked" | "store"): void {
    const help = "Questions to S-CSCFs about doubtful records";
    this.#metrics.counter("cfd_doubts_total", { help, labels: { end } }).add();
  }
}
