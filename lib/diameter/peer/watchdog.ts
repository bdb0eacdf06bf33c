// Application-level watchdog. RFC 3539 3.4.1 and its state table.
//
// The table's conditions (Pending, NumDWA) are events of their own here, so that every cell is one row. Throwaway in
// REOPEN means that the message is no sign of life; what it says is still processed (RFC 6733 5.6, R-Rcv-Message):
// a peer without an alternative would else be deaf for two intervals.
import { type StateRows, step, type Table, to } from "@liquid-ims/runtime/state-table";

export type WatchdogState = "INITIAL" | "OKAY" | "SUSPECT" | "DOWN" | "REOPEN";

export type WatchdogEvent =
  | "Connection up"
  | "Connection down"
  | "Receive DWA"
  | "Receive DWA & NumDWA == 2"
  | "Receive non-DWA"
  | "Timer expires & !Pending"
  | "Timer expires & Pending"
  | "Timer expires & Pending & NumDWA < 0";

export type WatchdogAction =
  | "SetWatchdog()"
  | "SendWatchdog()"
  | "AttemptOpen()"
  | "CloseConnection()"
  | "Failover()"
  | "Failback()"
  | "Throwaway()"
  | "Pending = TRUE"
  | "Pending = FALSE"
  | "NumDWA = 0"
  | "NumDWA = -1"
  | "NumDWA++";

type Rows = StateRows<WatchdogState, WatchdogEvent, WatchdogAction>;

const initial = {
  "Connection up": to("OKAY", "SetWatchdog()"),
  "Connection down": null,
  "Receive DWA": to("INITIAL", "Pending = FALSE", "Throwaway()"),
  "Receive DWA & NumDWA == 2": null,
  "Receive non-DWA": to("INITIAL", "Throwaway()"),
  "Timer expires & !Pending": to("INITIAL", "AttemptOpen()", "SetWatchdog()"),
  "Timer expires & Pending": null,
  "Timer expires & Pending & NumDWA < 0": null,
} as const satisfies Rows;

const okay = {
  "Connection up": null,
  "Connection down": to("DOWN", "CloseConnection()", "Failover()", "SetWatchdog()"),
  "Receive DWA": to("OKAY", "Pending = FALSE", "SetWatchdog()"),
  "Receive DWA & NumDWA == 2": null,
  "Receive non-DWA": to("OKAY", "SetWatchdog()"),
  "Timer expires & !Pending": to("OKAY", "SendWatchdog()", "SetWatchdog()", "Pending = TRUE"),
  "Timer expires & Pending": to("SUSPECT", "Failover()", "SetWatchdog()"),
  "Timer expires & Pending & NumDWA < 0": null,
} as const satisfies Rows;

const suspect = {
  "Connection up": null,
  "Connection down": to("DOWN", "CloseConnection()", "SetWatchdog()"),
  "Receive DWA": to("OKAY", "Pending = FALSE", "Failback()", "SetWatchdog()"),
  "Receive DWA & NumDWA == 2": null,
  "Receive non-DWA": to("OKAY", "Failback()", "SetWatchdog()"),
  "Timer expires & !Pending": to("DOWN", "CloseConnection()", "SetWatchdog()"),
  "Timer expires & Pending": to("DOWN", "CloseConnection()", "SetWatchdog()"),
  "Timer expires & Pending & NumDWA < 0": null,
} as const satisfies Rows;

const down = {
  "Connection up": to("REOPEN", "NumDWA = 0", "SendWatchdog()", "SetWatchdog()", "Pending = TRUE"),
  "Connection down": null,
  "Receive DWA": to("DOWN", "Pending = FALSE", "Throwaway()"),
  "Receive DWA & NumDWA == 2": null,
  "Receive non-DWA": to("DOWN", "Throwaway()"),
  "Timer expires & !Pending": to("DOWN", "AttemptOpen()", "SetWatchdog()"),
  "Timer expires & Pending": to("DOWN", "AttemptOpen()", "SetWatchdog()"),
  "Timer expires & Pending & NumDWA < 0": null,
} as const satisfies Rows;

