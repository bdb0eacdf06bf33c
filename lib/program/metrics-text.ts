// The host's counters as Prometheus text, made when somebody asks: nothing of it runs on the SIP path.
import type { Metrics, Sample } from "@liquid-ims/runtime/metrics";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export interface MetricsTextOptions {
  readonly metrics: Metrics;
  /** CPU, memory, event loop and garbage collection of the process, as prom-client names them. Default false. */
  readonly process?: boolean;
}

export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

function groupByName(samples: readonly Sample[]): ReadonlyMap<string, readonly Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.name);
    if (group === undefined) groups.set(sample.name, [sample]);
    else group.push(sample);
  }
  return groups;
}

/** One metric of the registry, filled in when it is collected. */
function addMetric(registry: Registry, name: string, samples: readonly Sample[]): void {
  const [first] = samples;
  if (first === undefined) return;
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const options = { name, help: first.help, labelNames, registers: [registry] };
  // A server that was asked twice at once must not count twice: a registry lives for one reading.
  if (first.kind === "counter")
    new Counter({
      ...options,
      collect() {
        for (const { labels, value } of samples) this.inc(labels, value);
      },
    });
  else
    new Gauge({
      ...options,
      collect() {
        for (const { labels, value } of samples) this.set(labels, value);
      },
    });
}

export function createMetricsText(options: MetricsTextOptions): MetricsText {
  const own = new Registry();
  if (options.process === true) collectDefaultMetrics({ register: own });
  return {
    contentType: own.contentType,
    async text() {
      const registry = new Registry();
      for (const [name, samples] of groupByName(options.metrics.samples()))
        addMetric(registry, name, samples);
      const texts = await Promise.all([registry.metrics(), own.metrics()]);
      // An empty registry gives an empty line.
      return texts.filter((text) => text.trim() !== "").join("");
    },
  };
}
