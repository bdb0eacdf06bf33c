// report.html: the figure, the moved users and every dialog's fate on one page that needs nothing else.
import { escapeHtml, renderDocument, table } from "./document.ts";
import type { Report, ReportContext } from "./report.ts";

/** What users without an S-CSCF for a moment have met, and what a registration without a MAR takes. */
function windowLine({ window }: Report): string {
  if (window === null) return "";
  const { medianMilliseconds, maxMilliseconds, callsLost, baselineMilliseconds: baseline } = window;
  const without = baseline === null ? "" : `; ${baseline} ms the same registrations without a MAR, median`;
  return `<dt>Window</dt><dd>${medianMilliseconds} ms without S-CSCF, median; ${maxMilliseconds} ms at most; ${callsLost} calls lost in it${without}</dd>\n`;
}

function noteList({ notes }: ReportContext): string {
  if (notes.length === 0) return "";
  return `<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>\n`;
}

export function renderPage(report: Report, context: ReportContext, figureSvg: string): string {
  const { transfer, dialogs, calls } = report;
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
  const body = `<dl>
<dt>Users</dt><dd>${transfer.planned} planned = ${transfer.moved} moved + ${transfer.left} left; ${staying} stayed</dd>
<dt>Dialogs</dt><dd>${dialogs.atTransfer} at the transfer = ${dialogs.kept} kept + ${dialogs.pinned} pinned + ${dialogs.lost} lost + ${dialogs.endedMeanwhile} ended meanwhile by their users</dd>
<dt>Calls</dt><dd>${calls.attempted} attempted, ${calls.completed} completed, ${calls.failed} failed</dd>
${windowLine(report)}<dt>Run</dt><dd>${escapeHtml(report.experiment)}, ${report.core} core, ${report.clock} clock, seed ${report.seed}, speed ${report.speed}, pace ${report.pace}</dd>
</dl>
${noteList(context)}<figure>${figureSvg}</figure>
<h2>Users who were to be moved</h2>
${table(["user", "from", "to", "outcome", "reason", "ms", "messages"], moved, new Set([5, 6]))}
<h2>Every dialog of theirs</h2>
<p>Times are seconds of the script. A dialog is kept when another one under the new registration took its place and ended as its users wished.</p>
${table(["Call-ID", "caller", "callee", "confirmed", "ended", "fate", "how"], fates, new Set([3, 4]), new Set([5]))}`;
  return renderDocument(report.experiment, context, body);
}
