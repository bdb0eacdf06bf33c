// A host owns all that a node of the network has; a program is what runs on it. The same program runs on the
// real host and on the simulated one.
import type { Clock } from "./clock.ts";
import type { Crypto } from "./crypto.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

/** One node, one life. */
export interface Host {
  readonly name: string;
  /** 0 for the first life, raised by each restart. */
  readonly incarnation: number;
  readonly alive: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly network: Network;
  readonly log: Log;
  readonly metrics: Metrics;
  /**
   * The only start of an async task. It may await the promises of ports only. A rejection is a fault of ours:
   * the host crashes.
   */
  spawn(label: string, task: () => Promise<void>): void;
}

/**
 * What runs on a host. `Node` is the handle that it gives to whoever started it (its operations, when it is
 * ready); a program that is restarted gives a new one.
 */
export type Program<Node = void> = (host: Host) => Node;
