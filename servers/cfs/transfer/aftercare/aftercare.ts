// Watches users who have moved S-CSCF until their old registration has expired: some HSSs then forget the moved user
// (T1), and nobody but an S-CSCF that is asked for him would notice. Paced, and durable over a restart.
import {
  type LocationRecord,
  type RegistrationKey,
  registrationKeyOf,
} from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import type { LcfChannel, LcfMessage } from "../../cfs-ue/channel.ts";
import type { Cx, CxFailure, CxUser } from "../../cx/cx.ts";
import { untilAnswered } from "../../store/guarded-location.ts";
import type { CfsStore } from "../../store/store.ts";
import { commitChanges, Table, type TableChange } from "../../store/table.ts";
import type { TransferTimes } from "../times.ts";
import { isMoved, type UserRow, userRowId } from "../user-row.ts";
import { type CareRow, careRowCodec } from "./care-row.ts";
import { type CareEffect, type CareEvent, type CareStep, firstLook, stepCare } from "./care-state.ts";

export interface AftercareParts {
  readonly host: Host;
  readonly store: CfsStore;
  readonly location: LocationStore;
  readonly channel: LcfChannel;
  /** Null: nothing is watched. */
  readonly cx: Cx | null;
  readonly times: TransferTimes;
  readonly isSame: (a: string, b: string) => boolean;
  /** True while a transfer has this registration under way. */
  readonly isTaken: (registration: RegistrationKey) => boolean;
}

/** Names of its operations at the LCFs begin so. */
const operationPrefix = "care-";
/** How often it looks who is due, ms, at most and at least, and how many are asked for then. */
const lookMs = 1_000;
const longestLookMs = 5_000;
const mostAtOnce = 5;
/** Repairs of one user in a row. */
const mostRepairs = 6;
/** Longest registration, for one whose old expiry is not known, ms. */
const longestRegistration = 3_600_000;

