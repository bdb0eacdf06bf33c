// What cfs-ue keeps in the store: one row for each dialog, one for each registration that has an LCF or commands.
import type { FunctionName, RegistrationKey } from "@liquid-ims/location-service/record";
import type { CommandBody } from "@liquid-ims/reference-points/cfs-ue";
import type { PublicJwk } from "@liquid-ims/runtime/crypto";
import type { Dialog } from "@liquid-ims/sip/dialog/dialog";
import type { Codec } from "../store/table.ts";
import type { LcfMessage } from "./channel.ts";
import type { SubscriptionState, TerminationReason } from "./subscription-table.ts";

/** What an LCF claims about itself: the plan joins it with the location record. */
export interface LcfClaims {
  readonly identity: string;
  readonly instance: string | null;
  readonly contact: string;
  readonly path: readonly string[];
  readonly serviceRoute: readonly string[];
}

/** A hello that was verified. */
export interface BelievedHello {
  readonly claims: LcfClaims;
  readonly nonce: string;
  readonly kid: string;
  readonly jwk: PublicJwk;
  /** The name of the key that signed it: another one than its own is the bound key that it replaces. */
  readonly signedBy: string;
}

/** A subscription; times are ms since 1970. Found by the local tag of its dialog, which is random. */
export interface SubscriptionRow {
  readonly v: 1;
  readonly state: Exclude<SubscriptionState, "resp_wait" | "resp_verify" | "pending_verify">;
  readonly reason: TerminationReason | null;
  /** Its `localSequence` is the CSeq of the last NOTIFY that was, or may have been, sent. */
  readonly dialog: Dialog;
  /** CSeq of the SUBSCRIBE that opened it. */
  readonly opened: number;
  /** The SUBSCRIBE's Event with its `id`: each NOTIFY repeats it (RFC 6665 8.2.1). */
  readonly event: string;
  readonly expiresAt: number;
  /** The identities asserted in the SUBSCRIBE, a SIP URI first. */
  readonly asserted: readonly string[];
  /** The P-CSCF of the Record-Route. */
  readonly pCscf: FunctionName;
  /** The SUBSCRIBE's body, kept until its record agrees and it is verified. */
  readonly unverified: string | null;
  /** The registration that the hello was believed for; null while pending. */
  readonly registration: RegistrationKey | null;
  readonly hello: BelievedHello | null;
  readonly challenge: { readonly text: string; readonly until: number } | null;
  /** The hello's key is the one bound to the registration. */
  readonly bound: boolean;
  /** `seq` of the last body taken. */
  readonly bodySequence: number;
  /** A NOTIFY is owed: for a SUBSCRIBE, or for a new state. */
  readonly owesNotify: boolean;
  readonly owesTicket: boolean;
  /** Ids of answers and reports that this dialog's NOTIFYs acknowledge. */
  readonly acks: readonly string[];
  /** Why the last NOTIFY was sent. */
  readonly notified: string;
}

/** The second name of a subscription: Call-ID and From tag of the SUBSCRIBE that opened it. */
export function openingName(callId: string, fromTag: string): string {
  return JSON.stringify([callId, fromTag]);
}

/** A key that has proved to be that of (identity, instance). */
export interface Binding {
  readonly identity: string;
  readonly instance: string | null;
  readonly kid: string;
  readonly jwk: PublicJwk;
  readonly since: number;
  /** When the last of its dialogs expires: without one, a new LCF may bind itself. */
  readonly until: number;
}

export interface StoredCommand {
  readonly body: CommandBody;
  /** For which instance it was signed, and the text: it is the same whenever it is sent. Null before the first time. */
  readonly signed: { readonly instance: string | null; readonly jws: string } | null;
}

export interface StoredMessage {
  /** The key that signed it; with the message's id it tells a double. */
  readonly kid: string;
  readonly message: LcfMessage;
}

/** A registration as cfs-ue sees it. Emptied, never deleted: its key may come again. */
export interface LcfRow {
  readonly v: 1;
  /** Usually one. Several: the record hides several devices. */
  readonly bindings: readonly Binding[];
  /** Local tags of its dialogs, that of the newest hello first. */
  readonly dialogs: readonly string[];
  readonly lastEnd: "dialog failed" | "expired" | null;
  /** Highest command sequence ever sent. */
  readonly sequence: number;
  /** Highest command sequence answered: it and lower ones are not sent again. */
  readonly answered: number;
  readonly commands: readonly StoredCommand[];
  /** Of operations not yet forgotten, in order of arrival. */
  readonly messages: readonly StoredMessage[];
}

export const emptyLcfRow: LcfRow = {
  v: 1,
  bindings: [],
  dialogs: [],
  lastEnd: null,
  sequence: 0,
  answered: 0,
  commands: [],
  messages: [],
};

function jsonCodec<Content extends { readonly v: 1 }>(name: string): Codec<Content> {
  return {
    encode: (content) => JSON.stringify(content),
    decode: (text) => {
      // Only `encode` has written it: its version says that the rest is there.
      const content = JSON.parse(text) as Content;
      if (content.v !== 1)
        throw new Error(
          `${name} row of version ${String(content.v)}: this program reads version 1, run a newer one`,
        );
      return content;
    },
  };
}

export const subscriptionCodec: Codec<SubscriptionRow> = jsonCodec("subscription");
export const lcfCodec: Codec<LcfRow> = jsonCodec("lcf");
