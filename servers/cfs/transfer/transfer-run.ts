// One transfer that is going on: whose turn it is, what time has brought, when it is over. Decides; the ledger does.
import type { LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { LcfState } from "../cfs-ue/channel.ts";
import { guardFigures } from "./figures.ts";
import { type GuardLimits, guard } from "./guard.ts";
import type { Happening } from "./happening.ts";
import type { Ledger } from "./ledger.ts";
import { createPacer, type Pacer } from "./pace.ts";
import { hasPartnerToCome, type Pairs, pairsOf, type Surroundings } from "./pairs.ts";
import {
  blockersOf,
  conditionOf,
  isUnconditional,
  type OrderPolicy,
  turns,
  waitsForCall,
} from "./policy/order.ts";
import { HssKnowledge, isNotHeld } from "./reassignment/hss-knowledge.ts";
import type { Proof } from "./reassignment/proof.ts";
import { wholeSubscriptions } from "./reassignment/subscription.ts";
import { afterAcceptance } from "./reassignment/window.ts";
import type { Registrations } from "./registrations.ts";
import { releasesOf } from "./release.ts";
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
  /** The HSS cancels the S-CSCF that a user leaves, which then cuts his calls. Null: to be found out. */
  readonly cancelsOldServer: boolean | null;
  /** What is known of the HSS. */
  readonly proof: Proof;
  /** True when another transfer has this registration under way. */
  readonly isTaken: (registration: RegistrationKey, by: TransferRun) => boolean;
  /** The users of all transfers for whom something is still to happen. */
  readonly everybody: () => readonly UserRow[];
}

/** How long a transfer rests when the HSS is slow or refuses, ms. */
const restMs = 1_000;

/** Queries that wait for their answer at a time. */
const queriesInFlight = 100;

