// os-cfs over HTTP: an adapter of the operations. RFC 9110, RFC 9457.
import type { Address } from "@liquid-ims/runtime/network";
import type { Operations } from "../operations/operations.ts";

export interface OsCfsOptions {
  readonly operations: Operations;
  /** Port 0 lets the system choose. */
  readonly listen: Address;
  /** Longest body, bytes. Default 1 MiB. */
  readonly bodyLimit?: number;
}

export interface OsCfsServer {
  readonly local: Address;
  close(): Promise<void>;
}

/** Serves os-cfs; rejects with the system's error when the address cannot be had. */
export function serveOsCfs(_options: OsCfsOptions): Promise<OsCfsServer> {
  throw new Error("not there yet");
}
