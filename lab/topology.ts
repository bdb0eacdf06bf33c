// Names and addresses of the lab. Every element has an address of its own; nothing leaves the loopback range.
import type { Address } from "@liquid-ims/runtime/network";

/** Home domain of the lab's operator. */
export const homeDomain = "open-ims.test";

/** What a function is; the first half of its name. */
export type Role = "pcscf" | "icscf" | "scscf" | "hss" | "dns" | "cfd" | "cfs";

export interface Element {
  readonly role: Role;
  /** Short name: `pcscf1`. */
  readonly name: string;
  /** Full host name: `pcscf1.open-ims.test`. */
  readonly fqdn: string;
  readonly address: Address;
  /** The element's SIP URI as it stands in Path, Route and third-party registrations. */
  readonly uri: string;
}

function element(role: Role, name: string, host: string, port: number): Element {
  const fqdn = `${name}.${homeDomain}`;
  return { role, name, fqdn, address: { host, port }, uri: `sip:${fqdn}:${port}` };
}

function numbered(role: Role, count: number, at: (number: number) => Address): Element[] {
  return Array.from({ length: count }, (_, index) => {
    const { host, port } = at(index + 1);
    return element(role, `${role}${index + 1}`, host, port);
  });
}

export interface Topology {
  readonly pCscfs: readonly Element[];
  readonly iCscfs: readonly Element[];
  readonly sCscfs: readonly Element[];
  readonly hss: Element;
  readonly dns: Element;
  /** The first CFD. */
  readonly cfd: Element;
  readonly cfds: readonly Element[];
  /** The name whose SRV records are the CFDs: the host of the application server's URI, which has no port. */
  readonly cfdService: string;
  readonly cfs: Element;
  /** The one that is not started with the others, nor in the zone: an experiment starts it and the CFS adds it; else null. */
  readonly later: Element | null;
  /** Where the CFS offers os-cfs over HTTP. */
  readonly osCfs: Address;
  /** Where the UE with that number (from 1) listens. */
  ue(number: number): Address;
}

/** What there is a second one of, for an experiment that adds it. */
export type SecondFunction = "I-CSCF" | "CFD";

export interface TopologyOptions {
  /** Default 5353, which needs no privilege. Who reads resolv.conf asks at 53. */
  readonly dnsPort?: number;
  /** Started later. Default: nothing. */
  readonly second?: SecondFunction | null;
}

/** The seed's test-bed: three P-CSCFs, three S-CSCFs, one I-CSCF and what Liquid IMS adds. */
export function createTopology({ dnsPort = 5353, second = null }: TopologyOptions = {}): Topology {
  const cfs = element("cfs", "cfs", "127.0.2.21", 7090);
  const iCscfs = numbered("icscf", second === "I-CSCF" ? 2 : 1, (number) => ({
    host: `127.0.1.${9 + number}`,
    port: 5060,
  }));
  const cfdAt = (number: number) => ({ host: `127.0.2.${10 + number}`, port: 7080 });
  const only = element("cfd", "cfd", cfdAt(1).host, cfdAt(1).port);
  // The only one has the name of the service, too.
  const cfds = second === "CFD" ? numbered("cfd", 2, cfdAt) : [only];
  const later = { "I-CSCF": iCscfs[1], CFD: cfds[1] };
  return {
    pCscfs: numbered("pcscf", 3, (number) => ({ host: `127.0.1.${number}`, port: 4060 })),
    iCscfs,
    sCscfs: numbered("scscf", 3, (number) => ({ host: `127.0.1.${20 + number}`, port: 6060 })),
    hss: element("hss", "hss", "127.0.1.30", 3868),
    dns: element("dns", "ns", "127.0.1.53", dnsPort),
    cfd: elementAt(cfds, 0),
    cfds,
    cfdService: only.fqdn,
    cfs,
    later: second === null ? null : (later[second] ?? null),
    osCfs: { host: cfs.address.host, port: 7080 },
    ue: (number) => ({ host: `127.0.${3 + Math.floor(number / 250)}.${(number % 250) + 1}`, port: 5060 }),
  };
}

/** The element with that index; throws where the topology has none. */
export function elementAt(elements: readonly Element[], index: number): Element {
  const found = elements[index];
  if (found === undefined) throw new Error(`the topology has no element ${index + 1} of this role`);
  return found;
}

/** Every element of the topology, in a fixed order. */
export function elementsOf(topology: Topology): Element[] {
  const { pCscfs, iCscfs, sCscfs, hss, dns, cfds, cfs } = topology;
  return [...pCscfs, ...iCscfs, ...sCscfs, hss, dns, ...cfds, cfs];
}
