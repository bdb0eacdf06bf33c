// What a CFD is configured with. Times are milliseconds unless said otherwise.
import type { FunctionEntry } from "@liquid-ims/location-service/function-name";
import type { Timers } from "@liquid-ims/sip/timers";
import type { Target } from "@liquid-ims/sip/transport";

/** An S-CSCF that may register users here. */
export interface SCscfEntry {
  /** Its Server-Name as it stands in From and Contact of what it sends; verbatim, as the HSS has it. */
  readonly name: string;
  /** Source addresses, IPv6 without brackets. Empty: the name is looked up, again every 30 s. */
  readonly addresses: readonly string[];
  /** It answers SUBSCRIBEs of this CFD for the reg event by itself. Default false. */
  readonly answersRegEvent?: boolean;
}

/** The look at an S-CSCF when an `Expires: 0` may mean one of several contacts (RFC 3680). */
export interface RegEventConfig {
  /** Every S-CSCF is asked, not only those with `answersRegEvent`. Default false. */
  readonly askAll?: boolean;
  /** URI that the CFD presents itself by. Default: the Request-URI of the S-CSCF's REGISTER. */
  readonly identity?: string;
  /** Longest wait for the answer; then the doubt stays until the record expires. Default 5,000. */
  readonly timeout?: number;
  /** Questions that are open at a time; others wait. Default 20. */
  readonly atOnce?: number;
  /** Users whose question waits; beyond them nobody is asked. Default 1,000. */
  readonly mostWaiting?: number;
}

export interface CfdConfig {
  /** Where S-CSCFs reach it. UDP off the loopback is warned of: sources can be forged there. */
  readonly listen: readonly Target[];
  /** REGISTERs from anybody else are answered 403. */
  readonly sCscfs: readonly SCscfEntry[];
  /** Take REGISTERs from any loopback address, for labs where all functions share one. Default false. */
  readonly trustLoopback?: boolean;
  /** Default: S-CSCFs with `answersRegEvent` are asked, with the defaults of its members. */
  readonly regEvent?: RegEventConfig;
  /** Names and addresses of all functions of the network; maps `icid-generated-at` to a P-CSCF. Default: none. */
  readonly functions?: readonly FunctionEntry[];
  /** Domain of this network: P-CSCFs of another P-Visited-Network-ID are visited ones. Default: nobody is visited. */
  readonly homeDomain?: string;
  /**
   * Realm of the private identity that is derived where none is shown: `user@realm` with the user of the public
   * identity (or the number of a tel URI). Default: the public identity's own domain (TS 23.003 13.4B).
   */
  readonly impiRealm?: string;
  /** Kept beyond `Expires`, against clocks and messages that are late. Default 2,000. */
  readonly expiryGrace?: number;
  /** How long a removed record stays as `left`. Default 64*T1. */
  readonly leftFor?: number;
  /** A store that does not answer in this time counts as down: 503. Default 2,000. */
  readonly storeTimeout?: number;
  /** REGISTERs that wait for the store at a time; more are answered 503. Default 1,000. */
  readonly queueLimit?: number;
  /** Retry-After of a 503, in seconds. Default 5. */
  readonly retryAfter?: number;
  /** SIP timers; default RFC 3261's. */
  readonly timers?: Partial<Timers>;
}
