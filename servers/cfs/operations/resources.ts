// Transfers and users as os-cfs shows them. Pure.
import type { UserLine } from "@liquid-ims/reference-points/os-cfs";
import { countDialogs } from "../transfer/dialogs.ts";
import { countUsers } from "../transfer/figures.ts";
import type { TransferRow } from "../transfer/transfer-row.ts";
import type { UserRow } from "../transfer/user-row.ts";
import type { TransferResource } from "./operations.ts";

/** A query that is out is an inner matter: the user is planned. */
function userLine(row: UserRow): UserLine {
  const { user, from, target, state, reason, detail } = row;
  const words = [reason === "moved" ? "" : (reason ?? ""), detail].filter((part) => part !== "");
  return {
    user,
    from,
    to: target,
    state: state === "asked" ? "planned" : state,
    reason: words.join(": "),
    commandedAt: row.commandedAt,
    reassignedAt: null,
    recordSeenAt: row.registeredAt,
    endedAt: row.endedAt,
  };
}

export function transferResource(row: TransferRow, users: readonly UserRow[]): TransferResource {
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
    ...(row.problem === null ? {} : { problem: row.problem }),
  };
}
