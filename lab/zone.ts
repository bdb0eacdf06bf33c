// The home network's zone in the lab: entry point, application server, CFS and every element's address.

import type { ZoneRecord } from "./authoritative-dns.ts";
import { type Element, elementsOf, homeDomain, type Topology } from "./topology.ts";

export interface ZoneOptions {
  /** Of every record, in whole seconds. Default 30. */
  readonly ttl?: number;
  /** Weight of each SRV record. Default 10. */
  readonly weight?: number;
}

interface Service {
  readonly ttl: number;
  readonly weight: number;
}

/** NAPTR and SRV records for a name whose servers these are (RFC 3263 4). */
function sipServers(
  name: string,
  servers: readonly { fqdn: string; port: number }[],
  { ttl, weight }: Service,
): ZoneRecord[] {
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
          data: { priority: 10, weight, port, target: fqdn },
        }),
      ),
    ),
  ];
}

/** What is started later has no record. */
export function createZone(topology: Topology, { ttl = 30, weight = 10 }: ZoneOptions = {}): ZoneRecord[] {
  const { iCscfs, cfds, cfdService, cfs, later } = topology;
  const isThere = (element: Element) => element !== later;
  const service = { ttl, weight };
  const server = (element: { fqdn: string; address: { port: number } }) => ({
    fqdn: element.fqdn,
    port: element.address.port,
  });
  return [
    ...elementsOf(topology)
      .filter(isThere)
      .map(
        ({ fqdn, address }): ZoneRecord => ({
          name: fqdn,
          type: address.host.includes(":") ? "AAAA" : "A",
          ttl,
          data: address.host,
        }),
      ),
    ...sipServers(homeDomain, iCscfs.filter(isThere).map(server), service),
    ...sipServers(cfdService, cfds.filter(isThere).map(server), service),
    ...sipServers(cfs.fqdn, [server(cfs)], service),
  ];
}
