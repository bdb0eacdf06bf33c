// Whether the location record says what a hello says: then, and only then, the hello is believed. cfs-ue 6.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { FunctionName, LocationRecord } from "@liquid-ims/location-service/record";
import { equalSipUris, parseSipUri } from "@liquid-ims/sip/uri";
import { isSameIdentity } from "./identity.ts";

/** What a SUBSCRIBE and its hello claim, before anything is verified. */
export interface HelloClaim {
  readonly asserted: readonly string[];
  readonly identity: string;
  readonly instance: string | null;
  /** Of the SUBSCRIBE. */
  readonly contact: string;
  /** Of the Record-Route entry nearest to the UE. */
  readonly pCscf: FunctionName;
}

export type Agreement =
  | { readonly agrees: true; readonly record: LocationRecord }
  | {
      readonly agrees: false;
      /** What disagreed, with both values: for the log. */
      readonly detail: string;
    };

/** Equal by RFC 3261 19.1.4, or byte for byte where one is no SIP URI. */
export function isSameContact(a: string, b: string): boolean {
  if (a === b) return true;
  const first = parseSipUri(a);
  const second = parseSipUri(b);
  return first !== null && second !== null && equalSipUris(first, second);
}

function instanceKey(instance: string): string {
  return instance.replace(/^"?<?/, "").replace(/>?"?$/, "").toLowerCase();
}

/** Null: it agrees. */
function disagreement(claim: HelloClaim, record: LocationRecord, table: FunctionTable): string | null {
  const inSet = (identity: string) => record.implicitSet.some((own) => isSameIdentity(own, identity));
  if (record.state !== "registered") return `record of ${record.impu} has left`;
  if (!claim.asserted.some(inSet))
    return `asserted ${claim.asserted.join(", ")}, the record has ${record.implicitSet.join(", ")}`;
  if (!inSet(claim.identity))
    return `hello's identity ${claim.identity}, the record has ${record.implicitSet.join(", ")}`;
  if (record.contact !== null && !isSameContact(record.contact, claim.contact))
    return `Contact ${claim.contact}, the record has ${record.contact}`;
  if (record.instance !== null && instanceKey(record.instance) !== instanceKey(claim.instance ?? ""))
    return `instance ${claim.instance ?? "none"}, the record has ${record.instance}`;
  if (record.pCscf === null) return `Record-Route of ${claim.pCscf}, the record's P-CSCF is unknown`;
  if (!table.isSame(record.pCscf, claim.pCscf))
    return `Record-Route of ${claim.pCscf}, the record has ${record.pCscf}`;
  return null;
}

/** The first of the identity's records that agrees, else what disagreed in the last one. */
export function compareWithRecords(
  claim: HelloClaim,
  records: readonly LocationRecord[],
  table: FunctionTable,
): Agreement {
  let detail = `no location record of ${claim.asserted.join(", ")}`;
  for (const record of records) {
    const difference = disagreement(claim, record, table);
    if (difference === null) return { agrees: true, record };
    detail = difference;
  }
  return { agrees: false, detail };
}
