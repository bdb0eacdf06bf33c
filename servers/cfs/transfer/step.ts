// The interpreter of the per-user table: a row and an event give the next row and what is done once that is durable.
import type { CommandContent, DialogReport } from "@liquid-ims/reference-points/cfs-ue";
import type { Acted, Effect, Happening, Step, StepContext } from "./happening.ts";
import type { Reason } from "./outcome.ts";
import { waitsForCall } from "./policy/order.ts";
import { actReassignment } from "./reassignment/act.ts";
import { reassignmentTable } from "./reassignment/reassignment-state.ts";
import type { TransferTimes } from "./times.ts";
import { userTable } from "./transfer-state.ts";
import type { UserAction, UserEvent, UserTable } from "./user-event.ts";
import { isOpen, lcfOperation, type UserRow, type UserState } from "./user-row.ts";

/** Longest wait between two tries. */
const longestBackOff = 30_000;

/**
 * One found in a call in the first pass is taken in the second as soon as that begins. From then on the end of a call is
 * looked for at even intervals; all else is given more and more time.
 */
function backOff(row: UserRow, reason: Reason | undefined, times: TransferTimes): number {
  if (reason === "not idle" && row.attempts <= 1) return 0;
  if (reason !== undefined && waitsForCall({ reason })) return times.retry;
  return Math.min(longestBackOff, times.retry * 2 ** Math.max(0, row.attempts - 1));
}

/** The newer word on each dialog, in the order in which they were first heard of. */
function mergeResults(old: readonly DialogReport[], news: readonly DialogReport[]): readonly DialogReport[] {
  const merged = new Map(old.map((result) => [result.id, result]));
  for (const result of news) merged.set(result.id, result);
  return [...merged.values()];
}

function send(row: UserRow): Effect[] {
  if (row.command === null) return [];
  return [{ effect: "send", operation: lcfOperation(row), command: row.command }];
}

function command(row: UserRow, context: StepContext, content: CommandContent, life: number): Acted {
  const sent = { sequence: context.sequence, expires: context.at + life, content };
  const changed = { ...row, command: sent };
  return { row: changed, effects: send(changed) };
}

function noteOldExpiry(row: UserRow, { oldExpiresAt }: Happening): UserRow {
  const { reassignment } = row;
  if (reassignment === null || oldExpiresAt === undefined) return row;
  const latest = Math.max(oldExpiresAt, reassignment.oldExpiresAt ?? 0);
  return { ...row, reassignment: { ...reassignment, oldExpiresAt: latest } };
}

/** For people. */
function riskOf({ reassignment, dialogs }: UserRow): string {
  const calls = dialogs?.length ?? 0;
  if (reassignment?.atRisk !== true || calls === 0) return "";
  return `${calls} call${calls === 1 ? "" : "s"} at risk: the S-CSCF that was left may cut them`;
}

