// Where an experiment's programs run: on real sockets, or on the virtual clock. The experiment does not know which.
import type { Host, Program } from "@liquid-ims/runtime/host";

/** A program that says when its sockets are open. */
export interface Startable {
  readonly ready: Promise<void>;
}

export interface PlacedNode<Node> {
  readonly name: string;
  readonly node: Node;
  /** Ends it as SIGKILL would: nothing of it acts any more. */
  kill(): void;
}

export interface Platform {
  readonly clock: "real" | "virtual";
  /**
   * Starts a program on a host of its own and waits until it is ready; rejects as `ready` does. On the virtual clock
   * this happens within `run`, or while the simulation runs otherwise.
   */
  start<Node extends Startable>(
    name: string,
    addresses: readonly string[],
    program: Program<Node>,
  ): Promise<PlacedNode<Node>>;
  /**
   * Runs the experiment's script on a host of its own, which has the clock of all others, and ends when the script
   * has. Rejects with what the script or any of the programs threw.
   */
  run<Outcome>(script: (host: Host) => Promise<Outcome>): Promise<Outcome>;
  /** Ends everything that was started. */
  close(): Promise<void>;
}
