// The lab's zone as it is configured, and its records as dns-packet answers with them. RFC 1035 3.3.
import { plainName } from "@liquid-ims/dns/name";
import type { Answer } from "dns-packet";
import type { ZoneEntry } from "./zone-contents.ts";

interface RecordOf<Type extends string, Data> {
  readonly name: string;
  readonly type: Type;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Data;
}

export type ZoneRecord =
  | RecordOf<"A" | "AAAA" | "CNAME" | "NS", string>
  | RecordOf<"SRV", { priority: number; weight: number; port: number; target: string }>
  | RecordOf<
      "NAPTR",
      {
        order: number;
        preference: number;
        flags: string;
        services: string;
        regexp: string;
        replacement: string;
      }
    >;

export function toEntry(zoneRecord: ZoneRecord): ZoneEntry {
  const { ttl } = zoneRecord;
  const name = plainName(zoneRecord.name);
  switch (zoneRecord.type) {
    case "NAPTR": {
      const { services, ...rest } = zoneRecord.data;
      return { name, ttl, record: { type: "NAPTR", data: { ...rest, service: services } } };
    }
    case "SRV":
      return { name, ttl, record: { type: "SRV", data: zoneRecord.data } };
    default:
      return { name, ttl, record: { type: zoneRecord.type, data: zoneRecord.data } };
  }
}

/** Null for a type that cannot be answered with here, which no update may bring in. */
export function toAnswer({ name, ttl, record }: ZoneEntry): Answer | null {
  switch (record.type) {
    case "A":
    case "AAAA":
    case "CNAME":
    case "NS":
      return { name, ttl, type: record.type, data: record.data };
    case "SRV":
      return { name, ttl, type: "SRV", data: record.data };
    case "TXT":
      return { name, ttl, type: "TXT", data: [...record.data] };
    case "NAPTR": {
      const { service, ...rest } = record.data;
      return { name, ttl, type: "NAPTR", data: { ...rest, services: service } };
    }
    default:
      return null;
  }
}
