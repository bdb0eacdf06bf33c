// cfs-ue: what CFS and LCF say to each other in the event package `liquid-ims`. Types only; decode-cfs-ue.ts reads
// them, cfs-ue-body.ts signs and verifies.
//
// A body (application/jose) is one compact JWS. `typ` says what it is: "notify" (CFS to LCF) or "subscribe" (LCF to
// CFS). Ticket, hello, answers and reports are members of those, so the body's signature and `typ` cover them; a
// command and a policy are each a JWS of their own ("command", "policy"), because they outlive the body that brings
// them: the same bytes are sent again in any later dialog. Every time is in milliseconds; clocks are wall clocks of
// the CFS (ms since 1970) unless said otherwise.
import type { PublicJwk } from "@liquid-ims/runtime/crypto";
import type { FunctionAddress } from "./function-address.ts";

/** The event package's name. */
export const eventPackage = "liquid-ims";

/** Content-Type of every body. */
export const contentType = "application/jose";

/** `typ` of the four signed things. */
export type CfsUeType = "notify" | "subscribe" | "command" | "policy";

/** A public key and the name by which JWS headers refer to it (its RFC 7638 thumbprint). */
export interface NamedKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
}

/** LCF to CFS: I am here, with this registration and this key. Its dialog is named by the body that carries it. */
export interface Hello {
  /** Random, at least 96 bits; counts once in 60 s. */
  readonly nonce: string;
  /** The UE's own wall clock. */
  readonly time: number;
  /** Public identity, the default one of the implicit set. */
  readonly identity: string;
  /** `+sip.instance` without quotes and brackets, in lower case; null where the UE has none. */
  readonly instance: string | null;
  /** The registered Contact URI, byte for byte. */
  readonly contact: string;
  /** Path of the registration's 200, top first; empty where none was shown. */
  readonly path: readonly string[];
  /** Service-Route of the registration's 200, top first. */
  readonly serviceRoute: readonly string[];
  /** The key that signs this body and all that follow from this LCF. */
  readonly key: PublicJwk;
}

/** Where an LCF may be told to go. `*.pcscf.home` matches one or more labels in place of the star. */
export interface AllowedTargets {
  readonly pCscf: readonly string[];
  readonly sCscf: readonly string[];
}

/** Where a CFS takes direct flows. */
export interface DirectFlowAddress {
  readonly host: string;
  readonly port: number;
  readonly transport: "tls" | "ws" | "tcp";
  /** SHA-256 of the TLS public key in base64url; absent for plain TCP only. */
  readonly fingerprint?: string;
}

/** CFS to LCF, in the first NOTIFY of a dialog: whom to trust from now on. */
export interface Ticket {
  /** The hello's, echoed. */
  readonly nonce: string;
  readonly keys: readonly NamedKey[];
  /** The CFS's wall clock now: command expiries are by this clock. */
  readonly clock: number;
  /** To be repeated in the next SUBSCRIBE of this dialog, signed: binds the LCF's key. */
  readonly challenge: string;
  readonly addresses: readonly DirectFlowAddress[];
  readonly allowed: AllowedTargets;
  /** Highest command sequence given to this registration so far: lower or equal ones are old. */
  readonly sequence: number;
}

/** CFS to LCF, signed on its own: replaces the ticket's allowed targets when its sequence is higher. */
export interface Policy {
  readonly v: string;
  readonly sequence: number;
  readonly allowed: AllowedTargets;
}

/** Whom a command is for, which it is and how long it holds. */
export interface CommandHead {
  readonly v: string;
  /** Operation's id; one operation is open for a registration at a time. */
  readonly operation: string;
  /** Rises with every command to this registration, over all operations. */
  readonly sequence: number;
  readonly identity: string;
  readonly instance: string | null;
  /** By the ticket's clock. */
  readonly expires: number;
}

/** Tell me your dialogs. */
export interface QueryContent {
  readonly command: "query";
}

/** When a move is carried out: no dialog at all, every dialog replaceable, or in any case (a failure). */
export type MoveCondition = "idle" | "replaceable" | "always";

/** Where to: through another P-CSCF, or only a new registration that another S-CSCF (Server-Name, verbatim) takes. */
export type MoveTarget = { readonly pCscf: FunctionAddress } | { readonly sCscf: string };

/** Register anew, then replace the dialogs. */
export interface MoveContent {
  readonly command: "move";
  readonly target: MoveTarget;
  /** The functions that the CFS believes to serve the user now; another one: refused. */
  readonly expected: { readonly pCscf: FunctionAddress; readonly sCscf: FunctionAddress };
  readonly if: MoveCondition;
  /** Milliseconds from acceptance to the registration; more than 0 is "armed" and may be amended or cancelled. */
  readonly after: number;
  /** Replace dialogs at once, or only when a `replace` comes. */
  readonly replace: "now" | "wait";
  /** By the ticket's clock: nothing more is tried after it. */
  readonly deadline: number;
}

/** Replace these dialogs now. */
export interface ReplaceContent {
  readonly command: "replace";
  readonly dialogs: "all" | readonly string[];
}

/** Drop the operation; with `reRegister`, register once more where the UE is now. */
export interface CancelContent {
  readonly command: "cancel";
  readonly reRegister: boolean;
}

