// What the actions of a change of S-CSCF do to a user's row, and what is to leave the process then. Pure.
import type { MoveContent } from "@liquid-ims/reference-points/cfs-ue";
import type { Acted, Happening, StepContext } from "../happening.ts";
import type { ReassignmentAction } from "../user-event.ts";
import type { Reassignment, UserRow } from "../user-row.ts";

/** Gives a row its next command; from the interpreter. */
export type GiveCommand = (
  row: UserRow,
  content: MoveContent | { command: "cancel"; reRegister: true },
) => Acted;

type Changes = Partial<Reassignment>;

/** Of a round that begins. */
const notBegun = {
  reassignedAt: null,
  commitAt: null,
  restoreUntil: null,
  restoreDueAt: null,
  checkDueAt: null,
  checks: 0,
  repairs: 0,
} as const satisfies Changes;

function changed(row: UserRow, changes: Changes): UserRow {
  return row.reassignment === null ? row : { ...row, reassignment: { ...row.reassignment, ...changes } };
}

/** After 1, 2, 4, 8 times `base` from the beginning: the next wait is as long as all before. */
function doubling(base: number, times: number): number {
  return times === 0 ? base : base * 2 ** (times - 1);
}

function userOf({ user, reassignment }: UserRow) {
  return { privateIdentity: reassignment?.impi ?? "", publicIdentity: user };
}

function arm(row: UserRow, move: MoveContent, context: StepContext, give: GiveCommand): Acted {
  const armed = changed(row, { armedAt: context.at, mar: "none", nameDueAt: null, nameReads: 0 });
  return give(armed, { ...move, after: context.times.armed });
}

/** What the LCF has reported was about another registration than the one that is to come. */
function reassign(row: UserRow, { at, times, change }: StepContext): Acted {
  const begun = changed(
    { ...row, reported: row.replace === "never" },
    {
      mar: "sent",
      reassignedAt: at,
      seenChange: change,
      commitAt: at + times.commit,
      nameDueAt: at + times.readName,
      nameReads: 0,
      registeredAt: null,
      checkDueAt: null,
      // One who was seen at the target, or whose name was written, and it is not so by the HSS's word.
      repairs:
        (row.reassignment?.repairs ?? 0) +
        (row.state === "registered" || row.reassignment?.mar === "answered" ? 1 : 0),
    },
  );
  const server = row.target ?? "";
  return {
    row: begun,
    effects: [{ effect: "reassign", user: userOf(row), server, timeoutMs: times.commit }],
  };
}

function moveNow(row: UserRow, happening: Happening, give: GiveCommand): Acted {
  // One who has said all has registered since the MAR; whether the HSS holds that is asked.
  if (row.state === "registered" && row.reported) return { row };
  const { command } = row;
  const last = command?.content.command === "move" ? command.content : row.reassignment?.move;
  if (last === null || last === undefined) return { row };
  const released = row.released === "all" ? "now" : row.replace;
  const replace = row.replace === "never" ? "never" : (happening.replace ?? released);
  return give({ ...row, replace }, { ...last, after: 0, replace: replace === "never" ? "wait" : replace });
}

function readName(row: UserRow, nameReads: number, { at, times }: StepContext): Acted {
  const base = row.reassignment?.mar === "answered" ? times.readBack : times.readName;
  const read = changed(row, { nameReads, nameDueAt: at + doubling(base, nameReads) });
  return { row: read, effects: [{ effect: "read name", user: userOf(row) }] };
}

function restore(row: UserRow, reassignment: Reassignment, { at, times }: StepContext): Acted {
  const isFirst = reassignment.restoreUntil === null;
  const restores = isFirst ? 0 : reassignment.restores;
  const tried = changed(row, {
    restores: restores + 1,
    restoreDueAt: at + doubling(times.readName, restores),
    restoreUntil: reassignment.restoreUntil ?? at + times.restore,
    nameDueAt: null,
  });
  const server = row.from ?? row.sCscf;
  return {
    row: tried,
    effects: [{ effect: "restore", user: userOf(row), server, timeoutMs: times.restore }],
  };
}

