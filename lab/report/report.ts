// report.json: what an experiment found. Described for readers in docs/report.md; `schemaVersion` is raised when a
// member changes its meaning. Facts of the machine and of real time stand in run.json, so that a virtual run's
// report is the same byte for byte each time.

export const reportSchemaVersion = "1.2";

export type UserOutcome =
  | "moved"
  | "staying"
  | "skipped"
  | "refused"
  | "unreachable"
  | "timedOut"
  | "superseded"
  | "rolledBack"
  | "aborted"
  | "failed";

/** One registered user. */
export interface ReportUser {
  /** Default public identity. */
  readonly user: string;
  /** P-CSCF (or S-CSCF) at the trigger. */
  readonly from: string;
  /** The one at the end. */
  readonly to: string;
  /** Whether the plan meant to move the user. */
  readonly planned: boolean;
  readonly outcome: UserOutcome;
  readonly reason: string;
  /** From the command sent to the record seen, in milliseconds of the clock that protocols use; null: not moved. */
  readonly milliseconds: number | null;
  /** Requests and responses of any element for this move, each hop once, retransmissions included. */
  readonly messages: number;
}

/**
 * Confirmed dialogs of planned users: those at the trigger and those confirmed later under the old registration,
 * one dialog once. atTransfer = kept + pinned + lost + endedMeanwhile.
 */
export interface ReportDialogs {
  readonly atTransfer: number;
  /** Replaced by a dialog under the new registration which ended as its users wished. */
  readonly kept: number;
  /** Still on the old path when the transfer was over, ended there by its users. */
  readonly pinned: number;
  /** Ended by neither user and not kept, or never ended at one of the ends. */
  readonly lost: number;
  /** Ended by its users before it was to be replaced. */
  readonly endedMeanwhile: number;
}

/** The time in which a user whose S-CSCF changes has none that knows him: from the MAR to the 200 at his UE. */
export interface ReportWindow {
  readonly medianMilliseconds: number;
  readonly maxMilliseconds: number;
  readonly parts: ReportWindowParts;
  /**
   * The same registrations without a MAR, from the CFS's decision on, median: for each window its order and its command, and
   * the registration of a user who stays, through the same CSCFs, begun when the window opened; null where none were made.
   */
  readonly baselineMilliseconds: number | null;
  /** Calls to or from a user that failed while his window was open. */
  readonly callsLost: number;
  /** Server assignments UNREGISTERED_USER that calls to a user in his window have caused. */
  readonly claims: number;
}

/** What the window consists of, a median each; they follow each other. */
export interface ReportWindowParts {
  /** From the MAR to its answer. */
  readonly marMilliseconds: number;
  /** From there to the command that follows it. */
  readonly orderMilliseconds: number;
  /** From the command to the user's REGISTER. */
  readonly commandMilliseconds: number;
  /** From the REGISTER to its 200, authentication included. */
  readonly registrationMilliseconds: number;
}

export interface ReportLoad {
  /** Short name of the CSCF. */
  readonly function: string;
  /** Second of the script. */
  readonly second: number;
  /** Initial INVITEs without Replaces, one a session and function. */
  readonly sessionSetups: number;
  /** SIP requests and responses that the function received and sent. */
  readonly messages: number;
}

export interface Report {
  readonly schemaVersion: typeof reportSchemaVersion;
  readonly experiment: string;
  readonly core: "embedded" | "kamailio";
  readonly clock: "real" | "virtual";
  readonly pace: "parallel" | "fixed";
  readonly seed: number;
  readonly speed: number;
  readonly users: readonly ReportUser[];
  readonly transfer: { readonly planned: number; readonly moved: number; readonly left: number };
  readonly dialogs: ReportDialogs;
  readonly calls: { readonly attempted: number; readonly completed: number; readonly failed: number };
  /** Null where no S-CSCF was changed. */
  readonly window: ReportWindow | null;
  readonly load: readonly ReportLoad[];
}

/** One line of the table "every dialog's fate" in report.html. */
export interface DialogFate {
  readonly callId: string;
  readonly caller: string;
  readonly callee: string;
  /** Script seconds. */
  readonly confirmedAt: number;
  readonly endedAt: number | null;
  readonly fate: "kept" | "pinned" | "lost" | "endedMeanwhile";
  /** Call-ID of the dialog that took its place. */
  readonly replacedBy: string | null;
  /** Which end replaced it, or why it is pinned or lost. */
  readonly detail: string;
}

/** What report.html, the figure and run.json need beside the report. */
export interface ReportContext {
  /** One line, for people: "P-CSCF1 overloaded: half of its users move to P-CSCF2". */
  readonly title: string;
  /** Functions to draw, short names, in order. */
  readonly functions: readonly string[];
  /** The transfer on the script's axis, seconds; null when it never began or ended. */
  readonly transferFrom: number | null;
  readonly transferTo: number | null;
  /** Other moments worth a mark: a function killed. */
  readonly marks: readonly { readonly second: number; readonly label: string }[];
  readonly dialogs: readonly DialogFate[];
  /** What was expected and did not hold, one line each; empty when all of it did. */
  readonly failures: readonly string[];
  /** What is worth saying and no failure, one line each. */
  readonly notes: readonly string[];
}
