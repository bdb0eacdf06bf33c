// Lines of SIPp's log as the scenarios write them.
import { EventLog } from "@liquid-ims/sipp-scenarios/ue/event-log";

/** A time in SIPp's form, `seconds` since 1970. */
export const stamp = (seconds: number) => `2026-11-25\t18:00:00.000000\t${seconds.toFixed(6)}`;

/** The log that has these lines. */
export function eventsOf(...lines: string[]): EventLog {
  const log = new EventLog();
  for (const line of lines) log.add(line);
  return log;
}
