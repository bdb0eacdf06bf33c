// The script's time against the clock's. Only the script is scaled: session rate, talking time, trigger and end.
// Protocol timers, deadlines and hold times never are.

export interface Timeline {
  readonly speed: number;
  /** Milliseconds of the clock for so many seconds of the script. */
  clockMs(scriptSeconds: number): number;
  /** Seconds of the script for so many milliseconds of the clock. */
  scriptSeconds(clockMs: number): number;
}

export function createTimeline(speed: number): Timeline {
  return {
    speed,
    clockMs: (scriptSeconds) => (scriptSeconds * 1000) / speed,
    scriptSeconds: (clockMs) => (clockMs * speed) / 1000,
  };
}
