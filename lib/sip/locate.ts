// Locating SIP servers. RFC 3263 4, RFC 2782.
import type { Random } from "@liquid-ims/runtime/random";
import { isIpAddress } from "./host.ts";
import { defaultPort } from "./transport/via.ts";
import type { Target, TransportProtocol } from "./transport.ts";
import type { SipUri } from "./uri.ts";

/** An SRV record (RFC 2782). */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** A NAPTR record (RFC 3403 4.1). */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

/** `none`: the name has no such record. `failed`: nobody could say. */
export type LookupResult<Value> =
  | { readonly kind: "found"; readonly records: readonly Value[] }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly detail: string };

/** The names' directory (DNS) as SIP needs it. The promises never reject. */
export interface Lookup {
  /** IPv4 addresses. */
  a(name: string): Promise<LookupResult<string>>;
  /** IPv6 addresses, without brackets. */
  aaaa(name: string): Promise<LookupResult<string>>;
  srv(name: string): Promise<LookupResult<SrvRecord>>;
  naptr(name: string): Promise<LookupResult<NaptrRecord>>;
}

export interface LocateOptions {
  /** Draws among SRV records of one priority by weight. */
  readonly random: Random;
}

const transports: readonly TransportProtocol[] = ["udp", "tcp"];
const services: ReadonlyMap<string, TransportProtocol> = new Map([
  ["sip+d2u", "udp"],
  ["sip+d2t", "tcp"],
]);

function recordsOf<Value>(result: LookupResult<Value>): readonly Value[] {
  return result.kind === "found" ? result.records : [];
}

/** The transport that the URI asks for; null when it asks for none, undefined for one that is not spoken here. */
function askedTransport(uri: SipUri): TransportProtocol | null | undefined {
  if (uri.scheme === "sips") return undefined;
  const asked = uri.parameters.get("transport")?.toLowerCase();
  return asked === undefined ? null : transports.find((transport) => transport === asked);
}

function targetName(uri: SipUri): string {
  const multicast = uri.parameters.get("maddr") ?? uri.host;
  return multicast.startsWith("[") ? multicast.slice(1, -1) : multicast;
}

/** The one target of a URI with an IP address: no look-up needed (RFC 3263 4.1, 4.2). Null for a name. */
export function locateAddress(uri: SipUri): readonly Target[] | null {
  const host = targetName(uri);
  if (!isIpAddress(host)) return null;
  const protocol = askedTransport(uri);
  if (protocol === undefined) return [];
  return [{ protocol: protocol ?? "udp", address: { host, port: uri.port ?? defaultPort } }];
}

/** SRV records in the order in which they are to be tried (RFC 2782). */
export function orderSrvRecords(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const ordered: SrvRecord[] = [];
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  while (left.length > 0) {
    const priority = left[0]?.priority;
    const candidates = left.filter((record) => record.priority === priority);
    const sum = candidates.reduce((total, record) => total + record.weight, 0);
    let drawn = random.int(sum + 1);
    const chosen = candidates.find((record) => {
      drawn -= record.weight;
      return drawn <= 0;
    });
    const record = chosen ?? candidates[0];
    if (record === undefined) break;
    ordered.push(record);
    left.splice(left.indexOf(record), 1);
  }
  return ordered;
}

class Locator {
  readonly #lookup: Lookup;
  readonly #random: Random;

  constructor(lookup: Lookup, random: Random) {
    this.#lookup = lookup;
    this.#random = random;
  }

  async addresses(host: string, protocol: TransportProtocol, port: number): Promise<Target[]> {
    if (isIpAddress(host)) return [{ protocol, address: { host, port } }];
    const found = await Promise.all([this.#lookup.a(host), this.#lookup.aaaa(host)]);
    return found.flatMap(recordsOf).map((address) => ({ protocol, address: { host: address, port } }));
  }

  /** Null when there is no SRV record; empty when one says that the service is not there (target "."). */
  async srv(name: string, protocol: TransportProtocol): Promise<Target[] | null> {
    const records = recordsOf(await this.#lookup.srv(name));
    if (records.length === 0) return null;
    const targets: Target[] = [];
    for (const record of orderSrvRecords(records, this.#random)) {
      if (record.target !== "." && record.target !== "")
        targets.push(...(await this.addresses(record.target, protocol, record.port)));
    }
    return targets;
  }

  /** No transport and no port given: NAPTR, else SRV of each transport, else UDP (4.1). */
  async service(host: string): Promise<Target[]> {
    const byNaptr = await this.#naptr(host);
    if (byNaptr.length > 0) return byNaptr;
    const targets: Target[] = [];
    let known = false;
    for (const protocol of transports) {
      const found = await this.srv(`_sip._${protocol}.${host}`, protocol);
      if (found === null) continue;
      known = true;
      targets.push(...found);
    }
    return known ? targets : this.addresses(host, "udp", defaultPort);
  }

  async #naptr(host: string): Promise<Target[]> {
    const records = recordsOf(await this.#lookup.naptr(host));
    const ordered = [...records].sort((a, b) => a.order - b.order || a.preference - b.preference);
    const targets: Target[] = [];
    for (const { service, flags, replacement } of ordered) {
      const protocol = services.get(service.toLowerCase());
      if (protocol === undefined || flags.toLowerCase() !== "s") continue;
      targets.push(...((await this.srv(replacement, protocol)) ?? []));
    }
    return targets;
  }
}

/** All targets of a URI, in the order in which they are to be tried; empty when there is none (RFC 3263 4). */
export async function locate(
  uri: SipUri,
  lookup: Lookup | null,
  options: LocateOptions,
): Promise<readonly Target[]> {
  const numeric = locateAddress(uri);
  if (numeric !== null) return numeric;
  const protocol = askedTransport(uri);
  if (lookup === null || protocol === undefined) return [];
  const host = targetName(uri);
  const locator = new Locator(lookup, options.random);
  if (uri.port !== null) return locator.addresses(host, protocol ?? "udp", uri.port);
  if (protocol === null) return locator.service(host);
  return (
    (await locator.srv(`_sip._${protocol}.${host}`, protocol)) ??
    locator.addresses(host, protocol, defaultPort)
  );
}
