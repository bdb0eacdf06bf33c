// What every experiment is given and gives.
import type { HssBehaviour } from "../ims-core/hss-behaviour.ts";
import type { Report, ReportContext } from "../report/report.ts";
import type { ScaleContext, ScaleReport } from "../report/scale-report.ts";
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
  /** The CFS is not told of the HSS's own interface (cx.adapter), where it has one. Default false. */
  readonly withoutAdapter?: boolean;
  /**
   * S-CSCFs of the embedded core cut the calls of a user whom the HSS cancels, as OpenIMSCore does: 10 s later at most, or
   * `afterMs`. Default false.
   */
  readonly releaseSessionsOnRtr?: boolean | { readonly afterMs: number };
  /** P-CSCFs write a flow's address into Contact, and UEs come by TCP so that theirs changes. Default false. */
  readonly addContactAlias?: boolean;
  /** Everything on IPv6: ::1 and ports on sockets, addresses of 2001:db8::/32 on the virtual clock. Default false. */
  readonly ipv6?: boolean;
  /** The CFS is told that calls are cut on a change of S-CSCF (cx.cancelsOldServer). Default false. */
  readonly cancelsOldServer?: boolean;
  /** Users who register afresh at the drained function when the calls are over; it must be drained. Default 0. */
  readonly newcomers?: number;
  /** A fault on purpose: a MESSAGE to each user between the MAR and his new registration. Default false. */
  readonly messageIntoWindow?: boolean;
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

/** What the live view shows of an experiment in which functions come and go. */
export interface ScaleProgress {
  /** Script seconds. */
  readonly second: number;
  readonly functions: readonly { readonly name: string; readonly registersPerSecond: number }[];
  /** The last order to the CFS. */
  readonly change: { readonly function: string; readonly action: string; readonly state: string } | null;
  readonly registrations: {
    readonly attempted: number;
    readonly completed: number;
    readonly failed: number;
  };
}

export type AnyProgress = Progress | ScaleProgress;

export interface ExperimentResult {
  readonly report: Report;
  readonly context: ReportContext;
  /** Times from the script's zero. */
  readonly trace: readonly TraceEntry[];
  /** With a real core: what location records, HSS and S-CSCFs say in the end, a line a record. */
  readonly records?: readonly string[];
}

/** Of an experiment in which functions come and go. */
export interface ScaleResult {
  readonly report: ScaleReport;
  readonly context: ScaleContext;
  readonly trace: readonly TraceEntry[];
  readonly records?: readonly string[];
}

export type AnyResult = ExperimentResult | ScaleResult;

export function isScaleResult(result: AnyResult): result is ScaleResult {
  return "functionChanges" in result.report;
}

export interface Experiment<Result extends AnyResult = ExperimentResult> {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Share of the users that stays on the affected function, where `--load` is not given. Default 0. */
  readonly load?: number;
  /** Where `--rate` is not given. Default 1. */
  readonly rate?: number;
  /** Options that do not fit, with the reason: `--load`. */
  readonly unfit?: ReadonlyMap<string, string>;
  run(options: ExperimentOptions, show: (progress: AnyProgress) => void): Promise<Result>;
}

/** Whatever it gives. */
export type AnyExperiment = Experiment<AnyResult>;