export type CommandContent = QueryContent | MoveContent | ReplaceContent | CancelContent;
export type CommandName = CommandContent["command"];
export type Query = CommandHead & QueryContent;
export type Move = CommandHead & MoveContent;
export type Replace = CommandHead & ReplaceContent;
export type Cancel = CommandHead & CancelContent;
export type Command = Query | Move | Replace | Cancel;

/** A command without what the channel adds (version, identity, instance). */
export type CommandBody = Omit<CommandHead, "v" | "identity" | "instance"> & CommandContent;

/** A dialog as its end sees it. */
export interface DialogDescription {
  /** `dialogName`: equal at both ends. */
  readonly id: string;
  readonly state: "early" | "confirmed";
  readonly role: "uac" | "uas";
  readonly emergency: boolean;
  /** True, or why it cannot be replaced. */
  readonly replaceable: true | string;
}

/** Why an LCF does not obey. What an LCF of a newer version sends besides reads as "other". */
export type RefusalReason =
  | "not understood"
  | "not for this device"
  | "expired"
  | "another operation is open"
  | "target not allowed"
  | "another P-CSCF serves"
  | "another S-CSCF serves"
  | "not registered"
  | "not idle"
  | "not replaceable"
  | "emergency call"
  | "no such operation"
  | "other";

/** Final error answers and time-outs (408) that a registration met: overload that only the UE sees. */
export interface RegistrationTrouble {
  readonly status: number;
  readonly count: number;
}

interface AnswerHead {
  /** Chosen by the LCF, unique for its life: acknowledged by it. */
  readonly id: string;
  readonly operation: string;
  readonly sequence: number;
}

/** Nothing has changed. */
export interface Refused extends AnswerHead {
  readonly answer: "refused";
  readonly reason: RefusalReason;
  /** For people. */
  readonly detail: string;
  /** Given where dialogs are the reason. */
  readonly dialogs: readonly DialogDescription[];
}

/** To a move (armed, when it rests), a replace; or to a query (then only the dialogs count). */
export interface Accepted extends AnswerHead {
  readonly answer: "accepted";
  readonly armed: boolean;
  readonly dialogs: readonly DialogDescription[];
  /**
   * To a move: names of dialogs that it holds no more but remembers, for 64*T1 at least. Their other ends may not have
   * heard of that, and replace them all the same.
   */
  readonly former?: readonly string[];
}

/** The new registration stands; its hello is in this body or was in an earlier one. */
export interface Registered extends AnswerHead {
  readonly answer: "registered";
  readonly path: readonly string[];
  readonly serviceRoute: readonly string[];
  readonly trouble: readonly RegistrationTrouble[];
  readonly dialogs: readonly DialogDescription[];
  /** When its 200 came, by the ticket's clock. */
  readonly at?: number;
}

/** The registration did not come about; the old one holds as far as the UE knows. */
export interface Failed extends AnswerHead {
  readonly answer: "failed";
  readonly trouble: readonly RegistrationTrouble[];
  readonly detail: string;
}

/** To a cancel. */
export interface Cancelled extends AnswerHead {
  readonly answer: "cancelled";
  readonly undone: readonly string[];
  readonly notUndone: readonly string[];
}

export type Answer = Refused | Accepted | Registered | Failed | Cancelled;

/** What became of a dialog: kept (replaced by `newId`), waiting (not yet replaced), ended (by its users). */
export type DialogResult = "kept" | "waiting" | "pinned" | "lost" | "ended";

export interface DialogReport {
  readonly id: string;
  readonly result: DialogResult;
  /** The dialog that has taken its place, where there is one. */
  readonly newId?: string;
  /** Why, where it was not kept; "media changed" and the like where it was; one of `endedBy` where it has ended. */
  readonly reason?: string;
  /** Until when a pinned one may last: the old registration's expiry. */
  readonly until?: number;
}

/** Who has ended a dialog, as its end sees it. When both ends say that the other one has, the network did. */
export const endedBy = { self: "ended here", peer: "ended by the other end" } as const;

/** LCF to CFS: the results of an operation, one for each dialog it had at the move or got since. */
export interface Report {
  readonly id: string;
  readonly operation: string;
  readonly sequence: number;
  /** Nothing more is to come for this operation. */
  readonly final: boolean;
  readonly dialogs: readonly DialogReport[];
}

/** Body of a NOTIFY, `typ` "notify". */
export interface NotifyBody {
  readonly v: string;
  /** Rises within the dialog. */
  readonly seq: number;
  readonly ticket?: Ticket;
  /** JWS of typ "policy". */
  readonly policy?: string;
  /** JWSs of typ "command", the same bytes whenever one is repeated. */
  readonly commands: readonly string[];
  /** Ids of answers and reports that are durable at the CFS: need not be sent again. */
  readonly acks: readonly string[];
}

/** Body of a SUBSCRIBE, `typ` "subscribe". Valid in the dialog that it names only. */
export interface SubscribeBody {
  readonly v: string;
  /** Rises within the dialog: an older or repeated body changes nothing. */
  readonly seq: number;
  readonly callId: string;
  readonly fromTag: string;
  /** Seconds asked for, as in Expires; 0 ends the subscription, which an unsigned request cannot. */
  readonly expires: number;
  readonly hello?: Hello;
  /** The ticket's challenge, repeated. */
  readonly challenge?: string;
  readonly answers: readonly Answer[];
  readonly reports: readonly Report[];
}
