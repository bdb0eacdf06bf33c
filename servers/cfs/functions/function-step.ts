// The interpreter of a function operation's table: a row and an event give the next row and what is done once that is
// durable. Pure.
import { formatChange } from "@liquid-ims/dns/record-text";
import type { ZoneUpdate } from "@liquid-ims/dns/updater";
import type { ProblemDetails } from "@liquid-ims/reference-points/os-cfs";
import type { FunctionOperationRow } from "./function-row.ts";
import { type FunctionAction, type FunctionEvent, functionTable } from "./function-state.ts";

/** Times in ms. */
export interface FunctionTimes {
  readonly deadline: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
  readonly margin: number;
}

/** An event with what came with it. */
export interface FunctionHappening {
  readonly event: FunctionEvent;
  /** With `to change`. */
  readonly change?: { readonly update: ZoneUpdate; readonly ttl: number };
  /** With `gone, not everywhere`: seconds. */
  readonly ttl?: number;
  /** With `as ordered`: the zone's. */
  readonly version?: string | null;
  /** With everything that goes wrong. */
  readonly problem?: ProblemDetails;
  /** With `asked again` and `has failed`: ms from now. */
  readonly deadline?: number;
}

export interface FunctionContext {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly times: FunctionTimes;
}

export type FunctionEffect =
  | { readonly effect: "read" }
  | { readonly effect: "write"; readonly update: ZoneUpdate }
  /** At a wall-clock time. */
  | { readonly effect: "timer"; readonly at: number }
  | { readonly effect: "ended" };

export interface FunctionStepResult {
  readonly row: FunctionOperationRow;
  readonly effect: FunctionEffect | null;
}

/** Between two looks at a zone that does not show yet what its server has confirmed, ms; doubled by each look. */
const lookAfter = 200;

/** When the next try is due after this many failures, ms from now. */
export function backOff(failures: number, { firstRetry, longestRetry }: FunctionTimes): number {
  return Math.min(firstRetry * 2 ** Math.min(failures, 20), longestRetry);
}

type Acted = Partial<FunctionOperationRow>;

function act(
  action: FunctionAction,
  row: FunctionOperationRow,
  happening: FunctionHappening,
  { at, times }: FunctionContext,
): Acted {
  switch (action) {
    case "note change": {
      const { change } = happening;
      const changes = (change?.update.changes ?? []).map(formatChange);
      return { changes, ttl: Math.max(row.ttl, change?.ttl ?? 0), waitUntil: null };
    }
    case "note TTL":
      return { ttl: Math.max(row.ttl, happening.ttl ?? 0) };
    case "write":
      return { updates: row.updates + 1 };
    case "note written":
      return { changedAt: at, races: 0, looks: 0, failures: 0, problem: null };
    case "wait for resolvers":
      return {
        goneAt: row.goneAt ?? at,
        waitUntil: (row.changedAt ?? at) + row.ttl * 1000 + times.margin,
      };
    case "note problem":
      return { problem: happening.problem ?? null };
    case "forget problem":
      return { problem: null, retryAt: null };
    case "note unsent":
      return { updates: row.updates - 1 };
    case "note race":
      return { races: row.races + 1 };
    case "note look":
      return { looks: row.looks + 1 };
    case "back off":
      return { failures: row.failures + 1, races: 0, retryAt: at + backOff(row.failures, times) };
    case "new deadline":
      return { deadlineAt: at + times.deadline, failures: 0, looks: 0 };
    case "begin anew":
      return {
        deadlineAt: at + (happening.deadline ?? times.deadline),
        failures: 0,
        races: 0,
        looks: 0,
        changedAt: null,
        goneAt: null,
        retryAt: null,
      };
    case "note failed":
      return { failed: true };
    case "end":
      return { endedAt: at, retryAt: null, version: happening.version ?? null };
    case "read":
      return { retryAt: null };
    case "read later":
    case "set timer":
      return {};
  }
}

function effectOf(
  action: FunctionAction,
  row: FunctionOperationRow,
  happening: FunctionHappening,
  at: number,
): FunctionEffect | null {
  switch (action) {
    case "read":
      return { effect: "read" };
    case "read later":
      return { effect: "timer", at: at + lookAfter * 2 ** (row.looks - 1) };
    case "write":
      return { effect: "write", update: happening.change?.update ?? { changes: [] } };
    case "back off":
      return { effect: "timer", at: row.retryAt ?? at };
    case "wait for resolvers":
      return { effect: "timer", at: row.waitUntil ?? at };
    case "set timer":
      return { effect: "timer", at: (row.state === "waiting" ? row.waitUntil : row.retryAt) ?? at };
    case "end":
      return { effect: "ended" };
    default:
      return null;
  }
}

/** Null: the event cannot happen in this state, and nothing is changed. */
export function stepFunction(
  row: FunctionOperationRow,
  happening: FunctionHappening,
  context: FunctionContext,
): FunctionStepResult | null {
  const transition = functionTable[row.state][happening.event];
  if (transition === null) return null;
  let next: FunctionOperationRow = { ...row, state: transition.next };
  let effect: FunctionEffect | null = null;
  for (const action of transition.actions) {
    next = { ...next, ...act(action, next, happening, context) };
    effect = effectOf(action, next, happening, context.at) ?? effect;
  }
  return { row: { ...next, turn: effect === null ? row.turn : row.turn + 1 }, effect };
}
