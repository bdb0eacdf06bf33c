// The records of a zone: what prerequisites find in them, and what changes make of them. RFC 2136 3.2, 3.4.2.
import { plainName } from "@liquid-ims/dns/name";
import type { RecordData, TypeName } from "@liquid-ims/dns/rdata";
import { type Change, type Prerequisite, recordKey } from "@liquid-ims/dns/update";
import type { ResponseCode } from "@liquid-ims/dns/update-codes";

export interface ZoneEntry {
  /** Lower case, without a dot at the end. */
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  readonly record: RecordData;
}

function entriesAt(entries: readonly ZoneEntry[], name: string, type: TypeName | null): ZoneEntry[] {
  const wanted = plainName(name);
  return entries.filter((entry) => entry.name === wanted && (type === null || entry.record.type === type));
}

/** The code of the first prerequisite that does not hold; null when all do. RFC 2136 3.2.5. */
export function failedPrerequisite(
  entries: readonly ZoneEntry[],
  prerequisites: readonly Prerequisite[],
): ResponseCode | null {
  for (const prerequisite of prerequisites) {
    const { kind, name } = prerequisite;
    if (kind === "rrset-is") {
      const [first] = prerequisite.records;
      const wanted = new Set(prerequisite.records.map(recordKey));
      const there = first === undefined ? [] : entriesAt(entries, name, first.type);
      const keys = new Set(there.map(({ record }) => recordKey(record)));
      if (wanted.size !== keys.size || [...wanted].some((key) => !keys.has(key))) return "NXRRSET";
      continue;
    }
    const type = kind === "rrset-exists" || kind === "rrset-not-there" ? prerequisite.type : null;
    const exists = entriesAt(entries, name, type).length > 0;
    if (kind === "name-in-use" && !exists) return "NXDOMAIN";
    if (kind === "name-not-in-use" && exists) return "YXDOMAIN";
    if (kind === "rrset-exists" && !exists) return "NXRRSET";
    if (kind === "rrset-not-there" && exists) return "YXRRSET";
  }
  return null;
}

/** RFC 2136 3.4.2.2: an alias stands alone, so the later of two that exclude each other is passed over. */
function add(entries: readonly ZoneEntry[], change: Change & { kind: "add" }): readonly ZoneEntry[] {
  const name = plainName(change.name);
  const { record, ttl } = change;
  const here = entriesAt(entries, name, null);
  const isAlias = record.type === "CNAME";
  if (record.type === "SOA" || here.some((entry) => (entry.record.type === "CNAME") !== isAlias))
    return entries;
  const key = recordKey(record);
  const others = entries.filter(
    (entry) => entry.name !== name || (isAlias ? false : recordKey(entry.record) !== key),
  );
  // All records of a set have one TTL (RFC 2181 5.2).
  const sameTtl = others.map((entry) =>
    entry.name === name && entry.record.type === record.type ? { ...entry, ttl } : entry,
  );
  return [...sameTtl, { name, ttl, record }];
}

/** RFC 2136 3.4.2.3, 3.4.2.4: the zone keeps its SOA and one NS record whatever is asked. */
function remove(entries: readonly ZoneEntry[], change: Change, apex: string): readonly ZoneEntry[] {
  const name = plainName(change.name);
  const isKept = ({ record }: ZoneEntry) => name === apex && (record.type === "SOA" || record.type === "NS");
  if (change.kind === "delete-record") {
    const key = recordKey(change.record);
    const isLast = change.record.type === "NS" && entriesAt(entries, name, "NS").length === 1;
    if (change.record.type === "SOA" || (name === apex && isLast)) return entries;
    return entries.filter((entry) => entry.name !== name || recordKey(entry.record) !== key);
  }
  const type = change.kind === "delete-rrset" ? change.type : null;
  return entries.filter(
    (entry) => entry.name !== name || isKept(entry) || (type !== null && entry.record.type !== type),
  );
}

function keysOf(entries: readonly ZoneEntry[]): string {
  return entries
    .map(({ name, ttl, record }) => `${name} ${ttl} ${recordKey(record)}`)
    .sort()
    .join("\n");
}

/** The records after the changes, in their order; null when they are the same as before. */
export function changeEntries(
  entries: readonly ZoneEntry[],
  changes: readonly Change[],
  apex: string,
): readonly ZoneEntry[] | null {
  let changed = entries;
  for (const change of changes)
    changed = change.kind === "add" ? add(changed, change) : remove(changed, change, apex);
  return keysOf(changed) === keysOf(entries) ? null : changed;
}
