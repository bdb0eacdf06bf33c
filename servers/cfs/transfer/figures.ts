// Counts over the users of a transfer. Pure.
import type { TransferCounts } from "@liquid-ims/reference-points/os-cfs";
import { countDialogs } from "./dialogs.ts";
import type { GuardFigures } from "./guard.ts";
import { isMoved, isOpen, type UserRow, type UserState } from "./user-row.ts";

/** planned = moved + left when nobody is under way any more. */
export function countUsers(rows: readonly UserRow[]): TransferCounts {
  const counted = rows.filter((row) => row.counted);
  return {
    planned: counted.length,
    moved: counted.filter(({ state }) => isMoved(state)).length,
    left: counted.filter(({ state }) => !isOpen(state) && !isMoved(state)).length,
  };
}

const failures: ReadonlySet<UserState> = new Set(["failed", "timedOut", "rolledBack"]);

export function guardFigures(rows: readonly UserRow[]): GuardFigures {
  const tried = rows.filter(({ attempts }) => attempts > 0);
  const { kept, pinned, lost, endedMeanwhile } = countDialogs(rows.flatMap(({ results }) => results));
  return {
    commanded: tried.length,
    failures: tried.filter(({ state }) => failures.has(state)).length,
    dialogs: kept + pinned + lost + endedMeanwhile,
    lostDialogs: lost,
  };
}