/** One action; `give` makes a command with the next sequence. */
export function actReassignment(
  row: UserRow,
  action: ReassignmentAction,
  happening: Happening,
  context: StepContext,
  give: GiveCommand,
): Acted {
  const { reassignment } = row;
  if (reassignment === null) throw new Error(`${action}: this user's S-CSCF is not to change`);
  const { at, sequence, times } = context;
  switch (action) {
    case "arm": {
      if (happening.move === undefined) throw new Error("a slot came without its move");
      const move: MoveContent = { ...happening.move, deadline: at + times.move, after: 0 };
      const begun: UserRow = {
        ...changed(row, {
          ...{ move, ...notBegun, atRisk: happening.atRisk ?? false },
          oldExpiresAt: happening.oldExpiresAt ?? null,
        }),
        since: sequence,
        attempts: row.attempts + 1,
        commandedAt: at,
        reason: null,
        detail: "",
        replace: happening.withoutReport ? "never" : "wait",
        reported: happening.withoutReport ?? false,
        released: "no",
      };
      return arm(begun, move, context, give);
    }
    case "arm anew":
      return reassignment.move === null ? { row } : arm(row, reassignment.move, context, give);
    case "reassign":
      return reassign(row, context);
    case "note MAA": {
      // It says nothing of a restoring MAR that went out after it.
      if (row.state === "registered") return { row: changed(row, { mar: "answered" }) };
      const answered = changed(row, { mar: "answered", nameDueAt: at + times.readBack, nameReads: 0 });
      return happening.readNow === true ? readName(answered, 1, context) : { row: answered };
    }
    case "note MAR lost":
      return { row: changed(row, { mar: "lost" }) };
    case "move now":
      return moveNow(row, happening, give);
    case "read name":
      return readName(row, reassignment.nameReads + 1, context);
    case "check name":
      return readName(changed(row, { restoreDueAt: null, restoreUntil: null }), 0, context);
    case "note name":
      return { row: changed(row, { nameDueAt: null }) };
    case "check soon": {
      // Nothing is to be found out about one for whom no MAR was sent.
      if (reassignment.reassignedAt === null) return { row };
      return { row: changed(row, { checkDueAt: at + times.check, checks: 0 }) };
    }
    case "check registration": {
      const checks = reassignment.checks + 1;
      const asked = changed(row, { checks, checkDueAt: at + doubling(times.check, checks) });
      return { row: asked, effects: [{ effect: "check", user: userOf(row) }] };
    }
    case "note held": {
      const detail = happening.detail ?? row.detail;
      return { row: { ...changed(row, { checkDueAt: null, checks: 0 }), detail } };
    }
    case "register again": {
      const { repairs } = reassignment;
      const told = changed(row, { repairs: repairs + 1, checks: 0, checkDueAt: at + 2 * times.check });
      const noted = { ...told, detail: happening.detail ?? row.detail };
      // One whose operation is over at the LCF has nothing that a move could amend.
      return row.reported
        ? give(noted, { command: "cancel", reRegister: true })
        : moveNow(noted, happening, give);
    }
    case "note new life": {
      if (reassignment.mar === "answered" && row.state === "reassigned")
        return { row: changed(row, { commitAt: at + times.commit }) };
      return {
        row: changed(row, {
          mar: "lost",
          commitAt: at + times.commit,
          nameDueAt: at,
          nameReads: 0,
          restoreDueAt: null,
          restoreUntil: null,
        }),
      };
    }
    case "restore":
      return restore(row, reassignment, context);
    case "cancel, re-register":
      return give(row, { command: "cancel", reRegister: true });
    case "note pending":
      return { row: { ...row, reason: "pending", detail: happening.detail ?? "" } };
    case "note returned":
      return { row: { ...row, reason: "returned to the old S-CSCF" } };
    case "note P-CSCF":
      return { row: happening.pCscf === undefined ? row : changed(row, { pCscf: happening.pCscf }) };
    case "note registration": {
      const { registeredAt } = happening;
      if (registeredAt === undefined || reassignment.registeredAt !== null) return { row };
      return { row: changed(row, { registeredAt }) };
    }
  }
}
