// Rows of users who come into a transfer: by its plan, or later by a standing order. Pure.
import type { FunctionName } from "@liquid-ims/location-service/record";
import { verdictOf } from "./outcome.ts";
import type { PlanLine, PlanSubscription, PlanTarget } from "./plan.ts";
import { nextTarget } from "./policy/shares.ts";
import { isOpen, type Reassignment, type UserRow, type UserState } from "./user-row.ts";

export interface NewUserOptions {
  readonly transfer: string;
  /** Wall clock. */
  readonly at: number;
  readonly deadlineAt: number;
  /** The user came after the transfer had begun. */
  readonly late: boolean;
}

/** What a change of S-CSCF knows of a user before it has begun. */
export const notReassigned: Omit<Reassignment, keyof PlanSubscription> = {
  move: null,
  armedAt: null,
  mar: "none",
  reassignedAt: null,
  seenChange: 0,
  commitAt: null,
  nameDueAt: null,
  nameReads: 0,
  restoreDueAt: null,
  restores: 0,
  restoreUntil: null,
  registeredAt: null,
  checkDueAt: null,
  checks: 0,
  repairs: 0,
  oldExpiresAt: null,
  atRisk: false,
};

function stateOf({ target, reason }: PlanLine): UserState {
  if (target !== null || reason === null) return "planned";
  const { outcome } = verdictOf(reason);
  return outcome === "moved" ? "done" : outcome;
}

export function newUser(line: PlanLine, options: NewUserOptions): UserRow {
  const { transfer, at, deadlineAt, late } = options;
  const { registration, user, from, sCscf, target, reason, counted, subscription } = line;
  const state = stateOf(line);
  return {
    transfer,
    registration,
    user,
    from,
    sCscf,
    target,
    counted,
    state,
    reason,
    detail: "",
    dialogs: null,
    former: [],
    command: null,
    since: 0,
    round: 1,
    attempts: 0,
    notBefore: at,
    deadlineAt,
    commandedAt: null,
    registeredAt: null,
    endedAt: isOpen(state) ? null : at,
    askedAt: null,
    replace: "now",
    reported: false,
    results: [],
    released: "no",
    arrivedAt: late ? at : null,
    reassignment: subscription === null ? null : { ...notReassigned, ...subscription },
  };
}

/** Where the next latecomer goes: to the target that is furthest behind its share. */
export function targetForLatecomer(
  targets: readonly PlanTarget[],
  users: readonly UserRow[],
): FunctionName | null {
  const given = targets.map((target) => users.filter((row) => row.target === target.function).length);
  const weights = targets.map(({ weight }) => weight);
  return targets[nextTarget(weights, given)]?.function ?? null;
}
