// What an application sees of a UE. RFC 3261, TS 24.229 5.1.
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { AuthenticationFailure } from "@liquid-ims/sip/registration-challenge";
import type { MediaDirection } from "../../media.ts";
import type { RegisterResult } from "../../ue-port.ts";

export type CallState = "calling" | "ringing" | "confirmed" | "ended";

export type CallEnd =
  /** Hung up here. */
  | { readonly by: "self" }
  /** Hung up by the peer. */
  | { readonly by: "peer" }
  /** Never confirmed: the final answer's status, or 408 when none came. */
  | { readonly by: "refused"; readonly status: number }
  /** Was confirmed, and no path to the peer is left. */
  | { readonly by: "lost" };

/** What an application hears of a call; every member may be left out. */
export interface CallHandlers {
  /** 180 came, or was sent. */
  ringing?(): void;
  /** Once: both ends have it. */
  confirmed?(): void;
  /** Once, the last event. */
  ended?(end: CallEnd): void;
  /** The peer's media addresses, ports or direction have changed. */
  mediaChanged?(remote: string): void;
}

/** One call; it outlives the dialogs that carry it. */
export interface Call {
  /** Unique in this UE, stable. */
  readonly id: string;
  readonly direction: "outgoing" | "incoming";
  /** The peer's identity as the application knows it: dialled, or asserted. */
  readonly peer: string;
  readonly state: CallState;
  readonly emergency: boolean;
  handlers: CallHandlers;
  /** Incoming: sends 180. */
  ring(): void;
  /** Incoming: sends 200 with the media's answer. */
  answer(): void;
  /** Incoming, not answered: refuses; default 486. */
  reject(status?: number): void;
  /** Ends it in whatever state it is; `ended` is heard at once. */
  hangUp(): void;
  /** re-INVITE with this direction; what is wanted is repeated in the next dialog when this one is replaced meanwhile. */
  setDirection(direction: MediaDirection): void;
}

/** A REGISTER that the network did not grant. */
export type RegisterFailure =
  | {
      readonly outcome: "refused";
      readonly status: number;
      /** Where it was the authentication that failed: why. */
      readonly authentication?: AuthenticationFailure;
    }
  /** No answer came. */
  | { readonly outcome: "failed"; readonly cause: "timeout" | "transport" | "unresolvable" };

export type RegisterOutcome = { readonly outcome: "registered"; readonly expires: number } | RegisterFailure;

/** Of a de-registration. After a failure the network may keep the binding until it expires: calls may come until then. */
export type DeregisterOutcome = { readonly outcome: "deregistered" } | RegisterFailure;

/** Handle of one life of a UE. */
export interface Ue {
  /** Sockets are open. */
  readonly ready: Promise<void>;
  /** Registers, and from then on keeps itself registered. */
  register(): Promise<RegisterOutcome>;
  /**
   * Registers through another P-CSCF (null: anew through the present one) by the application's own wish; the dialogs
   * follow as after a move of the CFS. Fails while `deregister` is under way.
   */
  moveTo(pCscf: FunctionAddress | null): Promise<RegisterResult>;
  /**
   * Removes the registration, after a move that is under way. Whatever the network answers, this UE counts as not
   * registered from then on and refreshes nothing; called again, it asks the network again (TS 24.229 5.1.1.6, RFC 3261
   * 10.2.2).
   */
  deregister(): Promise<DeregisterOutcome>;
  /** Places a call to a SIP or tel URI. */
  call(to: string, handlers?: CallHandlers): Call;
  /** Called with each new incoming call before 180; without it they are refused with 480. */
  onIncoming: ((call: Call) => void) | null;
  readonly calls: readonly Call[];
  /** The P-CSCF and S-CSCF of the present registration, null when there is none. */
  readonly registration: { readonly pCscf: string; readonly sCscf: string } | null;
  /** Closes sockets and timers; says nothing to anybody. */
  stop(): Promise<void>;
}
