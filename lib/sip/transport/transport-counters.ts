// What the transport layer counts, for /metrics.
import type { Counter, Metrics } from "@liquid-ims/runtime/metrics";
import type { RuntimeErrorCode } from "@liquid-ims/runtime/runtime-error";
import type { SipMessage } from "../message.ts";
import type { TransportProtocol } from "../transport.ts";

type PerKind = Readonly<Record<TransportProtocol, Readonly<Record<SipMessage["kind"], Counter>>>>;

function perKind(metrics: Metrics, name: string, help: string): PerKind {
  const counter = (protocol: TransportProtocol, kind: SipMessage["kind"]): Counter =>
    metrics.counter(name, { help, labels: { protocol, kind } });
  const of = (protocol: TransportProtocol) => ({
    request: counter(protocol, "request"),
    response: counter(protocol, "response"),
  });
  return { udp: of("udp"), tcp: of("tcp") };
}

/** The counter of messages that were of no use, by reason. */
export function droppedMessages(metrics: Metrics, reason: string): Counter {
  const help = "Messages that no transaction and no user took";
  return metrics.counter("sip_messages_dropped_total", { help, labels: { reason } });
}

export class TransportCounters {
  readonly #metrics: Metrics;
  readonly received: PerKind;
  readonly sent: PerKind;
  readonly keepAlives: Counter;
  readonly refusedConnections: Counter;

  constructor(metrics: Metrics, connections: () => number) {
    this.#metrics = metrics;
    this.received = perKind(metrics, "sip_messages_received_total", "Messages received");
    this.sent = perKind(metrics, "sip_messages_sent_total", "Messages sent");
    this.keepAlives = metrics.counter("sip_keep_alives_total", { help: "Keep-alives received" });
    this.refusedConnections = metrics.counter("sip_connections_refused_total", {
      help: "TCP connections not made or not taken: too many",
    });
    metrics.gauge("sip_connections", { help: "TCP connections now" }, connections);
  }

  dropped(reason: string): void {
    droppedMessages(this.#metrics, reason).add();
  }

  failedConnections(code: RuntimeErrorCode): void {
    const help = "TCP connections that did not come up";
    this.#metrics.counter("sip_connections_failed_total", { help, labels: { code } }).add();
  }
}
