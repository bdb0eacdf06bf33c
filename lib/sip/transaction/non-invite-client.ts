// Non-INVITE client transaction. RFC 3261 17.1.2.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";
import type { Machine, TransactionAction } from "./table.ts";

export type NonInviteClientState = "Trying" | "Proceeding" | "Completed" | "Terminated";
/** `timerE-T2` is timer E where it is reset to T2 whatever it was before: in Proceeding (17.1.2.2). */
export type NonInviteClientTimer = "timerE" | "timerE-T2" | "timerF" | "timerK";
export type NonInviteClientEvent = NonInviteClientTimer | "1xx" | "200-699" | "transport error";
export type NonInviteClientAction = TransactionAction<"request", "response", NonInviteClientTimer>;

type Rows = StateRows<NonInviteClientState, NonInviteClientEvent, NonInviteClientAction>;

const sendRequest = { send: "request" } as const;
const passResponse = { pass: "response" } as const;
const startE = { start: "timerE" } as const;
const startE2 = { start: "timerE-T2" } as const;
const startK = { start: "timerK" } as const;
const cancelE = { cancel: "timerE" } as const;
const cancelE2 = { cancel: "timerE-T2" } as const;
const cancelF = { cancel: "timerF" } as const;
const informTimeout = { inform: "timeout" } as const;
const informTransport = { inform: "transport error" } as const;

const trying = {
  timerE: to("Trying", sendRequest, startE),
  "timerE-T2": null,
  timerF: to("Terminated", informTimeout),
  timerK: null,
  "1xx": to("Proceeding", passResponse),
  "200-699": to("Completed", cancelE, cancelF, startK, passResponse),
  "transport error": to("Terminated", informTransport),
} as const satisfies Rows;

// Timer E goes on as it was set in Trying; only its next setting is T2.
const proceeding = {
  timerE: to("Proceeding", sendRequest, startE2),
  "timerE-T2": to("Proceeding", sendRequest, startE2),
  timerF: to("Terminated", informTimeout),
  timerK: null,
  "1xx": to("Proceeding", passResponse),
  "200-699": to("Completed", cancelE, cancelE2, cancelF, startK, passResponse),
  "transport error": to("Terminated", informTransport),
} as const satisfies Rows;

const completed = {
  timerE: null,
  "timerE-T2": null,
  timerF: null,
  timerK: to("Terminated"),
  "1xx": to("Completed"),
  "200-699": to("Completed"),
  "transport error": to("Completed"),
} as const satisfies Rows;

const terminated = {
  timerE: null,
  "timerE-T2": null,
  timerF: null,
  timerK: null,
  "1xx": null,
  "200-699": null,
  "transport error": null,
} as const satisfies Rows;

/** The non-INVITE client transaction (RFC 3261 figure 6). */
export const nonInviteClient = {
  name: "non-INVITE client",
  start: to("Trying", sendRequest, startE, { start: "timerF" } as const),
  table: {
    Trying: trying,
    Proceeding: proceeding,
    Completed: completed,
    Terminated: terminated,
  } satisfies Table<NonInviteClientState, NonInviteClientEvent, NonInviteClientAction>,
  duration: {
    timerE: ({ timers, reliable, count }) => (reliable ? null : Math.min(timers.T1 * 2 ** count, timers.T2)),
    "timerE-T2": ({ timers, reliable }) => (reliable ? null : timers.T2),
    timerF: ({ timers }) => 64 * timers.T1,
    timerK: ({ timers, reliable }) => (reliable ? 0 : timers.T4),
  },
} as const satisfies Machine<
  NonInviteClientState,
  NonInviteClientEvent,
  "request",
  "response",
  NonInviteClientTimer
>;
