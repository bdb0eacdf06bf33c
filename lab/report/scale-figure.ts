// The figure of an experiment in which functions come and go: the REGISTERs that each of the two got, what was ordered
// when, and the registrations of the users.
import * as Plot from "@observablehq/plot";
import { JSDOM } from "jsdom";
import { escapeXml, fontName, palette } from "./figure.ts";
import { type PlacedLabel, placeLabels } from "./mark-rows.ts";
import type { FunctionChange, ScaleContext, ScaleReport } from "./scale-report.ts";

const width = 960;
const margin = { left: 60, right: 30 };
const head = 92;
const loadHeight = 330;
const usersHeight = 190;
/** Seconds over which lines are averaged: chance among two servers jumps from second to second. */
const window = 5;
const rowHeight = 17;
const characterWidth = 6.9;
const ink = "#444444";
const failedColour = "#b00020";

interface Point {
  readonly second: number;
  readonly value: number;
}

interface Moment {
  readonly second: number;
  readonly label: string;
}

interface Band {
  readonly from: number;
  readonly to: number;
}

/** Mean of the last `window` seconds, at the end of each second; the last second is not a whole one. */
function smooth(values: readonly number[]): Point[] {
  return values.slice(0, -1).map((_, index) => {
    const recent = values.slice(Math.max(0, index - window + 1), index + 1);
    return { second: index + 1, value: recent.reduce((sum, one) => sum + one, 0) / recent.length };
  });
}

/** The orders as the OSS/BSS gives them, and what came of them. */
function momentsOf({ functionChanges, killed }: ScaleReport): Moment[] {
  const ofChange = ({ function: name, action, startedAt, completedAt, state }: FunctionChange): Moment[] => {
    const order = { second: startedAt, label: `${action === "add" ? "PUT" : "DELETE"} ${name}` };
    return completedAt === null
      ? [{ ...order, label: `${order.label}: ${state}` }]
      : [order, { second: completedAt, label: "COMPLETED" }];
  };
  const moments = functionChanges.flatMap(ofChange);
  return killed === null ? moments : [...moments, { second: killed.at, label: `${killed.function} killed` }];
}

/** The times in which resolvers may still have the old records. */
function bandsOf({ functionChanges }: ScaleReport, { ttl }: ScaleContext): Band[] {
  return functionChanges.flatMap(({ action, startedAt, completedAt }) => {
    if (completedAt === null) return [];
    return [{ from: startedAt, to: action === "add" ? completedAt + ttl : completedAt }];
  });
}

interface Panel {
  readonly height: number;
  readonly marginTop: number;
  readonly end: number;
  readonly label: string;
  readonly xLabel: string | null;
  readonly lines: readonly {
    readonly points: readonly Point[];
    readonly colour: string;
    readonly dash: string;
    readonly width: number;
  }[];
  readonly bands: readonly Band[];
  readonly moments: readonly Moment[];
}

function drawPanel(document: Document, panel: Panel): string {
  const top = Math.max(1, ...panel.lines.flatMap(({ points }) => points.map((point) => point.value)));
  const plot = Plot.plot({
    document,
    width,
    height: panel.height,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: panel.marginTop,
    marginBottom: panel.xLabel === null ? 26 : 46,
    style: { fontFamily: fontName, fontSize: "13px", background: "white" },
    x: { domain: [0, panel.end], label: panel.xLabel, labelAnchor: "center", labelOffset: 38 },
    y: { domain: [0, top * 1.08], label: null, grid: true },
    marks: [
      Plot.rectX(panel.bands, { x1: "from", x2: "to", fill: "#bbbbbb", fillOpacity: 0.35 }),
      Plot.ruleX(panel.moments, { x: "second", stroke: ink, strokeDasharray: "4 3" }),
      ...panel.lines.map(({ points, colour, dash, width: strokeWidth }) =>
        Plot.lineY(points, { x: "second", y: "value", stroke: colour, strokeWidth, strokeDasharray: dash }),
      ),
      Plot.ruleY([0]),
    ],
  });
  // Inside a page of its own the plot needs its name space to be an image.
  plot.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const title = `<text x="20" y="${panel.marginTop - 12}" font-weight="bold">${escapeXml(panel.label)}</text>`;
  return `${plot.outerHTML}${title}`;
}

