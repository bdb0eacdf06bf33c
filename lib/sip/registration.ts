// Registration of a UE: REGISTER client. RFC 3261 10.2, RFC 3327, 3608, TS 24.229 5.1.1.
import type { Host } from "@liquid-ims/runtime/host";
import type { HeaderPair, SipResponse } from "./message.ts";
import type { ClientFailure, SipStack } from "./stack.ts";
import type { Target } from "./transport.ts";

/** How a challenge is answered: with a password now, with AKA (RFC 3310) by another implementation. */
export interface RegistrationCredentials {
  /** The private identity. */
  readonly username: string;
  /** Password bytes for this nonce, with `auts` for a resynchronisation; null: not answered, the registration fails. */
  answer(challenge: { readonly realm: string; readonly nonce: string; readonly algorithm: string }): {
    readonly password: Uint8Array;
    readonly auts?: string;
  } | null;
}

export interface RegistrationOptions {
  /** Request-URI: the home domain, `sip:home.example`. */
  readonly registrar: string;
  /** The public identity, `sip:alice@home.example`: From and To. */
  readonly identity: string;
  /** Contact value, sent byte for byte each time, with its `+sip.instance` and `reg-id`. */
  readonly contact: string;
  readonly credentials: RegistrationCredentials | null;
  /** Realm and empty nonce in the first REGISTER (TS 24.229 5.1.1.2.2). Default: the registrar's host; null: none. */
  readonly realm?: string | null;
  /** Seconds asked for. Default 600,000 (TS 24.229 5.1.1.2.1). */
  readonly expires?: number;
  readonly headers?: Iterable<HeaderPair>;
  /** Default: a new one, kept for all REGISTERs. */
  readonly callId?: string;
  /** Registers again by itself when due (TS 24.229 5.1.1.4.1). Default true. */
  readonly refresh?: boolean;
}

/** A binding as the 200 lists it. */
export interface RegisteredBinding {
  readonly uri: string;
  /** The whole Contact value. */
  readonly contact: string;
  readonly instanceId: string | null;
  /** Seconds. */
  readonly expires: number;
  /** Same URI, or same instance and reg-id, as the Contact of this registration. */
  readonly own: boolean;
}

export type RegistrationOutcome =
  | {
      readonly kind: "registered";
      /** Seconds granted to the own binding. */
      readonly expires: number;
      readonly path: readonly string[];
      readonly serviceRoute: readonly string[];
      readonly associatedUris: readonly string[];
      readonly bindings: readonly RegisteredBinding[];
      /** Own ones besides the Contact as it was sent: left by a P-CSCF that rewrites it. */
      readonly stale: readonly RegisteredBinding[];
      readonly response: SipResponse;
    }
  | { readonly kind: "removed"; readonly response: SipResponse }
  /** `retryAfter`: seconds, null when the answer does not say. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly retryAfter: number | null;
      readonly response: SipResponse;
    }
  | { readonly kind: "failed"; readonly cause: ClientFailure };

/** By which way, and what, one REGISTER asks. */
export interface RegisterOptions {
  /** Route values (the P-CSCF); default those of the last one. */
  readonly route?: readonly string[];
  /** Where it is sent instead of the first Route. */
  readonly target?: Target | null;
  /** Seconds; 0 removes. Default that of the registration. */
  readonly expires?: number;
  /** Contact value; default that of the registration. Given to remove a stale one. */
  readonly contact?: string;
}

export declare class Registration {
  constructor(host: Host, stack: () => SipStack, options: RegistrationOptions);
  readonly callId: string;
  /** The last outcome of the kind `registered`, null before it, after its removal and its expiry. */
  get registered(): (RegistrationOutcome & { kind: "registered" }) | null;
  /** Also told of refreshes that were not asked for. */
  onOutcome: ((outcome: RegistrationOutcome) => void) | null;
  /** One at a time: while one is under way the next waits, in order. */
  register(options: RegisterOptions, outcome?: (outcome: RegistrationOutcome) => void): void;
  /** Stops refreshing; nothing is sent. */
  stop(): void;
}
