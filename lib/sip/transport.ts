// What the transport layer says to the layers above it. RFC 3261 18, RFC 3581. The layer itself is in transport/.
import { type Address, formatAddress } from "@liquid-ims/runtime/network";

export type TransportProtocol = "udp" | "tcp";

/** Where a message can be sent, or where messages are awaited. */
export interface Target {
  readonly protocol: TransportProtocol;
  readonly address: Address;
}

/** Where a message came from. */
export interface MessageSource extends Target {
  /** The address of ours that it reached. */
  readonly local: Address;
  /** Number of the TCP connection, null for a datagram. */
  readonly connection: number | null;
}

/** `udp:host:port`; equal for equal targets, so it serves as a key and in logs. */
export function formatTarget(target: Target): string {
  return `${target.protocol}:${formatAddress(target.address)}`;
}
