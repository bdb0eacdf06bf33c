// Who can be moved at all, by what the records and the LCFs' dialogs with the CFS show. Pure.
import type { LocationRecord } from "@liquid-ims/location-service/record";
import type { DialogDescription } from "@liquid-ims/reference-points/cfs-ue";
import type { LcfState } from "../../cfs-ue/channel.ts";
import type { PlanReason } from "../outcome.ts";

/** A registration with all records that are about it. */
export interface Candidate {
  /** At least one; the first is the one that shows the function. */
  readonly records: readonly [LocationRecord, ...LocationRecord[]];
  readonly lcf: LcfState;
  /** What the LCF has answered to a query, where one was sent. */
  readonly dialogs?: readonly DialogDescription[];
}

/** An emergency registration has the `sos` parameter in its Contact (TS 24.229 5.1.6.2). */
function isEmergency({ contact }: LocationRecord): boolean {
  return contact !== null && /;sos(?:[;>=?\s]|$)/i.test(contact);
}

/** Null when the registration can be moved, else why not. An LCF that is away for the moment is waited for. */
export function obstacle(candidate: Candidate): PlanReason | "emergency call" | null {
  const { records, lcf, dialogs = [] } = candidate;
  if (records.some(isEmergency)) return "emergency registration";
  if (dialogs.some(({ emergency }) => emergency)) return "emergency call";
  if (records.some(({ ambiguous }) => ambiguous)) return "ambiguous record";
  if (records.some(({ doubtful }) => doubtful)) return "doubtful record";
  if (records[0].pCscf === null) return "P-CSCF unknown";
  if (!lcf.reachable && (lcf.reason === "no LCF" || lcf.reason === "several devices")) return lcf.reason;
  return null;
}
