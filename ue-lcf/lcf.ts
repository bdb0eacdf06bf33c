// Local Control Function: moves its UE to another CSCF on command, with the live calls.

/** What an application may set; all of it has defaults. */
export interface LcfSettings {
  /** URI of the CFS; default `sip:cfs.<home domain>`. */
  readonly cfsUri?: string;
  /** False: registers elsewhere and leaves the dialogs where they are (for contrast). Default true. */
  readonly replaceDialogs?: boolean;
  /** Asked for the subscription, seconds; default 3,500. */
  readonly subscriptionExpires?: number;
}
