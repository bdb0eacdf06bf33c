// How HSSs differ when the S-CSCF of a user is changed by MAR, as facts. TS 29.228 6.1.1.1, 6.1.2.1, 6.1.4.1, 6.3.1, 8.1; the
// other rows were seen at FHoSS, or read in the sources of FHoSS, Open5GS and PyHSS.

/** `specification` does what TS 29.228 says; the others do what the program of that name does. */
export type HssBehaviour = "specification" | "fhoss" | "open5gs" | "pyhss";

/** What an HSS does with requests, mostly with those that name another S-CSCF than the stored one. */
export interface HssRules {
  /** A MAR with another Server-Name: `overwrites` the stored name, or the name in it is `ignored`. */
  readonly multimediaAuth: "overwrites" | "ignored";
  /** A MAR that overwrites sets authentication-pending. */
  readonly setsAuthenticationPending: boolean;
  /** Whose Origin-Host becomes the Diameter host, which RTR and PPR go to; `none`: it sends neither. */
  readonly diameterHost: "of MAR and SAR" | "of SAR" | "none";
  /** A MAR that overwrites makes it send RTR to the stored Diameter host, unless that is the MAR's Origin-Host (8.1.1). */
  readonly cancelsOldServer: boolean;
  /** A SAR of another S-CSCF that assigns: REGISTRATION, RE_REGISTRATION, UNREGISTERED_USER. */
  readonly assignment: "refused" | "overwrites";
  /** A SAR of another S-CSCF that ends a registration; `executed`: it wipes a user whom the sender no longer serves. */
  readonly deregistration: "refused" | "executed" | "overwrites" | "ignored";
  /** A SAR neither for a registration nor for one more is taken `by type`, or ends the registration whatever its type. */
  readonly otherAssignments: "by type" | "end it";
  /** Whether the name goes with the registration. */
  readonly forgetsName: boolean;
  /**
   * A UAR for a de-registration is `answered` by whether there is a registration, or as if it were for a registration
   * (`type ignored`), or with the stored name, which is forgotten by that (`executed`).
   */
  readonly deregistrationQuery: "answered" | "type ignored" | "executed";
  /** UAR and LIR for who has no S-CSCF: those that the operator prefers as capabilities, or one of them as Server-Name. */
  readonly withoutServer: "capabilities" | "Server-Name";
  /** LIR for who is unregistered and has no services for that time: the stored name, or DIAMETER_UNABLE_TO_COMPLY. */
  readonly unregisteredLocation: "Server-Name" | "unableToComply";
}

export const hssRules = {
  specification: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: true,
    diameterHost: "of MAR and SAR",
    cancelsOldServer: true,
    assignment: "refused",
    deregistration: "refused",
    otherAssignments: "by type",
    forgetsName: true,
    deregistrationQuery: "answered",
    withoutServer: "capabilities",
    unregisteredLocation: "Server-Name",
  },
  fhoss: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: true,
    diameterHost: "of MAR and SAR",
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "executed",
    otherAssignments: "by type",
    forgetsName: true,
    deregistrationQuery: "answered",
    withoutServer: "capabilities",
    unregisteredLocation: "unableToComply",
  },
  open5gs: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: false,
    diameterHost: "none",
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "overwrites",
    otherAssignments: "by type",
    forgetsName: false,
    deregistrationQuery: "type ignored",
    withoutServer: "capabilities",
    unregisteredLocation: "Server-Name",
  },
  pyhss: {
    multimediaAuth: "ignored",
    setsAuthenticationPending: false,
    diameterHost: "of SAR",
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "ignored",
    otherAssignments: "end it",
    forgetsName: true,
    deregistrationQuery: "executed",
    withoutServer: "Server-Name",
    unregisteredLocation: "Server-Name",
  },
} as const satisfies Record<HssBehaviour, HssRules>;

/** All of them, for command lines. */
export const hssBehaviours = ["specification", "fhoss", "open5gs", "pyhss"] as const;
