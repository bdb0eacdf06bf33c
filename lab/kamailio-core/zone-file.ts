// The lab's zone as a file for BIND. RFC 1035 5; RFC 2782; RFC 3403.
import type { ZoneRecord } from "../authoritative-dns.ts";

function dataOf(record: ZoneRecord): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.data;
    case "CNAME":
    case "NS":
      return `${record.data}.`;
    case "SRV": {
      const { priority, weight, port, target } = record.data;
      return `${priority} ${weight} ${port} ${target}.`;
    }
    case "NAPTR": {
      const { order, preference, flags, services, regexp, replacement } = record.data;
      return `${order} ${preference} "${flags}" "${services}" "${regexp}" ${replacement}.`;
    }
  }
}

/** `nameServer` is a host of the zone. */
export function formatZone(domain: string, nameServer: string, records: readonly ZoneRecord[]): string {
  const lines = records.map((record) => `${record.name}. ${record.ttl} IN ${record.type} ${dataOf(record)}`);
  return [
    "$TTL 5",
    `${domain}. IN SOA ${nameServer}. hostmaster.${domain}. 1 3600 600 86400 1`,
    `${domain}. IN NS ${nameServer}.`,
    ...lines,
    "",
  ].join("\n");
}
