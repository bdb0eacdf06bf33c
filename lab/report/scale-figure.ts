// The figure of an experiment in which functions come and go: the REGISTERs that each of the two got, what was ordered
// when, and the registrations of the users. Bars, not means: after COMPLETED there must be nothing of the first one.
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
/** More would be too thin to be seen. */
const mostBars = 150;
const rowHeight = 17;
const characterWidth = 6.9;
const ink = "#444444";
const failedColour = "#b00020";

interface Bar {
  readonly from: number;
  readonly to: number;
  /** Per second. */
  readonly value: number;
}

/** What is piled up, the lowest first: a value for each second. */
interface Pile {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

interface Moment {
  readonly second: number;
  readonly label: string;
}

interface Band {
  readonly from: number;
  readonly to: number;
}

/** Bars of so many whole seconds. */
function barsOf(values: readonly number[], seconds: number): Bar[] {
  return Array.from({ length: Math.ceil(values.length / seconds) }, (_, index) => {
    const from = index * seconds;
    const here = values.slice(from, from + seconds);
    return { from, to: from + seconds, value: here.reduce((sum, one) => sum + one, 0) / seconds };
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
  readonly piles: readonly Pile[];
  readonly bands: readonly Band[];
  readonly moments: readonly Moment[];
}

function drawPanel(document: Document, panel: Panel): string {
  const { end } = panel;
  const seconds = Math.ceil(end / mostBars);
  const bars = panel.piles.flatMap(({ name, values }) =>
    barsOf(values, seconds).map((bar) => ({ ...bar, name })),
  );
  const tops = new Map<number, number>();
  for (const { from, value } of bars) tops.set(from, (tops.get(from) ?? 0) + value);
  const plot = Plot.plot({
    document,
    width,
    height: panel.height,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: panel.marginTop,
    marginBottom: panel.xLabel === null ? 26 : 46,
    style: { fontFamily: fontName, fontSize: "13px", background: "white" },
    x: { domain: [0, end], label: panel.xLabel, labelAnchor: "center", labelOffset: 38 },
    y: { domain: [0, Math.max(1, ...tops.values()) * 1.12], label: null, grid: true, ticks: 6 },
    color: { domain: panel.piles.map((pile) => pile.name), range: panel.piles.map((pile) => pile.colour) },
    marks: [
      Plot.rectX(panel.bands, { x1: "from", x2: "to", fill: "#bbbbbb", fillOpacity: 0.45 }),
      Plot.rectY(
        bars,
        Plot.stackY({ x1: "from", x2: "to", y: "value", fill: "name", insetLeft: 0.5, insetRight: 0.5 }),
      ),
      Plot.ruleX(panel.moments, { x: "second", stroke: ink, strokeDasharray: "4 3" }),
      Plot.ruleY([0]),
    ],
  });
  // Inside a page of its own the plot needs its name space to be an image.
  plot.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${plot.outerHTML}<text x="20" y="16" font-weight="bold">${escapeXml(panel.label)}</text>`;
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

function drawLegend(piles: readonly Pile[]): string {
  let x = margin.left;
  const entry = (name: string, colour: string, opacity: number): string => {
    const at = x;
    x += 44 + name.length * 7.8;
    return `<rect x="${at}" y="63" width="16" height="16" fill="${colour}" fill-opacity="${opacity}"/><text x="${at + 22}" y="76">${escapeXml(name)}</text>`;
  };
  const names = piles.map(({ name, colour }) => entry(name, colour, 1));
  return [...names, entry("resolvers may have the old records", "#bbbbbb", 0.45)].join("");
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
  const loads: Pile[] = [
    { name: first, colour: palette[0] ?? ink, values: rowOf(first) },
    { name: second, colour: palette[1] ?? ink, values: rowOf(second) },
  ];
  const outcomes: Pile[] = [
    { name: "completed", colour: palette[2] ?? ink, values: report.ended.map((one) => one.completed) },
    { name: "failed", colour: failedColour, values: report.ended.map((one) => one.failed) },
  ];
  const marginTop = 34 + rows * rowHeight;
  const shared = { end, bands: bandsOf(report, context), moments };
  const loadTotal = loadHeight + rows * rowHeight;
  const load = drawPanel(document, {
    ...{ ...shared, height: loadTotal, marginTop, xLabel: null, piles: loads },
    label: "REGISTERs per second",
  });
  const users = drawPanel(document, {
    ...{ ...shared, height: usersHeight, marginTop: 30, xLabel: "time of the script, s", piles: outcomes },
    label: "registrations of users per second",
  });
  const height = head + loadTotal + usersHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontName}" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="20" y="24" font-size="16" font-weight="bold">${escapeXml(context.title)}</text>`,
    `<text x="20" y="46" font-size="11" fill="${ink}">${escapeXml(subtitle(report))}</text>`,
    drawLegend([...loads, ...outcomes]),
    `<g transform="translate(0 ${head})">${load}${drawLabels(labels, marginTop - 9)}</g>`,
    `<g transform="translate(0 ${head + loadTotal})">${users}</g>`,
    "</svg>",
  ].join("\n");
}
