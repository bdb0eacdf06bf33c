// What every report.html has: one page that needs nothing else, with its verdict first.

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

const style = `
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

/** What was expected and did not hold is said first. `body` is HTML. */
export function renderDocument(
  experiment: string,
  { title, failures }: { readonly title: string; readonly failures: readonly string[] },
  body: string,
): string {
  const verdict =
    failures.length === 0
      ? '<p class="good"><strong>What was expected happened.</strong></p>'
      : `<p class="bad"><strong>Not as expected:</strong></p><ul>${failures.map((failure) => `<li>${escapeHtml(failure)}</li>`).join("")}</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(experiment)}: ${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${verdict}
${body}
</body>
</html>
`;
}
