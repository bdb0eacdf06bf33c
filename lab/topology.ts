// Names and addresses of the lab. Nothing leaves the loopback range; on IPv6, which has one loopback address, ports tell
// the elements apart.
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
  /** Where an HSS that has an interface of its own (PyHSS) offers it over HTTP. */
  readonly hssInterface: Address;
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
  /** Default IPv4. */
  readonly addressing?: Addressing;
}

/**
 * `IPv4`: 127.0.0.0/8, of which every element has an address. `IPv6`: one each of 2001:db8::/32 (RFC 3849), for the
 * virtual network. `IPv6 loopback`: ::1 for all, each with ports of its own, for a machine as it is.
 */
export type Addressing = "IPv4" | "IPv6" | "IPv6 loopback";

/** Where the element of a role with that number (from 1) is. */
type Places = (role: Role | "osCfs" | "hssInterface" | "ue", number: number) => Address;

const ports = {
  pcscf: 4060,
  icscf: 5060,
  scscf: 6060,
  hss: 3868,
  cfd: 7080,
  cfs: 7090,
  osCfs: 7080,
  hssInterface: 8080,
  ue: 5060,
};
const hostsIpv4 = {
  ...{ pcscf: 0, icscf: 9, scscf: 20, hss: 29, hssInterface: 29, dns: 52 },
  ...{ cfd: 10, cfs: 20, osCfs: 20 },
} as const;
/** Ports on ::1 before the number is added. */
const portsOnOne = {
  ...{
    pcscf: 4060,
    icscf: 5060,
    scscf: 6060,
    hss: 3867,
    cfd: 7080,
    cfs: 7089,
    osCfs: 7069,
    hssInterface: 8079,
  },
  ue: 20_000,
};

function placesOf(addressing: Addressing, dnsPort: number): Places {
  const portOf = (role: keyof typeof ports | "dns") => (role === "dns" ? dnsPort : ports[role]);
  switch (addressing) {
    case "IPv4":
      return (role, number) => {
        if (role === "ue")
          return { host: `127.0.${3 + Math.floor(number / 250)}.${(number % 250) + 1}`, port: ports.ue };
        const net = role === "cfd" || role === "cfs" || role === "osCfs" ? 2 : 1;
        return { host: `127.0.${net}.${hostsIpv4[role] + number}`, port: portOf(role) };
      };
    case "IPv6":
      return (role, number) => {
        const net = role === "ue" ? 3 : role === "cfd" || role === "cfs" || role === "osCfs" ? 2 : 1;
        const own = role === "ue" ? number : hostsIpv4[role] + number;
        return { host: `2001:db8:0:${net}::${own.toString(16)}`, port: portOf(role) };
      };
    case "IPv6 loopback":
      return (role, number) => ({
        host: "::1",
        port: role === "dns" ? dnsPort : portsOnOne[role] + number,
      });
  }
}

/** The seed's test-bed: three P-CSCFs, three S-CSCFs, one I-CSCF and what Liquid IMS adds. */
export function createTopology(options: TopologyOptions = {}): Topology {
  const { dnsPort = 5353, second = null, addressing = "IPv4" } = options;
  const at = placesOf(addressing, dnsPort);
  const one = (role: Role, name: string = role): Element => {
    const { host, port } = at(role, 1);
    return element(role, name, host, port);
  };
  const several = (role: Role, count: number) => numbered(role, count, (number) => at(role, number));
  const iCscfs = several("icscf", second === "I-CSCF" ? 2 : 1);
  const only = one("cfd");
  // The only one has the name of the service, too.
  const cfds = second === "CFD" ? several("cfd", 2) : [only];
  const later = { "I-CSCF": iCscfs[1], CFD: cfds[1] };
  return {
    pCscfs: several("pcscf", 3),
    iCscfs,
    sCscfs: several("scscf", 3),
    hss: one("hss"),
    dns: one("dns", "ns"),
    cfd: elementAt(cfds, 0),
    cfds,
    cfdService: only.fqdn,
    cfs: one("cfs"),
    later: second === null ? null : (later[second] ?? null),
    osCfs: at("osCfs", 1),
    hssInterface: at("hssInterface", 1),
    ue: (number) => at("ue", number),
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

/**
 * The addresses that stand for an element where functions are told apart by address: none where another one shares them.
 */
export function ownAddresses(topology: Topology, { address }: Element): string[] {
  const sharing = elementsOf(topology).filter((other) => other.address.host === address.host);
  return sharing.length > 1 ? [] : [address.host];
}
