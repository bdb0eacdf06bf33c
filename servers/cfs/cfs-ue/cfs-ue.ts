// The CFS's side of the event package liquid-ims, put together. RFC 6665, cfs-ue.
import type { LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { AllowedTargets, DirectFlowAddress } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import type { SipStack, TransactionUser } from "@liquid-ims/sip/stack";
import type { CfsKeys } from "../keys.ts";
import type { CfsStore } from "../store/store.ts";
import type { LcfChannel } from "./channel.ts";

/** A control function in the name-address table: Record-Route entries are compared through it. */
export interface NamedFunction {
  /** As it stands in location records. */
  readonly name: string;
  /** Address literals, IPv6 without brackets. */
  readonly addresses: readonly string[];
}

export interface CfsUeOptions {
  /** Contact URI of the CFS in its dialogs: a name with SRV records, so that any instance is found. */
  readonly contact: string;
  /** All P-CSCFs and S-CSCFs that are known by name and address. */
  readonly functions: readonly NamedFunction[];
  /** Where LCFs may be told to go. */
  readonly allowed: AllowedTargets;
  /** Addresses for direct flows; default none. */
  readonly directFlow?: readonly DirectFlowAddress[];
  /** Longest subscription granted, seconds; default 3,500. */
  readonly longestExpires?: number;
  /** Shortest subscription granted, seconds; default 60. */
  readonly shortestExpires?: number;
  /** How long a hello waits for its location record, ms; default 2,000. */
  readonly recordWait?: number;
  /** After how long an unanswered NOTIFY makes its dialog suspect, ms; default 2,000. */
  readonly notifyTimeout?: number;
  /** How long a ticket's challenge may be repeated, ms; default 60,000. */
  readonly challengeLife?: number;
  /** How long a nonce is remembered, and how far a hello's clock may be off, ms; default 60,000. */
  readonly nonceLife?: number;
  /** After how long a delivered but unanswered command is sent again, ms; default 4,000. */
  readonly commandRepeat?: number;
  /** Hellos a second for one identity; default 1. */
  readonly identityRate?: number;
  /** Hellos a second through one P-CSCF; default 50. */
  readonly pCscfRate?: number;
}

/** What an LCF claims about itself: the plan joins it with the location record. */
export interface LcfClaims {
  readonly identity: string;
  readonly instance: string | null;
  readonly contact: string;
  readonly path: readonly string[];
  readonly serviceRoute: readonly string[];
}

export interface CfsUe {
  /** For `openStack`: answers SUBSCRIBE, refuses everything else. Requests before `start` get 503. */
  readonly user: TransactionUser;
  readonly channel: LcfChannel;
  /** What the newest believed hello of a registration says. */
  claims(registration: RegistrationKey): LcfClaims | null;
  /** Reads the store and goes on with what an earlier life left: subscriptions, commands, messages. */
  start(stack: SipStack): Promise<void>;
  /** Hint: records that have just changed. Without it a waiting hello finds its record by asking again. */
  recordsChanged(records: readonly LocationRecord[]): void;
  /** Ends every timer; sends nothing. */
  stop(): void;
}

export interface CfsUeParts {
  readonly store: CfsStore;
  readonly location: LocationStore;
  readonly keys: CfsKeys;
  readonly options: CfsUeOptions;
}

export function createCfsUe(_host: Host, _parts: CfsUeParts): CfsUe {
  throw new Error("not there yet");
}
