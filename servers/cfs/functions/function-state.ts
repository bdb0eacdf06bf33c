// How an I-CSCF or a CFD comes into the DNS, or goes, as a complete table. RFC 2136.
//
// Rules. The zone is read before each change and after it, and what it says decides: so an answer that was lost, a CFS
// that was killed and a second order for the same thing all end well. One UPDATE carries an order out, all or nothing,
// and only if the zone is still as it was read: so the orders of one CFS send theirs in turn. Nobody fights: what somebody else has changed after the name server has
// confirmed it stays, and the operation says so. What may pass is tried again until the deadline; a removal that waits
// for resolvers has no deadline, and looks once more at its end: an UPDATE of before may have come late.
import type { FunctionState } from "./function-row.ts";

/** All events. */
export type FunctionEvent =
  /** The order is durable. */
  | "begin"
  /** The process has begun anew: what was asked before may have been done. */
  | "resume"
  /** The zone was read: an `add` is there. */
  | "as ordered"
  /** The zone was read: a `remove` is there, and resolvers may know the function still. */
  | "gone, not everywhere"
  /** The zone was read: there is something to change. */
  | "to change"
  /** The zone was read: the order cannot be carried out. */
  | "impossible"
  /** The name server has confirmed the UPDATE. */
  | "written"
  /** Not sent: this CFS has changed the zone for another function since it was read. */
  | "outdated"
  /** A prerequisite did not hold: somebody else has changed the zone since it was read. */
  | "lost a race"
  /** The zone does not show what was confirmed, and is looked at again. */
  | "not yet"
  /** It never showed it: somebody else has changed it since. */
  | "overtaken"
  /** A query or an UPDATE failed, or may have; it is tried again. */
  | "trouble"
  /** The same, and the deadline comes before the next try. */
  | "trouble, no time left"
  /** What was waited for is over. */
  | "time"
  /** The same order again. */
  | "asked again"
  /** The same removal again: it has failed by now, and nothing needs to be waited for. */
  | "has failed"
  /** Another order for the function. */
  | "superseded";

export type FunctionAction =
  /** Queries for all records that the order depends on. */
  | "read"
  /** The same, after a moment. */
  | "read later"
  /** The one UPDATE. */
  | "write"
  /** Its changes and their TTL. */
  | "note change"
  /** The TTL of what was there. */
  | "note TTL"
  /** When the name server confirmed. */
  | "note written"
  /** From the confirmation, or from now where none came, until resolvers have forgotten; and that time. */
  | "wait for resolvers"
  /** What went wrong. */
  | "note problem"
  | "forget problem"
  /** One UPDATE less. */
  | "note unsent"
  /** One more race lost in a row. */
  | "note race"
  /** One more look in a row. */
  | "note look"
  /** The next try after twice the wait, and that time. */
  | "back off"
  /** What was set before. */
  | "set timer"
  /** A deadline counted from now: the wait for resolvers has none. */
  | "new deadline"
  /** A deadline counted from now, no failures before it, and no change that was confirmed. */
  | "begin anew"
  | "note failed"
  /** It is over; what is known of the function with it. */
  | "end";

export interface FunctionTransition {
  readonly next: FunctionState;
  readonly actions: readonly FunctionAction[];
}

type Rows = Readonly<Record<FunctionEvent, FunctionTransition | null>>;

function to(next: FunctionState, ...actions: FunctionAction[]): FunctionTransition {
  return { next, actions };
}

const accepted = {
  begin: to("reading", "read"),
  resume: to("reading", "read"),
  "as ordered": null,
  "gone, not everywhere": null,
  "to change": null,
  impossible: null,
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": null,
  overtaken: null,
  trouble: null,
  "trouble, no time left": null,
  time: null,
  "asked again": to("accepted"),
  "has failed": to("accepted", "note failed"),
  superseded: null,
} as const satisfies Rows;

