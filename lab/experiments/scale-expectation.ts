// What an experiment in which functions come and go expects of its report; what does not hold is said in one line each.
import type { ScaleReport, SharePhase } from "../report/scale-report.ts";
import { describeChange, describeShare } from "../report/scale-summary.ts";

/** With fewer REGISTERs chance alone says nothing. */
const fewest = 40;

function shareFailures(share: SharePhase): string[] {
  const [first = 0, second = 0] = share.registers.map((one) => one.registers);
  const { bounds } = share;
  switch (share.phase) {
    case "before":
      return second > 0 ? [`the second one had load before it was added: ${describeShare(share)}`] : [];
    case "both":
      if (first + second < fewest)
        return [
          `${first + second} REGISTERs while there were both are too few to judge (${fewest} are needed): raise --rate or --duration`,
        ];
      return bounds === null || second < bounds.low || second > bounds.high
        ? [`the load does not spread: ${describeShare(share)}`]
        : [];
    case "after":
      if (first > 0)
        return [`the first one had load after its removal was completed: ${describeShare(share)}`];
      return second === 0 ? [`nobody registered after the removal: ${describeShare(share)}`] : [];
  }
}

/** `details`: what went wrong with single registrations, as people name it. */
export function scaleFailures(report: ScaleReport, details: readonly string[]): string[] {
  const { functionChanges, registrations, transactions, reported, records, shares, killed } = report;
  const failures: string[] = [];
  for (const change of functionChanges)
    if (change.completedAt === null) failures.push(`not completed: ${describeChange(change)}`);
  if (!functionChanges.some(({ action }) => action === "remove")) failures.push("nothing was removed");
  if (killed === null) failures.push("the first one was not stopped");
  if (registrations.attempted === 0) failures.push("nobody registered");
  if (registrations.failed > 0)
    failures.push(`${registrations.failed} of ${registrations.attempted} registrations failed`);
  const bad = transactions.refused + transactions.unanswered;
  if (bad > 0)
    failures.push(
      `${transactions.refused} REGISTER transactions refused, ${transactions.unanswered} unanswered`,
    );
  failures.push(...details);
  if (reported.found !== reported.expected)
    failures.push(`CFDs heard of ${reported.found} of ${reported.expected} registrations`);
  for (const share of shares) failures.push(...shareFailures(share));
  for (const user of records.missing)
    failures.push(`no location record says where ${user} is registered in the end`);
  return failures;
}
