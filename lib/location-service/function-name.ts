// Comparing names of control functions. A P-CSCF is seen as a Path entry, as a bare name, or only as an address; an
// S-CSCF as its Server-Name.
import type { FunctionName } from "./record.ts";

export interface HostPort {
  /** Lower case, IPv6 without brackets. */
  readonly host: string;
  /** Null: none was given. */
  readonly port: number | null;
}

/**
 * Host and port of a name: `host`, `host:port`, `[v6]:port`, a bare IPv6 address, or a SIP URI whose user and
 * parameters do not count. Null when it is none of these.
 */
export function splitFunctionName(name: FunctionName): HostPort | null {
  const bare = name
    .trim()
    .replace(/^sips?:/i, "")
    .replace(/[;?].*$/, "")
    .replace(/^.*@/, "");
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/.exec(bare);
  const plain = bracketed ?? /^([^\s:[\]]+)(?::(\d{1,5}))?$/.exec(bare);
  if (plain !== null) {
    const port = plain[2] === undefined ? null : Number(plain[2]);
    if (port !== null && (port === 0 || port > 65_535)) return null;
    return { host: (plain[1] ?? "").toLowerCase(), port };
  }
  return /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(bare)
    ? { host: bare.toLowerCase(), port: null }
    : null;
}

/** `host` or `host:port` with the host in lower case and brackets around IPv6. */
export function functionName(host: string, port: number | null): FunctionName {
  const lower = host.toLowerCase();
  if (port === null) return lower;
  return lower.includes(":") ? `[${lower}]:${port}` : `${lower}:${port}`;
}

/** The same host, and the same port or one that was not given. Letter case of the host does not count. */
export function isSameFunction(a: FunctionName, b: FunctionName): boolean {
  if (a === b) return true;
  const first = splitFunctionName(a);
  const second = splitFunctionName(b);
  if (first === null || second === null || first.host !== second.host) return false;
  return first.port === null || second.port === null || first.port === second.port;
}

/** One function in the configuration: what it is called and where it may be seen. */
export interface FunctionEntry {
  /** `host:port` as in its Path or Record-Route entries; for an S-CSCF its Server-Name. */
  readonly name: FunctionName;
  /** Address literals, IPv6 without brackets. */
  readonly addresses: readonly string[];
}

/** Names and addresses of all functions of the network. */
export interface FunctionTable {
  /** The entry's name for a host name or address; with a port, of the entry with that port where there are several. */
  nameOf(host: string, port: number | null): FunctionName | null;
  /** As `isSameFunction`, with addresses and names of one entry being the same. */
  isSame(a: FunctionName, b: FunctionName): boolean;
}

/** The name-address table from its entries; of two that share a host and name no port, the first counts. */
export function createFunctionTable(entries: readonly FunctionEntry[]): FunctionTable {
  const byHost = new Map<string, { readonly port: number | null; readonly name: FunctionName }[]>();
  for (const { name, addresses } of entries) {
    const own = splitFunctionName(name);
    if (own === null) continue;
    for (const host of new Set([own.host, ...addresses.map((address) => address.toLowerCase())])) {
      const known = byHost.get(host) ?? [];
      known.push({ port: own.port, name });
      byHost.set(host, known);
    }
  }
  const nameOf = (host: string, port: number | null): FunctionName | null => {
    const known = byHost.get(host.toLowerCase()) ?? [];
    const found = known.find((entry) => port === null || entry.port === null || entry.port === port);
    return found?.name ?? null;
  };
  const canonical = (name: FunctionName): FunctionName => {
    const parts = splitFunctionName(name);
    return (parts === null ? null : nameOf(parts.host, parts.port)) ?? name;
  };
  return { nameOf, isSame: (a, b) => isSameFunction(a, b) || isSameFunction(canonical(a), canonical(b)) };
}
