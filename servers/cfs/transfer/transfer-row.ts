// A transfer as it stands in the store, apart from its users. Times are ms since 1970 by the CFS's wall clock.
import type { FunctionName } from "@liquid-ims/location-service/record";
import type {
  OperationState,
  Pace,
  ProblemDetails,
  TransferRequest,
} from "@liquid-ims/reference-points/os-cfs";
import type { Codec } from "../store/table.ts";
import type { PlanTarget } from "./plan.ts";
import type { Procedure } from "./registrations.ts";

/** Why a transfer begins nothing new any more. */
export interface Stop {
  readonly reason: "too many failures" | "cancelled";
  readonly detail: string;
}

export interface TransferRow {
  readonly id: string;
  readonly request: TransferRequest;
  readonly procedure: Procedure;
  readonly state: OperationState;
  /** Null: named users are moved. */
  readonly function: FunctionName | null;
  readonly targets: readonly PlanTarget[];
  readonly pace: Pace;
  readonly replaceDialogs: boolean;
  /** A drain that has not been ended. */
  readonly standing: boolean;
  /** Nobody was there when it began: no quiet time is waited for. */
  readonly emptyAtStart: boolean;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly deadlineAt: number;
  /** Change number of the location service from which this transfer has to look. */
  readonly change: number;
  readonly stop: Stop | null;
  readonly problem: ProblemDetails | null;
  /** Only planned: nothing was or will be done. */
  readonly dryRun: boolean;
}

/** True while something may still be done for it. */
export function isActive(row: Pick<TransferRow, "state" | "standing">): boolean {
  return row.standing || row.state === "STARTING" || row.state === "PROCESSING";
}

function isTransferRow(value: unknown): value is TransferRow {
  if (typeof value !== "object" || value === null) return false;
  return ["id", "request", "state", "targets", "pace", "startedAt", "change"].every((name) => name in value);
}

export const transferRowCodec: Codec<TransferRow> = {
  encode: (row) => JSON.stringify(row),
  decode(text) {
    const value: unknown = JSON.parse(text);
    // Rows of before there was a change of S-CSCF do not say which procedure they are.
    if (isTransferRow(value)) return { ...value, procedure: value.procedure ?? "P" };
    throw new Error(`a row of table transfer is none: ${text.slice(0, 200)}`);
  },
};

/** Names the transfer that a function or an idempotency key belongs to; null: none any more. */
export interface PointerRow {
  readonly transfer: string | null;
}

export const pointerCodec: Codec<PointerRow> = {
  encode: (row) => JSON.stringify(row),
  decode(text) {
    const value: unknown = JSON.parse(text);
    if (
      typeof value === "object" &&
      value !== null &&
      "transfer" in value &&
      (value.transfer === null || typeof value.transfer === "string")
    )
      return { transfer: value.transfer };
    throw new Error(`a pointer to a transfer is none: ${text.slice(0, 200)}`);
  },
};
