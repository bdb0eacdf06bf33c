// The standing order of a drain: who registers on the function later is moved, too.
import type { LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import type { LcfChannel, LcfState } from "../cfs-ue/channel.ts";
import { isDrain } from "./completion.ts";
import { newUser, targetForLatecomer } from "./new-user.ts";
import { obstacle } from "./policy/eligibility.ts";
import { servingFunction } from "./registrations.ts";
import type { TransferTimes } from "./times.ts";
import type { TransferRun } from "./transfer-run.ts";
import type { TransferTables } from "./transfer-tables.ts";
import { isOpen, type UserRow, userRowId } from "./user-row.ts";

interface LatecomerOptions {
  /** Wall clock. */
  readonly at: number;
  /** Default patience, ms. */
  readonly deadline: number;
  readonly lcf: (registration: RegistrationKey) => LcfState;
}

function patience(run: TransferRun, options: LatecomerOptions): number {
  const { deadline } = run.row.request;
  return options.at + (deadline === undefined ? options.deadline : deadline * 1000);
}

/** True while a transfer takes users who come later. */
function takesLatecomers({ row }: TransferRun): boolean {
  return isDrain(row) && row.standing && row.stop === null;
}

/** Rows of the same subscription that have a target. */
function siblings(run: TransferRun, { impi, impu, implicitSet }: LocationRecord): readonly UserRow[] {
  const identities = new Set([impu, ...implicitSet]);
  return run.users.filter(
    ({ user, target, reassignment }) =>
      target !== null && (reassignment?.impi === impi || identities.has(user)),
  );
}

/** The row of somebody who was not there when the transfer began; skipped, with the reason, when it cannot be moved. */
function latecomer(
  run: TransferRun,
  registration: RegistrationKey,
  record: LocationRecord,
  options: LatecomerOptions,
): UserRow {
  const { procedure, targets } = run.row;
  const found = obstacle({ records: [record], lcf: options.lcf(registration) });
  const reason = found === "no LCF" && procedure === "S" ? "device without LCF" : found;
  const { impu, impi, pCscf, sCscf } = record;
  const others = procedure === "S" ? siblings(run, record) : [];
  const target = reason !== null ? null : (others[0]?.target ?? targetForLatecomer(targets, run.users));
  const named = others[0]?.reassignment?.subscription ?? impi;
  const subscription = procedure === "S" ? { subscription: named, impi, pCscf } : null;
  const from = servingFunction(record, procedure);
  return newUser(
    { registration, user: impu, from, sCscf, target, reason, counted: true, subscription },
    { transfer: run.row.id, at: options.at, deadlineAt: patience(run, options), late: true },
  );
}

/** Nothing stands against any other device of the subscription on the function. */
function isFree(run: TransferRun, row: UserRow, { lcf }: LatecomerOptions): boolean {
  return run.together(row).every(({ registration }) =>
    run.registrations
      .recordsOf(registration)
      .filter((record) => run.registrations.isOnFunction(record))
      .every((record) => obstacle({ records: [record], lcf: lcf(registration) }) === null),
  );
}

/** One who had ended and is on the function again (or still, and has shown a sign of life): another round. */
function returns(
  run: TransferRun,
  registration: RegistrationKey,
  record: LocationRecord,
  options: LatecomerOptions,
): void {
  const row = run.user(registration);
  // One who was there has just come back: what ends his round is on its way, and another one begins after it.
  if (row === null || (isOpen(row.state) && row.state !== "registered")) return;
  if (obstacle({ records: [record], lcf: options.lcf(registration) }) !== null) return;
  if (run.row.procedure === "S" && !isFree(run, row, options)) return;
  const target = row.target ?? targetForLatecomer(run.row.targets, run.users);
  if (target === null) return;
  const deadlineAt = patience(run, options);
  run.applyToAll(registration, (present) => {
    if (isOpen(present.state) || run.registrations.placeOf(present)?.event !== "record shows origin")
      return null;
    return { event: "returned", deadlineAt, target, sCscf: record.sCscf };
  });
}

export interface LatecomersParts {
  readonly host: Host;
  readonly channel: LcfChannel;
  readonly tables: TransferTables;
  readonly times: TransferTimes;
  /** Transfers that go on, by id. */
  readonly runs: ReadonlyMap<string, TransferRun>;
}

export class Latecomers {
  readonly #parts: LatecomersParts;
  /** Rows that are being written. */
  readonly #adding = new Set<string>();

  constructor(parts: LatecomersParts) {
    this.#parts = parts;
  }

  #options(): LatecomerOptions {
    const { host, channel, times } = this.#parts;
    const lcf = (registration: RegistrationKey) => channel.state(registration);
    return { at: host.clock.wall(), deadline: times.deadline, lcf };
  }

  /** A device that had no LCF when the drain began, or when it came, has shown one. */
  stateChanged(registration: RegistrationKey, state: LcfState): void {
    if (!state.reachable) return;
    for (const run of this.#parts.runs.values()) {
      if (!takesLatecomers(run) || run.user(registration)?.state !== "skipped") continue;
      for (const record of run.registrations.recordsOf(registration))
        if (run.registrations.isOnFunction(record)) returns(run, registration, record, this.#options());
    }
  }

  /** Tells the user of the record; takes him in when he is on a function that is being kept empty. */
  recordChanged(run: TransferRun, record: LocationRecord): void {
    const registration = run.recordChanged(record);
    if (!takesLatecomers(run) || !run.registrations.isOnFunction(record)) return;
    if (run.has(registration)) returns(run, registration, record, this.#options());
    else this.#add(run, registration, record);
  }

  #add(run: TransferRun, registration: RegistrationKey, record: LocationRecord): void {
    const id = userRowId(run.row.id, registration);
    if (this.#adding.has(id)) return;
    this.#adding.add(id);
    this.#parts.host.spawn("latecomer of a drain", async () => {
      await this.#parts.tables.addUsers([latecomer(run, registration, record, this.#options())]);
      this.#adding.delete(id);
      run.add(registration);
      run.recheck(registration);
    });
  }
}
