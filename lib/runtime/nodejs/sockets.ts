// What the sockets of one real host have in common: they are closed together with it.
import { isIP } from "node:net";
import type { Metrics } from "../metrics.ts";
import type { Address } from "../network.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { Enter } from "./clock.ts";

export interface SocketOwner {
  readonly alive: boolean;
  readonly metrics: Metrics;
  readonly enter: Enter;
  /** Closes with the host; the promise resolves when the operating system has let go. */
  readonly open: Set<() => Promise<void>>;
}

/** 4 or 6. Throws RuntimeError `bad-address` for what is no literal or no port. */
export function familyOf(address: Address): 4 | 6 {
  const family = isIP(address.host);
  if (family !== 4 && family !== 6)
    throw new RuntimeError(
      "bad-address",
      `address "${address.host}" is no IP address: give a literal, IPv6 without brackets`,
    );
  if (!Number.isInteger(address.port) || address.port < 0 || address.port > 65_535)
    throw new RuntimeError("bad-address", `port ${address.port}: give an integer from 0 to 65535`);
  return family;
}

/** What a port of a closed host answers: nothing, ever. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