function act(row: UserRow, action: UserAction, happening: Happening, context: StepContext): Acted {
  const { at, sequence, times } = context;
  if (typeof action !== "string") return { row: { ...row, reason: action.reason, detail: "" } };
  switch (action) {
    case "ask":
      return command({ ...row, since: sequence, askedAt: at }, context, { command: "query" }, times.query);
    case "move": {
      if (happening.move === undefined) throw new Error("a slot came without its move");
      const begun: UserRow = {
        ...row,
        since: sequence,
        attempts: row.attempts + 1,
        commandedAt: at,
        reason: null,
        detail: "",
        replace: happening.withoutReport ? "never" : happening.move.replace,
        reported: happening.withoutReport ?? false,
        released: "no",
      };
      return command(begun, context, { ...happening.move, deadline: at + times.move }, times.command);
    }
    case "move anew":
      return row.command === null ? { row } : command(row, context, row.command.content, times.command);
    case "replace": {
      const dialogs = happening.release ?? "all";
      const released = dialogs === "all" ? "all" : "some";
      return command({ ...row, released }, context, { command: "replace", dialogs }, times.command);
    }
    case "cancel":
      return command(row, context, { command: "cancel", reRegister: false }, times.command);
    case "send again":
      return { row, effects: send(row) };
    case "cancel again":
      return { row, effects: row.command?.content.command === "cancel" ? send(row) : [] };
    case "note dialogs":
      return {
        row: { ...row, dialogs: happening.dialogs ?? row.dialogs, former: happening.former ?? row.former },
      };
    case "note results":
      return { row: { ...row, results: mergeResults(row.results, happening.results ?? []) } };
    case "note reported":
      return { row: { ...row, reported: true } };
    case "note moved":
      return {
        row: { ...noteOldExpiry(row, happening), registeredAt: at, reason: "moved", detail: riskOf(row) },
      };
    case "note S-CSCF":
      return { row: happening.sCscf === undefined ? row : { ...row, sCscf: happening.sCscf } };
    case "wait":
      return {
        row: {
          ...row,
          reason: happening.reason ?? null,
          detail: happening.detail ?? "",
          dialogs: happening.dialogs ?? row.dialogs,
          askedAt: null,
          notBefore: at + backOff(row, happening.reason, times),
        },
      };
    case "note reason":
      return { row: { ...row, reason: happening.reason ?? row.reason, detail: happening.detail ?? "" } };
    case "new round": {
      const deadlineAt = happening.deadlineAt ?? row.deadlineAt;
      const { sCscf = row.sCscf, target = row.target } = happening;
      // Another round of one who had ended is a visit of its own; one after a failure goes on with the old reason.
      const again = happening.event === "returned";
      return {
        row: {
          ...row,
          round: row.round + 1,
          command: null,
          since: sequence,
          deadlineAt,
          sCscf,
          target,
          askedAt: null,
          reported: false,
          released: "no",
          ...(again
            ? {
                counted: true,
                reason: null,
                detail: "",
                dialogs: null,
                former: [],
                notBefore: at,
                arrivedAt: at,
                commandedAt: null,
              }
            : {}),
        },
      };
    }
    case "forget":
      return { row, effects: [{ effect: "forget", operation: lcfOperation(row) }] };
    default:
      return actReassignment(row, action, happening, context, (given, content) =>
        command(given, context, content, times.command),
      );
  }
}

function enter(row: UserRow, state: UserState, at: number): UserRow {
  if (isOpen(state)) return { ...row, state, endedAt: null };
  return { ...row, state, endedAt: row.endedAt ?? at };
}

/** False while the HSS has yet to say that its name is the record's, or that it holds the registration. */
function isNameRead({ reassignment }: UserRow): boolean {
  return reassignment === null || (reassignment.nameDueAt === null && reassignment.checkDueAt === null);
}

/** The last that is to come of the LCF. */
const finals: ReadonlySet<UserEvent> = new Set(["reported", "failed", "failed, retry"]);

/**
 * One event. A user whose record came after the report is done with the record: the report is looked at again then.
 * Equal rows mean that nothing needs to be written.
 */
export function step(row: UserRow, happening: Happening, context: StepContext): Step {
  // A name that may have been taken back is read first, and the HSS asked: the report is looked at again then.
  if (finals.has(happening.event) && row.state === "registered" && !isNameRead(row)) {
    const { row: present, ...stepped } = step(row, { ...happening, event: "progress" }, context);
    const reason = happening.event === "reported" ? present.reason : "no report of the dialogs";
    return { ...stepped, row: { ...present, reason, reported: true } };
  }
  const table: UserTable = context.table ?? (row.reassignment === null ? userTable : reassignmentTable);
  const transition = table[row.state]?.[happening.event] ?? null;
  if (transition === null) return { row, effects: [], expected: false };
  let present = row;
  const effects: Effect[] = [];
  for (const action of transition.actions) {
    const acted = act(present, action, happening, context);
    present = acted.row;
    effects.push(...(acted.effects ?? []));
  }
  if (present.state !== transition.next) present = enter(present, transition.next, context.at);
  const isSettled = present.state === "registered" && present.reported && isNameRead(present);
  if (isSettled && happening.event !== "reported") {
    const settled = step(present, { event: "reported" }, context);
    return { ...settled, effects: [...effects, ...settled.effects] };
  }
  return { row: present, effects, expected: true };
}
