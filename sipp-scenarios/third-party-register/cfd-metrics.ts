// The CFD's /metrics: what it counts itself, and its processor time.

import { MachineError } from "../machine-error.ts";

/** Samples by name and labels as they stand in the text: `cfd_registers_total{outcome="registered"}`. */
export type Samples = ReadonlyMap<string, number>;

/** Reads Prometheus' text format; lines that are no samples are passed over. */
export function parseMetrics(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z_:][\w:]*(?:\{.*\})?)\s+(\S+)(?:\s+\d+)?$/.exec(line);
    const [, name, value] = match ?? [];
    if (name !== undefined && value !== undefined && !Number.isNaN(Number(value)))
      samples.set(name, Number(value));
  }
  return samples;
}

/** Asks the admin port at `host:port`; rejects with a `MachineError` when it does not answer with metrics. */
export async function fetchMetrics(admin: string, signal: AbortSignal): Promise<Samples> {
  const url = `http://${admin}/metrics`;
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return parseMetrics(await response.text());
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new MachineError(
      `no metrics from ${url}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

/** What the CFD did between two readings. */
export interface CfdWork {
  /** Seconds of processor time, all threads; null where the CFD does not say. */
  readonly cpuSeconds: number | null;
  /** Bytes at the end; null where the CFD does not say. */
  readonly memoryBytes: number | null;
  /** REGISTERs answered 200 by what came of them, others by why: only what occurred. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export function workBetween(before: Samples, after: Samples): CfdWork {
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const outcomes: Record<string, number> = {};
  for (const name of after.keys()) {
    const label = /^cfd_(?:registers|refused)_total\{(?:outcome|reason)="([^"]*)"\}$/.exec(name)?.[1];
    if (label !== undefined && grown(name) > 0) outcomes[label] = grown(name);
  }
  const cpu = "process_cpu_seconds_total";
  return {
    cpuSeconds: after.has(cpu) ? grown(cpu) : null,
    memoryBytes: after.get("process_resident_memory_bytes") ?? null,
    outcomes,
  };
}
