// What a user agent lends to its dialogs: identity, sending, dispatching. RFC 3261 8, 12.
import type { Host } from "@liquid-ims/runtime/host";
import type { HeaderPair, SipRequest } from "../message.ts";
import type { Timers } from "../timers.ts";
import type { ClientHandlers, ClientTransaction } from "../transaction-user.ts";
import type { Target } from "../transport.ts";
import type { DialogId } from "./dialog.ts";
import type { IncomingRequest } from "./incoming-request.ts";

/** How this end presents itself and where it sends first. New dialogs take the present one, dialogs keep theirs. */
export interface LocalIdentity {
  /** Value of From without a tag: `<sip:alice@home.example>`. */
  readonly from: string;
  /** Value of Contact. */
  readonly contact: string;
  /** Value of P-Preferred-Identity (RFC 3325 9.2); left out when absent. */
  readonly preferredIdentity?: string;
  /** Preloaded Route values: the P-CSCF, then the Service-Route (RFC 3608 6.1). */
  readonly route: readonly string[];
  /** Where out-of-dialog requests go instead of to the first Route or the Request-URI. */
  readonly target?: Target | null;
}

/** What happens where RFC 3261 says SHOULD and an owner may know better. */
export interface SessionPolicy {
  /** No ACK for 64*T1 (13.3.1.4): `bye` (default) ends the session, `report` leaves it to the owner. */
  readonly unacknowledged: "bye" | "report";
  /** 481 or 408 to a request of ours in the dialog (12.2.1.2): `bye` (default) or `report`. */
  readonly lost: "bye" | "report";
}

/** A usage of a dialog: gets what arrives in it. */
export interface DialogUsage {
  /** A request in the dialog, but ACK and CANCEL. */
  receive(incoming: IncomingRequest): void;
  receiveAck(ack: SipRequest): void;
}

/** A request of ours that may make dialogs and has not made this one yet. */
export interface PendingUsage {
  readonly callId: string;
  readonly localTag: string;
  /** A request of the peer with the Call-ID and tag of ours that belongs to no dialog here. */
  receiveBeforeDialog(incoming: IncomingRequest): void;
}

export interface UserAgentCore {
  readonly host: Host;
  readonly timers: Timers;
  readonly policy: SessionPolicy;
  readonly identity: LocalIdentity;
  /** Allow, Supported and what else each dialog-making message of this end says of it. */
  capabilities(): HeaderPair[];
  newTag(): string;
  newCallId(): string;
  send(request: SipRequest, handlers: ClientHandlers, target?: Target | null): ClientTransaction;
  sendAck(request: SipRequest): void;
  /** 405 for a method that is not allowed here, 501 for one that nobody knows (RFC 3261 8.2.1). */
  refuseMethod(incoming: IncomingRequest): void;
  addDialog(id: DialogId, usage: DialogUsage): void;
  addPending(pending: PendingUsage): void;
  removePending(pending: PendingUsage): void;
  removeDialog(id: DialogId, usage: DialogUsage): void;
}
