// What is sent in a load run: which user registers, refreshes or goes, in which order, and which records follow. Pure.
import { type LoadUser, loadUser, type NamedUser } from "./load-users.ts";

export type RegisterKind = "new" | "refresh" | "deregister";

/** Shares; only their ratio counts. */
export type Mix = Readonly<Record<RegisterKind, number>>;

export interface PlannedRegister {
  readonly user: LoadUser;
  readonly kind: RegisterKind;
  /** CSeq of the UE's REGISTER. */
  readonly sequence: number;
}

/** REGISTERs that are sent at one rate. */
export interface LoadStep {
  /** A second. */
  readonly rate: number;
  readonly registers: readonly PlannedRegister[];
}

export interface LoadPlan {
  /** Registered before anything is measured: those to refresh and to de-register, and what the CFD warms up with. */
  readonly known: LoadStep;
  readonly steps: readonly LoadStep[];
}

export interface LoadPlanOptions {
  /** Steps with their rate and number of REGISTERs. */
  readonly steps: readonly { readonly rate: number; readonly count: number }[];
  readonly mix: Mix;
  /** As many users are registered before anything is measured, more where the mix needs them. Default 0. */
  readonly warmUp?: number;
  /** Tells runs apart. */
  readonly run: string;
  /** Users in the order in which they are taken; default: made up. */
  readonly users?: readonly NamedUser[];
}

export const registerKinds: readonly RegisterKind[] = ["new", "refresh", "deregister"];

/** Refreshes go round among so many users at most; there are always some with long waits between two of theirs. */
const mostRefreshed = 1_000;

/** Parts of `count` in the ratio of the mix, whole and together `count`: the largest remainders are rounded up. */
export function mixCounts(count: number, mix: Mix): Record<RegisterKind, number> {
  const whole = mix.new + mix.refresh + mix.deregister;
  const shares = registerKinds.map((kind) => {
    const exact = (count * mix[kind]) / whole;
    return { kind, floor: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  let left = count - shares.reduce((sum, { floor }) => sum + floor, 0);
  const counts = { new: 0, refresh: 0, deregister: 0 };
  for (const { kind, floor } of [...shares].sort((a, b) => b.remainder - a.remainder)) {
    counts[kind] = floor + (left > 0 ? 1 : 0);
    left -= 1;
  }
  return counts;
}

/** The kinds of one step, evenly mixed: at any time the one is next that lags behind its share most. */
export function mixKinds(counts: Readonly<Record<RegisterKind, number>>): readonly RegisterKind[] {
  const total = counts.new + counts.refresh + counts.deregister;
  const done = { new: 0, refresh: 0, deregister: 0 };
  return Array.from({ length: total }, (_, index) => {
    const lag = (kind: RegisterKind) => (counts[kind] * (index + 1)) / total - done[kind];
    const open = registerKinds.filter((kind) => done[kind] < counts[kind]);
    const next = open.reduce((best, kind) => (lag(kind) > lag(best) ? kind : best));
    done[next] += 1;
    return next;
  });
}

/** How many users a run needs. */
export interface UsersNeeded {
  /** Registered while it is measured. */
  readonly fresh: number;
  /** Registered before. */
  readonly refreshed: number;
  readonly leaving: number;
  readonly warming: number;
}

export function usersNeeded(options: Pick<LoadPlanOptions, "steps" | "mix" | "warmUp">): UsersNeeded {
  const { steps, mix, warmUp = 0 } = options;
  const counts = steps.map(({ count }) => mixCounts(count, mix));
  const sum = (kind: RegisterKind) => counts.reduce((total, each) => total + each[kind], 0);
  const refreshed = Math.min(sum("refresh"), mostRefreshed);
  const leaving = sum("deregister");
  return { fresh: sum("new"), refreshed, leaving, warming: Math.max(0, warmUp - refreshed - leaving) };
}

/** A plan in which nobody is refreshed after he has left, so that the end does not depend on the order of arrival. */
export function planLoad(options: LoadPlanOptions): LoadPlan {
  const { steps, mix, run, users } = options;
  const { refreshed, leaving, warming } = usersNeeded(options);
  let taken = 0;
  const takeUser = (): LoadUser => {
    const named = users?.[taken];
    if (users !== undefined && named === undefined)
      throw new RangeError(`only ${users.length} users are there`);
    const user = loadUser(taken, run, named);
    taken += 1;
    return user;
  };
  const sequences = new Map<LoadUser, number>();
  const register = (user: LoadUser, kind: RegisterKind): PlannedRegister => {
    // The first REGISTER of a UE gets a 401; the one that the S-CSCF accepts is its second.
    const sequence = (sequences.get(user) ?? 1) + 1;
    sequences.set(user, sequence);
    return { user, kind, sequence };
  };
  const toRefresh = Array.from({ length: refreshed }, takeUser);
  const toLeave = Array.from({ length: leaving }, takeUser);
  const toWarmUp = Array.from({ length: warming }, takeUser);
  const known = [...toRefresh, ...toLeave, ...toWarmUp].map((user) => register(user, "new"));
  let refreshes = 0;
  let departures = 0;
  const userFor: Record<RegisterKind, () => LoadUser | undefined> = {
    new: takeUser,
    refresh: () => toRefresh[refreshes++ % toRefresh.length],
    deregister: () => toLeave[departures++],
  };
  const planned = steps.map(({ rate, count }) => ({
    rate,
    registers: mixKinds(mixCounts(count, mix)).map((kind) => {
      const user = userFor[kind]();
      if (user === undefined) throw new Error(`no user is left for "${kind}"`);
      return register(user, kind);
    }),
  }));
  return { known: { rate: Math.min(...steps.map(({ rate }) => rate)), registers: known }, steps: planned };
}
