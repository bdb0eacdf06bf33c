// Comparing names of control functions. A P-CSCF is seen as a Path entry, as a bare name, or only as an address; an
// S-CSCF as its Server-Name.
import type { FunctionName } from "./record.ts";

export interface HostPort {
  /** Lower case, IPv6 without brackets. */
  readonly host: string;
  /** Null: none was given. */
  readonly port: number | null;
}

/** The groups of one side of an IPv6 address, an IPv4 address at its end as two; null when there is none of them. */
function groupsOf(text: string): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  for (const part of text.split(":")) {
    const [, ...bytes] = (/^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part) ?? []).map(Number);
    const [a = 256, b = 256, c = 256, d = 256] = bytes;
    if (/^[0-9a-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else if (Math.max(a, b, c, d) < 256) groups.push(a * 256 + b, c * 256 + d);
    else return null;
  }
  return groups;
}

/** A host in lower case, an IPv6 address with all of its groups: the same address has many spellings (RFC 5952 2). */
function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  if (!lower.includes(":")) return lower;
  const [front = "", back, more] = lower.split("::");
  const head = groupsOf(front);
  const tail = groupsOf(back ?? "");
  if (head === null || tail === null || more !== undefined) return lower;
  const missing = 8 - head.length - tail.length;
  if (missing < 0 || (back === undefined && missing !== 0)) return lower;
  return [...head, ...new Array<number>(missing).fill(0), ...tail].map((one) => one.toString(16)).join(":");
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

/** The same host, and the same port or one that was not given. Letter case and spellings of IPv6 do not count. */
export function isSameFunction(a: FunctionName, b: FunctionName): boolean {
  if (a === b) return true;
  const first = splitFunctionName(a);
  const second = splitFunctionName(b);
  if (first === null || second === null) return false;
  if (canonicalHost(first.host) !== canonicalHost(second.host)) return false;
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
  /** The names of all entries that it may be. */
  namesOf(host: string, port: number | null): readonly FunctionName[];
  /** As `isSameFunction`, with addresses and names of one entry being the same. */
  isSame(a: FunctionName, b: FunctionName): boolean;
}

/** The name-address table from its entries; of two that share a host and name no port, the first counts. */
export function createFunctionTable(entries: readonly FunctionEntry[]): FunctionTable {
  const byHost = new Map<string, { readonly port: number | null; readonly name: FunctionName }[]>();
  for (const { name, addresses } of entries) {
    const own = splitFunctionName(name);
    if (own === null) continue;
    for (const host of new Set([own.host, ...addresses].map(canonicalHost))) {
      const known = byHost.get(host) ?? [];
      known.push({ port: own.port, name });
      byHost.set(host, known);
    }
  }
  const namesOf = (host: string, port: number | null): readonly FunctionName[] =>
    (byHost.get(canonicalHost(host)) ?? [])
      .filter((entry) => port === null || entry.port === null || entry.port === port)
      .map(({ name }) => name);
  const nameOf = (host: string, port: number | null) => namesOf(host, port)[0] ?? null;
  const canonical = (name: FunctionName): FunctionName => {
    const parts = splitFunctionName(name);
    return (parts === null ? null : nameOf(parts.host, parts.port)) ?? name;
  };
  return {
    nameOf,
    namesOf,
    isSame: (a, b) => isSameFunction(a, b) || isSameFunction(canonical(a), canonical(b)),
  };
}
