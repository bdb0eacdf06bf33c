// Plain counters and gauges: an increment costs an addition. Exporters read them with `samples`.

export interface Counter {
  add(count?: number): void;
  readonly value: number;
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly value: number;
}

interface CounterOptions {
  /** What is counted, for the reader of `/metrics`. */
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  read(): number;
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))]);
}

/** The counters of one node. Names in the manner of Prometheus: `sip_messages_received_total`. */
export class Metrics {
  readonly #entries = new Map<string, Entry>();
  readonly #counters = new Map<string, Counter>();

  /** The counter of that name and labels; the same one each time it is asked for. */
  counter(name: string, options: CounterOptions): Counter {
    const labels = options.labels ?? {};
    const key = keyOf(name, labels);
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    let value = 0;
    const counter: Counter = {
      add(count = 1) {
        value += count;
      },
      get value() {
        return value;
      },
    };
    this.#counters.set(key, counter);
    this.#entries.set(key, { name, labels, kind: "counter", help: options.help, read: () => value });
    return counter;
  }

  /** A value that is read when somebody looks. A second gauge of the same name and labels replaces the first. */
  gauge(name: string, options: CounterOptions, read: () => number): void {
    const labels = options.labels ?? {};
    this.#entries.set(keyOf(name, labels), { name, labels, kind: "gauge", help: options.help, read });
  }

  /** All values now, in the order in which they were first asked for. */
  samples(): Sample[] {
    return [...this.#entries.values()].map(({ read, ...entry }) => ({ ...entry, value: read() }));
  }
}
