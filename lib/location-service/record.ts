// The location record: which P-CSCF and S-CSCF serve a registration of a user.

/**
 * A control function's name. P-CSCFs: `host` or `host:port`, host in lower case, without user and parameters.
 * S-CSCFs: the Server-Name verbatim (a SIP URI), because the HSS compares strings. Compare with function-name.ts.
 */
export type FunctionName = string;

/** Names a registration: private identity with instance-id, else contact. See `registrationKeyOf`. */
export type RegistrationKey = string;

/** What the store finds a record by. A null contact is the unknown one (the S-CSCF shows none). */
export interface RecordKey {
  /** Default public identity of the implicit set. */
  readonly impu: string;
  /** Contact URI as registered. */
  readonly contact: string | null;
}

/** The place of a registration in the order of registrations, where the embedded REGISTER shows it. */
export interface RegistrationOrder {
  readonly callId: string;
  readonly sequence: number;
}

/** A P-CSCF that was seen under an unknown contact beside the present one. */
export interface OtherPCscf {
  readonly pCscf: FunctionName;
  /** When the registration seen there runs out, ms since 1970. */
  readonly expiresAt: number;
  /** How often registrations have come back to it. */
  readonly returns: number;
}

/** What the CFD knows about a registration. Times are ms since 1970, by the CFD's wall clock. */
export interface LocationContent extends RecordKey {
  /** Every identity of the implicit set, the default one first. */
  readonly implicitSet: readonly string[];
  /** Private identity: from the embedded REGISTER, else by the configured rule. */
  readonly impi: string;
  /** `+sip.instance` without quotes and brackets, in lower case; null where unknown. */
  readonly instance: string | null;
  /** RFC 5626 flow number, where the contact has one. */
  readonly regId?: number;
  /** Null: unknown. An unknown one never takes the place of a known one. */
  readonly pCscf: FunctionName | null;
  /** The Path as the S-CSCF holds it, without the S-CSCF itself, topmost first, as URIs; empty where unknown. */
  readonly path: readonly string[];
  /** Server-Name, verbatim. */
  readonly sCscf: FunctionName;
  readonly visitedNetwork: string | null;
  /** First registration of this binding. */
  readonly registeredAt: number;
  /** Last third-party REGISTER that counted. */
  readonly refreshedAt: number;
  readonly expiresAt: number;
  readonly order: RegistrationOrder | null;
  /** A de-registration came that may or may not mean this binding; cleared by the next registration. */
  readonly doubtful: boolean;
  /** Two devices behind different P-CSCFs seem to hide under the unknown contact: `pCscf` is one of theirs. */
  readonly ambiguous: boolean;
  /** Unknown contact only. */
  readonly others: readonly OtherPCscf[];
  /** `left`: removed, kept for 64*T1 so that latecomers and readers see it. */
  readonly state: "registered" | "left";
  /** When it became `left`, else null. */
  readonly leftAt: number | null;
}

/** A record as the store holds it. */
export interface LocationRecord extends LocationContent {
  /** Raised by each write of this record; what a writer compares. */
  readonly version: number;
  /** Raised by each write of any record; what `changesSince` counts by. */
  readonly change: number;
}

/** The key by which a registration is moved, counted and listed. */
export function registrationKey(registration: {
  readonly impi: string;
  readonly instance: string | null;
  readonly contact: string | null;
}): RegistrationKey {
  return `${registration.impi} ${registration.instance ?? registration.contact ?? "*"}`;
}

/** The registration that a record is about: several records with one key are one registration. */
export function registrationKeyOf(record: LocationContent): RegistrationKey {
  return registrationKey(record);
}
