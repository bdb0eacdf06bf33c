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
}

interface Registration {
  readonly key: RegistrationKey;
  readonly candidate: Candidate;
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
      return { key, candidate, obstacle: obstacle(candidate) };
    });
}

type Fate = Pick<PlanLine, "target" | "reason" | "counted">;

function line({ key, candidate }: Registration, fate: Fate): PlanLine {
  const [{ impu, pCscf, sCscf }] = candidate.records;
  return { registration: key, user: impu, from: pCscf, sCscf, ...fate };
}

function stays(reason: Reason, counted: boolean): Fate {
  return { target: null, reason, counted };
}

/** Gives `movers` their targets; the others keep the fate that `other` says. */
function assign(
  all: readonly Registration[],
  movers: readonly Registration[],
  targets: readonly PlanTarget[],
  other: (registration: Registration) => Fate,
): PlanLine[] {
  const parts = apportion(
    movers.length,
    targets.map(({ weight }) => weight),
  );
  const order = interleave(parts);
  const goes = new Map<Registration, FunctionName>();
  for (const [index, mover] of movers.entries()) {
    const target = targets[order[index] ?? 0];
    if (target !== undefined) goes.set(mover, target.function);
  }
  return all.map((registration) => {
    const target = goes.get(registration);
    const fate = target === undefined ? other(registration) : { target, reason: null, counted: true };
    return line(registration, fate);
  });
}

/** So many of the function's users move that `load` of them is left; those who cannot be moved are left first. */
function planFunction(input: PlanInput, load: number): PlanLine[] {
  const all = registrations(input);
  const movable = all.filter((registration) => registration.obstacle === null);
  const [, wanted = 0] = apportion(all.length, [load, 1 - load]);
  const movers = choose(movable, wanted);
  let missing = wanted - movers.length;
  return assign(all, movers, input.targets, (registration) => {
    if (registration.obstacle === null) return stays("within the load to leave", false);
    missing -= 1;
    return stays(registration.obstacle, missing >= 0);
  });
}

function planUsers(input: PlanInput, users: readonly string[]): PlanLine[] {
  const all = registrations(input);
  const isThere = ({ candidate }: Registration) => {
    const { pCscf } = candidate.records[0];
    return pCscf !== null && input.targets.some((target) => input.isSame(target.function, pCscf));
  };
  const movers = all.filter((registration) => registration.obstacle === null && !isThere(registration));
  const lines = assign(all, movers, input.targets, (registration) =>
    isThere(registration)
      ? stays("already on the target", false)
      : stays(registration.obstacle ?? "no registration", true),
  );
  const found = new Set(input.records.flatMap(({ impu, implicitSet }) => [impu, ...implicitSet]));
  const absent = [...new Set(users)]
    .filter((user) => !found.has(user))
    .sort(compare)
    .map((user) => ({ registration: user, user, from: null, sCscf: "", ...stays("no registration", true) }));
  return [...lines, ...absent];
}

/** One line for every registration of the function, or of every named user; nobody is left out. */
export function plan(input: PlanInput): readonly PlanLine[] {
  const { request } = input;
  return "users" in request ? planUsers(input, request.users) : planFunction(input, request.load);
}
