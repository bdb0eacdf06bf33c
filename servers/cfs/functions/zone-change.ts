// From an order and what the zone says to the one UPDATE that carries it out, all or nothing, and only if the zone is
// still as it was read. Pure. RFC 2136 2.4, 2.5; RFC 2782; RFC 3263 4.1.
import { readAddress } from "@liquid-ims/dns/ip";
import { plainName } from "@liquid-ims/dns/name";
import type { RecordData } from "@liquid-ims/dns/rdata";
import { type Change, type Prerequisite, recordKey } from "@liquid-ims/dns/update";
import type { ZoneUpdate } from "@liquid-ims/dns/updater";
import type { FunctionRequest, FunctionTransport } from "@liquid-ims/reference-points/os-cfs-functions";
import { completed } from "./function-request.ts";
import { functionTransports, type RecordSet, type ZoneView } from "./zone-view.ts";

export type ZoneChange =
  /** The zone is as it was ordered; `ttl`: longest life of what was there of it, or may have been, in seconds. */
  | { readonly kind: "nothing"; readonly ttl: number }
  | {
      readonly kind: "change";
      readonly update: ZoneUpdate & { readonly prerequisites: readonly Prerequisite[] };
      /** Longest life in a resolver of what goes, in seconds. */
      readonly ttl: number;
    }
  /** The order cannot be carried out; nothing may be changed. */
  | {
      readonly kind: "impossible";
      readonly why: "name in use" | "last of its kind";
      readonly detail: string;
    };

export interface ChangeOptions {
  /** Seconds, of sets that are not there yet. */
  readonly ttl: number;
}

/** UDP is preferred where a UE or a P-CSCF has the choice, as by RFC 3261 18. */
const naptrServices = { udp: ["SIP+D2U", 10], tcp: ["SIP+D2T", 20] } as const;

function targetOf(record: RecordData): string | null {
  return record.type === "SRV" ? plainName(record.data.target) : null;
}

/** The SRV records of a set that lead to this host. */
function leadingTo(set: RecordSet, name: string): readonly RecordData[] {
  return set.records.filter((record) => targetOf(record) === plainName(name));
}

/** True when the set leads to another host; a target of "." is none (RFC 2782). */
function leadsElsewhere(set: RecordSet, name: string): boolean {
  return set.records.some((record) => ![null, "", plainName(name)].includes(targetOf(record)));
}

function isSame(a: readonly RecordData[], b: readonly RecordData[]): boolean {
  const keys = new Set(a.map(recordKey));
  const others = new Set(b.map(recordKey));
  return keys.size === others.size && [...keys].every((key) => others.has(key));
}

/** Holds as long as the set is what was read. */
function unchanged({ name, type, records }: RecordSet): Prerequisite {
  return records.length === 0 ? { kind: "rrset-not-there", name, type } : { kind: "rrset-is", name, records };
}

/** What makes the set so; what stays is not touched. */
function changesTo(set: RecordSet, wanted: readonly RecordData[], ttl: number): Change[] {
  const { name, records } = set;
  const wantedKeys = new Set(wanted.map(recordKey));
  const present = new Set(records.map(recordKey));
  return [
    ...records
      .filter((record) => !wantedKeys.has(recordKey(record)))
      .map((record): Change => ({ kind: "delete-record", name, record })),
    // One set has one TTL (RFC 2181 5.2): a new record takes that of the set.
    ...wanted
      .filter((record) => !present.has(recordKey(record)))
      .map((record): Change => ({ kind: "add", name, ttl: set.ttl ?? ttl, record })),
  ];
}

function longestTtl(sets: readonly RecordSet[]): number {
  return Math.max(0, ...sets.map(({ ttl }) => ttl ?? 0));
}

/** The set of SRV records with this function as it was ordered, and everybody else as he was. */
function wantedSrv(view: ZoneView, request: FunctionRequest, transport: FunctionTransport): RecordData[] {
  const set = view.service.srv[transport];
  const { transports, port, priority, weight } = completed(request);
  const own: RecordData = { type: "SRV", data: { priority, weight, port, target: view.name } };
  const others = set.records.filter((record) => targetOf(record) !== plainName(view.name));
  // "There is no such service" cannot stand beside a server of it (RFC 2782).
  const servers = others.filter((record) => targetOf(record) !== "");
  return transports.includes(transport) ? [...servers, own] : others;
}

function wantedAddresses(request: FunctionRequest, type: "A" | "AAAA"): RecordData[] {
  return request.addresses
    .filter((address) => readAddress(address)?.type === type)
    .map((data): RecordData => ({ type, data }));
}

function hasNaptr(set: RecordSet, service: string): boolean {
  return set.records.some(
    (record) => record.type === "NAPTR" && record.data.service.toUpperCase() === service,
  );
}

/** Those of the sets that have no other record than this function's. */
function onlyIts(sets: readonly RecordSet[], name: string): readonly RecordSet[] {
  return sets.filter((set) => set.records.length > 0 && leadingTo(set, name).length === set.records.length);
}

/** Without the NAPTR records that lead to sets which will be empty. */
function keptNaptr(naptr: RecordSet, emptied: readonly RecordSet[]): readonly RecordData[] {
  const names = new Set(emptied.map((set) => plainName(set.name)));
  return naptr.records.filter(
    (record) => record.type !== "NAPTR" || !names.has(plainName(record.data.replacement)),
  );
}

