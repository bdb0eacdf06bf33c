// From what an experiment saw to its report.
import type { TransferOperation, UserLine } from "@liquid-ims/reference-points/os-cfs";
import type { Expectation } from "../experiments/expectation.ts";
import type { ExperimentOptions, ExperimentResult } from "../experiments/experiment.ts";
import type { Timeline } from "../timeline.ts";
import { homeDomain } from "../topology.ts";
import type { TraceEntry } from "../trace.ts";
import type { PlacedCall } from "../ue/fleet.ts";
import {
  chainOf,
  countFates,
  type DialogHistory,
  dialogFates,
  dialogHistories,
  endedByItsUsers,
  type Fate,
  type FateOptions,
  type SeenDialog,
} from "./dialog-fates.ts";
import { countLoad } from "./load.ts";
import { countMoveMessages, type MoveWindow } from "./move-messages.ts";
import {
  type DialogFate,
  type Report,
  type ReportUser,
  reportSchemaVersion,
  type UserOutcome,
} from "./report.ts";
import { checkServerAssignments, describeClaim } from "./server-assignments.ts";
import { measureWindows, userWindows } from "./window.ts";
import { measureParts } from "./window-parts.ts";

export interface Findings {
  readonly experiment: string;
  readonly title: string;
  readonly options: ExperimentOptions;
  readonly timeline: Timeline;
  /** The script's zero on the hosts' wall clock. */
  readonly zeroWall: number;
  readonly trace: readonly TraceEntry[];
  readonly seen: readonly SeenDialog[];
  readonly placed: readonly PlacedCall[];
  /** Names of the function that each user was at when the transfer was asked for, and at the end. */
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  readonly operation: TransferOperation;
  readonly isOld: FateOptions["isOld"];
  /** Wall clock. */
  readonly triggeredAt: number;
  readonly completedAt: number;
  readonly functions: readonly string[];
  /** Those of them that are S-CSCFs. */
  readonly sCscfs: readonly string[];
  readonly marks: readonly { readonly second: number; readonly label: string }[];
  /** The script's second at which the experiment ended. */
  readonly until: number;
  readonly expect: Expectation;
}

/** A state of the operation that is an end, as the report names it; a user still under way when it ended has failed. */
function outcomeOf(line: UserLine | undefined): UserOutcome {
  switch (line?.state) {
    case undefined:
    case "staying":
      return "staying";
    case "done":
      return "moved";
    case "skipped":
    case "refused":
    case "unreachable":
    case "timedOut":
    case "superseded":
    case "rolledBack":
    case "aborted":
      return line.state;
    default:
      return "failed";
  }
}

function windowsOf(findings: Findings): MoveWindow[] {
  return findings.operation.users.flatMap((line) => {
    if (line.commandedAt === null) return [];
    const to = line.endedAt ?? findings.completedAt;
    return [{ user: line.user, from: line.commandedAt - findings.zeroWall, to: to - findings.zeroWall }];
  });
}

function reportUsers(findings: Findings): ReportUser[] {
  const lines = new Map(findings.operation.users.map((line) => [line.user, line]));
  const messages = countMoveMessages(findings.trace, windowsOf(findings), `cfs.${homeDomain}`);
  return [...findings.before].map(([user, from]) => {
    const line = lines.get(user);
    const outcome = outcomeOf(line);
    const moved =
      outcome === "moved" && line !== undefined && line.commandedAt !== null && line.recordSeenAt !== null;
    return {
      user,
      from,
      to: findings.after.get(user) ?? from,
      planned: outcome !== "staying",
      outcome,
      reason: line?.reason ?? "",
      milliseconds: moved ? round((line.recordSeenAt ?? 0) - (line.commandedAt ?? 0)) : null,
      messages: messages.get(user) ?? 0,
    };
  });
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** Calls that both users had and that one of them ended. */
function completedCalls(histories: ReadonlyMap<string, DialogHistory>): number {
  return [...histories.values()].filter((history) => {
    const first = history.ends.every((end) => end.dialog.gen === 0);
    return first && endedByItsUsers(chainOf(history, histories));
  }).length;
}

function formatFate(fate: Fate, findings: Findings): DialogFate {
  const second = (wall: number) =>
    Math.round(findings.timeline.scriptSeconds(wall - findings.zeroWall) * 100) / 100;
  const caller = fate.history.ends.find((end) => end.dialog.role === "uac");
  const callee = fate.history.ends.find((end) => end.dialog.role === "uas");
  const ended = fate.history.ends.map((end) => end.ended?.at ?? null).filter((at) => at !== null);
  return {
    callId: fate.history.callId,
    caller: caller?.user ?? "",
    callee: callee?.user ?? "",
    confirmedAt: second(Math.min(...fate.history.ends.map((end) => end.confirmedAt))),
    endedAt: ended.length === 0 ? null : second(Math.max(...ended)),
    fate: fate.fate,
    replacedBy: fate.replacedBy,
    detail: fate.detail,
  };
}

export function buildReport(findings: Findings): ExperimentResult {
  const { options, operation, timeline, zeroWall } = findings;
  const users = reportUsers(findings);
  const histories = dialogHistories(findings.seen);
  const fates = dialogFates(histories, {
    planned: new Set(users.filter((user) => user.planned).map((user) => user.user)),
    isOld: findings.isOld,
    triggeredAt: findings.triggeredAt,
    completedAt: findings.completedAt,
  });
  const planned = users.filter((user) => user.planned).length;
  const moved = users.filter((user) => user.outcome === "moved").length;
  const completed = completedCalls(histories);
  const attempted = findings.placed.length;
  const windows = userWindows(findings.trace, findings.before, "cfs");
  const { window, outside } = measureWindows(windows, findings.placed, zeroWall);
  const assignments = checkServerAssignments(findings.trace, { sCscfs: findings.sCscfs, windows });
  const staying = new Set(users.filter((user) => !user.planned).map((user) => user.user));
  const report: Report = {
    schemaVersion: reportSchemaVersion,
    experiment: findings.experiment,
    core: options.kamailio === undefined ? "embedded" : "kamailio",
    clock: options.virtual ? "virtual" : "real",
    pace: options.pace,
    seed: options.seed,
    speed: options.speed,
    users,
    transfer: { planned, moved, left: planned - moved },
    dialogs: countFates(fates),
    calls: { attempted, completed, failed: attempted - completed },
    window:
      window === null
        ? null
        : {
            ...window,
            ...measureParts(findings.trace, windows, {
              ...{ cfs: "cfs", staying },
              from: findings.triggeredAt - zeroWall,
              to: findings.completedAt - zeroWall,
            }),
            claims: assignments.claims.length,
          },
    load: countLoad(findings.trace, { functions: findings.functions, timeline, until: findings.until }),
  };
  const second = (wall: number) => timeline.scriptSeconds(wall - zeroWall);
  const failedOutside = outside.map(
    ({ caller, callee, placedAt }) => `${caller} to ${callee} at ${second(placedAt).toFixed(1)} s`,
  );
  return {
    report,
    context: {
      title: findings.title,
      functions: findings.functions,
      transferFrom: second(operation.startedAt),
      transferTo: operation.endedAt === null ? null : second(operation.endedAt),
      marks: findings.marks,
      dialogs: fates.map((fate) => formatFate(fate, findings)),
      failures: [...findings.expect(report, operation, failedOutside), ...assignments.failures],
      notes: assignments.claims.map(describeClaim),
    },
    trace: findings.trace,
  };
}
