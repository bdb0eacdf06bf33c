// A location record as a row: what is searched for or changes often in columns, the rest as JSON.
import type { LocationContent, LocationRecord } from "../record.ts";

/** A row as it is read. */
export interface RecordRow {
  readonly impu: string;
  readonly contact: string | null;
  readonly p_cscf: number | null;
  readonly s_cscf: number;
  readonly state: string;
  readonly registered_at: number;
  readonly refreshed_at: number;
  readonly expires_at: number;
  readonly call_id: string | null;
  readonly sequence: number | null;
  readonly detail: string;
  readonly change: number;
}

/** The columns of `RecordRow`. */
export const recordColumns =
  "impu, contact, p_cscf, s_cscf, state, registered_at, refreshed_at, expires_at, call_id, sequence, detail, change";

type Detail = Pick<
  LocationContent,
  | "implicitSet"
  | "impi"
  | "instance"
  | "regId"
  | "path"
  | "visitedNetwork"
  | "doubtful"
  | "ambiguous"
  | "others"
  | "leftAt"
>;

/** The JSON of a record; the same text for the same content, by which a pure refresh is known. */
export function detailOf(record: LocationContent): string {
  const { implicitSet, impi, instance, regId, path, visitedNetwork } = record;
  const { doubtful, ambiguous, others, leftAt } = record;
  const detail: Detail = {
    implicitSet,
    impi,
    instance,
    ...(regId === undefined ? {} : { regId }),
    path,
    visitedNetwork,
    doubtful,
    ambiguous,
    others: others.map(({ pCscf, expiresAt, returns }) => ({ pCscf, expiresAt, returns })),
    leftAt,
  };
  return JSON.stringify(detail);
}

/** The record of a row; `nameOf` gives the names of functions. Throws when the row was not written by us. */
export function recordOf(row: RecordRow, nameOf: (id: number) => string): LocationRecord {
  const detail: Detail = JSON.parse(row.detail);
  const { state } = row;
  if (state !== "registered" && state !== "left")
    throw new Error(`record of ${row.impu}: state ${state} is none of registered, left`);
  return {
    impu: row.impu,
    contact: row.contact,
    ...detail,
    pCscf: row.p_cscf === null ? null : nameOf(row.p_cscf),
    sCscf: nameOf(row.s_cscf),
    state,
    registeredAt: row.registered_at,
    refreshedAt: row.refreshed_at,
    expiresAt: row.expires_at,
    order: row.call_id === null ? null : { callId: row.call_id, sequence: row.sequence ?? 0 },
    version: row.change,
    change: row.change,
  };
}
