// INVITE client transaction. RFC 3261 17.1.1, 9.1, RFC 6026 8.4.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";
import type { Machine, TransactionAction } from "./table.ts";

export type InviteClientState = "Calling" | "Proceeding" | "Accepted" | "Completed" | "Terminated";
export type InviteClientTimer = "timerA" | "timerB" | "timerD" | "timerM";
/** `cancel expired`: 64*T1 after the CANCEL there is still no final response (9.1). */
export type InviteClientEvent =
  | InviteClientTimer
  | "1xx"
  | "2xx"
  | "300-699"
  | "transport error"
  | "cancel expired";
export type InviteClientAction = TransactionAction<"request" | "ACK", "response", InviteClientTimer>;

type Rows = StateRows<InviteClientState, InviteClientEvent, InviteClientAction>;

const sendRequest = { send: "request" } as const;
const sendAck = { send: "ACK" } as const;
const passResponse = { pass: "response" } as const;
const startA = { start: "timerA" } as const;
const startD = { start: "timerD" } as const;
const startM = { start: "timerM" } as const;
const cancelA = { cancel: "timerA" } as const;
const cancelB = { cancel: "timerB" } as const;
const informTimeout = { inform: "timeout" } as const;
const informTransport = { inform: "transport error" } as const;

const calling = {
  timerA: to("Calling", sendRequest, startA),
  timerB: to("Terminated", informTimeout),
  timerD: null,
  timerM: null,
  "1xx": to("Proceeding", cancelA, cancelB, passResponse),
  "2xx": to("Accepted", cancelA, cancelB, startM, passResponse),
  "300-699": to("Completed", cancelA, cancelB, sendAck, startD, passResponse),
  "transport error": to("Terminated", informTransport),
  "cancel expired": null,
} as const satisfies Rows;

// Nothing is sent in this state, so a transport error tells of an old request: the peer has it, as its answer shows.
const proceeding = {
  timerA: null,
  timerB: null,
  timerD: null,
  timerM: null,
  "1xx": to("Proceeding", passResponse),
  "2xx": to("Accepted", startM, passResponse),
  "300-699": to("Completed", sendAck, startD, passResponse),
  "transport error": to("Proceeding"),
  "cancel expired": to("Terminated", informTimeout),
} as const satisfies Rows;

// Every 2xx goes up: retransmissions, and those of other branches of a fork (RFC 6026 7.2).
const accepted = {
  timerA: null,
  timerB: null,
  timerD: null,
  timerM: to("Terminated"),
  "1xx": to("Accepted"),
  "2xx": to("Accepted", passResponse),
  "300-699": to("Accepted"),
  "transport error": to("Accepted"),
  "cancel expired": to("Accepted"),
} as const satisfies Rows;

const completed = {
  timerA: null,
  timerB: null,
  timerD: to("Terminated"),
  timerM: null,
  "1xx": to("Completed"),
  "2xx": to("Completed"),
  "300-699": to("Completed", sendAck),
  "transport error": to("Terminated", informTransport),
  "cancel expired": to("Completed"),
} as const satisfies Rows;

const terminated = {
  timerA: null,
  timerB: null,
  timerD: null,
  timerM: null,
  "1xx": null,
  "2xx": null,
  "300-699": null,
  "transport error": null,
  "cancel expired": null,
} as const satisfies Rows;

/** The INVITE client transaction (RFC 3261 figure 5 with RFC 6026 figure 3). */
export const inviteClient = {
  name: "INVITE client",
  start: to("Calling", sendRequest, startA, { start: "timerB" } as const),
  table: {
    Calling: calling,
    Proceeding: proceeding,
    Accepted: accepted,
    Completed: completed,
    Terminated: terminated,
  } satisfies Table<InviteClientState, InviteClientEvent, InviteClientAction>,
  duration: {
    timerA: ({ timers, reliable, count }) => (reliable ? null : timers.T1 * 2 ** count),
    timerB: ({ timers }) => 64 * timers.T1,
    // "At least 32 s": with the default T1 this is also 64*T1 (17.1.1.2), but it does not shrink with T1.
    timerD: ({ timers, reliable }) => (reliable ? 0 : Math.max(32_000, 64 * timers.T1)),
    timerM: ({ timers }) => 64 * timers.T1,
  },
} as const satisfies Machine<
  InviteClientState,
  InviteClientEvent,
  "request" | "ACK",
  "response",
  InviteClientTimer
>;
