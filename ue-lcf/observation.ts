// What a UE shows to an experiment's report. No application needs it.

/** The registration that a leg belongs to: host and port of P-CSCF and S-CSCF. */
export interface ObservedRegistration {
  readonly pCscf: string;
  readonly sCscf: string;
}

export interface ObservedDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly role: "uac" | "uas";
  /** 0 for the first dialog of a call. */
  readonly gen: number;
  readonly registration: ObservedRegistration;
  readonly emergency: boolean;
}

/** Who or what ended a dialog. */
export type DialogEnd =
  /** By a dialog of the same call. */
  | "replaced"
  /** The user at this end hung up. */
  | "self"
  /** The peer hung up. */
  | "peer"
  /** No path to the peer is left, or the peer did not know it any more. */
  | "lost";

/** `at` is the host's wall clock, `call` the Call's id at this UE. */
export type DialogObservation =
  | {
      readonly kind: "confirmed";
      readonly at: number;
      readonly call: string;
      readonly dialog: ObservedDialog;
    }
  | {
      readonly kind: "ended";
      readonly at: number;
      readonly call: string;
      readonly dialog: ObservedDialog;
      readonly by: DialogEnd;
      /** Call-ID of the dialog that took its place, when `by` is "replaced". */
      readonly replacedBy: string | null;
    }
  /** It stays where it is, under the registration that was left. */
  | {
      readonly kind: "pinned";
      readonly at: number;
      readonly call: string;
      readonly dialog: ObservedDialog;
      readonly reason: string;
    };

export interface RegistrationObservation {
  readonly kind: "registered" | "failed" | "removed";
  readonly at: number;
  readonly registration: ObservedRegistration | null;
  /** Why: the application, the refresh timer, or a command of the CFS. */
  readonly cause: "application" | "refresh" | "command";
  readonly status: number | null;
}

export interface MoveObservation {
  readonly at: number;
  readonly operation: string;
  /** State of the move procedure. */
  readonly state: string;
  readonly reason: string | null;
}

/** Every member may be left out. */
export interface UeObserver {
  dialog?(event: DialogObservation): void;
  registration?(event: RegistrationObservation): void;
  move?(event: MoveObservation): void;
}
