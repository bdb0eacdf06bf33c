// What a reading of the zone, or the answer to an UPDATE, is for the operation that asked for it: an event of its table.
// Pure.

import { prerequisiteCodes } from "@liquid-ims/dns/update-codes";
import type { UpdateOutcome } from "@liquid-ims/dns/updater";
import type { FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import {
  type DnsProblem,
  type DnsSubject,
  dnsProblem,
  problemOfReading,
  problemOfUpdate,
} from "./function-problems.ts";
import type { FunctionOperationRow } from "./function-row.ts";
import { backOff, type FunctionHappening, type FunctionTimes } from "./function-step.ts";
import { changeToAdd, changeToRemove, type ZoneChange } from "./zone-change.ts";
import type { ZoneReading, ZoneView } from "./zone-view.ts";

export interface JudgementContext {
  readonly subject: DnsSubject;
  readonly times: FunctionTimes;
  /** Wall clock, ms since 1970. */
  readonly at: number;
}

/** Races lost in a row after which it counts as trouble, and is slowed down. */
const mostRaces = 5;
/** Looks in a row at a zone that does not show what its server has confirmed. */
const mostLooks = 3;

/** What there is to change; `ttl`: of sets that are not there yet, in seconds. */
export function changeOf(
  order:
    | { readonly action: "add"; readonly request: FunctionRequest | null }
    | { readonly action: "remove"; readonly force: boolean },
  view: ZoneView,
  ttl: number,
): ZoneChange {
  if (order.action === "remove") return changeToRemove(view, { force: order.force }, { ttl });
  if (order.request === null) throw new Error(`an order to add ${view.name} without its request`);
  return changeToAdd(view, order.request, { ttl });
}

function trouble(
  row: FunctionOperationRow,
  problem: DnsProblem,
  context: JudgementContext,
): FunctionHappening {
  const next = context.at + backOff(row.failures, context.times);
  return { event: next < row.deadlineAt ? "trouble" : "trouble, no time left", problem };
}

/** The problem of an order that cannot be carried out; also what a request is refused with. */
export function problemOfImpossible(
  change: ZoneChange & { kind: "impossible" },
  subject: DnsSubject,
): DnsProblem {
  if (change.why === "last of its kind")
    return dnsProblem("last-function", subject, {
      said: change.detail,
      remedy: "add another one first, or say force=true to take the service out of the DNS",
    });
  return dnsProblem("dns-name-in-use", subject, {
    said: change.detail,
    remedy: "give another host name, or the same addresses, or remove those records by hand",
    code: "YXDOMAIN",
  });
}

/** With the records' TTL where this operation has not seen them. */
function gone(
  row: FunctionOperationRow,
  { ttl, version }: { readonly ttl: number; readonly version: string | null },
  at: number,
): FunctionHappening {
  const isOver = row.waitUntil !== null && row.waitUntil <= at;
  // Nobody can have brought it back meanwhile, nor taken it out again: the zone is the same.
  const isKnown = row.knownGone !== null && row.knownGone === version && row.updates === 0;
  if (row.failed || isOver || isKnown) return { event: "as ordered", version };
  return { event: "gone, not everywhere", ttl: row.updates === 0 ? ttl : 0 };
}

export function judgeReading(
  row: FunctionOperationRow,
  reading: ZoneReading,
  context: JudgementContext & { readonly ttl: number },
): FunctionHappening {
  const { subject } = context;
  if (reading.kind === "failed") return trouble(row, problemOfReading(reading, subject), context);
  if (reading.kind === "alias") {
    const said = `${reading.name} is an alias of ${reading.target} (CNAME)`;
    const remedy = "remove the alias by hand, or give another name: an alias has no other records";
    return trouble(row, dnsProblem("dns-name-in-use", subject, { said, remedy, code: "YXDOMAIN" }), context);
  }
  const change = changeOf(row, reading.view, context.ttl);
  if (change.kind === "nothing")
    return row.action === "add"
      ? { event: "as ordered" }
      : gone(row, { ttl: change.ttl, version: reading.view.version }, context.at);
  if (row.changedAt !== null || row.goneAt !== null) {
    // The server has confirmed, or the zone has shown it, and shows something else: whoever changed it since has the last
    // word. An UPDATE of an earlier order that was carried out late looks the same.
    if (row.changedAt !== null && row.state === "verifying" && row.looks < mostLooks)
      return { event: "not yet" };
    const how = row.changedAt === null ? "as they were seen" : "as the server confirmed them";
    const said = `the records of ${row.function} are not ${how}`;
    const remedy = "look who changes them; the same order again makes them so";
    return { event: "overtaken", problem: dnsProblem("dns-overtaken", subject, { said, remedy }) };
  }
  if (change.kind === "impossible") {
    const problem = problemOfImpossible(change, subject);
    // A name may be given free by hand; that the last one stays is an answer.
    return change.why === "name in use" ? trouble(row, problem, context) : { event: "impossible", problem };
  }
  return { event: "to change", change };
}

export function judgeUpdate(
  row: FunctionOperationRow,
  outcome: UpdateOutcome,
  context: JudgementContext,
): FunctionHappening {
  const problem = problemOfUpdate(outcome, context.subject);
  if (problem === null) return { event: "written" };
  const isRace = outcome.kind === "refused" && outcome.verified && prerequisiteCodes.includes(outcome.code);
  if (isRace && row.races < mostRaces) return { event: "lost a race", problem };
  return trouble(row, problem, context);
}
