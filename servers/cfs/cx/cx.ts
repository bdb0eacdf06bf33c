// The port between the transfer engine and the HSS: who serves a subscription, and who is to. TS 29.228 6.1.1, 6.3.

/** A subscription in the HSS's terms. */
export interface CxUser {
  /** Private identity (IMPI). */
  readonly privateIdentity: string;
  /** One of its public identities (IMPU). */
  readonly publicIdentity: string;
}

/** Why the HSS did not do what was asked. */
export type CxFailureReason =
  /** It says that it is overloaded (3004, or a transient failure): to be asked again, later and slower. */
  | "HSS too busy"
  /** No peer is open: nobody has got the request. */
  | "HSS cannot be reached"
  /** No answer came: it may have been done or not. */
  | "HSS does not answer"
  | "unknown to the HSS"
  | "refused by the HSS";

export interface CxFailure {
  readonly ok: false;
  readonly reason: CxFailureReason;
  /** False when the HSS has certainly not done it. */
  readonly mayBeDone: boolean;
  /** For people. */
  readonly detail: string;
}

export type Reassigned = { readonly ok: true } | CxFailure;

/** `server` null: none is assigned. */
export type AssignedServer = { readonly ok: true; readonly server: string | null } | CxFailure;

/** What the HSS says of a public identity: the S-CSCF that it has, and whether he is registered there. */
export type HeldRegistration =
  | { readonly ok: true; readonly server: string | null; readonly registered: boolean }
  | CxFailure;

export interface ReassignOptions {
  /** How long the answer is waited for. */
  readonly timeoutMs: number;
  /** Server-Name of the S-CSCF that served before the change. */
  readonly previous: string;
}

/** The HSS on the CFS's own behalf. The promises always settle, with a failure in the worst case. */
export interface Cx {
  /** Names are written through the HSS's own interface, where `registration` reads them. Default false: by MAR. */
  readonly hasOwnInterface?: boolean;
  /**
   * Overwrites the name of the S-CSCF by MAR, verbatim; the HSS then holds the authentication for pending until the
   * user has registered. The same again changes nothing more.
   */
  reassign(user: CxUser, server: string, options: ReassignOptions): Promise<Reassigned>;
  /** Reads the assigned name by UAR; changes nothing. */
  assignedServer(user: CxUser): Promise<AssignedServer>;
  /**
   * Asks who serves him, and whether he is registered, not only looked after as unregistered; changes nothing, and no
   * S-CSCF hears of it. By LIR, and UAR for a de-registration; through the HSS's own interface where that executes such a UAR.
   */
  registration(user: CxUser): Promise<HeldRegistration>;
}

/** An RTR or PPR that the HSS has sent here, because this CFS has written the name last (TS 29.228 table 6.1.3.1). */
export interface CxPush {
  readonly command: "RTR" | "PPR";
  readonly privateIdentity: string;
  readonly publicIdentities: readonly string[];
  /** Why it is terminated (TS 29.229 6.3.17); null for a PPR. */
  readonly reason: string | null;
  /** The same for people, where the HSS says more. */
  readonly info?: string;
}
