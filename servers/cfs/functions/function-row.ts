// A function operation, and what is known of a function, as they stand in the store. Times are ms since 1970.
import type { ProblemDetails } from "@liquid-ims/reference-points/os-cfs";
import type {
  DnsFunctionKind,
  FunctionRequest,
  FunctionStep,
} from "@liquid-ims/reference-points/os-cfs-functions";
import type { Codec } from "../store/table.ts";

/** The states of the table are the steps that os-cfs shows. */
export type FunctionState = FunctionStep;

export interface FunctionOperationRow {
  readonly id: string;
  readonly action: "add" | "remove";
  /** Lower case, without a dot at the end. */
  readonly function: string;
  readonly kind: DnsFunctionKind;
  readonly request: FunctionRequest | null;
  readonly failed: boolean;
  readonly force: boolean;
  readonly state: FunctionState;
  /** Raised by each change of the row: answers to what an earlier turn has asked are old. */
  readonly turn: number;
  /** Of a `remove`: the zone's version when an earlier one was completed, so that no resolver knew it; null: none was. */
  readonly knownGone: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly deadlineAt: number;
  /** In nsupdate's words. */
  readonly changes: readonly string[];
  readonly updates: number;
  /** When the name server confirmed the changes. */
  readonly changedAt: number | null;
  /** Longest life in a resolver of what goes, in seconds; the longest that was seen. */
  readonly ttl: number;
  readonly waitUntil: number | null;
  /** When the zone was first seen without the records, by this order. */
  readonly goneAt: number | null;
  /** The zone's version in the reading that has completed it. */
  readonly version: string | null;
  readonly retryAt: number | null;
  /** Failures in a row: each doubles the wait. */
  readonly failures: number;
  /** Prerequisites in a row that somebody else's change has broken. */
  readonly races: number;
  /** Readings after the update that did not show it yet. */
  readonly looks: number;
  readonly problem: ProblemDetails | null;
}

/** What the CFS has been told of a function, whatever the configuration says. */
export interface FunctionRow {
  readonly name: string;
  readonly kind: DnsFunctionKind;
  readonly addresses: readonly string[];
  /** The records are in the zone, by the last operation that was completed; null: none was. */
  readonly present: boolean | null;
  /** The zone's version when its removal was completed; null: that was not, or it is not known. */
  readonly goneVersion: string | null;
  /** The last operation. */
  readonly operation: string;
}

function isRow<Row>(value: unknown, members: readonly string[]): value is Row {
  return typeof value === "object" && value !== null && members.every((member) => member in value);
}

/** `added`: members that rows of earlier versions lack. */
function codecOf<Row>(
  table: string,
  members: readonly (keyof Row & string)[],
  added: Partial<Row>,
): Codec<Row> {
  return {
    encode: (row) => JSON.stringify(row),
    decode(text) {
      const value: unknown = JSON.parse(text);
      if (isRow<Row>(value, members)) return { ...added, ...value };
      throw new Error(`a row of table ${table} is none: ${text.slice(0, 200)}`);
    },
  };
}

export const operationCodec = codecOf<FunctionOperationRow>(
  "function-operation",
  ["id", "action", "function", "kind", "state", "turn", "deadlineAt", "ttl", "looks"],
  { goneAt: null, version: null },
);

export const functionCodec = codecOf<FunctionRow>(
  "function",
  ["name", "kind", "addresses", "present", "operation"],
  { goneVersion: null },
);

/** Nothing more is done for it, whatever happens. */
export function isEnded({ state }: FunctionOperationRow): boolean {
  return state === "completed" || state === "failed";
}

/** Another order for the same function may take its place: nothing of it is on the way to the name server. */
export function isReplaceable({ state }: FunctionOperationRow): boolean {
  return state === "waiting" || state === "retrying" || state === "given up";
}
