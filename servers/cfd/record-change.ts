// What a third-party REGISTER changes in the location records of its user, as far as it is common to registration and
// de-registration. Pure.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationContent, LocationRecord } from "@liquid-ims/location-service/record";
import type { RecordChange } from "@liquid-ims/location-service/store";
import type { ThirdPartyRegister } from "./third-party-register.ts";

/** What came of a REGISTER, for counters and the log. */
export type Outcome =
  | "registered"
  | "refreshed"
  | "P-CSCF changed"
  | "S-CSCF changed"
  | "removed"
  | "doubtful"
  | "late"
  | "duplicate"
  | "from another S-CSCF"
  | "nothing known";

export interface Decision {
  readonly changes: readonly RecordChange[];
  readonly outcome: Outcome;
}

export interface DecisionOptions {
  /** Wall clock, ms since 1970. */
  readonly now: number;
  readonly table: FunctionTable;
  /** The private identity of a public one where none is shown. */
  readonly impiOf: (impu: string) => string;
}

/** The record when its binding is gone. */
export function leftRecord(record: LocationRecord, now: number): LocationContent {
  const { version: _version, change: _change, ...content } = record;
  return { ...content, state: "left", leftAt: now, doubtful: false, ambiguous: false, others: [] };
}

/** False for one that has left. */
export function isLive(record: LocationRecord): boolean {
  return record.state === "registered";
}

/** By the UE's REGISTER where both show it with one Call-ID, else the message is newer: it came later. */
export function ageOf(
  record: LocationRecord | null,
  message: ThirdPartyRegister,
): "newer" | "same" | "older" {
  if (record === null || record.order === null || message.order === null) return "newer";
  if (record.order.callId !== message.order.callId) return "newer";
  if (message.order.sequence > record.order.sequence) return "newer";
  return message.order.sequence === record.order.sequence ? "same" : "older";
}

/** Collects one change for each record; what is written last counts. */
export class Changes {
  readonly #changes = new Map<string, RecordChange>();
  readonly outcomes = new Set<Outcome>();

  write(record: LocationContent, old: LocationRecord | null): void {
    const key = JSON.stringify([record.impu, record.contact]);
    this.#changes.set(key, { record, expect: old === null ? "absent" : old.version });
  }

  decision(): Decision {
    const outcome = outcomesByWeight.find((candidate) => this.outcomes.has(candidate)) ?? "nothing known";
    return { changes: [...this.#changes.values()], outcome };
  }
}

/** The first that happened stands for the message. */
const outcomesByWeight: readonly Outcome[] = [
  "S-CSCF changed",
  "P-CSCF changed",
  "registered",
  "refreshed",
  "removed",
  "doubtful",
  "duplicate",
  "late",
  "from another S-CSCF",
  "nothing known",
];
