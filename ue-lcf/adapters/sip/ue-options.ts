// What a UE is made of. TS 24.229 5.1.1.
import type { Address } from "@liquid-ims/runtime/network";
import type { Lookup } from "@liquid-ims/sip/locate";
import type { Timers } from "@liquid-ims/sip/timers";
import type { LcfSettings } from "../../lcf.ts";
import type { MediaPort } from "../../media.ts";
import type { UeObserver } from "../../observation.ts";
import type { UeCredentials } from "./ue-credentials.ts";

export interface UeOptions {
  /** Public user identity, a SIP URI: `sip:user001@open-ims.test`. */
  readonly publicIdentity: string;
  readonly privateIdentity: string;
  /** What it proves itself with. */
  readonly credentials: UeCredentials;
  /** Home network domain; default the host of the public identity. */
  readonly domain?: string;
  /** `urn:uuid:...` (RFC 5626 4.1); default drawn from the host's random. */
  readonly instanceId?: string;
  /** Where it listens, on UDP and TCP; port 0 is the system's choice. */
  readonly listen: Address;
  /** P-CSCF to begin with, a SIP URI: `sip:pcscf1.open-ims.test:4060`. */
  readonly pCscf: string;
  readonly lookup?: Lookup;
  readonly timers?: Partial<Timers>;
  /** Asked for in REGISTER, seconds; default 3,600. */
  readonly expires?: number;
  /** Default: one audio stream, PCMU, at the listening address. */
  readonly media?: MediaPort;
  /** Null: a plain UE without an LCF. Default: an LCF with its default settings. */
  readonly lcf?: LcfSettings | null;
  /** Sees what applications never need to see: each dialog's fate, registrations, moves. */
  readonly observer?: UeObserver;
}
