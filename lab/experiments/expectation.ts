// What an experiment expects of its report; what does not hold is said in one line each, and the exit code is 1.
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Report } from "../report/report.ts";

export type Expectation = (report: Report, operation: TransferOperation) => string[];

/** Every planned user moved, no dialog lost, none left behind on the old path, no call failed. */
export const everybodyMovedWithCalls: Expectation = (report, operation) => {
  const { transfer, dialogs, calls } = report;
  const failures: string[] = [];
  if (operation.state !== "COMPLETED") failures.push(`the transfer ended as ${operation.state}`);
  if (transfer.planned === 0) failures.push("nobody was planned to move");
  for (const user of report.users) {
    if (user.planned && user.outcome !== "moved")
      failures.push(`${user.user} was not moved: ${user.outcome}, ${user.reason}`);
  }
  if (dialogs.lost > 0) failures.push(`${dialogs.lost} dialogs were lost`);
  if (dialogs.pinned > 0) failures.push(`${dialogs.pinned} dialogs stayed on the path that was left`);
  if (calls.failed > 0) failures.push(`${calls.failed} of ${calls.attempted} calls failed`);
  return failures;
};
