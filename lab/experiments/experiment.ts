// What every experiment is given and gives.
import type { HssBehaviour } from "../ims-core/hss-behaviour.ts";
import type { Report, ReportContext } from "../report/report.ts";
import type { TraceEntry } from "../trace.ts";

/** The options of the command line, checked. */
export interface ExperimentOptions {
  /** Real clock only; 1 on the virtual one. */
  readonly speed: number;
  readonly virtual: boolean;
  readonly seed: number;
  readonly users: number;
  /** Sessions per second of the script. */
  readonly rate: number;
  /** Script seconds in which calls begin. */
  readonly duration: number;
  readonly pace: "parallel" | "fixed";
  /** UE's T1 in milliseconds. */
  readonly t1: number;
  readonly replaceDialogs: boolean;
  /** Share of the users to leave on the affected function; 0 drains it. */
  readonly load: number;
  /** Share of the datagrams lost on every link; virtual clock only. */
  readonly loss: number;
  /** Kill the affected function 2 s after the transfer has completed. */
  readonly kill: boolean;
  /** `process`: every element of the core in a process of its own. Real clock only. */
  readonly placement: "shared" | "process";
  /** CSCFs and name server are Kamailio and BIND, with configurations and logs in this folder (absolute); else our own. */
  readonly kamailio?: { readonly folder: string };
  /** What the HSS does with a change of S-CSCF. Default "specification". */
  readonly hss?: HssBehaviour;
  /** S-CSCFs of the embedded core cut the calls of a user whom the HSS cancels, as OpenIMSCore does. Default false. */
  readonly releaseSessionsOnRtr?: boolean;
  /** Least severe log lines that are shown. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** What the live view shows; called about four times a second of the real clock. */
export interface Progress {
  /** Script seconds. */
  readonly second: number;
  readonly functions: readonly {
    readonly name: string;
    readonly users: number;
    readonly sessionsPerSecond: number;
  }[];
  readonly transfer: {
    readonly state: string;
    readonly planned: number;
    readonly moved: number;
    readonly left: number;
  } | null;
  readonly callsUp: number;
  readonly callsAttempted: number;
  readonly dialogsKept: number;
  readonly dialogsLost: number;
}

export interface ExperimentResult {
  readonly report: Report;
  readonly context: ReportContext;
  /** Times from the script's zero. */
  readonly trace: readonly TraceEntry[];
  /** With a real core: what location records, HSS and S-CSCFs say in the end, a line a record. */
  readonly records?: readonly string[];
}

export interface Experiment {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Share of the users that stays on the affected function, where `--load` is not given. */
  readonly load: number;
  run(options: ExperimentOptions, show: (progress: Progress) => void): Promise<ExperimentResult>;
}
