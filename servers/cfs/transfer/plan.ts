// The plan of a transfer: one line for every user, who goes where or why not. Pure: the same input gives the same plan.
import {
  type FunctionName,
  type LocationRecord,
  type RegistrationKey,
  registrationKeyOf,
} from "@liquid-ims/location-service/record";
import type { DialogDescription } from "@liquid-ims/reference-points/cfs-ue";
import type { LcfState } from "../cfs-ue/channel.ts";
import type { Reason } from "./outcome.ts";
import { type Candidate, obstacle } from "./policy/eligibility.ts";
import { choose } from "./policy/selection.ts";
import { apportion, interleave } from "./policy/shares.ts";
import { subscriptionsOf } from "./reassignment/subscriptions.ts";
import { type Procedure, servingFunction } from "./registrations.ts";

export interface PlanTarget {
  readonly function: FunctionName;
  readonly weight: number;
}

/** What is asked for: the load to leave on a function, or users by public identity. */
export type PlanRequest =
  | { readonly function: FunctionName; readonly load: number }
  | { readonly users: readonly string[] };

export interface PlanInput {
  readonly request: PlanRequest;
  /** At least one. */
  readonly targets: readonly PlanTarget[];
  /** Registered records: those of the function, or all of the named users. */
  readonly records: readonly LocationRecord[];
  readonly lcf: (registration: RegistrationKey) => LcfState;
  /** What LCFs have answered to `query`, where it was sent. */
  readonly dialogs?: ReadonlyMap<RegistrationKey, readonly DialogDescription[]>;
  /** Compares names of functions through the name-address table. */
  readonly isSame: (a: FunctionName, b: FunctionName) => boolean;
  /** Default "P". */
  readonly procedure?: Procedure;
}

/** The IMS subscription of a user whose S-CSCF is to change. */
export interface PlanSubscription {
  readonly subscription: string;
  readonly impi: string;
  readonly pCscf: FunctionName | null;
}

export interface PlanLine {
  readonly registration: RegistrationKey;
  /** Default public identity; the name asked for where there is no registration. */
  readonly user: string;
  readonly from: FunctionName | null;
  readonly sCscf: FunctionName;
  /** Null: stays. */
  readonly target: FunctionName | null;
  /** Why the user stays; null for one who is to move. */
  readonly reason: Reason | null;
  /** One of those whom the request asks to move, movable or not: planned = counted. */
  readonly counted: boolean;
  /** Null in a change of P-CSCF. */
  readonly subscription: PlanSubscription | null;
}

interface Registration {
  readonly key: RegistrationKey;
  readonly candidate: Candidate;
}