/** With those of the ordered transports that nobody has given yet: how I-CSCFs are found (RFC 3263 4.1). */
function wantedNaptr(view: ZoneView, request: FunctionRequest): readonly RecordData[] {
  const { naptr, srv } = view.service;
  const { transports } = completed(request);
  const left = functionTransports.filter((one) => !transports.includes(one)).map((one) => srv[one]);
  const kept = keptNaptr(naptr, onlyIts(left, view.name));
  // A CFD is looked up by the SRV records of its URI's host; NAPTRs that are there stay.
  if (view.kind === "CFD") return kept;
  const missing = transports.filter((transport) => !hasNaptr(naptr, naptrServices[transport][0]));
  return [
    ...kept,
    ...missing.map((transport): RecordData => {
      const [service, order] = naptrServices[transport];
      const replacement = srv[transport].name;
      return {
        type: "NAPTR",
        data: { order, preference: 50, flags: "s", service, regexp: "", replacement },
      };
    }),
  ];
}

function shown(sets: readonly RecordSet[]): string {
  return sets
    .flatMap(({ records }) => records)
    .map((record) => `${record.type} ${typeof record.data === "string" ? record.data : ""}`)
    .join(", ");
}

/** What has to be changed so that this function is found as it was ordered. */
export function changeToAdd(view: ZoneView, request: FunctionRequest, options: ChangeOptions): ZoneChange {
  const { name, kind, addresses } = view;
  const { naptr, srv } = view.service;
  const isFound = functionTransports.some((transport) => leadingTo(srv[transport], name).length > 0);
  const present = [addresses.A, addresses.AAAA].filter(({ records }) => records.length > 0);
  const isForeign = present.some((set) => {
    const type = set.type === "AAAA" ? "AAAA" : "A";
    return !isSame(set.records, wantedAddresses(request, type));
  });
  if (!isFound && isForeign) {
    const detail = `${name} has ${shown(present)} and is no ${kind} of ${srv.udp.name} yet`;
    return { kind: "impossible", why: "name in use", detail };
  }
  const wanted: readonly (readonly [RecordSet, readonly RecordData[]])[] = [
    [naptr, wantedNaptr(view, request)],
    ...functionTransports.map((one) => [srv[one], wantedSrv(view, request, one)] as const),
    [addresses.A, wantedAddresses(request, "A")],
    [addresses.AAAA, wantedAddresses(request, "AAAA")],
  ];
  const changes = wanted.flatMap(([set, records]) => changesTo(set, records, options.ttl));
  if (changes.length === 0) return { kind: "nothing", ttl: 0 };
  // An alias that has come to the name meanwhile would swallow the addresses without a word (RFC 2136 3.4.2.2).
  const free: Prerequisite = view.nameInUse
    ? { kind: "rrset-not-there", name, type: "CNAME" }
    : { kind: "name-not-in-use", name };
  const read = view.nameInUse ? [addresses.A, addresses.AAAA] : [];
  const prerequisites = [free, ...[srv.udp, srv.tcp, naptr, ...read].map(unchanged)];
  return { kind: "change", update: { prerequisites, changes }, ttl: 0 };
}

/** What has to be changed so that nobody finds this function any more. */
export function changeToRemove(
  view: ZoneView,
  { force }: { readonly force: boolean },
  options: ChangeOptions,
): ZoneChange {
  const { name, kind, addresses, other } = view;
  const { naptr, srv } = view.service;
  const sets = functionTransports.map((transport) => srv[transport]);
  const holding = sets.filter((set) => leadingTo(set, name).length > 0);
  // Its addresses alone are no sign that it was one: then the host is another one's.
  if (holding.length === 0)
    return { kind: "nothing", ttl: Math.max(options.ttl, longestTtl([...sets, naptr])) };
  const emptied = onlyIts(sets, name);
  // Who looks for an I-CSCF learns by NAPTR which transports are left. An S-CSCF asks for that of a CFD's URI alone.
  const isLast = !sets.some((set) => leadsElsewhere(set, name)) || (kind === "CFD" && emptied.length > 0);
  if (!force && isLast) {
    const of = emptied.length === 1 ? emptied : [srv.udp, srv.tcp];
    const detail = `${name} is the only ${kind} of ${of.map((set) => set.name).join(" and ")}`;
    return { kind: "impossible", why: "last of its kind", detail };
  }
  const isShared = other.some((set) => leadingTo(set, name).length > 0);
  const own = isShared ? [] : [addresses.A, addresses.AAAA];
  const changes = [
    ...holding.flatMap((set) =>
      leadingTo(set, name).map((record): Change => ({ kind: "delete-record", name: set.name, record })),
    ),
    ...changesTo(naptr, keptNaptr(naptr, emptied), options.ttl),
    ...own.flatMap((set) => changesTo(set, [], options.ttl)),
  ];
  // What the decision hangs on: who else there is, and whether the other kind needs the addresses.
  const prerequisites = [...sets, naptr, ...other, ...own].map(unchanged);
  return {
    kind: "change",
    update: { prerequisites, changes },
    ttl: longestTtl([...holding, naptr, ...own]),
  };
}
