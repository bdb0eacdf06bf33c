// What the LCF asks of the UE that it lives in. An adapter implements it over a SIP stack: adapters/sip over lib/sip.
import type {
  DialogDescription,
  DialogReport,
  RegistrationTrouble,
} from "@liquid-ims/reference-points/cfs-ue";
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { Body } from "@liquid-ims/sip/dialog/body";
import type { SubscriptionHandlers } from "@liquid-ims/sip/dialog/subscription";

/** A registration that stands. */
export interface PresentRegistration {
  /** Public identity, the default one of the implicit set. */
  readonly identity: string;
  /** `+sip.instance` without quotes and brackets, in lower case; null where the UE has none. */
  readonly instance: string | null;
  /** The registered Contact URI, byte for byte. */
  readonly contact: string;
  /** `host:port` of the P-CSCF that it goes through. */
  readonly pCscf: string;
  /** `host:port` of the S-CSCF in the last Service-Route. */
  readonly sCscf: string;
  /** Path and Service-Route values of its 200, top first. */
  readonly path: readonly string[];
  readonly serviceRoute: readonly string[];
  /** The UE's wall clock. */
  readonly expiresAt: number;
}

export type RegisterResult =
  | {
      readonly outcome: "registered";
      readonly registration: PresentRegistration;
      readonly trouble: readonly RegistrationTrouble[];
    }
  /** The old registration holds as far as the UE knows. */
  | { readonly outcome: "failed"; readonly trouble: readonly RegistrationTrouble[]; readonly detail: string };

/** Names of a SUBSCRIBE that is to be made: its body signs them. */
export interface SubscribeNames {
  readonly callId: string;
  readonly fromTag: string;
}

export interface SubscribeRequest {
  readonly names: SubscribeNames;
  /** Request-URI. */
  readonly uri: string;
  readonly event: string;
  readonly accept: string;
  readonly expires: number;
  readonly body: Body;
}

/** The one dialog of a SUBSCRIBE. */
export interface SubscriptionPort {
  /** True while a SUBSCRIBE of it is unanswered. */
  readonly isBusy: boolean;
  /** Sends a refresh with this body; not while busy. */
  refresh(options: { readonly body: Body | null; readonly expires?: number }): void;
  /** Nothing more is sent or heard; the dialog is left to end by itself. */
  abandon(): void;
}

/** What the LCF hears of its UE. Handlers are called later, never from within a call of the port. */
export interface UePortHandlers {
  /** A registration has come about, by whatever cause: the application, a refresh, or `register`. */
  registered(registration: PresentRegistration): void;
  /** It has been removed, has expired or was taken away. */
  unregistered(): void;
  /** Something has become of a dialog: replaced, pinned, lost, ended. */
  dialog(report: DialogReport): void;
  /** An emergency call was placed: it cancels a move. */
  emergency(): void;
}

export interface UePort {
  handlers: UePortHandlers | null;
  /** Null: not registered. */
  registration(): PresentRegistration | null;
  /**
   * Registers anew, through another P-CSCF or (null) the present one: Contact byte-identical, same Call-ID with CSeq
   * going on. A stale binding of its own in the 200 is removed and the kept one refreshed before `done` is called; one
   * that only the old P-CSCF can name is removed through it, unless `isOldDead`, when the last dialog has left it.
   * When it fails the present registration stays what it was.
   */
  register(
    through: FunctionAddress | null,
    done: (result: RegisterResult) => void,
    options?: { readonly isOldDead: boolean },
  ): void;
  /** Names for `subscribe`: random, never used before. */
  newSubscribe(): SubscribeNames;
  /** Sends a SUBSCRIBE by the present registration. */
  subscribe(request: SubscribeRequest, handlers: SubscriptionHandlers): SubscriptionPort;
  /** The dialogs of calls as they are, early ones too; those under way to be replaced once, as their highest. */
  dialogs(): readonly DialogDescription[];
  /** Those of them that were made under another registration than the present one (dialog-replacement 1). */
  staleDialogs(): readonly DialogDescription[];
  /** Names of dialogs that it holds no more, for 64*T1 at least: ended, or replaced by another. The newest 100. */
  formerDialogs(): readonly string[];
  /**
   * From now on: `now` replaces every dialog of another registration than the present one, `wait` holds that back,
   * `never` gives up what is not replaced (reported as pinned). `dialogs`: only these are let go, the others stay as
   * they are.
   */
  replace(when: "now" | "wait" | "never", dialogs?: "all" | readonly string[]): void;
  /** True: new calls and other requests outside dialogs wait (from accepting an S move to its 200). */
  holdNewRequests(hold: boolean): void;
}