/** What moves as one: a registration, or in a change of S-CSCF all those of a subscription. */
interface Unit {
  readonly key: string;
  readonly members: readonly Registration[];
  /** Registrations. */
  readonly size: number;
  readonly obstacle: Reason | null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function registrations(input: PlanInput): Registration[] {
  const grouped = new Map<RegistrationKey, [LocationRecord, ...LocationRecord[]]>();
  for (const record of input.records) {
    const key = registrationKeyOf(record);
    const known = grouped.get(key);
    if (known === undefined) grouped.set(key, [record]);
    else known.push(record);
  }
  return [...grouped]
    .sort(([a], [b]) => compare(a, b))
    .map(([key, records]) => {
      const dialogs = input.dialogs?.get(key);
      const candidate = { records, lcf: input.lcf(key), ...(dialogs === undefined ? {} : { dialogs }) };
      return { key, candidate };
    });
}

/** The first obstacle of any member is that of all; a device without LCF is named as such. */
function obstacleOf(members: readonly Registration[], procedure: Procedure): Reason | null {
  for (const { candidate } of members) {
    const found = obstacle(candidate);
    if (found !== null) return found === "no LCF" && procedure === "S" ? "device without LCF" : found;
  }
  return null;
}

/** In the order of their first registrations. */
function units(input: PlanInput): Unit[] {
  const { procedure = "P" } = input;
  const subscriptions = procedure === "S" ? subscriptionsOf(input.records) : null;
  const grouped = new Map<string, Registration[]>();
  for (const registration of registrations(input)) {
    const key = subscriptions?.get(registration.key) ?? registration.key;
    const known = grouped.get(key);
    if (known === undefined) grouped.set(key, [registration]);
    else known.push(registration);
  }
  return [...grouped].map(([key, members]) => ({
    key,
    members,
    size: members.length,
    obstacle: obstacleOf(members, procedure),
  }));
}

function sizeOf(all: readonly Unit[]): number {
  return all.reduce((sum, { size }) => sum + size, 0);
}

type Fate = Pick<PlanLine, "target" | "reason" | "counted">;

function lines(unit: Unit, { procedure = "P" }: PlanInput, fate: Fate): PlanLine[] {
  return unit.members.map(({ key, candidate }) => {
    const [record] = candidate.records;
    const { impu, impi, pCscf, sCscf } = record;
    const subscription = procedure === "S" ? { subscription: unit.key, impi, pCscf } : null;
    const from = servingFunction(record, procedure);
    return { registration: key, user: impu, from, sCscf, ...fate, subscription };
  });
}

function stays(reason: Reason, counted: boolean): Fate {
  return { target: null, reason, counted };
}

/** Gives `movers` their targets; the others keep the fate that `other` says. */
function assign(
  input: PlanInput,
  all: readonly Unit[],
  movers: readonly Unit[],
  other: (unit: Unit) => Fate,
): PlanLine[] {
  const { targets } = input;
  const parts = apportion(
    movers.length,
    targets.map(({ weight }) => weight),
  );
  const order = interleave(parts);
  const goes = new Map<Unit, FunctionName>();
  for (const [index, mover] of movers.entries()) {
    const target = targets[order[index] ?? 0];
    if (target !== undefined) goes.set(mover, target.function);
  }
  return all.flatMap((unit) => {
    const target = goes.get(unit);
    return lines(unit, input, target === undefined ? other(unit) : { target, reason: null, counted: true });
  });
}

/** So many of the function's users move that `load` of them is left; those who cannot be moved are left first. */
function planFunction(input: PlanInput, load: number): PlanLine[] {
  const all = units(input);
  const movable = all.filter((unit) => unit.obstacle === null);
  const [, wanted = 0] = apportion(sizeOf(all), [load, 1 - load]);
  const movers = choose(movable, wanted);
  let missing = wanted - sizeOf(movers);
  return assign(input, all, movers, (unit) => {
    if (unit.obstacle === null) return stays("within the load to leave", false);
    missing -= unit.size;
    return stays(unit.obstacle, missing > -unit.size);
  });
}

function planUsers(input: PlanInput, users: readonly string[]): PlanLine[] {
  const all = units(input);
  const isThere = ({ members }: Unit) =>
    members.every(({ candidate }) => {
      const serving = servingFunction(candidate.records[0], input.procedure ?? "P");
      return serving !== null && input.targets.some((target) => input.isSame(target.function, serving));
    });
  const movers = all.filter((unit) => unit.obstacle === null && !isThere(unit));
  const found = assign(input, all, movers, (unit) =>
    isThere(unit) ? stays("already on the target", false) : stays(unit.obstacle ?? "no registration", true),
  );
  const known = new Set(input.records.flatMap(({ impu, implicitSet }) => [impu, ...implicitSet]));
  const absent = [...new Set(users)]
    .filter((user) => !known.has(user))
    .sort(compare)
    .map((user) => ({
      registration: user,
      user,
      from: null,
      sCscf: "",
      ...stays("no registration", true),
      subscription: null,
    }));
  return [...found, ...absent];
}

/** One line for every registration of the function, or of every named user; nobody is left out. */
export function plan(input: PlanInput): readonly PlanLine[] {
  const { request } = input;
  return "users" in request ? planUsers(input, request.users) : planFunction(input, request.load);
}