export class Aftercare {
  readonly #parts: AftercareParts;
  readonly #table = new Table<CareRow>("aftercare", careRowCodec, {
    index: ({ registration }) => registration,
  });
  readonly #busy = new Set<string>();
  #timer: Timer | null = null;
  #stopped = false;

  constructor(parts: AftercareParts) {
    this.#parts = parts;
    const help = "Users who have moved S-CSCF and whose old registration has not expired yet";
    parts.host.metrics.gauge("cfs_aftercare_users", { help }, () => this.#table.size);
  }

  /** Reads the store and goes on with what an earlier life left; it stays there while nothing is to be watched. */
  async start(): Promise<void> {
    if (this.#parts.cx === null) return;
    await this.#table.load(this.#parts.store);
    for (const id of this.#table.ids()) {
      const row = this.#table.get(id);
      // It may not have left before a crash: the same bytes again are the same command.
      if (row?.state === "repairing") this.#send(row);
    }
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** For the batch that writes a user's row: the watch that begins with it, when his record has shown the target. */
  watch(before: UserRow, row: UserRow): TableChange | null {
    const { reassignment, transfer, registration, user } = row;
    if (this.#parts.cx === null || reassignment === null || reassignment.reassignedAt === null) return null;
    if (isMoved(before.state) || !isMoved(row.state)) return null;
    const { oldExpiresAt, impi } = reassignment;
    const expiresAt = oldExpiresAt ?? (row.registeredAt ?? 0) + longestRegistration;
    const content: CareRow = {
      ...{ transfer, registration, user, impi, from: row.from ?? row.sCscf, state: "watching" },
      ...firstLook(expiresAt, { at: this.#parts.host.clock.wall(), times: this.#parts.times }),
      ...{ expiresAt, repairs: 0, unanswered: 0, command: null },
    };
    return this.#table.change({ id: userRowId(transfer, registration), content });
  }

  /** Somebody is to be watched: time is looked at. */
  wake(): void {
    this.#schedule();
  }

  /** A word of an LCF; false: about an operation of others. */
  heard(registration: RegistrationKey, message: LcfMessage): boolean {
    if (!message.operation.startsWith(operationPrefix)) return false;
    const row = this.#table
      .find(registration)
      .find(({ command }) => command?.operation === message.operation);
    if (row === undefined) this.#parts.channel.forget(registration, message.operation);
    else if ("answer" in message && message.answer === "registered") this.#apply(idOf(row), "registered");
    else if ("answer" in message && (message.answer === "refused" || message.answer === "failed"))
      this.#apply(idOf(row), "refused");
    return true;
  }

  #schedule(): void {
    if (this.#stopped || this.#timer !== null || this.#table.size === 0) return;
    const { clock } = this.#parts.host;
    let next = Number.POSITIVE_INFINITY;
    for (const id of this.#table.ids()) next = Math.min(next, this.#table.get(id)?.dueAt ?? next);
    const tick = (): void => {
      this.#timer = null;
      this.#look();
      this.#schedule();
    };
    this.#timer = clock.after(
      Math.max(lookMs, Math.min(next - clock.wall(), longestLookMs)),
      tick,
      "aftercare",
    );
  }

  #look(): void {
    const { host, isTaken } = this.#parts;
    const now = host.clock.wall();
    const due = this.#table
      .ids()
      .flatMap((id) => this.#table.get(id) ?? [])
      .filter((row) => row.dueAt <= now && !this.#busy.has(idOf(row)))
      .sort((a, b) => a.dueAt - b.dueAt);
    for (const row of due.slice(0, mostAtOnce))
      this.#apply(idOf(row), isTaken(row.registration) ? "taken" : "due");
  }

  /** One event of a user at a time; those that come meanwhile are told again, or fall due. */
  #apply(id: string, event: CareEvent): void {
    if (this.#busy.has(id)) {
      this.#parts.host.clock.after(lookMs, () => this.#apply(id, event), "aftercare");
      return;
    }
    this.#busy.add(id);
    this.#parts.host.spawn("aftercare", async () => {
      const row = this.#table.get(id);
      const step = row === null ? null : await this.#step(row, event);
      this.#busy.delete(id);
      if (step !== null && step.row !== null) this.#perform(step.row, step.effects);
      else if (row !== null && step !== null) this.#perform(row, step.effects);
      this.#schedule();
    });
  }

  async #step(row: CareRow, asked: CareEvent): Promise<CareStep | null> {
    const { host, store, channel, times } = this.#parts;
    const isThere = asked !== "due" || (await this.#recordOf(row)) !== null;
    const event = isThere ? asked : "gone";
    const reached = Math.max(channel.sequenceReached(row.registration), row.command?.sequence ?? 0);
    const step = stepCare(row, event, {
      at: host.clock.wall(),
      sequence: reached + 1,
      operation: `${operationPrefix}${encodeHex(host.random.bytes(8))}`,
      times,
    });
    if (step.row === row) return null;
    const change = this.#table.change({ id: idOf(row), content: step.row });
    // Somebody else has written it: what is due is looked at again.
    if ((await commitChanges(store, [change])) === "conflict") return null;
    this.#note(row, event, step);
    return step;
  }

  #note({ user, registration, from, repairs }: CareRow, event: CareEvent, { row, fate }: CareStep): void {
    const { host } = this.#parts;
    const line = { user, registration, from, event, repairs: row?.repairs ?? repairs };
    if (row?.state === "repairing") host.log.warn("HSS does not hold a moved user", line);
    if (fate === null) return;
    const labels = { result: fate };
    const help = "Users who have moved S-CSCF, by what was found when their old registration had expired";
    host.metrics.counter("cfs_aftercare_total", { help, labels }).add();
    if (fate === "given up") {
      const remedy = "he cannot be called until he registers again; look at the HSS and at his device";
      host.log.error("aftercare given up", { ...line, remedy });
    } else host.log.info("aftercare", { ...line, fate });
  }

  #perform(row: CareRow, effects: readonly CareEffect[]): void {
    for (const effect of effects) {
      if (typeof effect !== "string") this.#parts.channel.forget(row.registration, effect.forget);
      else if (effect === "send") this.#send(row);
      else if (effect === "ask") this.#parts.host.spawn("aftercare asks", () => this.#ask(row));
      else this.#parts.host.spawn("aftercare names", () => this.#writeName(row));
    }
  }

  #send({ registration, command }: CareRow): void {
    if (command === null) return;
    const { operation, sequence, expires, content } = command;
    this.#parts.channel.send(registration, { operation, sequence, expires, ...content });
  }

  async #recordOf({ user, registration }: CareRow): Promise<LocationRecord | null> {
    const { host, location } = this.#parts;
    const records = await untilAnswered(host, () => location.get(user));
    const isHis = (one: LocationRecord) =>
      one.state === "registered" && registrationKeyOf(one) === registration;
    return records.find(isHis) ?? null;
  }

  async #ask(row: CareRow): Promise<void> {
    const { cx, isSame } = this.#parts;
    const held = await cx?.registration(userOf(row));
    if (held === undefined) return;
    // Whoever has gone elsewhere while the HSS was asked is looked at as he is now.
    const record = await this.#recordOf(row);
    if (record === null) return this.#apply(idOf(row), "gone");
    if (!held.ok) return this.#apply(idOf(row), unansweredBy(held));
    const isThere = held.server !== null && isSame(held.server, record.sCscf);
    if (isThere && held.registered) this.#apply(idOf(row), "held");
    else if (row.repairs >= mostRepairs) this.#apply(idOf(row), "not held, over");
    else this.#apply(idOf(row), isThere ? "not held" : "name is wrong");
  }

  async #writeName(row: CareRow): Promise<void> {
    const { cx, times } = this.#parts;
    const record = await this.#recordOf(row);
    if (record === null) return this.#apply(idOf(row), "gone");
    const options = { timeoutMs: times.careRetry, previous: record.sCscf };
    const done = await cx?.reassign(userOf(row), record.sCscf, options);
    if (done === undefined) return;
    // An HSS that does not take a name from here still takes a registration.
    this.#apply(idOf(row), done.ok ? "named" : unansweredBy(done) === "unanswered" ? "unanswered" : "named");
  }
}

function idOf({ transfer, registration }: CareRow): string {
  return userRowId(transfer, registration);
}

function userOf({ impi, user }: CareRow): CxUser {
  return { privateIdentity: impi, publicIdentity: user };
}

/** An HSS that does not know the user will not do so later either. */
function unansweredBy({ reason }: CxFailure): "unanswered" | "gone" {
  return reason === "unknown to the HSS" ? "gone" : "unanswered";
}
