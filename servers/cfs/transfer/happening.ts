// What happens to a user of a transfer, and what comes of it: the terms of the interpreters of his tables.
import type { DialogDescription, DialogReport, MoveContent } from "@liquid-ims/reference-points/cfs-ue";
import type { CxUser } from "../cx/cx.ts";
import type { Reason } from "./outcome.ts";
import type { TransferTimes } from "./times.ts";
import type { UserEvent, UserTable } from "./user-event.ts";
import type { SentCommand, UserRow } from "./user-row.ts";

/** An event with what came with it. */
export interface Happening {
  readonly event: UserEvent;
  /** For every registration of the subscription. */
  readonly all?: true;
  /** With `slot`. */
  readonly move?: Omit<MoveContent, "deadline">;
  /** With `slot`: the LCF will not be asked to replace, so no report is waited for. */
  readonly withoutReport?: boolean;
  /** With `release`. */
  readonly release?: "all" | readonly string[];
  /** With `MAA` and `name is new`: how the LCF is to replace its dialogs. */
  readonly replace?: "now" | "wait";
  /** With `MAA`: this HSS has not been seen to move anybody yet, so that its name is read back at once. */
  readonly readNow?: boolean;
  /** With refusals, failures, `LCF gone` and `abort`. */
  readonly reason?: Reason;
  readonly detail?: string;
  /** With the LCF's answers. */
  readonly dialogs?: readonly DialogDescription[];
  /** With its acceptance: names of dialogs that it holds no more, of late. */
  readonly former?: readonly string[];
  /** With its reports. */
  readonly results?: readonly DialogReport[];
  /** With `record shows origin` and `returned`: the S-CSCF that serves now. */
  readonly sCscf?: string;
  /** The same, the P-CSCF, in a change of S-CSCF. */
  readonly pCscf?: string | null;
  /** With `slot` and `record shows target`: when the registration at the S-CSCF that is left expires, by its record. */
  readonly oldExpiresAt?: number;
  /** With `slot`: calls of his may be cut by his move. */
  readonly atRisk?: boolean;
  /** With `registered`: when, by the LCF's word. */
  readonly registeredAt?: number;
  /** With `returned`: for one who had none. */
  readonly target?: string;
  /** With `returned`: until when the new round may begin something. */
  readonly deadlineAt?: number;
}

export interface StepContext {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** For the next command: higher than every one before to this registration. */
  readonly sequence: number;
  readonly times: TransferTimes;
  /** Change of the location service that was looked at last. */
  readonly change: number;
  /** Default the table itself; tests give changed ones. */
  readonly table?: UserTable;
}

/** What is done after the row is durable. */
export type Effect =
  | { readonly effect: "send"; readonly operation: string; readonly command: SentCommand }
  | { readonly effect: "forget"; readonly operation: string }
  | CxEffect;

/** What goes to the HSS: MAR with the new and with the old name, UAR, LIR and UAR. */
export type CxEffect =
  | {
      readonly effect: "reassign" | "restore";
      readonly user: CxUser;
      readonly server: string;
      readonly timeoutMs: number;
    }
  | { readonly effect: "read name" | "check"; readonly user: CxUser };

export interface Step {
  readonly row: UserRow;
  readonly effects: readonly Effect[];
  /** False for a cell that is null: nothing has changed. */
  readonly expected: boolean;
}

export type Acted = { readonly row: UserRow; readonly effects?: readonly Effect[] };
