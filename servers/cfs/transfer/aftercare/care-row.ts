// A user who has moved S-CSCF and is watched until his old registration has expired, as he stands in the store. Times
// are ms since 1970 by the CFS's wall clock. System 6 (aftercare), real-cores T1.
import type { FunctionName, RegistrationKey } from "@liquid-ims/location-service/record";
import type { CancelContent } from "@liquid-ims/reference-points/cfs-ue";
import type { Codec } from "../../store/table.ts";

/** The states of a watched user. */
export const careStates = ["watching", "asking", "naming", "repairing"] as const;

export type CareState =
  /** His time has not come. */
  | "watching"
  /** The HSS is asked whether it holds him. */
  | "asking"
  /** MAR with the name of the S-CSCF that serves: the HSS has none, or another one. */
  | "naming"
  /** His LCF was told to register again. */
  | "repairing";

export interface CareCommand {
  readonly operation: string;
  readonly sequence: number;
  readonly expires: number;
  readonly content: CancelContent;
}

export interface CareRow {
  /** The transfer that moved him. */
  readonly transfer: string;
  readonly registration: RegistrationKey;
  /** Default public identity. */
  readonly user: string;
  readonly impi: string;
  /** The S-CSCF that he has left. */
  readonly from: FunctionName;
  readonly state: CareState;
  /** When something is due next. */
  readonly dueAt: number;
  /** When the old registration has expired, by its record. */
  readonly expiresAt: number;
  /** Looks that found him held, since the last repair; -1 before the one that the record's expiry may be too late for. */
  readonly looks: number;
  /** Times that he was told to register again, since he was last held. */
  readonly repairs: number;
  /** Questions and MARs without an answer, in a row. */
  readonly unanswered: number;
  readonly command: CareCommand | null;
}

function isCareRow(value: unknown): value is CareRow {
  if (typeof value !== "object" || value === null) return false;
  if (!("state" in value) || !careStates.some((state) => state === value.state)) return false;
  return ["transfer", "registration", "user", "impi", "dueAt", "repairs"].every((name) => name in value);
}

export const careRowCodec: Codec<CareRow> = {
  encode: (row) => JSON.stringify(row),
  decode(text) {
    const value: unknown = JSON.parse(text);
    if (isCareRow(value)) return value;
    throw new Error(`a row of table aftercare is none: ${text.slice(0, 200)}`);
  },
};
