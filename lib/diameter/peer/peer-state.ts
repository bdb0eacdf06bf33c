// Peer state machine. RFC 6733 5.6.
//
// I is the connection that this node initiated, R the one that the peer initiated. The rows are the RFC's. Rows marked
// "ours" answer events that it leaves open: Stop while a connection is being made, a refused CEA during an election,
// and messages that are still under way when a disconnect has been asked for.
import { type StateRows, type Table, to } from "@liquid-ims/runtime/state-table";

export type PeerState =
  | "Closed"
  | "Wait-Conn-Ack"
  | "Wait-I-CEA"
  | "Wait-Conn-Ack/Elect"
  | "Wait-Returns"
  | "R-Open"
  | "I-Open"
  | "Closing";

/** `I-Rcv-Non-CEA` is also a CEA that refuses, or that is not of the peer that was called. */
export type PeerEvent =
  | "Start"
  | "Stop"
  | "Timeout"
  | "Win-Election"
  | "Send-Message"
  | "R-Conn-CER"
  | "I-Rcv-Conn-Ack"
  | "I-Rcv-Conn-Nack"
  | "I-Rcv-CEA"
  | "I-Rcv-Non-CEA"
  | "I-Peer-Disc"
  | "I-Rcv-DPR"
  | "I-Rcv-DPA"
  | "I-Rcv-DWR"
  | "I-Rcv-DWA"
  | "I-Rcv-Message"
  | "R-Peer-Disc"
  | "R-Rcv-DPR"
  | "R-Rcv-DPA"
  | "R-Rcv-DWR"
  | "R-Rcv-DWA"
  | "R-Rcv-Message";

/**
 * `Cleanup` forgets a connection that did not come up, `Error` drops all connections. `R-Accept` takes the connection
 * of the CER that has come, `R-Reject` closes it. `Elect` may issue Win-Election.
 */
export type PeerAction =
  | "I-Snd-Conn-Req"
  | "Cleanup"
  | "Error"
  | "R-Accept"
  | "R-Reject"
  | "Process-CER"
  | "Process-CEA"
  | "Elect"
  | "I-Snd-CER"
  | "R-Snd-CEA"
  | "I-Disc"
  | "R-Disc"
  | "I-Snd-Message"
  | "R-Snd-Message"
  | "Process"
  | "Process-DWR"
  | "I-Snd-DWA"
  | "R-Snd-DWA"
  | "Process-DWA"
  | "I-Snd-DPR"
  | "R-Snd-DPR"
  | "I-Snd-DPA"
  | "R-Snd-DPA";

type Rows = StateRows<PeerState, PeerEvent, PeerAction>;

/** Nothing can come from a connection that is not there, or whose capabilities are not exchanged. */
const noInitiatorMessages = {
  "I-Rcv-DPR": null,
  "I-Rcv-DPA": null,
  "I-Rcv-DWR": null,
  "I-Rcv-DWA": null,
  "I-Rcv-Message": null,
} as const;

const noResponderMessages = {
  "R-Rcv-DPR": null,
  "R-Rcv-DPA": null,
  "R-Rcv-DWR": null,
  "R-Rcv-DWA": null,
  "R-Rcv-Message": null,
} as const;

const noInitiator = {
  ...noInitiatorMessages,
  "I-Rcv-Conn-Ack": null,
  "I-Rcv-Conn-Nack": null,
  "I-Rcv-CEA": null,
  "I-Rcv-Non-CEA": null,
  "I-Peer-Disc": null,
} as const;

const noResponder = { ...noResponderMessages, "R-Peer-Disc": null } as const;

const closed = {
  ...noInitiator,
  ...noResponder,
  Start: to("Wait-Conn-Ack", "I-Snd-Conn-Req"),
  Stop: to("Closed"), // ours
  Timeout: null,
  "Win-Election": null,
  "Send-Message": null,
  "R-Conn-CER": to("R-Open", "R-Accept", "Process-CER", "R-Snd-CEA"),
} as const satisfies Rows;

const waitConnAck = {
  ...noInitiatorMessages,
  ...noResponder,
  Start: null,
  Stop: to("Closed", "Error"), // ours
  Timeout: to("Closed", "Error"),
  "Win-Election": null,
  "Send-Message": null,
  "R-Conn-CER": to("Wait-Conn-Ack/Elect", "R-Accept", "Process-CER"),
  "I-Rcv-Conn-Ack": to("Wait-I-CEA", "I-Snd-CER"),
  "I-Rcv-Conn-Nack": to("Closed", "Cleanup"),
  "I-Rcv-CEA": null,
  "I-Rcv-Non-CEA": null,
  "I-Peer-Disc": null,
} as const satisfies Rows;

const waitInitiatorCea = {
  ...noInitiatorMessages,
  ...noResponder,
  Start: null,
  Stop: to("Closed", "Error"), // ours
  Timeout: to("Closed", "Error"),
  "Win-Election": null,
  "Send-Message": null,
  "R-Conn-CER": to("Wait-Returns", "R-Accept", "Process-CER", "Elect"),
  "I-Rcv-Conn-Ack": null,
  "I-Rcv-Conn-Nack": null,
  "I-Rcv-CEA": to("I-Open", "Process-CEA"),
  "I-Rcv-Non-CEA": to("Closed", "Error"),
  "I-Peer-Disc": to("Closed", "I-Disc"),
} as const satisfies Rows;