const reading = {
  begin: null,
  resume: to("reading", "read"),
  "as ordered": to("completed", "forget problem", "end"),
  "gone, not everywhere": to("waiting", "note TTL", "forget problem", "wait for resolvers"),
  "to change": to("writing", "note change", "write"),
  impossible: to("failed", "note problem", "end"),
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": null,
  overtaken: to("failed", "note problem", "end"),
  trouble: to("retrying", "note problem", "back off"),
  "trouble, no time left": to("given up", "note problem"),
  time: null,
  "asked again": to("reading", "begin anew"),
  "has failed": to("reading", "begin anew", "note failed"),
  superseded: null,
} as const satisfies Rows;

// An order that comes now cannot know whether the update is carried out: it waits for the answer.
const writing = {
  begin: null,
  resume: to("reading", "read"),
  "as ordered": null,
  "gone, not everywhere": null,
  "to change": null,
  impossible: null,
  written: to("verifying", "note written", "read"),
  outdated: to("reading", "note unsent", "read"),
  "lost a race": to("reading", "note race", "read"),
  "not yet": null,
  overtaken: null,
  trouble: to("retrying", "note problem", "back off"),
  "trouble, no time left": to("given up", "note problem"),
  time: null,
  "asked again": to("writing", "begin anew"),
  "has failed": to("writing", "begin anew", "note failed"),
  superseded: null,
} as const satisfies Rows;

const verifying = {
  begin: null,
  resume: to("verifying", "read"),
  "as ordered": to("completed", "forget problem", "end"),
  "gone, not everywhere": to("waiting", "note TTL", "forget problem", "wait for resolvers"),
  "to change": to("writing", "note change", "write"),
  impossible: to("failed", "note problem", "end"),
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": to("verifying", "note look", "read later"),
  overtaken: to("failed", "note problem", "end"),
  trouble: to("retrying", "note problem", "back off"),
  "trouble, no time left": to("given up", "note problem"),
  time: to("verifying", "read"),
  "asked again": to("verifying"),
  "has failed": to("verifying", "note failed"),
  superseded: null,
} as const satisfies Rows;

const waiting = {
  begin: null,
  resume: to("waiting", "set timer"),
  "as ordered": null,
  "gone, not everywhere": null,
  "to change": null,
  impossible: null,
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": null,
  overtaken: null,
  trouble: null,
  "trouble, no time left": null,
  time: to("verifying", "new deadline", "read"),
  "asked again": to("waiting"),
  "has failed": to("completed", "note failed", "end"),
  superseded: to("failed", "note problem", "end"),
} as const satisfies Rows;

const retrying = {
  begin: null,
  resume: to("retrying", "set timer"),
  "as ordered": null,
  "gone, not everywhere": null,
  "to change": null,
  impossible: null,
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": null,
  overtaken: null,
  trouble: null,
  "trouble, no time left": null,
  time: to("reading", "read"),
  "asked again": to("reading", "begin anew", "read"),
  "has failed": to("reading", "begin anew", "note failed", "read"),
  superseded: to("failed", "note problem", "end"),
} as const satisfies Rows;

const givenUp = {
  begin: null,
  resume: null,
  "as ordered": null,
  "gone, not everywhere": null,
  "to change": null,
  impossible: null,
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": null,
  overtaken: null,
  trouble: null,
  "trouble, no time left": null,
  time: null,
  "asked again": to("reading", "begin anew", "read"),
  "has failed": to("reading", "begin anew", "note failed", "read"),
  superseded: to("failed", "note problem", "end"),
} as const satisfies Rows;

const ended = {
  begin: null,
  resume: null,
  "as ordered": null,
  "gone, not everywhere": null,
  "to change": null,
  impossible: null,
  written: null,
  outdated: null,
  "lost a race": null,
  "not yet": null,
  overtaken: null,
  trouble: null,
  "trouble, no time left": null,
  time: null,
  "asked again": null,
  "has failed": null,
  superseded: null,
} as const satisfies Rows;

/** The table of a function operation. */
export const functionTable = {
  accepted,
  reading,
  writing,
  verifying,
  waiting,
  retrying,
  "given up": givenUp,
  completed: ended,
  failed: ended,
} as const satisfies Record<FunctionState, Rows>;
