// From what an experiment in which functions come and go has seen to its report.
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import type { ExperimentOptions } from "../experiments/experiment.ts";
import type { Timeline } from "../timeline.ts";
import type { TraceEntry } from "../trace.ts";
import type { EndedRegistration } from "../ue/registrants.ts";
import { type RegisterTransaction, registerTransactions } from "./register-transactions.ts";
import { reportSchemaVersion } from "./report.ts";
import type { FunctionChange, RegisterLoad, ScaleReport, SharePhase } from "./scale-report.ts";

/** A location record as os-cfs shows it; functions by the names that the UE has for them. */
export interface SeenRecord {
  readonly user: string;
  readonly pCscf: string;
  readonly sCscf: string;
}

export interface ScaleFindings {
  readonly experiment: string;
  readonly options: ExperimentOptions;
  readonly timeline: Timeline;
  /** The script's zero on the hosts' wall clock. */
  readonly zeroWall: number;
  readonly trace: readonly TraceEntry[];
  /** Short names: the first function, and the one that is added. */
  readonly functions: readonly [first: string, second: string];
  /** Short names of the CFDs: who hears of registrations. */
  readonly cfds: readonly string[];
  /** In the order in which they were asked for, by the short name of their function. */
  readonly operations: readonly { readonly function: string; readonly operation: FunctionOperation }[];
  /** Wall clock; null: it was not. */
  readonly killedAt: number | null;
  readonly attempted: number;
  readonly ended: readonly EndedRegistration[];
  /** What the UEs have in the end, and what the location service has. */
  readonly registrations: ReadonlyMap<string, { readonly pCscf: string; readonly sCscf: string } | null>;
  readonly records: readonly SeenRecord[];
  /** Milliseconds of the clock that a resolver may keep what it was told. */
  readonly ttlMs: number;
  /** Share of the second function among servers of equal weight: RFC 2782 lets both ends of its draw count. */
  readonly share: { readonly low: number; readonly high: number };
  /** The script's second at which the experiment ended. */
  readonly until: number;
}

/** Standard deviations: beyond them lies one run in 100,000. */
const deviations = 4.4;

/** What chance leaves the second function of `count` REGISTERs. */
export function binomialBounds(
  count: number,
  share: { readonly low: number; readonly high: number },
): { low: number; high: number } {
  const spread = (p: number) => deviations * Math.sqrt(count * p * (1 - p));
  return {
    low: Math.max(0, Math.floor(count * share.low - spread(share.low))),
    high: Math.min(count, Math.ceil(count * share.high + spread(share.high))),
  };
}

function hundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

export function buildScaleReport(findings: ScaleFindings): ScaleReport {
  const { options, timeline, zeroWall, functions, ended } = findings;
  const second = (wall: number) => hundredths(timeline.scriptSeconds(wall - zeroWall));
  const transactions = registerTransactions(findings.trace);
  const functionChanges = findings.operations.map(({ function: name, operation }): FunctionChange => {
    const { action, state, startedAt, endedAt, changes, problem } = operation;
    const completedAt = state === "COMPLETED" && endedAt !== null ? second(endedAt) : null;
    return {
      ...{ function: name, action, startedAt: second(startedAt), completedAt, state, changes },
      problem: problem === undefined ? null : `${problem.title}: ${problem.detail}`,
    };
  });
  const failed = ended.filter((one) => one.failure !== "").length;
  return {
    schemaVersion: reportSchemaVersion,
    experiment: findings.experiment,
    core: options.kamailio === undefined ? "embedded" : "kamailio",
    clock: options.virtual ? "virtual" : "real",
    seed: options.seed,
    speed: options.speed,
    users: options.users,
    functionChanges,
    killed: findings.killedAt === null ? null : { function: functions[0], at: second(findings.killedAt) },
    registrations: {
      attempted: findings.attempted,
      completed: ended.length - failed,
      failed: findings.attempted - ended.length + failed,
    },
    transactions: {
      total: transactions.length,
      refused: transactions.filter(({ status }) => status !== null && status !== 200 && status !== 401)
        .length,
      unanswered: transactions.filter(({ status }) => status === null).length,
    },
    reported: countReported(transactions, findings.cfds),
    shares: sharePhases(findings, functionChanges, transactions),
    records: compareRecords(findings),
    load: countLoad(findings, transactions),
    ended: countEnded(findings),
  };
}

/** Registrations that UEs have their 200 for, and third-party REGISTERs that CFDs have answered with one. */
export function countReported(
  transactions: readonly RegisterTransaction[],
  cfds: readonly string[],
): ScaleReport["reported"] {
  const good = transactions.filter(({ status }) => status === 200);
  return {
    expected: good.filter(({ from }) => from.startsWith("ue")).length,
    found: good.filter(({ to }) => cfds.includes(to)).length,
  };
}

function sharePhases(
  { functions, timeline, ttlMs, share, until }: ScaleFindings,
  changes: readonly FunctionChange[],
  transactions: readonly RegisterTransaction[],
): SharePhase[] {
  const [added] = changes.filter(({ action }) => action === "add");
  const [removed] = changes.filter(({ action }) => action === "remove");
  const ends: [SharePhase["phase"], number | null, number | null][] = [
    ["before", 0, added?.startedAt ?? until],
    [
      "both",
      added === undefined || added.completedAt === null
        ? null
        : hundredths(added.completedAt + timeline.scriptSeconds(ttlMs)),
      removed?.startedAt ?? null,
    ],
    ["after", removed?.completedAt ?? null, until],
  ];
  return ends.flatMap(([phase, from, to]) => {
    if (from === null || to === null) return [];
    const inside = transactions.filter(({ at }) => {
      const when = timeline.scriptSeconds(at);
      return when >= from && when < to;
    });
    const registers = functions.map((name) => ({
      function: name,
      registers: inside.filter((one) => one.to === name).length,
    }));
    const count = registers.reduce((sum, one) => sum + one.registers, 0);
    const bounds = phase === "both" ? binomialBounds(count, share) : null;
    return [{ phase, from, to: hundredths(to), registers, bounds }];
  });
}

function compareRecords({ registrations, records }: ScaleFindings): ScaleReport["records"] {
  const missing: string[] = [];
  for (const [user, registration] of registrations) {
    const right = records.some(
      (record) =>
        record.user === user && record.pCscf === registration?.pCscf && record.sCscf === registration.sCscf,
    );
    if (!right) missing.push(user);
  }
  return { expected: registrations.size, found: registrations.size - missing.length, missing };
}

function countLoad(
  { functions, timeline, until }: ScaleFindings,
  transactions: readonly RegisterTransaction[],
): RegisterLoad[] {
  const seconds = Math.ceil(until);
  return functions.flatMap((name) => {
    const row = Array.from({ length: seconds }, () => 0);
    for (const { to, at } of transactions) {
      const second = Math.floor(timeline.scriptSeconds(at));
      if (to === name && second >= 0 && second < seconds) row[second] = (row[second] ?? 0) + 1;
    }
    return row.map((registers, second) => ({ function: name, second, registers }));
  });
}

function countEnded({ ended, timeline, zeroWall, until }: ScaleFindings): ScaleReport["ended"] {
  const row = Array.from({ length: Math.ceil(until) }, (_, second) => ({ second, completed: 0, failed: 0 }));
  for (const { at, failure } of ended) {
    const cell = row[Math.floor(timeline.scriptSeconds(at - zeroWall))];
    if (cell === undefined) continue;
    if (failure === "") cell.completed += 1;
    else cell.failed += 1;
  }
  return row;
}
