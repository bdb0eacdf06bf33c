// An INVITE outside a dialog until it has led to a session or failed: UAC and UAS as tables. RFC 3261 9, 13, 15.1.2.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

export type InviteClientUsageState =
  | "Calling"
  | "Proceeding"
  /** Given up by CANCEL, no final response yet. */
  | "Cancelling"
  /** Given up without CANCEL, no final response yet. */
  | "Abandoned"
  /** At least one 2xx; a fork may bring others for 64*T1 (13.2.2.4). */
  | "Accepted"
  /** As Accepted, with the first 2xx after the INVITE was given up. */
  | "Accepted late"
  | "Terminated";

export type InviteClientUsageEvent =
  | "1xx"
  /** The first 2xx of a dialog. */
  | "2xx"
  /** Another copy of it. */
  | "2xx again"
  /** 300 to 699, or no answer. */
  | "failure"
  | "cancel"
  | "abandon"
  /** Since the first 2xx, or since the INVITE was abandoned. */
  | "64*T1";

export type InviteClientUsageAction =
  | "report provisional"
  | "send ACK"
  | "report session"
  | "report late session"
  | "report failure"
  | "send CANCEL"
  | "start 64*T1"
  | "stop 64*T1"
  /** The INVITE is no longer one of ours that something may come for. */
  | "forget";

type ClientRows = StateRows<InviteClientUsageState, InviteClientUsageEvent, InviteClientUsageAction>;

const calling = {
  "1xx": to("Proceeding", "report provisional"),
  "2xx": to("Accepted", "start 64*T1", "send ACK", "report session"),
  "2xx again": null,
  failure: to("Terminated", "forget", "report failure"),
  cancel: to("Cancelling", "send CANCEL"),
  abandon: to("Abandoned", "start 64*T1"),
  "64*T1": null,
} as const satisfies ClientRows;

const proceeding = {
  "1xx": to("Proceeding", "report provisional"),
  "2xx": to("Accepted", "start 64*T1", "send ACK", "report session"),
  "2xx again": null,
  failure: to("Terminated", "forget", "report failure"),
  cancel: to("Cancelling", "send CANCEL"),
  abandon: to("Abandoned", "start 64*T1"),
  "64*T1": null,
} as const satisfies ClientRows;

const cancelling = {
  "1xx": to("Cancelling"),
  "2xx": to("Accepted late", "start 64*T1", "send ACK", "report late session"),
  "2xx again": null,
  failure: to("Terminated", "forget", "report failure"),
  cancel: to("Cancelling"),
  abandon: to("Cancelling"),
  "64*T1": null,
} as const satisfies ClientRows;

// After 64*T1 nothing of it is under way any more; the CANCEL only ends the transaction (9.1).
const abandoned = {
  "1xx": to("Abandoned"),
  "2xx": to("Accepted late", "stop 64*T1", "start 64*T1", "send ACK", "report late session"),
  "2xx again": null,
  failure: to("Terminated", "stop 64*T1", "forget", "report failure"),
  cancel: to("Cancelling", "stop 64*T1", "send CANCEL"),
  abandon: to("Abandoned"),
  "64*T1": to("Cancelling", "forget", "send CANCEL"),
} as const satisfies ClientRows;

const accepted = {
  "1xx": to("Accepted"),
  "2xx": to("Accepted", "send ACK", "report session"),
  "2xx again": to("Accepted", "send ACK"),
  failure: to("Accepted"),
  cancel: to("Accepted"),
  abandon: to("Accepted"),
  "64*T1": to("Terminated", "forget"),
} as const satisfies ClientRows;

const acceptedLate = {
  "1xx": to("Accepted late"),
  "2xx": to("Accepted late", "send ACK", "report late session"),
  "2xx again": to("Accepted late", "send ACK"),
  failure: to("Accepted late"),
  cancel: to("Accepted late"),
  abandon: to("Accepted late"),
  "64*T1": to("Terminated", "forget"),
} as const satisfies ClientRows;

// Every 2xx is acknowledged, however late: an unacknowledged one is repeated, and keeps a call alive at the peer.
const terminated = {
  "1xx": to("Terminated"),
  "2xx": to("Terminated", "send ACK", "report late session"),
  "2xx again": to("Terminated", "send ACK"),
  failure: to("Terminated"),
  cancel: to("Terminated"),
  abandon: to("Terminated"),
  "64*T1": null,
} as const satisfies ClientRows;

/** UAC. */
export const inviteClientUsageTable = {
  Calling: calling,
  Proceeding: proceeding,
  Cancelling: cancelling,
  Abandoned: abandoned,
  Accepted: accepted,
  "Accepted late": acceptedLate,
  Terminated: terminated,
} as const satisfies Table<InviteClientUsageState, InviteClientUsageEvent, InviteClientUsageAction>;

export type InviteServerUsageState =
  /** No final response; no dialog yet. */
  | "Proceeding"
  /** A provisional response with a tag was sent: the dialog is early. */
  | "Early"
  | "Accepted"
  | "Rejected"
  /** By CANCEL, or by BYE in the early dialog. */
  | "Cancelled";

export type InviteServerUsageEvent =
  | "provisional"
  | "accept"
  | "reject"
  | "CANCEL"
  | "BYE"
  /** Another request in the early dialog. */
  | "request";

export type InviteServerUsageAction =
  | "send provisional"
  | "make early dialog"
  | "send 2xx"
  | "send refusal"
  | "send 487"
  | "answer 200"
  | "answer request"
  | "report cancelled"
  /** The early dialog, where there is one, is over. */
  | "forget";

type ServerRows = StateRows<InviteServerUsageState, InviteServerUsageEvent, InviteServerUsageAction>;

const serverProceeding = {
  provisional: to("Early", "make early dialog", "send provisional"),
  accept: to("Accepted", "send 2xx"),
  reject: to("Rejected", "send refusal"),
  CANCEL: to("Cancelled", "send 487", "report cancelled"),
  BYE: null,
  request: null,
} as const satisfies ServerRows;

const serverEarly = {
  provisional: to("Early", "send provisional"),
  accept: to("Accepted", "forget", "send 2xx"),
  reject: to("Rejected", "forget", "send refusal"),
  CANCEL: to("Cancelled", "forget", "send 487", "report cancelled"),
  BYE: to("Cancelled", "forget", "answer 200", "send 487", "report cancelled"),
  request: to("Early", "answer request"),
} as const satisfies ServerRows;

// A CANCEL that comes after the final response has no effect (9.2).
const done = (state: "Accepted" | "Rejected" | "Cancelled") =>
  ({
    provisional: { next: state, actions: [] },
    accept: { next: state, actions: [] },
    reject: { next: state, actions: [] },
    CANCEL: { next: state, actions: [] },
    BYE: null,
    request: null,
  }) satisfies ServerRows;

/** UAS. */
export const inviteServerUsageTable = {
  Proceeding: serverProceeding,
  Early: serverEarly,
  Accepted: done("Accepted"),
  Rejected: done("Rejected"),
  Cancelled: done("Cancelled"),
} as const satisfies Table<InviteServerUsageState, InviteServerUsageEvent, InviteServerUsageAction>;
