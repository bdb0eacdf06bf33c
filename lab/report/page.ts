// report.html: the figure, the moved users and every dialog's fate on one page that needs nothing else.
import type { Report, ReportContext } from "./report.ts";

export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

type Cell = string | number | null;

export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  numeric: ReadonlySet<number>,
  words: ReadonlySet<number> = new Set(),
): string {
  const kind = (index: number) => {
    if (numeric.has(index)) return ' class="number"';
    return words.has(index) ? ' class="word"' : "";
  };
  const cell = (tag: string, value: Cell, index: number) =>
    `<${tag}${kind(index)}>${escapeHtml(value === null ? "–" : String(value))}</${tag}>`;
  const line = (tag: string, values: readonly Cell[]) =>
    `<tr>${values.map((value, index) => cell(tag, value, index)).join("")}</tr>`;
  if (rows.length === 0) return "<p>None.</p>";
  return `<table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table>`;
}

export const style = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
  figure { margin: 1rem 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
  table { border-collapse: collapse; width: 100%; font-size: 0.86rem; }
  th, td { text-align: left; padding: 0.25rem 0.6rem; border-bottom: 1px solid #dddddd; vertical-align: top; overflow-wrap: anywhere; }
  td.word { overflow-wrap: normal; white-space: nowrap; }
  .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .good { color: #00695c; } .bad { color: #b00020; }
  dl { display: grid; grid-template-columns: max-content auto; gap: 0.2rem 1.2rem; } dd { margin: 0; }
`;

export function renderPage(report: Report, context: ReportContext, figureSvg: string): string {
  const { transfer, dialogs, calls } = report;
  const verdict =
    context.failures.length === 0
      ? '<p class="good"><strong>What was expected happened.</strong></p>'
      : `<p class="bad"><strong>Not as expected:</strong></p><ul>${context.failures.map((failure) => `<li>${escapeHtml(failure)}</li>`).join("")}</ul>`;
  const moved = report.users
    .filter((user) => user.planned)
    .map((user) => [
      user.user,
      user.from,
      user.to,
      user.outcome,
      user.reason,
      user.milliseconds,
      user.messages,
    ]);
  const fates = context.dialogs.map((dialog) => [
    dialog.callId,
    dialog.caller,
    dialog.callee,
    dialog.confirmedAt,
    dialog.endedAt,
    dialog.fate === "endedMeanwhile" ? "ended meanwhile" : dialog.fate,
    dialog.detail,
  ]);
  const staying = report.users.filter((user) => !user.planned).length;
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
<dt>Users</dt><dd>${transfer.planned} planned = ${transfer.moved} moved + ${transfer.left} left; ${staying} stayed</dd>
<dt>Dialogs</dt><dd>${dialogs.atTransfer} at the transfer = ${dialogs.kept} kept + ${dialogs.pinned} pinned + ${dialogs.lost} lost + ${dialogs.endedMeanwhile} ended meanwhile by their users</dd>
<dt>Calls</dt><dd>${calls.attempted} attempted, ${calls.completed} completed, ${calls.failed} failed</dd>
<dt>Run</dt><dd>${escapeHtml(report.experiment)}, ${report.core} core, ${report.clock} clock, seed ${report.seed}, speed ${report.speed}, pace ${report.pace}</dd>
</dl>
<figure>${figureSvg}</figure>
<h2>Users who were to be moved</h2>
${table(["user", "from", "to", "outcome", "reason", "ms", "messages"], moved, new Set([5, 6]))}
<h2>Every dialog of theirs</h2>
<p>Times are seconds of the script. A dialog is kept when another one under the new registration took its place and ended as its users wished.</p>
${table(["Call-ID", "caller", "callee", "confirmed", "ended", "fate", "how"], fates, new Set([3, 4]), new Set([5]))}
</body>
</html>
`;
}
