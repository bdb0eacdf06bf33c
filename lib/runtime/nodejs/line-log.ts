// A log of JSON lines, for where nothing bigger is wanted.
import type { Log, LogFields } from "../log.ts";

const levels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof levels)[number];

export interface LineLogOptions {
  /** The least important level that is written; default `info`. */
  readonly level?: LogLevel;
  /** Takes one line, its end included; default standard error. */
  readonly write?: (line: string) => void;
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}

/** One JSON object per event: `time` (ISO 8601), `level`, `event`, then the fields. */
export function createLineLog(options: LineLogOptions = {}): Log {
  const least = levels.indexOf(options.level ?? "info");
  const write = options.write ?? toStandardError;
  const make = (own: LogFields): Log => {
    const at = (level: LogLevel) => (event: string, fields?: LogFields) => {
      if (levels.indexOf(level) < least) return;
      write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...own, ...fields })}\n`);
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => make({ ...own, ...fields }),
    };
  };
  return make({});
}
