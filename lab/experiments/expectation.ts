// What an experiment expects of its report; what does not hold is said in one line each, and the exit code is 1.
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Report } from "../report/report.ts";

/** `failedOutside`: calls that failed in nobody's window, as people name them. */
export type Expectation = (
  report: Report,
  operation: TransferOperation,
  failedOutside: readonly string[],
) => string[];

/** Every planned user moved, no dialog lost, none left behind on the old path, no call failed but in a window. */
export const everybodyMovedWithCalls: Expectation = (report, operation, failedOutside) => {
  const { transfer, dialogs, calls, window } = report;
  const failures: string[] = [];
  if (operation.state !== "COMPLETED") {
    const how = operation.endedAt === null ? "has not ended, it is" : "ended as";
    failures.push(`the transfer ${how} ${operation.state}`);
  }
  if (transfer.planned === 0) failures.push("nobody was planned to move");
  for (const user of report.users) {
    if (user.planned && user.outcome !== "moved")
      failures.push(`${user.user} was not moved: ${user.outcome}, ${user.reason}`);
  }
  if (dialogs.lost > 0) failures.push(`${dialogs.lost} dialogs were lost`);
  if (dialogs.pinned > 0) failures.push(`${dialogs.pinned} dialogs stayed on the path that was left`);
  const excused = window?.callsLost ?? 0;
  if (calls.failed > excused)
    failures.push(`${calls.failed} of ${calls.attempted} calls failed, ${excused} of them in a window`);
  for (const call of failedOutside) failures.push(`a call failed in nobody's window: ${call}`);
  return failures;
};