function drawLabels(labels: readonly PlacedLabel[], baseline: number): string {
  return labels
    .map(({ x, text, row, anchor }) => {
      const y = baseline - row * rowHeight;
      const shift = anchor === "start" ? 4 : -4;
      const tail =
        row === 0
          ? ""
          : `<line x1="${x}" y1="${y + 3}" x2="${x}" y2="${baseline + 6}" stroke="${ink}" stroke-dasharray="4 3"/>`;
      return `${tail}<text x="${x + shift}" y="${y}" fill="${ink}" font-size="12" text-anchor="${anchor}">${escapeXml(text)}</text>`;
    })
    .join("");
}

interface LegendLine {
  readonly name: string;
  readonly colour: string;
  readonly dash: string;
}

function drawLegend(lines: readonly LegendLine[]): string {
  let x = margin.left;
  const parts = lines.map(({ name, colour, dash }) => {
    const at = x;
    x += 46 + name.length * 7.6;
    return `<line x1="${at}" y1="72" x2="${at + 26}" y2="72" stroke="${colour}" stroke-width="3" stroke-dasharray="${dash}"/><text x="${at + 32}" y="77">${escapeXml(name)}</text>`;
  });
  const box = `<rect x="${x}" y="64" width="26" height="16" fill="#bbbbbb" fill-opacity="0.35"/><text x="${x + 32}" y="77">resolvers may have the old records</text>`;
  return parts.join("") + box;
}

function subtitle(report: ScaleReport): string {
  const { registrations, records, speed, clock, seed, core } = report;
  const scale = speed === 1 ? "" : `; script at ${speed} times its speed, loads divided by it`;
  return `${registrations.completed} of ${registrations.attempted} registrations completed, ${registrations.failed} failed, ${records.missing.length} of ${records.expected} records missing; ${core} core, ${clock} clock, seed ${seed}${scale}`;
}

/** The figure as SVG. */
export function drawScaleFigure(report: ScaleReport, context: ScaleContext): string {
  const { document } = new JSDOM("").window;
  const [first, second] = context.functions;
  const rowOf = (name: string) =>
    report.load.filter((one) => one.function === name).map((one) => one.registers);
  const end = Math.max(1, rowOf(first).length);
  const scaled = (at: number) => margin.left + (at / end) * (width - margin.left - margin.right);
  const moments = momentsOf(report);
  const labels = placeLabels(
    moments.map((moment) => ({ x: scaled(moment.second), text: moment.label })),
    { characterWidth, right: width - 8 },
  );
  const rows = Math.max(1, ...labels.map((label) => label.row + 1));
  const lines: (LegendLine & { readonly values: readonly number[] })[] = [
    { name: first, colour: palette[0] ?? ink, dash: "none", values: rowOf(first) },
    { name: second, colour: palette[1] ?? ink, dash: "none", values: rowOf(second) },
  ];
  const marginTop = 34 + rows * rowHeight;
  const shared = { end, bands: bandsOf(report, context), moments };
  const load = drawPanel(document, {
    ...shared,
    ...{ height: loadHeight + rows * rowHeight, marginTop, xLabel: null },
    label: `REGISTERs per second at each (mean of ${window} s)`,
    lines: lines.map(({ values, colour, dash }) => ({ points: smooth(values), colour, dash, width: 2.5 })),
  });
  const users = drawPanel(document, {
    ...shared,
    ...{ height: usersHeight, marginTop: 34, xLabel: "time of the script, s" },
    label: `registrations of users per second (mean of ${window} s)`,
    lines: [
      {
        points: smooth(report.ended.map((one) => one.completed)),
        colour: palette[2] ?? ink,
        dash: "none",
        width: 2,
      },
      {
        points: smooth(report.ended.map((one) => one.failed)),
        colour: failedColour,
        dash: "none",
        width: 2.5,
      },
    ],
  });
  const legend = drawLegend([
    ...lines,
    { name: "completed", colour: palette[2] ?? ink, dash: "none" },
    { name: "failed", colour: failedColour, dash: "none" },
  ]);
  const loadTotal = loadHeight + rows * rowHeight;
  const height = head + loadTotal + usersHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontName}" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="20" y="24" font-size="16" font-weight="bold">${escapeXml(context.title)}</text>`,
    `<text x="20" y="46" font-size="11" fill="${ink}">${escapeXml(subtitle(report))}</text>`,
    legend,
    `<g transform="translate(0 ${head})">${load}${drawLabels(labels, marginTop - 8)}</g>`,
    `<g transform="translate(0 ${head + loadTotal})">${users}</g>`,
    "</svg>",
  ].join("\n");
}
