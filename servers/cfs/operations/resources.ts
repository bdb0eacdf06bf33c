// Transfers and users as os-cfs shows them. Pure.
import type { UserLine } from "@liquid-ims/reference-points/os-cfs";
import { dangerProblem } from "../transfer/danger.ts";
import { countDialogs } from "../transfer/dialogs.ts";
import { countUsers } from "../transfer/figures.ts";
import type { TransferRow } from "../transfer/transfer-row.ts";
import type { UserRow } from "../transfer/user-row.ts";
import type { TransferResource } from "./operations.ts";

/** A query that is out is an inner matter: the user is planned. So is a MAR that restores: he is rolled back. */
function shownState(state: UserRow["state"]): UserLine["state"] {
  if (state === "asked") return "planned";
  return state === "restoring" ? "rolledBack" : state;
}

function userLine(row: UserRow): UserLine {
  const { user, from, target, state, reason, detail } = row;
  const words = [reason === "moved" ? "" : (reason ?? ""), detail].filter((part) => part !== "");
  return {
    user,
    from,
    to: target,
    state: shownState(state),
    reason: words.join(": "),
    commandedAt: row.commandedAt,
    reassignedAt: row.reassignment?.reassignedAt ?? null,
    recordSeenAt: row.registeredAt,
    endedAt: row.endedAt,
    registeredAt: row.reassignment?.registeredAt ?? null,
  };
}

/** `cuts`: what is known of calls that were cut in other transfers. */
export function transferResource(
  row: TransferRow,
  users: readonly UserRow[],
  cuts: string | null,
): TransferResource {
  const problem = row.problem ?? dangerProblem(users, row.request.reason === "failure", cuts);
  return {
    id: row.id,
    state: row.state,
    request: row.request,
    standing: row.standing,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    counts: countUsers(users),
    dialogs: countDialogs(users.flatMap(({ results }) => results)),
    users: users.map(userLine),
    ...(problem === null ? {} : { problem }),
  };
}
