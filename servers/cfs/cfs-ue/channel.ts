// The port between cfs-ue and the transfer engine: commands go to the LCF of a registration, what it says comes back.
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { Answer, CommandBody, Report } from "@liquid-ims/reference-points/cfs-ue";

/** Why no command can reach a registration's LCF now. */
export type UnreachableReason =
  /** It never subscribed: a device without LCF, or one not yet seen. */
  | "no LCF"
  /** It subscribed, but has not yet repeated the ticket's challenge. */
  | "not bound"
  /** Its last NOTIFY timed out, or the core sent an unsigned SUBSCRIBE in the dialog. */
  | "suspect"
  /** Its last NOTIFY was answered by an error: it has no dialog until it subscribes again. */
  | "dialog failed"
  /** Its subscription was not refreshed. */
  | "expired"
  /** Several LCFs claim the one registration (contacts unknown): a command could reach the wrong one. */
  | "several devices";

export type LcfState =
  | {
      readonly reachable: true;
      /** When the LCF was first bound, ms since 1970. */
      readonly since: number;
    }
  | { readonly reachable: false; readonly reason: UnreachableReason };

/** What an LCF said about a command; durable before anybody hears of it. */
export type LcfMessage = Answer | Report;

/** An LCF that speaks with this CFS. */
export interface KnownLcf {
  /** Null: its hello was not believed yet, because no location record agrees with it. */
  readonly registration: RegistrationKey | null;
  readonly identity: string;
  /** When it was first bound, ms since 1970; without a binding, 0. */
  readonly since: number;
}

/** Commands to LCFs and their words back, whatever the path (cfs-ue.md 5 and 7). */
export interface LcfChannel {
  /** Every LCF with a binding or a dialog, from memory. */
  known(): readonly KnownLcf[];
  /** From memory, at once. A command may be sent in every state: it waits for a path until it expires. */
  state(registration: RegistrationKey): LcfState;
  /**
   * Stored, then sent, and delivered again by itself until answered or expired. The same operation and sequence
   * again (after a restart of the caller) is the same command: its first bytes stay.
   */
  send(registration: RegistrationKey, command: CommandBody): void;
  /** Highest sequence that was ever sent to this registration's LCF, over all operations; 0 for none. */
  sequenceReached(registration: RegistrationKey): number;
  /**
   * Called for each message after it is durable: at least once in each life of this process as long as the
   * operation is not forgotten, so a listener must find a double harmless.
   */
  onMessage(listener: (registration: RegistrationKey, message: LcfMessage) => void): void;
  /** Called when what `state` answers has changed. */
  onState(listener: (registration: RegistrationKey, state: LcfState) => void): void;
  /** The operation is over for this registration: its commands are sent no more, its messages not told again. */
  forget(registration: RegistrationKey, operation: string): void;
}
