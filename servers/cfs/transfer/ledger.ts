// The users of all transfers: one event of a user at a time, each durable before its effects leave the process. The
// registrations of one subscription whose S-CSCF changes take their turns together, and are written in one batch.
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import type { LcfChannel } from "../cfs-ue/channel.ts";
import type { CfsStore } from "../store/store.ts";
import { commitChanges, type TableChange } from "../store/table.ts";
import type { CxEffect, Effect, Happening } from "./happening.ts";
import { type SubscriptionStep, stepSubscription } from "./reassignment/subscription.ts";
import type { TransferTimes } from "./times.ts";
import { togetherWith, type UserRows } from "./transfer-tables.ts";
import { isOpen, type UserRow, userRowId } from "./user-row.ts";
import { commandBody } from "./wire.ts";

/** Says what an event is for the row as it is when its turn has come; null: nothing. */
export type Occasion = (row: UserRow) => Happening | null;

export interface LedgerParts {
  readonly host: Host;
  readonly store: CfsStore;
  readonly table: UserRows;
  readonly channel: LcfChannel;
  /** What goes to the HSS. */
  readonly cx: (row: UserRow, effect: CxEffect) => void;
  /** What is to be written with a row: the aftercare of one who has moved. */
  readonly watch: (before: UserRow, row: UserRow) => TableChange | null;
  readonly times: TransferTimes;
  /** Change of the location service that was looked at last. */
  readonly change: () => number;
}

interface Task {
  readonly id: string;
  readonly occasion: Occasion;
  /** For every registration of the subscription. */
  readonly all: boolean;
}

function resumed({ state }: UserRow): Happening | null {
  return isOpen(state) ? { event: "resume" } : null;
}

/** Rows by `userRowId`. */
export class Ledger {
  readonly #parts: LedgerParts;
  /** By what takes its turns together. */
  readonly #queues = new Map<string, Task[]>();
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

  #queueOf(id: string): string {
    const row = this.get(id);
    return row === null ? id : togetherWith(row);
  }

  /** The rows that take their turns with this one, in the order of their registrations. */
  together(row: UserRow): UserRow[] {
    if (row.reassignment === null) return [row];
    const rows = this.#parts.table.find(togetherWith(row));
    return rows.sort((a, b) => (a.registration < b.registration ? -1 : 1));
  }

  /** True while an event of this user, or of one that goes with it, is being written. */
  isBusy(id: string): boolean {
    return this.#queues.has(this.#queueOf(id));
  }

  /** Events of one user follow each other in the order of these calls. */
  apply(id: string, occasion: Occasion | Happening): void {
    const task = typeof occasion === "function" ? occasion : () => occasion;
    this.#add({ id, occasion: task, all: typeof occasion !== "function" && occasion.all === true });
  }

  /** The same for every registration of that user's subscription, in one turn. */
  applyToAll(id: string, occasion: Occasion): void {
    this.#add({ id, occasion, all: true });
  }

  #add(task: Task): void {
    const key = this.#queueOf(task.id);
    const waiting = this.#queues.get(key);
    if (waiting !== undefined) {
      waiting.push(task);
      return;
    }
    const queue = [task];
    this.#queues.set(key, queue);
    this.#parts.host.spawn("user of a transfer", () => this.#run(key, queue));
  }

  async #run(key: string, queue: Task[]): Promise<void> {
    for (;;) {
      const task = queue[0];
      if (task === undefined) break;
      const row = this.get(task.id);
      if (row === null || (await this.#try(row, task))) {
        queue.shift();
        continue;
      }
      const help = "Changes of users that somebody else had written meanwhile";
      this.#parts.host.metrics.counter("cfs_transfer_conflicts_total", { help }).add();
      // Somebody else wrote the row, maybe this CFS before a crash: then its effects have not been seen to.
      queue.unshift({ id: task.id, occasion: resumed, all: true });
    }
    this.#queues.delete(key);
  }

  #step(rows: readonly UserRow[], happenings: ReadonlyMap<number, Happening>): SubscriptionStep {
    return stepSubscription(rows, happenings, (row) => this.#context(row));
  }

  #context(row: UserRow) {
    const { host, channel, times, change } = this.#parts;
    const reached = Math.max(
      channel.sequenceReached(row.registration),
      row.command?.sequence ?? 0,
      row.since,
    );
    return { at: host.clock.wall(), sequence: reached + 1, times, change: change() };
  }

  /** False after a conflict: the row is another one now. */
  async #try(row: UserRow, { occasion, all }: Task): Promise<boolean> {
    const rows = this.together(row);
    const happenings = new Map<number, Happening>();
    for (const [index, one] of rows.entries()) {
      const happening = all || one.registration === row.registration ? occasion(one) : null;
      if (happening !== null) happenings.set(index, happening);
    }
    if (happenings.size === 0) return true;
    const stepped = this.#step(rows, happenings);
    const changed = stepped.rows.filter((one, index) => one !== rows[index]);
    if (changed.length > 0) {
      const { store, table } = this.#parts;
      const changes = stepped.rows.flatMap((content, index) => {
        const before = rows[index];
        if (before === undefined || content === before) return [];
        const id = userRowId(content.transfer, content.registration);
        return [table.change({ id, content }), this.#parts.watch(before, content)];
      });
      if ((await commitChanges(store, changes)) === "conflict") return false;
      this.#changes += 1;
    }
    for (const [index, one] of stepped.rows.entries()) if (one.state !== rows[index]?.state) this.#tell(one);
    this.#perform(stepped);
    return true;
  }

  #tell({ transfer, user, registration, state, target, reason, detail }: UserRow): void {
    const line = { transfer, user, registration, state, target, reason, detail };
    this.#parts.host.log.info("user of a transfer", line);
    const labels = { state };
    const help = "Users of transfers that came into this state";
    this.#parts.host.metrics.counter("cfs_transfer_users_total", { help, labels }).add();
  }

  #perform({ rows, effects }: SubscriptionStep): void {
    for (const { index, effect } of effects) {
      const row = rows[index];
      if (row !== undefined) this.#act(row, row.registration, effect);
    }
  }

  #act(row: UserRow, registration: RegistrationKey, effect: Effect): void {
    const { channel, cx } = this.#parts;
    switch (effect.effect) {
      case "send":
        channel.send(registration, commandBody(effect.operation, effect.command));
        return;
      case "forget":
        channel.forget(registration, effect.operation);
        return;
      default:
        cx(row, effect);
    }
  }
}
