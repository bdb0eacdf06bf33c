// The home network's zone in the lab: entry point, application server, CFS and every element's address.

import type { ZoneRecord } from "./authoritative-dns.ts";
import { elementsOf, homeDomain, type Topology } from "./topology.ts";

const ttl = 30;

/** NAPTR and SRV records for a name whose servers these are (RFC 3263 4). */
function sipServers(name: string, servers: readonly { fqdn: string; port: number }[]): ZoneRecord[] {
  const service = (order: number, tag: string, transport: string): ZoneRecord => ({
    name,
    type: "NAPTR",
    ttl,
    data: {
      order,
      preference: 50,
      flags: "s",
      services: tag,
      regexp: "",
      replacement: `_sip.${transport}.${name}`,
    },
  });
  return [
    service(10, "SIP+D2U", "_udp"),
    service(20, "SIP+D2T", "_tcp"),
    ...["_udp", "_tcp"].flatMap((transport) =>
      servers.map(
        ({ fqdn, port }): ZoneRecord => ({
          name: `_sip.${transport}.${name}`,
          type: "SRV",
          ttl,
          data: { priority: 10, weight: 10, port, target: fqdn },
        }),
      ),
    ),
  ];
}

export function createZone(topology: Topology): ZoneRecord[] {
  const { iCscfs, cfd, cfs } = topology;
  const server = (element: { fqdn: string; address: { port: number } }) => ({
    fqdn: element.fqdn,
    port: element.address.port,
  });
  return [
    ...elementsOf(topology).map(
      ({ fqdn, address }): ZoneRecord => ({
        name: fqdn,
        type: address.host.includes(":") ? "AAAA" : "A",
        ttl,
        data: address.host,
      }),
    ),
    ...sipServers(homeDomain, iCscfs.map(server)),
    ...sipServers(cfd.fqdn, [server(cfd)]),
    ...sipServers(cfs.fqdn, [server(cfs)]),
  ];
}
