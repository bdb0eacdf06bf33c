// Control Function Selection: takes the OSS/BSS's orders, decides who moves where, commands the LCFs.
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Program } from "@liquid-ims/runtime/host";
import type { Lookup } from "@liquid-ims/sip/locate";
import type { Target } from "@liquid-ims/sip/transport";
import type { CfsConfig } from "./config.ts";
import type { Operations } from "./operations/operations.ts";
import type { CfsStore } from "./store/store.ts";

export interface CfsOptions {
  /** The home network's location service; only read. */
  readonly location: LocationStore;
  /** The CFS's own store: dialogs, commands, transfers. Outlives the node. */
  readonly store: CfsStore;
  /** Default: only numeric hosts are found. */
  readonly lookup?: Lookup;
  readonly config: CfsConfig;
}

export interface CfsNode {
  /** Listening, and going on with what an earlier life left; rejects when an address cannot be had. */
  readonly ready: Promise<void>;
  /** The addresses that it listens on, with the ports that the system chose; empty before `ready`. */
  readonly local: readonly Target[];
  /** They wait for `ready`. */
  readonly operations: Operations;
  /** Registrations whose LCF can be commanded now, among those given; 0 before `ready`. */
  reachable(): number;
  stop(): Promise<void>;
}

/** The CFS as a program for any host. */
export function createCfs(_options: CfsOptions): Program<CfsNode> {
  throw new Error("not there yet");
}