const waitConnAckElect = {
  ...noInitiatorMessages,
  ...noResponderMessages,
  Start: null,
  Stop: to("Closed", "Error"), // ours
  Timeout: to("Closed", "Error"),
  "Win-Election": null,
  "Send-Message": null,
  "R-Conn-CER": to("Wait-Conn-Ack/Elect", "R-Reject"),
  "I-Rcv-Conn-Ack": to("Wait-Returns", "I-Snd-CER", "Elect"),
  "I-Rcv-Conn-Nack": to("R-Open", "R-Snd-CEA"),
  "I-Rcv-CEA": null,
  "I-Rcv-Non-CEA": null,
  "I-Peer-Disc": null,
  "R-Peer-Disc": to("Wait-Conn-Ack", "R-Disc"),
} as const satisfies Rows;

const waitReturns = {
  ...noInitiatorMessages,
  ...noResponderMessages,
  Start: null,
  Stop: to("Closed", "Error"), // ours
  Timeout: to("Closed", "Error"),
  "Win-Election": to("R-Open", "I-Disc", "R-Snd-CEA"),
  "Send-Message": null,
  "R-Conn-CER": to("Wait-Returns", "R-Reject"),
  "I-Rcv-Conn-Ack": null,
  "I-Rcv-Conn-Nack": null,
  "I-Rcv-CEA": to("I-Open", "Process-CEA", "R-Disc"), // Process-CEA is ours: the RFC has R-Disc alone
  "I-Rcv-Non-CEA": to("R-Open", "I-Disc", "R-Snd-CEA"), // ours
  "I-Peer-Disc": to("R-Open", "I-Disc", "R-Snd-CEA"),
  "R-Peer-Disc": to("Wait-I-CEA", "R-Disc"),
} as const satisfies Rows;

const responderOpen = {
  ...noInitiator,
  Start: null,
  Stop: to("Closing", "R-Snd-DPR"),
  Timeout: null,
  "Win-Election": null,
  "Send-Message": to("R-Open", "R-Snd-Message"),
  "R-Conn-CER": to("R-Open", "R-Reject"),
  "R-Peer-Disc": to("Closed", "R-Disc"),
  "R-Rcv-DPR": to("Closing", "R-Snd-DPA"),
  "R-Rcv-DPA": null,
  "R-Rcv-DWR": to("R-Open", "Process-DWR", "R-Snd-DWA"),
  "R-Rcv-DWA": to("R-Open", "Process-DWA"),
  "R-Rcv-Message": to("R-Open", "Process"),
} as const satisfies Rows;

const initiatorOpen = {
  ...noResponder,
  Start: null,
  Stop: to("Closing", "I-Snd-DPR"),
  Timeout: null,
  "Win-Election": null,
  "Send-Message": to("I-Open", "I-Snd-Message"),
  "R-Conn-CER": to("I-Open", "R-Reject"),
  "I-Rcv-Conn-Ack": null,
  "I-Rcv-Conn-Nack": null,
  "I-Rcv-CEA": null,
  "I-Rcv-Non-CEA": null,
  "I-Peer-Disc": to("Closed", "I-Disc"),
  "I-Rcv-DPR": to("Closing", "I-Snd-DPA"),
  "I-Rcv-DPA": null,
  "I-Rcv-DWR": to("I-Open", "Process-DWR", "I-Snd-DWA"),
  "I-Rcv-DWA": to("I-Open", "Process-DWA"),
  "I-Rcv-Message": to("I-Open", "Process"),
} as const satisfies Rows;

const closing = {
  Start: null,
  Stop: to("Closing"), // ours
  Timeout: to("Closed", "Error"),
  "Win-Election": null,
  "Send-Message": null,
  "R-Conn-CER": to("Closing", "R-Reject"), // ours
  "I-Rcv-Conn-Ack": null,
  "I-Rcv-Conn-Nack": null,
  "I-Rcv-CEA": null,
  "I-Rcv-Non-CEA": null,
  "I-Peer-Disc": to("Closed", "I-Disc"),
  "I-Rcv-DPR": to("Closing", "I-Snd-DPA"), // ours: both ask at once
  "I-Rcv-DPA": to("Closed", "I-Disc"),
  "I-Rcv-DWR": to("Closing", "Process-DWR", "I-Snd-DWA"), // ours
  "I-Rcv-DWA": to("Closing", "Process-DWA"), // ours
  "I-Rcv-Message": to("Closing", "Process"), // ours: answers under way still count
  "R-Peer-Disc": to("Closed", "R-Disc"),
  "R-Rcv-DPR": to("Closing", "R-Snd-DPA"), // ours
  "R-Rcv-DPA": to("Closed", "R-Disc"),
  "R-Rcv-DWR": to("Closing", "Process-DWR", "R-Snd-DWA"), // ours
  "R-Rcv-DWA": to("Closing", "Process-DWA"), // ours
  "R-Rcv-Message": to("Closing", "Process"), // ours
} as const satisfies Rows;

/** The whole machine. */
export const peerState = {
  Closed: closed,
  "Wait-Conn-Ack": waitConnAck,
  "Wait-I-CEA": waitInitiatorCea,
  "Wait-Conn-Ack/Elect": waitConnAckElect,
  "Wait-Returns": waitReturns,
  "R-Open": responderOpen,
  "I-Open": initiatorOpen,
  Closing: closing,
} as const satisfies Table<PeerState, PeerEvent, PeerAction>;

/** Whether requests may be sent. */
export function isOpen(state: PeerState): boolean {
  return state === "R-Open" || state === "I-Open";
}

/**
 * Whether this node wins an election against that peer, and so closes the connection that it initiated (RFC 6733
 * 5.6.4): octets are compared, letters without case.
 */
export function winsElection(local: string, remote: string): boolean {
  return local.toLowerCase() > remote.toLowerCase();
}
