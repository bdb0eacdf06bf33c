// What the simulated ports ask of the event loop.
import type { Owner, ScheduledEvent } from "./agenda.ts";
import type { EventContents } from "./trace.ts";

export interface Scheduler {
  /** Virtual ms since the simulation began. */
  readonly now: number;
  /** An event at that virtual time, at the earliest now. `contents` goes into the trace hash. */
  at(
    time: number,
    owner: Owner | null,
    label: string,
    contents: EventContents,
    run: () => void,
  ): ScheduledEvent;
  /** As `at`, from now; for durations that many timers share. */
  timer(ms: number, owner: Owner | null, label: string, run: () => void): ScheduledEvent;
}
