// What the transaction layer counts, for /metrics.
import type { Counter, Metrics } from "@liquid-ims/runtime/metrics";
import { droppedMessages } from "../transport/transport-counters.ts";

export class LayerCounters {
  readonly #metrics: Metrics;
  readonly retransmitted: Counter;
  readonly absorbed: Counter;

  constructor(metrics: Metrics, sizes: { client(): number; server(): number }) {
    this.#metrics = metrics;
    this.retransmitted = metrics.counter("sip_requests_retransmitted_total", {
      help: "Requests sent again by timers A and E",
    });
    this.absorbed = metrics.counter("sip_retransmissions_received_total", {
      help: "Requests received again and absorbed by their transaction",
    });
    for (const kind of ["client", "server"] as const) {
      const options = { help: "Transactions now", labels: { kind } };
      metrics.gauge("sip_transactions", options, sizes[kind]);
    }
  }

  dropped(reason: string): Counter {
    return droppedMessages(this.#metrics, reason);
  }

  refused(status: number): Counter {
    return this.#metrics.counter("sip_requests_refused_total", {
      help: "Requests answered without a transaction",
      labels: { status: String(status) },
    });
  }

  /** A response that its transaction's state or RFC 4320 forbids; an early 100 is simply not needed. */
  notSent(status: number): void {
    if (status === 100) return;
    this.#metrics
      .counter("sip_responses_not_sent_total", {
        help: "Responses that the state of their transaction did not allow",
        labels: { status: String(status) },
      })
      .add();
  }
}
