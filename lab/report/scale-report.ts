// report.json of an experiment in which functions come and go by DNS: nobody is transferred, so it tells of registrations,
// of the functions that served them and of the records that they left. Described in docs/report.md.
import type { OperationState } from "@liquid-ims/reference-points/os-cfs";
import type { reportSchemaVersion } from "./report.ts";

/** An order to the CFS. Times are seconds of the script. */
export interface FunctionChange {
  /** Short name. */
  readonly function: string;
  readonly action: "add" | "remove";
  readonly startedAt: number;
  /** When it was COMPLETED; null: it never was. */
  readonly completedAt: number | null;
  readonly state: OperationState;
  /** What it did to the zone, in nsupdate's words. */
  readonly changes: readonly string[];
  /** What went wrong; null: nothing. */
  readonly problem: string | null;
}

/** Registrations that users were to make while the script ran: attempted = completed + failed. */
export interface ReportRegistrations {
  readonly attempted: number;
  /** Ended with 200 after a full AKA run. */
  readonly completed: number;
  readonly failed: number;
}

/** A part of the script by its functions' share of the load. */
export interface SharePhase {
  /**
   * `before`: until the second one is ordered; `both`: from the time when no resolver can know the first one alone, until
   * the removal of the first is ordered; `after`: from the completion of the removal.
   */
  readonly phase: "before" | "both" | "after";
  /** Seconds of the script. */
  readonly from: number;
  readonly to: number;
  readonly registers: readonly { readonly function: string; readonly registers: number }[];
  /**
   * How many REGISTERs the second function may have in `both`: chance among records of equal weight (RFC 2782) leaves this
   * range once in 100,000 runs. Null in the other phases, where one has all.
   */
  readonly bounds: { readonly low: number; readonly high: number } | null;
}

export interface RegisterLoad {
  /** Short name of one of the two functions. */
  readonly function: string;
  /** Second of the script. */
  readonly second: number;
  /** REGISTER transactions whose server it became in that second; retransmissions are none. */
  readonly registers: number;
}

export interface ScaleReport {
  readonly schemaVersion: typeof reportSchemaVersion;
  readonly experiment: string;
  readonly core: "embedded" | "kamailio";
  readonly clock: "real" | "virtual";
  readonly seed: number;
  readonly speed: number;
  readonly users: number;
  readonly functionChanges: readonly FunctionChange[];
  /** The function that was killed after its removal, and when; null: it was not. */
  readonly killed: { readonly function: string; readonly at: number } | null;
  readonly registrations: ReportRegistrations;
  /**
   * REGISTER transactions of all hops, first registrations included: `refused` had another final response than 200 and
   * 401, `unanswered` none.
   */
  readonly transactions: { readonly total: number; readonly refused: number; readonly unanswered: number };
  /** Registrations, first ones included, that a CFD was told of and answered 200; expected: all that ended with 200. */
  readonly reported: { readonly expected: number; readonly found: number };
  readonly shares: readonly SharePhase[];
  /** Location records at the end, by the CFS: of each user with the P-CSCF and S-CSCF that serve him. */
  readonly records: {
    readonly expected: number;
    readonly found: number;
    readonly missing: readonly string[];
  };
  readonly load: readonly RegisterLoad[];
  /** Registrations that ended in that second of the script. */
  readonly ended: readonly { readonly second: number; readonly completed: number; readonly failed: number }[];
}

/** What report.html, the figure and run.json need beside the report. */
export interface ScaleContext {
  readonly title: string;
  /** Short names: the first one, and the one that is added. */
  readonly functions: readonly [first: string, second: string];
  /** Seconds of the script that a resolver may keep what it was told. */
  readonly ttl: number;
  /** What was expected and did not hold, one line each; empty when all of it did. */
  readonly failures: readonly string[];
}