const reopen = {
  "Connection up": null,
  "Connection down": to("DOWN", "CloseConnection()", "SetWatchdog()"),
  "Receive DWA": to("REOPEN", "Pending = FALSE", "NumDWA++"),
  "Receive DWA & NumDWA == 2": to("OKAY", "Pending = FALSE", "NumDWA++", "Failback()"),
  "Receive non-DWA": to("REOPEN", "Throwaway()"),
  "Timer expires & !Pending": to("REOPEN", "SendWatchdog()", "SetWatchdog()", "Pending = TRUE"),
  "Timer expires & Pending": to("REOPEN", "NumDWA = -1", "SetWatchdog()"),
  "Timer expires & Pending & NumDWA < 0": to("DOWN", "CloseConnection()", "SetWatchdog()"),
} as const satisfies Rows;

/** The whole machine. */
export const watchdogTable = {
  INITIAL: initial,
  OKAY: okay,
  SUSPECT: suspect,
  DOWN: down,
  REOPEN: reopen,
} as const satisfies Table<WatchdogState, WatchdogEvent, WatchdogAction>;

/** One peer's watchdog. */
export interface Watchdog {
  readonly state: WatchdogState;
  /** A DWR is unanswered. */
  readonly pending: boolean;
  /** DWAs since the connection came back, -1 after one was missed. Of meaning in REOPEN only. */
  readonly numDwa: number;
}

export const initialWatchdog: Watchdog = { state: "INITIAL", pending: false, numDwa: 0 };

/** What happens to a watchdog, without its conditions. */
export type WatchdogInput =
  | "Connection up"
  | "Connection down"
  | "Receive DWA"
  | "Receive non-DWA"
  | "Timer expires";

/** What the watchdog's owner has to do. */
export type WatchdogEffect = "set" | "send" | "open" | "close" | "failover" | "failback";

function eventOf({ state, pending, numDwa }: Watchdog, input: WatchdogInput): WatchdogEvent {
  const reopening = state === "REOPEN";
  if (input === "Receive DWA") return reopening && numDwa === 2 ? "Receive DWA & NumDWA == 2" : "Receive DWA";
  if (input !== "Timer expires") return input;
  if (!pending) return "Timer expires & !Pending";
  return reopening && numDwa < 0 ? "Timer expires & Pending & NumDWA < 0" : "Timer expires & Pending";
}

const effects: Partial<Readonly<Record<WatchdogAction, WatchdogEffect>>> = {
  "SetWatchdog()": "set",
  "SendWatchdog()": "send",
  "AttemptOpen()": "open",
  "CloseConnection()": "close",
  "Failover()": "failover",
  "Failback()": "failback",
};

const changes: Partial<Readonly<Record<WatchdogAction, (watchdog: Watchdog) => Watchdog>>> = {
  "Pending = TRUE": (watchdog) => ({ ...watchdog, pending: true }),
  "Pending = FALSE": (watchdog) => ({ ...watchdog, pending: false }),
  "NumDWA = 0": (watchdog) => ({ ...watchdog, numDwa: 0 }),
  "NumDWA = -1": (watchdog) => ({ ...watchdog, numDwa: -1 }),
  "NumDWA++": (watchdog) => ({ ...watchdog, numDwa: watchdog.numDwa + 1 }),
};

/** The watchdog after `input`, and what is to be done, in this order. */
export function stepWatchdog(
  watchdog: Watchdog,
  input: WatchdogInput,
): { readonly watchdog: Watchdog; readonly effects: readonly WatchdogEffect[] } {
  const { next, actions } = step<WatchdogState, WatchdogEvent, WatchdogAction>(
    watchdogTable,
    watchdog.state,
    eventOf(watchdog, input),
  );
  let changed: Watchdog = { ...watchdog, state: next };
  // A connection that is gone answers no DWR; the table leaves Pending as it was, and asks for it nowhere in DOWN.
  if (next === "DOWN") changed = { ...changed, pending: false };
  for (const action of actions) changed = changes[action]?.(changed) ?? changed;
  return { watchdog: changed, effects: actions.flatMap((action) => effects[action] ?? []) };
}
