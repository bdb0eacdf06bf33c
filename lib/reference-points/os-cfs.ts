// os-cfs: what an OSS/BSS and the CFS say to each other over HTTP. Types; the JSON Schemas stand in os-cfs-schema.ts
// and a test holds both together. Asynchronous operations in the manner of ETSI GS NFV-SOL 003; problem details by
// RFC 9457. Times are milliseconds since 1970 unless said otherwise.

/** Path under which all resources lie. */
export const osCfsRoot = "/os-cfs/v1";

export type TransferReason = "overload" | "underload" | "removal" | "failure" | "maintenance";

export interface TransferTarget {
  readonly function: string;
  /** Share relative to the other targets; default 1. */
  readonly weight?: number;
}

export interface Pace {
  /** `parallel`: all at once; `fixed`: so many users a second. */
  readonly mode: "parallel" | "fixed";
  /** For `fixed`; default 5. */
  readonly usersPerSecond?: number;
  /** Never more than this many users under way; default no limit, in a change of S-CSCF 10. */
  readonly usersInFlight?: number;
}

interface TransferOptions {
  readonly targets: readonly TransferTarget[];
  readonly reason: TransferReason;
  /** Only plan: the answer is an operation with the plan, nothing is moved. Default false. */
  readonly dryRun?: boolean;
  readonly pace?: Pace;
  /** Seconds from now after which nothing new is tried; default 600. */
  readonly deadline?: number;
}

/** Move users away from a function until `load` of them is left. */
export interface FunctionTransferRequest extends TransferOptions {
  readonly function: string;
  /** Share of the function's present users to leave on it, 0 to 1; 0 is a drain and a standing order. */
  readonly load: number;
}

/** Move the named users (public identities), wherever they are. */
export interface UserTransferRequest extends TransferOptions {
  readonly users: readonly string[];
}

/** Body of `POST /os-cfs/v1/transfers`. */
export type TransferRequest = FunctionTransferRequest | UserTransferRequest;

export type OperationState =
  | "STARTING"
  | "PROCESSING"
  | "COMPLETED"
  | "FAILED_TEMP"
  | "FAILED"
  | "ROLLING_BACK"
  | "ROLLED_BACK";

export type UserState =
  | "planned"
  | "commanded"
  | "accepted"
  | "reassigned"
  | "registered"
  | "done"
  | "staying"
  | "skipped"
  | "refused"
  | "unreachable"
  | "timedOut"
  | "superseded"
  | "rolledBack"
  | "aborted"
  | "failed";

export interface UserLine {
  /** Default public identity of the registration. */
  readonly user: string;
  readonly from: string | null;
  /** Target, null where the user stays. */
  readonly to: string | null;
  readonly state: UserState;
  /** Why it is so; empty where nothing needs to be said. */
  readonly reason: string;
  /** When the last `move` was sent for the first time, when the record showed the target, when it was over; null: not yet. */
  readonly commandedAt: number | null;
  /** Change of S-CSCF: when the MAR that names the target was sent; else null. */
  readonly reassignedAt: number | null;
  readonly recordSeenAt: number | null;
  readonly endedAt: number | null;
  /**
   * Change of S-CSCF: when the LCF had its new registration there, by its own word. Between `reassignedAt` and this the
   * user cannot be called. Null: not yet.
   */
  readonly registeredAt?: number | null;
}

/** planned = moved + left, once the operation has ended. */
export interface TransferCounts {
  readonly planned: number;
  readonly moved: number;
  readonly left: number;
}

/** Dialogs of the planned users; `endedMeanwhile`: by their users. */
export interface DialogCounts {
  readonly kept: number;
  readonly pinned: number;
  readonly lost: number;
  readonly endedMeanwhile: number;
}

/** `GET /os-cfs/v1/transfers/{id}`; also the body of the 202. */
export interface TransferOperation {
  readonly id: string;
  readonly state: OperationState;
  readonly request: TransferRequest;
  /** True for a drain that has not been ended: users who come later are moved too. */
  readonly standing: boolean;
  readonly startedAt: number;
  /** When it became COMPLETED, FAILED or ROLLED_BACK; null before. */
  readonly endedAt: number | null;
  readonly counts: TransferCounts;
  readonly dialogs: DialogCounts;
  readonly users: readonly UserLine[];
  /** What went wrong, for FAILED and FAILED_TEMP. */
  readonly problem?: ProblemDetails;
}

export type FunctionKind = "P-CSCF" | "S-CSCF" | "I-CSCF" | "CFD";

/** `GET /os-cfs/v1/functions/{name}`, and the items of `GET /os-cfs/v1/functions`. */
export interface FunctionResource {
  readonly name: string;
  readonly kind: FunctionKind;
  readonly addresses: readonly string[];
  /** Registrations that it serves now; 0 for I-CSCFs and CFDs, at which nobody is registered. */
  readonly users: number;
  /** The standing order to keep it empty, ended by `DELETE .../drain`. */
  readonly drain: { readonly operation: string; readonly since: number } | null;
  /** Of an I-CSCF or a CFD: what the CFS has done about its records. */
  readonly dns?: FunctionInDns;
}

/** What the CFS knows of a function's records. */
export interface FunctionInDns {
  /** The records are in the zone, by the last operation that has ended; null: the CFS has changed nothing. */
  readonly present: boolean | null;
  /** The last function operation; null: none is remembered. */
  readonly operation: string | null;
}

export interface FunctionList {
  readonly functions: readonly FunctionResource[];
}

/** RFC 9457 problem details; Content-Type application/problem+json. */
export interface ProblemDetails {
  /** Stable name of the kind of problem, `about:blank` where the status says all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** The field, its value and the remedy. */
  readonly detail: string;
  readonly instance?: string;
}
