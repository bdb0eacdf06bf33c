// Control Function Discovery: takes third-party REGISTERs from S-CSCFs and keeps the location records.
// TS 24.229 5.4.1.7, 5.7.1.1.
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Program } from "@liquid-ims/runtime/host";
import type { Lookup } from "@liquid-ims/sip/locate";
import type { Target } from "@liquid-ims/sip/transport";
import type { CfdConfig } from "./cfd-config.ts";

export interface CfdOptions {
  readonly store: LocationStore;
  /** Resolves configured S-CSCF names to addresses; default: none, then S-CSCFs are known by their addresses only. */
  readonly lookup?: Lookup;
  readonly config: CfdConfig;
}

export interface CfdNode {
  /** Listening; rejects when an address cannot be had. */
  readonly ready: Promise<void>;
  /** The addresses that it listens on, with the ports that the system chose; empty before `ready`. */
  readonly local: readonly Target[];
  stop(): Promise<void>;
}

/** The CFD as a program for any host. */
export function createCfd(_options: CfdOptions): Program<CfdNode> {
  throw new Error("not there yet");
}
