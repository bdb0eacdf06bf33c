// The transfer engine: begins transfers, keeps them going, resumes them after a restart, ends them.
import type { FunctionName, LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import type { LcfChannel, LcfMessage } from "../cfs-ue/channel.ts";
import type { Cx, CxPush } from "../cx/cx.ts";
import { untilAnswered } from "../store/guarded-location.ts";
import type { CfsStore } from "../store/store.ts";
import { Aftercare } from "./aftercare/aftercare.ts";
import { Endings } from "./endings.ts";
import type { GuardLimits } from "./guard.ts";
import type { Happening } from "./happening.ts";
import { Latecomers } from "./latecomers.ts";
import { Ledger } from "./ledger.ts";
import { LocationWatch } from "./location-watch.ts";
import { filterOf, newTransfer, recordsFor, type TransferOrder } from "./new-transfer.ts";
import type { PlanLine } from "./plan.ts";
import { CxActs } from "./reassignment/cx-acts.ts";
import { noteCuts } from "./reassignment/hss-knowledge.ts";
import type { Proof } from "./reassignment/proof.ts";
import { receivePush } from "./reassignment/received-push.ts";
import { Registrations } from "./registrations.ts";
import type { TransferTimes } from "./times.ts";
import { isActive, type TransferRow } from "./transfer-row.ts";
import { TransferRun } from "./transfer-run.ts";
import { TransferTables } from "./transfer-tables.ts";
import { isOpen, type UserRow, userRowId } from "./user-row.ts";
import { happeningOf } from "./wire.ts";

export interface ControllerParts {
  readonly host: Host;
  readonly store: CfsStore;
  readonly location: LocationStore;
  readonly channel: LcfChannel;
  readonly isSame: (a: FunctionName, b: FunctionName) => boolean;
  readonly addressesOf: (name: FunctionName) => readonly string[];
  /** Null: no transfer changes an S-CSCF. */
  readonly cx?: Cx | null;
  /** The HSS cancels the S-CSCF that a user leaves, which then cuts his calls. Default: to be found out. */
  readonly cancelsOldServer?: boolean | undefined;
  /** Users who have moved S-CSCF are watched until their old registration has expired. Default true. */
  readonly aftercare?: boolean;
  readonly times: TransferTimes;
  readonly limits: GuardLimits;
  /** Ended transfers that are kept. */
  readonly keep: number;
  /** Told of every change that was looked at. */
  readonly recordsChanged?: (records: readonly LocationRecord[]) => void;
}

export type Created =
  | { readonly created: true; readonly row: TransferRow; readonly lines: readonly PlanLine[] }
  /** The function has a transfer, or the key was used, meanwhile. */
  | { readonly created: false };

export class Controller {
  readonly #parts: ControllerParts;
  readonly #tables: TransferTables;
  readonly #ledger: Ledger;
  readonly #watch: LocationWatch;
  readonly #endings: Endings;
  readonly #latecomers: Latecomers;
  readonly #aftercare: Aftercare;
  readonly #runs = new Map<string, TransferRun>();
  readonly #reopening = new Map<string, Promise<void>>();
  /** Changes seen while a transfer is being planned. */
  readonly #planning = new Set<LocationRecord[]>();
  /** Messages that came before the tables were read. */
  #early: [RegistrationKey, LcfMessage][] | null = [];
  readonly #proof: Proof = { moves: false, cuts: null };
  #guarded = -1;
  #lastCreated: Promise<unknown> = Promise.resolve();

  constructor(parts: ControllerParts) {
    const { host, store, channel, times } = parts;
    this.#parts = parts;
    this.#tables = new TransferTables(store);
    const { cx = null, isSame } = parts;
    const acts = new CxActs({
      host,
      cx,
      times,
      isSame,
      proof: this.#proof,
      tell: (row, occasion) => this.#tell(row, occasion, true),
      tellOne: (row, occasion) => this.#tell(row, occasion, false),
      isBusy: (transfer) => this.#runs.get(transfer)?.rest(host.clock.now()),
    });
    this.#ledger = new Ledger({
      host,
      store,
      table: this.#tables.users,
      channel,
      cx: (row, effect) => acts.perform(row, effect),
      watch: (before, row) => this.#aftercare.watch(before, row),
      times,
      change: () => this.#watch.change,
    });
    this.#aftercare = new Aftercare({
      ...{ host, store, channel, times, isSame, location: parts.location },
      cx: (parts.aftercare ?? true) ? cx : null,
      isTaken: (registration) => this.holds(registration),
    });
    const { keep } = parts;
    this.#endings = new Endings({ host, channel, tables: this.#tables, times, keep, runs: this.#runs });
    this.#watch = new LocationWatch({
      host,
      location: parts.location,
      changed: (records) => this.#changed(records),
      functions: () =>
        [...this.#runs.values()].flatMap(({ row: { function: name, procedure } }) =>
          name === null ? [] : { name, filter: filterOf(name, procedure) },
        ),
      reread: ({ name }, records) => this.#reread(name, records),
      looked: () => this.#looked(),
    });
    channel.onMessage((registration, message) => {
      if (this.#early !== null) this.#early.push([registration, message]);
      else this.#heard(registration, message);
    });
    this.#latecomers = new Latecomers({ host, channel, tables: this.#tables, times, runs: this.#runs });
    channel.onState((registration, state) => this.#latecomers.stateChanged(registration, state));
  }

  /** Reads the store and goes on with what an earlier life left. The channel has been started before. */
  async start(): Promise<void> {
    await this.#tables.load();
    let change = Number.POSITIVE_INFINITY;
    for (const row of this.list()) {
      const users = this.#tables.usersOf(row.id);
      noteCuts(this.#proof, users);
      if (row.dryRun || !(isActive(row) || users.some(({ state }) => isOpen(state)))) {
        this.#endings.forgetCancelled(users);
        continue;
      }
      await this.#resume(row);
      change = Math.min(change, row.change);
    }
    await this.#aftercare.start();
    const early = this.#early ?? [];
    this.#early = null;
    for (const [registration, message] of early) this.#heard(registration, message);
    if (this.#runs.size > 0) this.#watch.wake(change);
  }

  stop(): void {
    this.#watch.stop();
    this.#aftercare.stop();
    this.#runs.clear();
  }

  get(id: string): TransferRow | null {
    return this.#tables.transfers.get(id);
  }

  usersOf(id: string): readonly UserRow[] {
    return this.#tables.usersOf(id);
  }

  /** Calls that a change of S-CSCF has certainly cut, for people; null: none that is known, or that counts. */
  get cuts(): string | null {
    return this.#parts.cancelsOldServer === undefined ? this.#proof.cuts : null;
  }

  /** The newest first. */
  list(): readonly TransferRow[] {
    return this.#tables.list();
  }

  /** The transfer that a function has: going on, or a standing order. */
  transferOf(name: FunctionName): TransferRow | null {
    return this.#tables.transferOf(name);
  }

  /** A transfer has this registration in its hands. */
  holds(registration: RegistrationKey): boolean {
    return [...this.#runs.values()].some((run) => run.holds(registration));
  }

  byIdempotencyKey(key: string): TransferRow | null {
    const id = this.#tables.keys.get(key)?.transfer ?? null;
    return id === null ? null : this.get(id);
  }

  /** Plans, writes everything down, begins. One at a time: a second one for the same function sees the first. */
  create(order: TransferOrder): Promise<Created> {
    const created = this.#lastCreated.then(() => this.#create(order));
    this.#lastCreated = created.catch(() => undefined);
    return created;
  }

  /** By another request, since this one was checked. */
  #isTaken({ function: name, dryRun, idempotencyKey: key }: TransferOrder): boolean {
    if (name !== null && !dryRun && this.transferOf(name) !== null) return true;
    return key !== null && this.byIdempotencyKey(key) !== null;
  }

  async #create(order: TransferOrder): Promise<Created> {
    if (this.#isTaken(order)) return { created: false };
    const { host, location, channel, times } = this.#parts;
    const seen: LocationRecord[] = [];
    this.#planning.add(seen);
    try {
      const change = await this.#watch.catchUp();
      const records = await recordsFor(order, location);
      const { row, users, lines } = newTransfer(order, {
        records,
        lcf: (key) => channel.state(key),
        isSame: this.#parts.isSame,
        id: `t-${encodeHex(host.random.bytes(8))}`,
        at: host.clock.wall(),
        deadline: times.deadline,
        change,
      });
      const { idempotencyKey } = order;
      if ((await this.#tables.create({ row, users, idempotencyKey })) === "conflict") {
        await this.#adopt(order.function);
        return { created: false };
      }
      if (!order.dryRun) {
        const run = this.#open(row, records);
        for (const record of seen) this.#latecomers.recordChanged(run, record);
        // What has nobody to move is over at once.
        await this.#endings.settle(run);
        this.#watch.wake(change);
      }
      return { created: true, row: this.get(row.id) ?? row, lines };
    } finally {
      this.#planning.delete(seen);
    }
  }

  /** Begins nothing new any more; those under way end. Null: no such transfer. */
  async cancel(id: string, detail: string): Promise<TransferRow | null> {
    const row = await this.#tables.update(id, (present) =>
      isActive(present) && present.stop === null
        ? { ...present, stop: { reason: "cancelled", detail } }
        : null,
    );
    return this.#afterUpdate(row);
  }

  /** Ends a standing order. Null: no such transfer. */
  async endDrain(id: string): Promise<TransferRow | null> {
    const at = this.#parts.host.clock.wall();
    const row = await this.#tables.update(id, (present) => {
      if (!present.standing) return null;
      const stop = present.stop ?? { reason: "cancelled", detail: "the standing order was ended" };
      const ended = { ...present, standing: false, stop } as const;
      return present.state === "FAILED_TEMP" ? { ...ended, state: "FAILED", endedAt: at } : ended;
    });
    return this.#afterUpdate(row);
  }

  #afterUpdate(row: TransferRow | null): TransferRow | null {
    const present = row === null ? null : this.get(row.id);
    const run = present === null ? undefined : this.#runs.get(present.id);
    if (present !== null && run !== undefined) {
      run.row = present;
      this.#watch.wake(present.change);
    }
    return present;
  }

  #open(row: TransferRow, records: readonly LocationRecord[]): TransferRun {
    const { channel, times, limits, addressesOf, isSame, cancelsOldServer = null } = this.#parts;
    const run = new TransferRun(row, {
      ledger: this.#ledger,
      registrations: new Registrations(row.function, row.procedure, isSame),
      times,
      limits,
      addressesOf,
      cancelsOldServer,
      proof: this.#proof,
      lcf: (registration) => channel.state(registration),
      isTaken: (registration, by) =>
        [...this.#runs.values()].some((other) => other !== by && other.holds(registration)),
      everybody: () => [...this.#runs.values()].flatMap((one) => one.openUsers()),
    });
    for (const record of records) run.registrations.take(record);
    for (const { registration } of this.#tables.usersOf(row.id)) run.add(registration);
    this.#runs.set(row.id, run);
    return run;
  }

  async #resume(row: TransferRow): Promise<void> {
    const { host, location } = this.#parts;
    const run = this.#open(row, await untilAnswered(host, () => recordsFor(row, location)));
    for (const user of run.users) {
      if (!isOpen(user.state) || run.registrations.present.has(user.registration)) continue;
      const records = await untilAnswered(host, () => location.get(user.user));
      for (const record of records) run.registrations.take(record);
    }
    run.resume();
    for (const user of run.users)
      if (isOpen(user.state)) run.apply(user.registration, (present) => run.placeNow(present));
  }

  /** A transfer of an earlier life whose writing was not known to have been done. */
  async #adopt(name: FunctionName | null): Promise<void> {
    const id = name === null ? null : (this.#tables.functions.get(name)?.transfer ?? null);
    if (id === null || this.#runs.has(id)) return;
    await this.#tables.load();
    const row = this.get(id);
    if (row === null || this.#runs.has(id)) return;
    await this.#resume(row);
    this.#watch.wake(row.change);
  }

  #heard(registration: RegistrationKey, message: LcfMessage): void {
    if (this.#aftercare.heard(registration, message)) return;
    const id = message.operation.split(".")[0] ?? message.operation;
    const run = this.#runs.get(id);
    if (run === undefined) {
      if (this.get(id) === null) this.#parts.channel.forget(registration, message.operation);
      else
        this.#ledger.apply(userRowId(id, registration), (row) => happeningOf(row, message, this.#moment()));
      return;
    }
    run.apply(registration, (row) => {
      const happening = happeningOf(row, message, this.#moment());
      return happening === null ? null : run.judge(row, happening);
    });
  }

  #moment() {
    return { at: this.#parts.host.clock.wall(), times: this.#parts.times };
  }

  /** What came from the HSS, for one registration or for all of the subscription. */
  #tell(row: UserRow, occasion: (present: UserRow) => Happening | null, all: boolean): void {
    const run = this.#runs.get(row.transfer);
    if (run === undefined) {
      this.#parts.host.spawn("late word of the HSS", async () => {
        if (await this.#reopen(row.transfer)) this.#tell(row, occasion, all);
      });
      return;
    }
    const complete = (present: UserRow): Happening | null => {
      const word = occasion(present);
      return word === null ? null : run.completed(present, word);
    };
    run[all ? "applyToAll" : "apply"](row.registration, complete);
  }

  /** A transfer that has ended is kept open for one who may have to move again. False: it is forgotten. */
  async #reopen(id: string): Promise<boolean> {
    const row = this.get(id);
    if (row === null) return false;
    const reopening = this.#reopening.get(id) ?? this.#resume(row);
    this.#reopening.set(id, reopening);
    await reopening;
    this.#reopening.delete(id);
    this.#watch.wake(row.change);
    return this.#runs.has(id);
  }

  /** An RTR or PPR of the HSS, which may come here for a user whose S-CSCF this CFS has changed; see `PushReceiver`. */
  pushed(push: CxPush): ReturnType<typeof receivePush> {
    const { location, isSame } = this.#parts;
    const rows = this.#tables.reassigned([push.privateIdentity, ...push.publicIdentities]);
    const terminate = (row: UserRow) =>
      this.#runs.get(row.transfer)?.applyToAll(row.registration, () => ({ event: "terminated" }));
    return receivePush(push, { rows, location, isSame, terminate });
  }

  #changed(records: readonly LocationRecord[]): void {
    if (records.length > 0) this.#parts.recordsChanged?.(records);
    for (const seen of this.#planning) seen.push(...records);
    for (const run of this.#runs.values())
      for (const record of records) this.#latecomers.recordChanged(run, record);
  }

  #reread(name: FunctionName, records: readonly LocationRecord[]): void {
    for (const run of this.#runs.values())
      if (run.row.function === name)
        for (const registration of run.registrations.reconcile(records)) run.recheck(registration);
  }

  /** After each look at the location service: time goes on for all. */
  #looked(): number | null {
    const { host, times } = this.#parts;
    const moment = { now: host.clock.now(), at: host.clock.wall() };
    const changed = this.#ledger.changes !== this.#guarded;
    this.#guarded = this.#ledger.changes;
    let busy = false;
    for (const run of [...this.#runs.values()]) {
      if (this.#endings.isResting(run)) continue;
      if (changed) this.#endings.guard(run);
      run.tick(moment);
      busy ||= run.isBusy;
      if (!run.isBusy) host.spawn("end of a transfer", () => this.#endings.settle(run));
    }
    if (changed) this.#aftercare.wake();
    if (this.#runs.size === 0) return null;
    return busy ? times.poll : times.standingPoll;
  }
}
