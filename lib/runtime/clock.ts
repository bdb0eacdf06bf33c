// Time as a node sees it. Real on the real host, virtual in the simulation.

/** A pending timer. */
export interface Timer {
  /** Stops it; harmless when it has fired or was cancelled. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds, monotonic, of no fixed origin: protocol timers and durations. */
  now(): number;
  /** Milliseconds since 1970: expiries in signed messages, records, reports. */
  wall(): number;
  /**
   * Runs once after `ms` milliseconds. The closure should capture a key and look the rest up: a timer of 32 s
   * that holds a message keeps it alive. `label` names the event in the simulation's trace.
   */
  after(ms: number, run: () => void, label: string): Timer;
  sleep(ms: number, label: string): Promise<void>;
}
