// What the zone says of one function: its service's entry points, and its own addresses. RFC 3263 4.1, 4.2; RFC 2782.
import type { Authority, SetReading } from "@liquid-ims/dns/authority";
import type { RecordData, TypeName } from "@liquid-ims/dns/rdata";
import type { DnsFunctionKind, FunctionTransport } from "@liquid-ims/reference-points/os-cfs-functions";

/** Names under which functions of each kind are looked up. */
export type ServiceNames = Readonly<Record<DnsFunctionKind, string>>;

/** The records of one name and type. */
export interface RecordSet {
  readonly name: string;
  readonly type: TypeName;
  /** Seconds; null when there are none. */
  readonly ttl: number | null;
  readonly records: readonly RecordData[];
}

export const functionTransports: readonly FunctionTransport[] = ["udp", "tcp"];

export interface ServiceView {
  readonly naptr: RecordSet;
  readonly srv: Readonly<Record<FunctionTransport, RecordSet>>;
}

export interface ZoneView {
  /** Host name of the function. */
  readonly name: string;
  readonly kind: DnsFunctionKind;
  readonly service: ServiceView;
  /** SRV records of the other kind, which may have the same host as a target. */
  readonly other: readonly RecordSet[];
  readonly addresses: Readonly<Record<"A" | "AAAA", RecordSet>>;
  /** The name has records of some type, or names below it. */
  readonly nameInUse: boolean;
  /** The SOA record while all of this was read, in hexadecimal: another one says that the zone was changed. Null: unknown. */
  readonly version: string | null;
}

export type ZoneReading =
  | { readonly kind: "read"; readonly view: ZoneView }
  /** A name that has to have records of its own is another one's alias. */
  | { readonly kind: "alias"; readonly name: string; readonly target: string }
  | { readonly kind: "failed"; readonly code: string | null; readonly detail: string };

export function srvName(service: string, transport: FunctionTransport): string {
  return `_sip._${transport}.${service}`;
}

interface Asked {
  readonly name: string;
  readonly type: TypeName;
  readonly reading: SetReading;
}

function setOf({ name, type, reading }: Asked): RecordSet {
  return reading.kind === "found"
    ? { name, type, ttl: reading.ttl, records: reading.records }
    : { name, type, ttl: null, records: [] };
}

function versionOf(soa: SetReading): string | null {
  const [record] = soa.kind === "found" ? soa.records : [];
  return record?.type === "SOA" ? record.data : null;
}

/** Reads everything that an order for this function depends on. */
export async function readZone(
  authority: Authority,
  { zone, services }: { readonly zone: string; readonly services: ServiceNames },
  { name, kind }: { readonly name: string; readonly kind: DnsFunctionKind },
): Promise<ZoneReading> {
  const before = await authority.read(zone, "SOA");
  if (before.kind === "failed") return before;
  const service = services[kind];
  const otherService = services[kind === "CFD" ? "I-CSCF" : "CFD"];
  const ask = async (asked: string, type: TypeName): Promise<Asked> => ({
    name: asked,
    type,
    reading: await authority.read(asked, type),
  });
  const [naptr, udp, tcp, otherUdp, otherTcp, a, aaaa] = await Promise.all([
    ask(service, "NAPTR"),
    ask(srvName(service, "udp"), "SRV"),
    ask(srvName(service, "tcp"), "SRV"),
    ask(srvName(otherService, "udp"), "SRV"),
    ask(srvName(otherService, "tcp"), "SRV"),
    ask(name, "A"),
    ask(name, "AAAA"),
  ]);
  for (const { name: asked, reading } of [naptr, udp, tcp, otherUdp, otherTcp, a, aaaa]) {
    if (reading.kind === "failed") return reading;
    if (reading.kind === "alias") return { kind: "alias", name: asked, target: reading.target };
  }
  const version = versionOf(before);
  const isSame = version !== null && version === versionOf(await authority.read(zone, "SOA"));
  const hasRecords = [a, aaaa].some(({ reading }) => reading.kind !== "none" || reading.nameInUse);
  return {
    kind: "read",
    view: {
      name,
      kind,
      service: { naptr: setOf(naptr), srv: { udp: setOf(udp), tcp: setOf(tcp) } },
      other: [setOf(otherUdp), setOf(otherTcp)],
      addresses: { A: setOf(a), AAAA: setOf(aaaa) },
      nameInUse: hasRecords,
      version: isSame ? version : null,
    },
  };
}
