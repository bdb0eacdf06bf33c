// One transfer that is going on: whose turn it is, what time has brought, when it is over. Decides; the ledger does.
import type { LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { LcfState } from "../cfs-ue/channel.ts";
import { guardFigures } from "./figures.ts";
import { type GuardLimits, guard } from "./guard.ts";
import type { Ledger } from "./ledger.ts";
import { createPacer, type Pacer } from "./pace.ts";
import { hasPartnerToCome, type Pairs, pairsOf, releaseOf } from "./pairs.ts";
import { blockersOf, conditionOf, isUnconditional, type OrderPolicy, turns } from "./policy/order.ts";
import type { Registrations } from "./registrations.ts";
import type { Happening } from "./step.ts";
import { dueFor } from "./timers.ts";
import type { TransferTimes } from "./times.ts";
import type { TransferRow } from "./transfer-row.ts";
import { isOpen, type UserRow, userRowId } from "./user-row.ts";
import { moveOf } from "./wire.ts";

export interface RunParts {
  readonly ledger: Ledger;
  readonly registrations: Registrations;
  readonly times: TransferTimes;
  readonly limits: GuardLimits;
  readonly lcf: (registration: RegistrationKey) => LcfState;
  readonly addressesOf: (name: string) => readonly string[];
  /** True when another transfer has this registration under way. */
  readonly isTaken: (registration: RegistrationKey, by: TransferRun) => boolean;
}

/** Queries that wait for their answer at a time. */
const queriesInFlight = 100;

/** The two clocks of a host at one moment. */
export interface Moment {
  /** Monotonic, for the pace. */
  readonly now: number;
  /** Wall clock, for everything that is stored. */
  readonly at: number;
}

export class TransferRun {
  row: TransferRow;
  readonly #parts: RunParts;
  readonly #ids = new Set<string>();
  readonly #open = new Set<string>();
  readonly #awaySince = new Map<string, number>();
  readonly #pacer: Pacer;
  readonly #policy: OrderPolicy;

  constructor(row: TransferRow, parts: RunParts) {
    this.row = row;
    this.#parts = parts;
    this.#pacer = createPacer(row.pace);
    this.#policy = { reason: row.request.reason, replaceDialogs: row.replaceDialogs };
  }

  get registrations(): Registrations {
    return this.#parts.registrations;
  }

  /** A user of this transfer, whose row is in the ledger. */
  add(registration: RegistrationKey): void {
    const id = userRowId(this.row.id, registration);
    this.#ids.add(id);
    const row = this.#parts.ledger.get(id);
    if (row !== null && isOpen(row.state)) this.#open.add(id);
  }

  has(registration: RegistrationKey): boolean {
    return this.#ids.has(userRowId(this.row.id, registration));
  }

  user(registration: RegistrationKey): UserRow | null {
    return this.#parts.ledger.get(userRowId(this.row.id, registration));
  }

  /** All users, in the order in which they came. */
  get users(): readonly UserRow[] {
    return [...this.#ids].map((id) => this.#parts.ledger.get(id)).filter((row) => row !== null);
  }

  #openUsers(): UserRow[] {
    const rows: UserRow[] = [];
    for (const id of this.#open) {
      const row = this.#parts.ledger.get(id);
      if (row !== null && (isOpen(row.state) || this.#parts.ledger.isBusy(id))) rows.push(row);
      else this.#open.delete(id);
    }
    return rows;
  }

  /** True while a user is planned or under way. */
  get isBusy(): boolean {
    return this.#openUsers().length > 0;
  }

  /** True when an operation of this transfer is open at the LCF, or may be about to. */
  holds(registration: RegistrationKey): boolean {
    if (this.#parts.ledger.isBusy(userRowId(this.row.id, registration))) return true;
    const state = this.user(registration)?.state;
    return state === "asked" || state === "commanded" || state === "accepted" || state === "registered";
  }

  /** An event of one user, seen to in its turn. */
  apply(registration: RegistrationKey, occasion: Happening | ((row: UserRow) => Happening | null)): void {
    const id = userRowId(this.row.id, registration);
    if (!this.#ids.has(id)) return;
    this.#open.add(id);
    this.#parts.ledger.apply(id, occasion);
  }

  /** After a restart: what was decided may not have been done, and a stop may not have reached everybody. */
  resume(): void {
    for (const row of this.users)
      if (isOpen(row.state) || row.command?.content.command === "cancel")
        this.apply(row.registration, { event: "resume" });
  }

  /** Takes a changed record over and tells its user. Gives its registration. */
  recordChanged(record: LocationRecord): RegistrationKey {
    const registration = this.registrations.take(record);
    this.recheck(registration);
    return registration;
  }

  recheck(registration: RegistrationKey): void {
    const row = this.user(registration);
    // Most changes are refreshes: nothing of them is written, but for those that a transition follows from.
    if (row === null || (row.target === null && !isOpen(row.state))) return;
    const seen = this.registrations.placeOf(row);
    if (
      seen === null ||
      (seen.event === "record shows origin" && seen.sCscf === row.sCscf && row.state !== "registered")
    )
      return;
    this.apply(registration, (present) => this.placeNow(present));
  }

  /** What the records say of a user at the moment of its turn. */
  placeNow(row: UserRow): Happening | null {
    return this.registrations.placeOf(row);
  }

  /** What passed which limit, when the transfer has to be stopped. */
  guard(): string | null {
    return guard(this.#parts.limits, guardFigures(this.users), {
      failure: this.#policy.reason === "failure",
    });
  }

  /** Time goes on: deadlines, then turns, then dialogs that may be replaced. */
  tick(moment: Moment): void {
    const { ledger, times } = this.#parts;
    const open = this.#openUsers();
    const idle: UserRow[] = [];
    for (const row of open) {
      if (ledger.isBusy(userRowId(row.transfer, row.registration))) continue;
      const due = this.#stopped(row) ?? dueFor(row, moment.at, times);
      if (due === null) idle.push(row);
      else this.apply(row.registration, due);
    }
    this.#takeTurns(moment, open, idle);
    this.#release(moment, idle);
  }

  #stopped({ state }: UserRow): Happening | null {
    const { stop } = this.row;
    if (stop === null || (state !== "planned" && state !== "asked")) return null;
    return { event: "abort", reason: stop.reason, detail: stop.detail };
  }

  #takeTurns(moment: Moment, open: readonly UserRow[], idle: readonly UserRow[]): void {
    const planned = idle.filter(
      (row) =>
        row.state === "planned" && row.notBefore <= moment.at && !this.#parts.isTaken(row.registration, this),
    );
    if (planned.length === 0) return;
    const ready = planned.filter((row) => this.#isReachable(row, moment));
    const { ask, go } = turns(ready, open, this.#policy);
    if (ask.length === 0 && go.length === 0) this.#giveUpAway(planned, moment);
    // One whose turn is being written down is under way already.
    const resting = idle.filter(({ state }) => state === "planned").length;
    const asking = open.filter(({ state }) => state === "asked").length;
    const inFlight = open.length - resting - asking;
    for (const row of ask.slice(0, Math.max(0, queriesInFlight - asking)))
      this.apply(row.registration, { event: "ask" });
    const turn = go.slice(0, Math.min(go.length, this.#pacer.allowance(moment.now, inFlight)));
    if (turn.length === 0) return;
    this.#pacer.began(moment.now, turn.length);
    const pairs = this.#policy.replaceDialogs ? pairsOf(this.users) : null;
    for (const row of turn) this.#begin(row, pairs);
  }

  #begin(row: UserRow, pairs: Pairs | null): void {
    const replaceDialogs = pairs !== null;
    const waits = pairs === null || hasPartnerToCome(row, pairs);
    this.apply(row.registration, (present) => {
      const move = moveOf(present, {
        condition: conditionOf(present, this.#policy),
        replace: waits ? "wait" : "now",
        addressesOf: this.#parts.addressesOf,
      });
      return move === null ? null : { event: "slot", move, withoutReport: !replaceDialogs };
    });
  }

  /** After a failure a command waits for a path itself; there is nothing to lose by it. */
  #isReachable(row: UserRow, { at }: Moment): boolean {
    const state = this.#parts.lcf(row.registration);
    if (state.reachable) {
      this.#awaySince.delete(row.registration);
      return true;
    }
    if (!this.#awaySince.has(row.registration)) this.#awaySince.set(row.registration, at);
    return (
      this.#policy.reason === "failure" && state.reason !== "no LCF" && state.reason !== "several devices"
    );
  }

  /** Nobody else is there to be moved: those who cannot be reached have had their time. */
  #giveUpAway(planned: readonly UserRow[], { at }: Moment): void {
    for (const { registration } of planned) {
      const since = this.#awaySince.get(registration);
      if (since === undefined || at - since < this.#parts.times.reach) continue;
      const state = this.#parts.lcf(registration);
      if (state.reachable) continue;
      this.apply(registration, { event: "LCF gone", reason: "LCF cannot be reached", detail: state.reason });
    }
  }

  #release({ at }: Moment, idle: readonly UserRow[]): void {
    const waiting = idle.filter(({ state, replace }) => state === "registered" && replace === "wait");
    if (waiting.length === 0) return;
    const pairs = pairsOf(this.users);
    for (const row of waiting) {
      const release = releaseOf(row, pairs, { at, times: this.#parts.times });
      if (release !== null) this.apply(row.registration, { event: "release", release });
    }
  }

  /** An answer to a query, seen by the policy: who has a dialog in the way waits before the next try. */
  judge(row: UserRow, happening: Happening): Happening {
    if (happening.event !== "query answered" || row.state !== "asked" || isUnconditional(this.#policy))
      return happening;
    const blockers = blockersOf(happening.dialogs ?? []);
    return blockers === null ? happening : { ...happening, event: "blocked", ...blockers };
  }
}
