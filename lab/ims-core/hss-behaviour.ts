// How HSSs differ when the S-CSCF of a user is changed by MAR, as facts. TS 29.228 6.1.2.1, 6.3.1, 8.1; the other rows were
// seen at FHoSS, or read in the sources of Open5GS and PyHSS.

/** `specification` does what TS 29.228 says; the others do what the program of that name does. */
export type HssBehaviour = "specification" | "fhoss" | "open5gs" | "pyhss";

/** What an HSS does with requests that name another S-CSCF than the stored one. */
export interface HssRules {
  /** A MAR with another Server-Name: `overwrites` the stored name, or the name in it is `ignored`. */
  readonly multimediaAuth: "overwrites" | "ignored";
  /** A MAR that overwrites sets authentication-pending. */
  readonly setsAuthenticationPending: boolean;
  /** The Origin-Host of a MAR that overwrites becomes the Diameter host, which RTR and PPR go to. */
  readonly storesOriginHost: boolean;
  /** A MAR that overwrites makes the HSS send RTR to the stored Diameter host, unless that is the MAR's Origin-Host (8.1.1). */
  readonly cancelsOldServer: boolean;
  /** A SAR that assigns (REGISTRATION, RE_REGISTRATION, UNREGISTERED_USER). */
  readonly assignment: "refused" | "overwrites";
  /** A SAR that ends a registration; `executed`: the user is wiped though another S-CSCF serves him. */
  readonly deregistration: "refused" | "executed" | "overwrites" | "ignored";
}

export const hssRules = {
  specification: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: true,
    storesOriginHost: true,
    cancelsOldServer: true,
    assignment: "refused",
    deregistration: "refused",
  },
  fhoss: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: true,
    storesOriginHost: true,
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "executed",
  },
  open5gs: {
    multimediaAuth: "overwrites",
    setsAuthenticationPending: false,
    storesOriginHost: false,
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "overwrites",
  },
  pyhss: {
    multimediaAuth: "ignored",
    setsAuthenticationPending: false,
    storesOriginHost: false,
    cancelsOldServer: false,
    assignment: "overwrites",
    deregistration: "ignored",
  },
} as const satisfies Record<HssBehaviour, HssRules>;

/** All of them, for command lines. */
export const hssBehaviours = ["specification", "fhoss", "open5gs", "pyhss"] as const;
