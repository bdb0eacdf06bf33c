// os-cfs: I-CSCFs and CFDs that come and go by DNS. Types; the JSON Schemas stand in os-cfs-functions-schema.ts and a test
// holds both together. Asynchronous operations in the manner of ETSI GS NFV-SOL 003. Times are ms since 1970.
import type { OperationState, ProblemDetails } from "./os-cfs.ts";

/** Functions that are found by DNS alone: nobody is registered at one of them. */
export type DnsFunctionKind = "I-CSCF" | "CFD";

export type FunctionTransport = "udp" | "tcp";

/** Body of `PUT /os-cfs/v1/functions/{name}`; the name is the function's host name in the zone. */
export interface FunctionRequest {
  readonly kind: DnsFunctionKind;
  /** Its address literals, IPv6 without brackets. */
  readonly addresses: readonly string[];
  /** Default 5060. */
  readonly port?: number;
  /** Default both. */
  readonly transports?: readonly FunctionTransport[];
  /** Of its SRV records: the lowest is tried first (RFC 2782). Default 10. */
  readonly priority?: number;
  /** Share among those of one priority (RFC 2782). Default 10. */
  readonly weight?: number;
  /** Seconds from now after which a change that fails is not tried again. Default: the CFS's setting, 600. */
  readonly deadline?: number;
}

/** Query of `DELETE /os-cfs/v1/functions/{name}`. */
export interface RemoveFunctionOptions {
  /** Needed only for a function that the CFS does not know. */
  readonly kind?: DnsFunctionKind;
  /** It has failed: the end of its records' life in resolvers is not waited for. Default false. */
  readonly failed?: boolean;
  /** Remove it though no other one of its kind is left. Default false. */
  readonly force?: boolean;
  /** As in `FunctionRequest`. */
  readonly deadline?: number;
}

/** What is being done for a function operation, or was done last. */
export type FunctionStep =
  /** Written down, not begun. */
  | "accepted"
  /** The zone is read, to see what there is to change. */
  | "reading"
  /** The UPDATE is on its way. */
  | "writing"
  /** The zone is read, to see that it is as it was ordered. */
  | "verifying"
  /** The records are gone; resolvers may know them until `mayBeStoppedAt`. */
  | "waiting"
  /** It failed, and is tried again at `retryAt`. */
  | "retrying"
  /** It failed, and its deadline is over: the same request again begins anew. */
  | "given up"
  | "completed"
  /** Another order for the same function took its place, or it cannot be done. */
  | "failed";

/** `GET /os-cfs/v1/function-operations/{id}`; also the body of the 202. */
export interface FunctionOperation {
  readonly id: string;
  readonly action: "add" | "remove";
  /** Host name of the function. */
  readonly function: string;
  readonly kind: DnsFunctionKind;
  /** STARTING, PROCESSING, COMPLETED, FAILED_TEMP (see `retryAt`) or FAILED. */
  readonly state: OperationState;
  readonly step: FunctionStep;
  /** The order of an `add`; null in a `remove`. */
  readonly request: FunctionRequest | null;
  /** Of a `remove`. */
  readonly failed: boolean;
  readonly force: boolean;
  readonly startedAt: number;
  /** When it became COMPLETED or FAILED; null before. */
  readonly endedAt: number | null;
  readonly deadlineAt: number;
  /** The changes of the zone in nsupdate's words; empty where it was so already, and before it was read. */
  readonly changes: readonly string[];
  /** When the name server confirmed them; null: not yet, or there were none. */
  readonly changedAt: number | null;
  /** Of a `remove`, once the records are gone: when no resolver knows them any more and it may be stopped. */
  readonly mayBeStoppedAt: number | null;
  /** Of a `remove`: it may be stopped now. */
  readonly mayBeStopped: boolean;
  /** In FAILED_TEMP: when it is tried again by itself; null: not any more. */
  readonly retryAt: number | null;
  /** UPDATEs that were sent. */
  readonly updates: number;
  /** What went wrong last, for FAILED_TEMP and FAILED. */
  readonly problem?: ProblemDetails;
}
