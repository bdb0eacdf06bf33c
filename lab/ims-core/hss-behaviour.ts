// How HSSs differ when the S-CSCF of a user is changed by MAR, as facts. TS 29.228 6.1.2.1, 6.3.1, 8.1; the other rows were
// seen at FHoSS, or read in the sources of Open5GS and PyHSS.

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
  /** Whether the name goes with the registration. */
  readonly forgetsName: boolean;
}

export const hssRules = {
  specification: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: true,
    diameterHost: "of MAR and SAR",
    cancelsOldServer: true,
    assignment: "refused",
    deregistration: "refused",
    forgetsName: true,
  },
  fhoss: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: true,
    diameterHost: "of MAR and SAR",
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "executed",
    forgetsName: true,
  },
  open5gs: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: false,
    diameterHost: "none",
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "overwrites",
    forgetsName: false,
  },
  pyhss: {
    multimediaAuth: "ignored",
    setsAuthenticationPending: false,
    diameterHost: "of SAR",
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "ignored",
    forgetsName: true,
  },
} as const satisfies Record<HssBehaviour, HssRules>;

/** All of them, for command lines. */
export const hssBehaviours = ["specification", "fhoss", "open5gs", "pyhss"] as const;