/** The record shows nothing of the user that the row does not hold already. */
function isAsBefore(row: UserRow, seen: Happening): boolean {
  if (seen.event !== "record shows origin" || row.state === "registered") return false;
  if (row.reassignment !== null) return seen.pCscf === row.reassignment.pCscf;
  return seen.sCscf === row.sCscf;
}

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
  #restsUntil = 0;
  /** Wall clock of the last look. */
  #at = 0;
  readonly #order: OrderPolicy;
  readonly #hss: HssKnowledge;

  constructor(row: TransferRow, parts: RunParts) {
    this.row = row;
    this.#parts = parts;
    this.#pacer = createPacer(row.pace);
    const { ledger, proof, cancelsOldServer } = parts;
    this.#hss = new HssKnowledge({ ledger, proof, cancelsOldServer, users: () => this.users });
    this.#order = {
      reason: row.request.reason,
      replaceDialogs: row.replaceDialogs,
      // The acceptance names the dialogs.
      queries: row.procedure === "P",
    };
  }

  /** Those in calls are spared from then on. */
  #cutsCalls(): boolean {
    return this.row.procedure === "S" && this.#hss.cutsCalls();
  }

  get #policy(): OrderPolicy {
    return { ...this.#order, sparesCalls: this.#cutsCalls() };
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

  /** The registrations of a user's subscription in a change of S-CSCF, else itself. */
  together(row: UserRow): readonly UserRow[] {
    return this.#parts.ledger.together(row);
  }

  /** All users, in the order in which they came. */
  get users(): readonly UserRow[] {
    return [...this.#ids].map((id) => this.#parts.ledger.get(id)).filter((row) => row !== null);
  }

  /** Those for whom something is still to happen, or is being written. */
  openUsers(): UserRow[] {
    const rows: UserRow[] = [];
    for (const id of this.#open) {
      const row = this.#parts.ledger.get(id);
      if (row !== null && (isOpen(row.state) || this.#parts.ledger.isBusy(id))) rows.push(row);
      else this.#open.delete(id);
    }
    return rows;
  }

  /** True while a user is planned or under way, or was rolled back and has not had the time to say so. */
  get isBusy(): boolean {
    return this.openUsers().length > 0 || this.#isReturning;
  }

  get #isReturning(): boolean {
    if (this.row.procedure === "P") return false;
    return this.users.some(
      ({ state, reason, command }) =>
        state === "rolledBack" && reason === "pending" && (command?.expires ?? 0) > this.#at,
    );
  }

  /** True when an operation of this transfer is open at the LCF, or may be about to. */
  holds(registration: RegistrationKey): boolean {
    if (this.#parts.ledger.isBusy(userRowId(this.row.id, registration))) return true;
    const state = this.user(registration)?.state;
    return state !== undefined && state !== "planned" && isOpen(state);
  }

  /** An event of one user, seen to in its turn. */
  apply(registration: RegistrationKey, occasion: Happening | ((row: UserRow) => Happening | null)): void {
    const id = userRowId(this.row.id, registration);
    if (!this.#ids.has(id)) return;
    this.#open.add(id);
    this.#parts.ledger.apply(id, occasion);
  }

  /** The same for every registration of that user's subscription. */
  applyToAll(registration: RegistrationKey, occasion: (row: UserRow) => Happening | null): void {
    const row = this.user(registration);
    if (row === null) return;
    for (const one of this.#parts.ledger.together(row))
      this.#open.add(userRowId(this.row.id, one.registration));
    this.#parts.ledger.applyToAll(userRowId(this.row.id, registration), occasion);
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
    if (seen === null || isAsBefore(row, seen)) return;
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
    this.#at = moment.at;
    const open = this.openUsers();
    const idle: UserRow[] = [];
    let seen: Surroundings | null = null;
    const look = () => {
      seen ??= this.#surroundings();
      return seen;
    };
    const kept = this.row.procedure === "S" ? this.#hss.kept() : null;
    for (const row of open) {
      if (ledger.isBusy(userRowId(row.transfer, row.registration))) continue;
      const isResting = row.state === "planned" || row.state === "asked";
      const turn = this.#stopped(row) ?? (isResting ? kept : null) ?? this.#windowOf(row, look);
      const due = turn ?? dueFor(row, moment.at, times);
      if (due === null) idle.push(row);
      else if (due.all === true) this.applyToAll(row.registration, (present) => this.#judgeDue(present, due));
      else this.apply(row.registration, due);
    }
    this.#takeTurns(moment, open, idle);
    for (const [{ registration }, release] of releasesOf(idle, look, this.#cutsCalls()))
      this.apply(registration, { event: "release", release });
  }

  #surroundings(): Surroundings {
    const { ledger, times } = this.#parts;
    const everybody = this.#parts.everybody();
    const isBusy = (row: UserRow) => ledger.isBusy(userRowId(row.transfer, row.registration));
    return { at: this.#at, times, everybody, pairs: pairsOf(everybody), isBusy };
  }

  /** Of one who has accepted with calls: whether his S-CSCF may change now. */
  #windowOf(row: UserRow, look: () => Surroundings): Happening | null {
    if (row.state !== "accepted" || row.reassignment === null) return null;
    return afterAcceptance(this.together(row), look());
  }

  /** The record that shows the target wins over the time that is over; what others do may have changed meanwhile. */
  #judgeDue(row: UserRow, due: Happening): Happening | null {
    if (due.event === "reassign") return this.#windowOf(row, () => this.#surroundings());
    const seen = row.state === "reassigned" || row.state === "restoring" ? this.placeNow(row) : null;
    return seen?.event === "record shows target" ? seen : due;
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
    const reachable = planned.filter((row) => this.#isReachable(row, moment));
    const ready = this.row.procedure === "P" ? reachable : wholeSubscriptions(reachable, open);
    const policy = this.#policy;
    const { ask, go } = turns(ready, open, policy);
    if (ask.length === 0 && go.length === 0) this.#giveUpAway(planned, moment);
    // One whose turn is being written down is under way already.
    const resting = idle.filter(({ state }) => state === "planned").length;
    const asking = open.filter(({ state }) => state === "asked").length;
    // One who has reported only waits for the HSS's word.
    const told = open.filter(({ state, reported }) => state === "registered" && reported).length;
    const inFlight = open.length - resting - asking - told;
    for (const row of ask.slice(0, Math.max(0, queriesInFlight - asking)))
      this.apply(row.registration, { event: "ask" });
    if (moment.now < this.#restsUntil) return;
    const allowance = Math.min(go.length, this.#pacer.allowance(moment.now, inFlight));
    if (allowance <= 0) return;
    if (this.row.procedure === "S") {
      // Nobody is moved in vain: while it is not known that this HSS moves users, one subscription goes first.
      const isProven = this.#hss.isProven();
      if (!isProven && inFlight > 0) return;
      this.#pacer.began(moment.now, this.#beginSubscriptions(go, ready, isProven ? allowance : 1));
      return;
    }
    this.#pacer.began(moment.now, allowance);
    const pairs = policy.replaceDialogs ? pairsOf(this.#parts.everybody()) : null;
    for (const row of go.slice(0, allowance)) this.#begin(row, pairs);
  }

  /** All registrations of a subscription get their turn at once, under one condition. Gives how many they are. */
  #beginSubscriptions(go: readonly UserRow[], ready: readonly UserRow[], allowance: number): number {
    const begun = new Set<string>();
    const policy = this.#policy;
    let count = 0;
    for (const { registration, reassignment } of go) {
      const subscription = reassignment?.subscription ?? registration;
      if (count >= allowance) break;
      if (begun.has(subscription)) continue;
      begun.add(subscription);
      const members = ready.filter((row) => row.reassignment?.subscription === subscription);
      count += members.length;
      const inCall = members.find(waitsForCall) ?? members[0];
      const condition = inCall === undefined ? "idle" : conditionOf(inCall, policy);
      const withoutReport = !policy.replaceDialogs;
      const atRisk = policy.sparesCalls === true && condition !== "idle";
      this.applyToAll(registration, (present) => {
        if (present.state !== "planned") return null;
        const { addressesOf } = this.#parts;
        const move = moveOf(present, { condition, replace: "wait", addressesOf });
        const oldExpiresAt = this.registrations.oldExpiryOf(present);
        const old = oldExpiresAt === undefined ? {} : { oldExpiresAt };
        return move === null ? null : { event: "slot", move, withoutReport, atRisk, ...old };
      });
    }
    return count;
  }

  /** The HSS does not keep up: nothing new begins for a while. */
  rest(now: number): void {
    this.#restsUntil = Math.max(this.#restsUntil, now + restMs);
  }

  /**
   * A word of the HSS with what this transfer adds: how the LCF is to replace (when it is told, since only here is
   * known who cannot be called at the moment), and what the records say.
   */
  completed(row: UserRow, happening: Happening): Happening {
    const { event } = happening;
    // One who has left meanwhile is not the HSS's to hold.
    if (isNotHeld(row, happening) && this.placeNow(row)?.event === "record gone") return { event: "held" };
    if (event !== "MAA" && event !== "name is new") return happening;
    return { ...happening, replace: this.#isHasty(row) ? "now" : "wait", readNow: !this.#hss.isProven() };
  }

  /** His calls may be cut any moment, and no other end of them is yet to move. */
  #isHasty(row: UserRow): boolean {
    if (!this.#cutsCalls() || (row.dialogs ?? []).length === 0) return false;
    return !hasPartnerToCome(row, pairsOf(this.#parts.everybody()));
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

  /** An answer to a query, seen by the policy: who has a dialog in the way waits before the next try. */
  judge(row: UserRow, happening: Happening): Happening {
    if (happening.event !== "query answered" || row.state !== "asked" || isUnconditional(this.#policy))
      return happening;
    const blockers = blockersOf(happening.dialogs ?? []);
    return blockers === null ? happening : { ...happening, event: "blocked", ...blockers };
  }
}
