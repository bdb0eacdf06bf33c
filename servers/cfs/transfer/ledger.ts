// The users of all transfers: one event of a user at a time, each durable before its effects leave the process.
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import type { LcfChannel } from "../cfs-ue/channel.ts";
import type { CfsStore } from "../store/store.ts";
import { commitChanges, type Table } from "../store/table.ts";
import { type Effect, type Happening, step } from "./step.ts";
import type { TransferTimes } from "./times.ts";
import { isOpen, type UserRow } from "./user-row.ts";
import { commandBody } from "./wire.ts";

/** Says what an event is for the row as it is when its turn has come; null: nothing. */
export type Occasion = (row: UserRow) => Happening | null;

export interface LedgerParts {
  readonly host: Host;
  readonly store: CfsStore;
  readonly table: Table<UserRow>;
  readonly channel: LcfChannel;
  readonly times: TransferTimes;
}

/** Rows by `userRowId`. */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #queues = new Map<string, Occasion[]>();

  #changes = 0;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  get(id: string): UserRow | null {
    return this.#parts.table.get(id);
  }

  /** Raised by each change of a row. */
  get changes(): number {
    return this.#changes;
  }

  /** True while an event of this user is being written. */
  isBusy(id: string): boolean {
    return this.#queues.has(id);
  }

  /** Events of one user follow each other in the order of these calls. */
  apply(id: string, occasion: Occasion | Happening): void {
    const task = typeof occasion === "function" ? occasion : () => occasion;
    const waiting = this.#queues.get(id);
    if (waiting !== undefined) {
      waiting.push(task);
      return;
    }
    const queue = [task];
    this.#queues.set(id, queue);
    this.#parts.host.spawn("user of a transfer", () => this.#run(id, queue));
  }

  async #run(id: string, queue: Occasion[]): Promise<void> {
    for (;;) {
      const occasion = queue[0];
      if (occasion === undefined) break;
      const row = this.get(id);
      if (row === null || (await this.#try(id, row, occasion))) {
        queue.shift();
        continue;
      }
      const help = "Changes of users that somebody else had written meanwhile";
      this.#parts.host.metrics.counter("cfs_transfer_conflicts_total", { help }).add();
      // Somebody else wrote the row, maybe this CFS before a crash: then its effects have not been seen to.
      const present = this.get(id);
      if (present !== null && isOpen(present.state))
        this.#perform(present.registration, this.#again(present));
    }
    this.#queues.delete(id);
  }

  #again(row: UserRow): readonly Effect[] {
    return step(row, { event: "resume" }, this.#context(row)).effects;
  }

  #context(row: UserRow) {
    const { host, channel, times } = this.#parts;
    const reached = Math.max(
      channel.sequenceReached(row.registration),
      row.command?.sequence ?? 0,
      row.since,
    );
    return { at: host.clock.wall(), sequence: reached + 1, times };
  }

  /** False after a conflict: the row is another one now. */
  async #try(id: string, row: UserRow, occasion: Occasion): Promise<boolean> {
    const happening = occasion(row);
    if (happening === null) return true;
    const stepped = step(row, happening, this.#context(row));
    if (stepped.row !== row) {
      const { store, table } = this.#parts;
      const result = await commitChanges(store, [table.change({ id, content: stepped.row })]);
      if (result === "conflict") return false;
      this.#changes += 1;
    }
    if (stepped.row.state !== row.state) this.#count(stepped.row);
    this.#perform(row.registration, stepped.effects);
    return true;
  }

  #count({ state }: UserRow): void {
    const labels = { state };
    const help = "Users of transfers that came into this state";
    this.#parts.host.metrics.counter("cfs_transfer_users_total", { help, labels }).add();
  }

  #perform(registration: RegistrationKey, effects: readonly Effect[]): void {
    const { channel } = this.#parts;
    for (const effect of effects) {
      if (effect.effect === "send") channel.send(registration, commandBody(effect.operation, effect.command));
      else channel.forget(registration, effect.operation);
    }
  }
}
