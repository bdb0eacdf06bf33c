// UPDATE messages: prerequisites and changes of one zone. RFC 2136 2, 3.1.2, 3.2.1 to 3.2.4, 3.4.1.
import { encodeHex } from "@liquid-ims/runtime/text";
import { isInZone, plainName } from "./name.ts";
import {
  decodeRdata,
  encodeRdata,
  type RecordData,
  type TypeName,
  typeName,
  typeNumber,
  typeNumbers,
} from "./rdata.ts";
import type { ResponseCode } from "./update-codes.ts";
import { encodeMessage, opcodeOf, type RawMessage, type RawRecord } from "./wire.ts";

/** What must hold for the changes to be made. RFC 2136 2.4.1 to 2.4.5. */
export type Prerequisite =
  | { readonly kind: "name-in-use" | "name-not-in-use"; readonly name: string }
  | { readonly kind: "rrset-exists" | "rrset-not-there"; readonly name: string; readonly type: TypeName }
  /** The name has these records of this type and no others of it; TTLs do not count. */
  | { readonly kind: "rrset-is"; readonly name: string; readonly records: readonly RecordData[] };

/** RFC 2136 2.5.1 to 2.5.4. */
export type Change =
  /** TTL in seconds. */
  | { readonly kind: "add"; readonly name: string; readonly ttl: number; readonly record: RecordData }
  | { readonly kind: "delete-rrset"; readonly name: string; readonly type: TypeName }
  | { readonly kind: "delete-name"; readonly name: string }
  | { readonly kind: "delete-record"; readonly name: string; readonly record: RecordData };

export interface Update {
  /** Apex of the zone. */
  readonly zone: string;
  readonly prerequisites: readonly Prerequisite[];
  readonly changes: readonly Change[];
}

export const updateOpcode = 5;
export const classNumbers = { IN: 1, NONE: 254, ANY: 255 } as const;
const longestTtl = 0x7fff_ffff;
const noData = new Uint8Array(0);

function raw(name: string, type: number, ofClass: number, data: Uint8Array = noData, ttl = 0): RawRecord {
  return { name, type, class: ofClass, ttl, data };
}

function rawData(name: string, ofClass: number, record: RecordData, ttl = 0): RawRecord {
  return raw(name, typeNumber(record.type), ofClass, encodeRdata(record), ttl);
}

function encodePrerequisite(prerequisite: Prerequisite): RawRecord[] {
  const { kind, name } = prerequisite;
  switch (kind) {
    case "name-in-use":
      return [raw(name, typeNumbers.ANY, classNumbers.ANY)];
    case "name-not-in-use":
      return [raw(name, typeNumbers.ANY, classNumbers.NONE)];
    case "rrset-exists":
      return [raw(name, typeNumber(prerequisite.type), classNumbers.ANY)];
    case "rrset-not-there":
      return [raw(name, typeNumber(prerequisite.type), classNumbers.NONE)];
    case "rrset-is":
      return prerequisite.records.map((record) => rawData(name, classNumbers.IN, record));
  }
}

function encodeChange(change: Change): RawRecord {
  const { kind, name } = change;
  switch (kind) {
    case "add": {
      const ttl = Math.min(Math.max(Math.floor(change.ttl), 0), longestTtl);
      return rawData(name, classNumbers.IN, change.record, ttl);
    }
    case "delete-rrset":
      return raw(name, typeNumber(change.type), classNumbers.ANY);
    case "delete-name":
      return raw(name, typeNumbers.ANY, classNumbers.ANY);
    case "delete-record":
      return rawData(name, classNumbers.NONE, change.record);
  }
}

/** The message without a signature. Throws DnsDataError for names and values that cannot be sent. */
export function encodeUpdate(id: number, update: Update): Uint8Array {
  return encodeMessage({
    id,
    flags: updateOpcode << 11,
    questions: [{ name: update.zone, type: typeNumbers.SOA, class: classNumbers.IN }],
    answers: update.prerequisites.flatMap(encodePrerequisite),
    authorities: update.changes.map(encodeChange),
    additionals: [],
  });
}

export type DecodedUpdate =
  | { readonly ok: true; readonly update: Update }
  /** `zone`: as far as it could be read. */
  | {
      readonly ok: false;
      readonly code: ResponseCode;
      readonly zone: string | null;
      readonly detail: string;
    };

/** Types that are no data: ANY, MAILA, MAILB, AXFR, IXFR, TSIG, TKEY and OPT (RFC 6895 3.1). */
function isMetaType(type: number): boolean {
  return type === 41 || (type >= 128 && type <= 255);
}

interface Refusal {
  readonly code: ResponseCode;
  readonly detail: string;
}

function formatError({ name, type }: RawRecord, what: string): Refusal {
  return { code: "FORMERR", detail: `${name} ${typeName(type)}: ${what}` };
}

/** Value of a record that has to have one. */
function dataOf({ type, data }: RawRecord): RecordData | null {
  const value = typeName(type).startsWith("TYPE") || data.length > 0;
  return value && !isMetaType(type) ? decodeRdata(type, data) : null;
}

