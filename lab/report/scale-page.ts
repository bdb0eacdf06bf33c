// report.html of an experiment in which functions come and go: one page that needs nothing else.
import { escapeHtml, style, table } from "./page.ts";
import type { ScaleContext, ScaleReport } from "./scale-report.ts";

const phases = {
  before: "the first one alone",
  both: "both, and no resolver has the old records any more",
  after: "after the removal was completed",
} as const;

export function renderScalePage(report: ScaleReport, context: ScaleContext, figureSvg: string): string {
  const { registrations, transactions, reported, records, killed } = report;
  const verdict =
    context.failures.length === 0
      ? '<p class="good"><strong>What was expected happened.</strong></p>'
      : `<p class="bad"><strong>Not as expected:</strong></p><ul>${context.failures.map((failure) => `<li>${escapeHtml(failure)}</li>`).join("")}</ul>`;
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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.experiment)}: ${escapeHtml(context.title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(context.title)}</h1>
${verdict}
<dl>
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
${table(["when", "from", "to", ...context.functions, `${context.functions[1]} by chance`], shares, new Set([1, 2, 3, 4]))}
</body>
</html>
`;
}
