// How cfs-ue names a control function: by name and addresses, because Path and Service-Route show either one.

/** A CSCF: its host name, the addresses it may appear under, its port where it matters. */
export interface FunctionAddress {
  /** Host name (or address literal), letter case ignored, without scheme, user and port. */
  readonly name: string;
  /** Address literals, IPv6 without brackets; may be empty. */
  readonly addresses: readonly string[];
  /** Absent: any port of that host. */
  readonly port?: number;
}

/** True when host and port, as read from a Path or Service-Route entry, are those of the function. */
export function isFunctionAt(address: FunctionAddress, host: string, port: number | null): boolean {
  if (address.port !== undefined && address.port !== (port ?? 5060)) return false;
  const wanted = host.toLowerCase();
  if (address.name.toLowerCase() === wanted) return true;
  return address.addresses.some((candidate) => candidate.toLowerCase() === wanted);
}
