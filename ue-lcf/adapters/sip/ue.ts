// A UE over lib/sip: what an application uses. With an LCF inside, or plain. RFC 3261, TS 24.229 5.1.
import type { Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import type { Lookup } from "@liquid-ims/sip/locate";
import type { Timers } from "@liquid-ims/sip/timers";
import type { LcfSettings } from "../../lcf.ts";
import type { MediaDirection, MediaPort } from "../../media.ts";
import type { UeObserver } from "../../observation.ts";

export interface UeOptions {
  /** Public user identity, a SIP URI: `sip:user001@open-ims.test`. */
  readonly publicIdentity: string;
  readonly privateIdentity: string;
  /** Digest password (RFC 2617); bytes where it is an AKA response (RFC 3310). */
  readonly password: string | Uint8Array;
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

export type CallState = "calling" | "ringing" | "confirmed" | "ended";

export type CallEnd =
  /** Hung up here. */
  | { readonly by: "self" }
  /** Hung up by the peer. */
  | { readonly by: "peer" }
  /** Never confirmed: the final answer's status, or 408 when none came. */
  | { readonly by: "refused"; readonly status: number }
  /** Was confirmed, and no path to the peer is left. */
  | { readonly by: "lost" };

/** What an application hears of a call; every member may be left out. */
export interface CallHandlers {
  /** 180 came, or was sent. */
  ringing?(): void;
  /** Once: both ends have it. */
  confirmed?(): void;
  /** Once, the last event. */
  ended?(end: CallEnd): void;
  /** The peer's media addresses, ports or direction have changed. */
  mediaChanged?(remote: string): void;
}

/** One call; it outlives the dialogs that carry it. */
export interface Call {
  /** Unique in this UE, stable. */
  readonly id: string;
  readonly direction: "outgoing" | "incoming";
  /** The peer's identity as the application knows it: dialled, or asserted. */
  readonly peer: string;
  readonly state: CallState;
  readonly emergency: boolean;
  handlers: CallHandlers;
  /** Incoming: sends 180. */
  ring(): void;
  /** Incoming: sends 200 with the media's answer. */
  answer(): void;
  /** Incoming, not answered: refuses; default 486. */
  reject(status?: number): void;
  /** Ends it in whatever state it is; `ended` is heard at once. */
  hangUp(): void;
  /** re-INVITE with this direction; what is wanted is repeated in the next dialog when this one is replaced meanwhile. */
  setDirection(direction: MediaDirection): void;
}

export type RegisterOutcome =
  | { readonly outcome: "registered"; readonly expires: number }
  | { readonly outcome: "refused"; readonly status: number }
  | { readonly outcome: "failed"; readonly cause: "timeout" | "transport" | "unresolvable" };

/** Handle of one life of a UE. */
export interface Ue {
  /** Sockets are open. */
  readonly ready: Promise<void>;
  /** Registers, and from then on keeps itself registered. */
  register(): Promise<RegisterOutcome>;
  /** Removes the registration. */
  deregister(): Promise<void>;
  /** Places a call to a SIP or tel URI. */
  call(to: string, handlers?: CallHandlers): Call;
  /** Called with each new incoming call before 180; without it they are refused with 480. */
  onIncoming: ((call: Call) => void) | null;
  readonly calls: readonly Call[];
  /** The P-CSCF and S-CSCF of the present registration, null when there is none. */
  readonly registration: { readonly pCscf: string; readonly sCscf: string } | null;
  /** Closes sockets and timers; says nothing to anybody. */
  stop(): Promise<void>;
}

/** A UE as a program of a host. */
export function createUe(options: UeOptions): Program<Ue> {
  return () => {
    throw new Error(`UE of ${options.publicIdentity}: not there yet`);
  };
}
