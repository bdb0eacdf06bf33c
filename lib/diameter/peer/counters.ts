// What a Diameter node counts, for /metrics.
import type { Metrics } from "@liquid-ims/runtime/metrics";

export class DiameterCounters {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  received(kind: "request" | "answer"): void {
    this.#add("diameter_messages_received_total", "Messages received", { kind });
  }

  sent(kind: "request" | "answer"): void {
    this.#add("diameter_messages_sent_total", "Messages sent", { kind });
  }

  /** A message or connection that was of no use. */
  dropped(reason: string): void {
    this.#add("diameter_dropped_total", "Messages and connections that nobody took", { reason });
  }

  rejected(resultCode: number): void {
    this.#add("diameter_requests_rejected_total", "Requests answered with an error by the node itself", {
      result: String(resultCode),
    });
  }

  failovers(count: number): void {
    this.#metrics
      .counter("diameter_requests_failed_over_total", { help: "Requests sent again with the T flag" })
      .add(count);
  }

  #add(name: string, help: string, labels: Readonly<Record<string, string>>): void {
    this.#metrics.counter(name, { help, labels }).add();
  }
}
