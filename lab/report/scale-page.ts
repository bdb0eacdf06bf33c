// report.html of an experiment in which functions come and go: one page that needs nothing else.
import { escapeHtml, renderDocument, table } from "./document.ts";
import type { ScaleContext, ScaleReport } from "./scale-report.ts";

const phases = {
  before: "the first one alone",
  both: "both, and no resolver has the old records any more",
  after: "after the removal was completed",
} as const;

export function renderScalePage(report: ScaleReport, context: ScaleContext, figureSvg: string): string {
  const { registrations, transactions, reported, records, killed } = report;
  const changes = report.functionChanges.map((change) => [
    change.function,
    change.action,
    change.startedAt,
    change.completedAt,
    change.state,
    [...change.changes, ...(change.problem === null ? [] : [change.problem])].join("; "),
  ]);
  const shares = report.shares.map(({ phase, from, to, registers, bounds }) => [
    phases[phase],
    from,
    to,
    ...registers.map((one) => one.registers),
    bounds === null ? "" : `${bounds.low} to ${bounds.high}`,
  ]);
  const missing = records.missing.length === 0 ? "" : `; missing: ${records.missing.join(", ")}`;
  const dead = killed === null ? "none" : `${killed.function} at ${killed.at} s`;
  const body = `<dl>
<dt>Registrations</dt><dd>${registrations.attempted} attempted = ${registrations.completed} completed + ${registrations.failed} failed</dd>
<dt>REGISTERs</dt><dd>${transactions.total} transactions of all hops, ${transactions.refused} refused, ${transactions.unanswered} unanswered</dd>
<dt>Records</dt><dd>${records.found} of ${records.expected} as the users are registered${escapeHtml(missing)}; CFDs heard of ${reported.found} of ${reported.expected} registrations</dd>
<dt>Killed</dt><dd>${escapeHtml(dead)}</dd>
<dt>Run</dt><dd>${escapeHtml(report.experiment)}, ${report.core} core, ${report.clock} clock, seed ${report.seed}, speed ${report.speed}, ${report.users} users</dd>
</dl>
<figure>${figureSvg}</figure>
<h2>Functions that came and went</h2>
<p>Times are seconds of the script. A function that is removed may be stopped when its records are out of the DNS and out of every resolver: that is COMPLETED.</p>
${table(["function", "action", "ordered", "completed", "state", "changes of the zone"], changes, new Set([2, 3]))}
<h2>Who got the REGISTERs</h2>
${table(["when", "from", "to", ...context.functions, `${context.functions[1]} by chance`], shares, new Set([1, 2, 3, 4]))}`;
  return renderDocument(report.experiment, context, body);
}
