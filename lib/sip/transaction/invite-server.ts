// INVITE server transaction. RFC 3261 17.2.1, RFC 6026 8.5 and 8.8.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";
import type { Machine, TransactionAction } from "./table.ts";

export type InviteServerState = "Proceeding" | "Accepted" | "Completed" | "Confirmed" | "Terminated";
/** `timer100` has no name in the RFC: 200 ms within which the user answers, else the transaction sends 100. */
export type InviteServerTimer = "timer100" | "timerG" | "timerH" | "timerI" | "timerL";
export type InviteServerEvent =
  | InviteServerTimer
  | "INVITE"
  | "ACK"
  | "1xx from TU"
  | "2xx from TU"
  | "300-699 from TU"
  | "transport error";
export type InviteServerAction = TransactionAction<"response" | "100", "request" | "ACK", InviteServerTimer>;

type Rows = StateRows<InviteServerState, InviteServerEvent, InviteServerAction>;

const sendResponse = { send: "response" } as const;
const passAck = { pass: "ACK" } as const;
const start100 = { start: "timer100" } as const;
const startG = { start: "timerG" } as const;
const startH = { start: "timerH" } as const;
const startI = { start: "timerI" } as const;
const startL = { start: "timerL" } as const;
const cancel100 = { cancel: "timer100" } as const;
const cancelG = { cancel: "timerG" } as const;
const cancelH = { cancel: "timerH" } as const;
const informTimeout = { inform: "timeout" } as const;
const informTransport = { inform: "transport error" } as const;

// A retransmission is answered with the latest provisional; before there is one nothing is sent.
const proceeding = {
  timer100: to("Proceeding", { send: "100" } as const),
  timerG: null,
  timerH: null,
  timerI: null,
  timerL: null,
  INVITE: to("Proceeding", sendResponse),
  ACK: to("Proceeding"),
  "1xx from TU": to("Proceeding", cancel100, sendResponse),
  "2xx from TU": to("Accepted", cancel100, sendResponse, startL),
  "300-699 from TU": to("Completed", cancel100, sendResponse, startG, startH),
  "transport error": to("Proceeding", informTransport),
} as const satisfies Rows;

// Retransmitting the 2xx is the user's task; here retransmitted INVITEs end (RFC 6026 7.1).
const accepted = {
  timer100: null,
  timerG: null,
  timerH: null,
  timerI: null,
  timerL: to("Terminated"),
  INVITE: to("Accepted"),
  ACK: to("Accepted", passAck),
  "1xx from TU": to("Accepted"),
  "2xx from TU": to("Accepted", sendResponse),
  "300-699 from TU": to("Accepted"),
  "transport error": to("Accepted", informTransport),
} as const satisfies Rows;

const completed = {
  timer100: null,
  timerG: to("Completed", sendResponse, startG),
  timerH: to("Terminated", informTimeout),
  timerI: null,
  timerL: null,
  INVITE: to("Completed", sendResponse),
  ACK: to("Confirmed", cancelG, cancelH, startI),
  "1xx from TU": to("Completed"),
  "2xx from TU": to("Completed"),
  "300-699 from TU": to("Completed"),
  "transport error": to("Completed", informTransport),
} as const satisfies Rows;

const confirmed = {
  timer100: null,
  timerG: null,
  timerH: null,
  timerI: to("Terminated"),
  timerL: null,
  INVITE: to("Confirmed"),
  ACK: to("Confirmed"),
  "1xx from TU": to("Confirmed"),
  "2xx from TU": to("Confirmed"),
  "300-699 from TU": to("Confirmed"),
  "transport error": to("Confirmed"),
} as const satisfies Rows;

const terminated = {
  timer100: null,
  timerG: null,
  timerH: null,
  timerI: null,
  timerL: null,
  INVITE: null,
  ACK: null,
  "1xx from TU": null,
  "2xx from TU": null,
  "300-699 from TU": null,
  "transport error": null,
} as const satisfies Rows;

/** The INVITE server transaction (RFC 3261 figure 7 with RFC 6026 figure 5). */
export const inviteServer = {
  name: "INVITE server",
  start: to("Proceeding", start100, { pass: "request" } as const),
  table: {
    Proceeding: proceeding,
    Accepted: accepted,
    Completed: completed,
    Confirmed: confirmed,
    Terminated: terminated,
  } satisfies Table<InviteServerState, InviteServerEvent, InviteServerAction>,
  duration: {
    timer100: () => 200,
    timerG: ({ timers, reliable, count }) => (reliable ? null : Math.min(timers.T1 * 2 ** count, timers.T2)),
    timerH: ({ timers }) => 64 * timers.T1,
    timerI: ({ timers, reliable }) => (reliable ? 0 : timers.T4),
    timerL: ({ timers }) => 64 * timers.T1,
  },
} as const satisfies Machine<
  InviteServerState,
  InviteServerEvent,
  "response" | "100",
  "request" | "ACK",
  InviteServerTimer
>;
