// A disk or a database of the simulation: it outlives hosts. Batches go in one after the other, and what
// survives a loss of power is a prefix of them.
import type { Host } from "../host.ts";
import type { Random } from "../random.ts";
import type { Owner } from "./agenda.ts";
import type { Scheduler } from "./scheduler.ts";

export interface DiskOptions<Batch> {
  /**
   * `local` (default): what was not synced is lost with the power, and what had not reached the disk dies with the
   * process. `remote`: what was not acknowledged may be there, or may still arrive after a restart has read.
   */
  readonly kind?: "local" | "remote";
  /** Milliseconds from the call to the disk, and again from there to the acknowledgement: at the least; default 0.1. */
  readonly delayMs?: number;
  /** Up to so many ms more on either way; default 2. */
  readonly jitterMs?: number;
  /** What of a batch goes into the trace hash; default its JSON. */
  readonly describe?: (batch: Batch) => string;
}

/** A disk as one life sees it. */
export interface MountedDisk<Batch> {
  /** Every batch that is there now, acknowledged or not, in order. */
  batches(): readonly Batch[];
  /**
   * Appends when `accepts` says so of what is there at that moment: the place to compare versions. Settles when the
   * batch is synced; never when the life ends before.
   */
  append(batch: Batch, accepts?: (batches: readonly Batch[]) => boolean): Promise<"done" | "conflict">;
  /** Called for every batch that is appended, by whomever, until this life ends. */
  onAppend(listener: (batch: Batch) => void): void;
}

interface Mount<Batch> {
  readonly owner: Owner;
  readonly machine: string;
  readonly listeners: ((batch: Batch) => void)[];
}

/** What the simulation tells a disk about its machines. */
export interface DiskHolder {
  loseUnsynced(machine: string): void;
}

export class Disk<Batch> implements DiskHolder {
  readonly name: string;
  readonly #scheduler: Scheduler;
  readonly #ownerOf: (host: Host) => { owner: Owner; machine: string };
  readonly #random: Random;
  readonly #options: Required<DiskOptions<Batch>>;
  readonly #mounts: Mount<Batch>[] = [];
  #batches: Batch[] = [];
  #synced = 0;
  /** Raised by each loss: acknowledgements of what was before count no more. */
  #era = 0;
  #lastArrival = 0;

  constructor(
    name: string,
    scheduler: Scheduler,
    ownerOf: (host: Host) => { owner: Owner; machine: string },
    random: Random,
    options: DiskOptions<Batch>,
  ) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#ownerOf = ownerOf;
    this.#random = random;
    this.#options = {
      kind: "local",
      delayMs: 0.1,
      jitterMs: 2,
      describe: (batch) => JSON.stringify(batch) ?? "undefined",
      ...options,
    };
  }

  /** What is there, for tests. */
  get batches(): readonly Batch[] {
    return this.#batches;
  }

  mount(host: Host): MountedDisk<Batch> {
    const mount: Mount<Batch> = { ...this.#ownerOf(host), listeners: [] };
    this.#mounts.push(mount);
    return {
      batches: () => [...this.#batches],
      append: (batch, accepts = () => true) => this.#append(mount, batch, accepts),
      onAppend: (listener) => {
        mount.listeners.push(listener);
      },
    };
  }

  /** The power of that machine is gone: of the batches that were not synced a prefix survives. */
  loseUnsynced(machine: string): void {
    if (this.#options.kind === "remote" || !this.#mounts.some((mount) => mount.machine === machine)) return;
    const kept = this.#synced + this.#random.int(this.#batches.length - this.#synced + 1);
    this.#batches = this.#batches.slice(0, kept);
    this.#synced = kept;
    this.#era += 1;
  }

  #append(
    mount: Mount<Batch>,
    batch: Batch,
    accepts: (batches: readonly Batch[]) => boolean,
  ): Promise<"done" | "conflict"> {
    const { kind, describe } = this.#options;
    return new Promise((resolve) => {
      if (mount.owner.current() === null) return;
      const arrival = this.#scheduler.now + this.#delay();
      // A local disk takes batches in the order in which they were given to it; connections to a remote one race.
      const time = kind === "local" ? Math.max(this.#lastArrival, arrival) : arrival;
      this.#lastArrival = time;
      const owner = kind === "local" ? mount.owner : null;
      this.#scheduler.at(time, owner, `disk ${this.name} append`, describe(batch), () => {
        const answer = accepts(this.#batches) ? "done" : "conflict";
        if (answer === "done") this.#store(batch);
        const count = this.#batches.length;
        const era = this.#era;
        this.#scheduler.at(
          this.#scheduler.now + this.#delay(),
          null,
          `disk ${this.name} sync`,
          answer,
          () => {
            if (era === this.#era) this.#synced = Math.max(this.#synced, count);
            const label = `disk ${this.name} ${answer}`;
            this.#scheduler.at(this.#scheduler.now, mount.owner, label, null, () => resolve(answer));
          },
        );
      });
    });
  }

  #delay(): number {
    return this.#options.delayMs + this.#options.jitterMs * this.#random.float();
  }

  #store(batch: Batch): void {
    this.#batches.push(batch);
    for (const { owner, listeners } of this.#mounts)
      for (const listener of listeners)
        this.#scheduler.at(
          this.#scheduler.now + this.#delay(),
          owner,
          `disk ${this.name} appended`,
          null,
          () => listener(batch),
        );
  }
}