/** RFC 2136 3.2.4. */
function decodePrerequisite(record: RawRecord): Prerequisite | Refusal {
  const { name, type } = record;
  if (record.ttl !== 0) return formatError(record, "a prerequisite with a TTL");
  if (record.class === classNumbers.IN) {
    const data = dataOf(record);
    return data === null
      ? formatError(record, "a prerequisite without data")
      : { kind: "rrset-is", name, records: [data] };
  }
  const inUse = record.class === classNumbers.ANY;
  if (!inUse && record.class !== classNumbers.NONE)
    return formatError(record, `a prerequisite of class ${record.class}`);
  if (record.data.length > 0) return formatError(record, "a prerequisite of its class has no data");
  if (type === typeNumbers.ANY) return { kind: inUse ? "name-in-use" : "name-not-in-use", name };
  return { kind: inUse ? "rrset-exists" : "rrset-not-there", name, type: typeName(type) };
}

/** RFC 2136 3.4.1. */
function decodeChange(record: RawRecord): Change | Refusal {
  const { name, type } = record;
  if (record.class === classNumbers.IN) {
    const data = dataOf(record);
    return data === null
      ? formatError(record, "an addition without data, or of a type that has none")
      : { kind: "add", name, ttl: record.ttl, record: data };
  }
  if (record.ttl !== 0) return formatError(record, "a deletion with a TTL");
  if (record.class === classNumbers.NONE) {
    const data = dataOf(record);
    return data === null
      ? formatError(record, "a deletion of one record without its data")
      : { kind: "delete-record", name, record: data };
  }
  if (record.class !== classNumbers.ANY) return formatError(record, `a change of class ${record.class}`);
  if (record.data.length > 0) return formatError(record, "a deletion of its class has no data");
  if (type === typeNumbers.ANY) return { kind: "delete-name", name };
  if (isMetaType(type)) return formatError(record, "a deletion of a type that has no records");
  return { kind: "delete-rrset", name, type: typeName(type) };
}

/** Records of the same name and type are one set (RFC 2136 2.4.2). */
function joinSets(prerequisites: readonly Prerequisite[]): Prerequisite[] {
  const joined: Prerequisite[] = [];
  for (const one of prerequisites) {
    const at = joined.findIndex(
      (other) =>
        one.kind === "rrset-is" &&
        other.kind === "rrset-is" &&
        plainName(one.name) === plainName(other.name) &&
        one.records[0]?.type === other.records[0]?.type,
    );
    const other = joined[at];
    if (one.kind === "rrset-is" && other?.kind === "rrset-is")
      joined[at] = { ...other, records: [...other.records, ...one.records] };
    else joined.push(one);
  }
  return joined;
}

/** Reads a request; what is wrong with it is the code it has to be answered with. */
export function decodeUpdate(message: RawMessage): DecodedUpdate {
  const [zone, ...others] = message.questions;
  const refuse = ({ code, detail }: Refusal): DecodedUpdate => ({
    ok: false,
    code,
    zone: zone?.name ?? null,
    detail,
  });
  if (opcodeOf(message.flags) !== updateOpcode)
    return refuse({ code: "NOTIMP", detail: `opcode ${opcodeOf(message.flags)} is not UPDATE` });
  if (zone === undefined || others.length > 0 || zone.type !== typeNumbers.SOA)
    return refuse({ code: "FORMERR", detail: "the zone section must be one SOA" });
  if (zone.class === classNumbers.ANY || zone.class === classNumbers.NONE)
    return refuse({ code: "FORMERR", detail: `a zone of class ${zone.class}` });
  if (zone.class !== classNumbers.IN)
    return refuse({ code: "NOTAUTH", detail: `a zone of class ${zone.class}, here are those of IN` });
  const outside = [...message.answers, ...message.authorities].find(({ name }) => !isInZone(name, zone.name));
  if (outside !== undefined)
    return refuse({ code: "NOTZONE", detail: `${outside.name} is outside of ${zone.name}` });
  const prerequisites: Prerequisite[] = [];
  for (const record of message.answers) {
    const prerequisite = decodePrerequisite(record);
    if ("code" in prerequisite) return refuse(prerequisite);
    prerequisites.push(prerequisite);
  }
  const changes: Change[] = [];
  for (const record of message.authorities) {
    const change = decodeChange(record);
    if ("code" in change) return refuse(change);
    changes.push(change);
  }
  return { ok: true, update: { zone: zone.name, prerequisites: joinSets(prerequisites), changes } };
}

/** Equal for records of the same type and value; names in values compare without case (RFC 2136 1.1.1). */
export function recordKey(record: RecordData): string {
  const { type, data } = record;
  if (type === "CNAME" || type === "NS")
    return `${type} ${encodeHex(encodeRdata({ type, data: plainName(data) }))}`;
  if (type === "SRV")
    return `SRV ${encodeHex(encodeRdata({ type, data: { ...data, target: plainName(data.target) } }))}`;
  if (type === "NAPTR")
    return `NAPTR ${encodeHex(encodeRdata({ type, data: { ...data, replacement: plainName(data.replacement) } }))}`;
  return `${type} ${encodeHex(encodeRdata(record))}`;
}
