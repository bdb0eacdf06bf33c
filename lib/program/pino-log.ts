// The Log port over pino: JSON lines on standard output, written off the SIP path.
import type { Log, LogFields } from "@liquid-ims/runtime/log";
import pino, { type DestinationStream, type Logger } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface PinoLogOptions {
  /** The least important level that is written; default `info`. */
  readonly level?: LogLevel;
  /** Fields of every line. */
  readonly fields?: LogFields;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

export interface PinoLog extends Log {
  /** Writes what waits, before the process ends. */
  flush(): void;
}

/** Waiting for a slow reader; more is dropped, since a log must not eat the memory of a server. */
const mostBytes = 16 * 1024 * 1024;

function portOf(logger: Logger): Log {
  return {
    debug: (event, fields) => logger.debug(fields, event),
    info: (event, fields) => logger.info(fields, event),
    warn: (event, fields) => logger.warn(fields, event),
    error: (event, fields) => logger.error(fields, event),
    child: (fields) => portOf(logger.child(fields)),
  };
}

/** One JSON object per event: `level`, `time` (ISO 8601), the fields, `event`. */
export function createPinoLog(options: PinoLogOptions = {}): PinoLog {
  const { level = "info", fields = {} } = options;
  // A reader of standard output that has gone (EPIPE) makes pino silent; the server goes on.
  const output = pino.destination({ dest: 1, sync: false, maxLength: mostBytes });
  const logger = pino(
    {
      level,
      base: fields,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? output,
  );
  return {
    ...portOf(logger),
    flush() {
      if (options.destination !== undefined) return;
      try {
        output.flushSync();
      } catch (error) {
        // Nobody reads any more, and nobody is left to be told.
        if (!(error instanceof Error && "code" in error)) throw error;
      }
    },
  };
}
