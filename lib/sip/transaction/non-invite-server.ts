// Non-INVITE server transaction. RFC 3261 17.2.2, RFC 4320 4, RFC 6026 8.8.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";
import type { Machine, TransactionAction } from "./table.ts";

export type NonInviteServerState = "Trying" | "Proceeding" | "Completed" | "Terminated";
/**
 * Two have no name in an RFC. `timer100`: the moment from which on a 100 is allowed, and due (RFC 4320 4.1).
 * `timerExpiry`: the client has given up by now, so that no final response is of use (RFC 4320 4.2).
 */
export type NonInviteServerTimer = "timer100" | "timerExpiry" | "timerJ";
export type NonInviteServerEvent =
  | NonInviteServerTimer
  | "request"
  | "100 from TU"
  | "101-199 from TU"
  | "200-699 from TU"
  | "408 from TU"
  | "transport error";
export type NonInviteServerAction = TransactionAction<"response" | "100", "request", NonInviteServerTimer>;

type Rows = StateRows<NonInviteServerState, NonInviteServerEvent, NonInviteServerAction>;

const sendResponse = { send: "response" } as const;
const start100 = { start: "timer100" } as const;
const startExpiry = { start: "timerExpiry" } as const;
const startJ = { start: "timerJ" } as const;
const cancel100 = { cancel: "timer100" } as const;
const cancelExpiry = { cancel: "timerExpiry" } as const;
const informTimeout = { inform: "timeout" } as const;
const informTransport = { inform: "transport error" } as const;

// A 100 so early only costs messages; timer100 sends it when it is due. A 408 tells the client nothing it does not
// know itself, and is never sent; the state is kept until the client has given up, to absorb its retransmissions.
const trying = {
  timer100: to("Proceeding", { send: "100" } as const),
  timerExpiry: to("Terminated", informTimeout),
  timerJ: null,
  request: to("Trying"),
  "100 from TU": to("Trying"),
  "101-199 from TU": to("Trying"),
  "200-699 from TU": to("Completed", cancel100, cancelExpiry, sendResponse, startJ),
  "408 from TU": to("Trying", cancel100),
  "transport error": null,
} as const satisfies Rows;

const proceeding = {
  timer100: null,
  timerExpiry: to("Terminated", informTimeout),
  timerJ: null,
  request: to("Proceeding", sendResponse),
  "100 from TU": to("Proceeding", sendResponse),
  "101-199 from TU": to("Proceeding"),
  "200-699 from TU": to("Completed", cancelExpiry, sendResponse, startJ),
  "408 from TU": to("Proceeding"),
  "transport error": to("Proceeding", informTransport),
} as const satisfies Rows;

const completed = {
  timer100: null,
  timerExpiry: null,
  timerJ: to("Terminated"),
  request: to("Completed", sendResponse),
  "100 from TU": to("Completed"),
  "101-199 from TU": to("Completed"),
  "200-699 from TU": to("Completed"),
  "408 from TU": to("Completed"),
  "transport error": to("Completed", informTransport),
} as const satisfies Rows;

const terminated = {
  timer100: null,
  timerExpiry: null,
  timerJ: null,
  request: null,
  "100 from TU": null,
  "101-199 from TU": null,
  "200-699 from TU": null,
  "408 from TU": null,
  "transport error": null,
} as const satisfies Rows;

/** How long the client's timer E takes to arrive at T2: 3.5 s by default (RFC 4320 4.1). */
function timeToT2(T1: number, T2: number): number {
  let passed = 0;
  for (let interval = T1; interval < T2; interval *= 2) passed += interval;
  return passed;
}

/** The non-INVITE server transaction (RFC 3261 figure 8 with RFC 4320). */
export const nonInviteServer = {
  name: "non-INVITE server",
  start: to("Trying", start100, startExpiry, { pass: "request" } as const),
  table: {
    Trying: trying,
    Proceeding: proceeding,
    Completed: completed,
    Terminated: terminated,
  } satisfies Table<NonInviteServerState, NonInviteServerEvent, NonInviteServerAction>,
  duration: {
    timer100: ({ timers }) => timeToT2(timers.T1, timers.T2),
    timerExpiry: ({ timers }) => 64 * timers.T1,
    timerJ: ({ timers, reliable }) => (reliable ? 0 : 64 * timers.T1),
  },
} as const satisfies Machine<
  NonInviteServerState,
  NonInviteServerEvent,
  "response" | "100",
  "request",
  NonInviteServerTimer
>;
