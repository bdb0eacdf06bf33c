// The figure of an experiment: session set-ups and signalling messages per second at every CSCF, the transfer marked.
import { createRequire } from "node:module";
import * as Plot from "@observablehq/plot";
import { Resvg } from "@resvg/resvg-js";
import { JSDOM } from "jsdom";
import type { Report, ReportContext, ReportLoad } from "./report.ts";

const width = 960;
const panelHeight = 300;
const headHeight = 76;
export const fontName = "DejaVu Sans";
/** Seconds over which the lines are averaged, so that one session in two seconds reads as 0.5. */
const window = 10;

/** Distinct also to colour-blind readers, and in print. */
export const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

interface Point {
  readonly function: string;
  readonly second: number;
  readonly value: number;
}

/** Mean of the last `window` seconds, for each second. */
function smooth(
  load: readonly ReportLoad[],
  functions: readonly string[],
  value: (line: ReportLoad) => number,
): Point[] {
  return functions.flatMap((name) => {
    const line = load.filter((one) => one.function === name).sort((a, b) => a.second - b.second);
    return line.map(({ second }, index) => {
      const recent = line.slice(Math.max(0, index - window + 1), index + 1);
      return {
        function: name,
        second: second + 1,
        value: recent.reduce((sum, one) => sum + value(one), 0) / recent.length,
      };
    });
  });
}

interface Panel {
  readonly points: readonly Point[];
  readonly label: string;
}

/** Lines that lie on each other stay visible: every function has a pattern of its own. */
const dashes = ["none", "18 6", "9 5", "2 5", "12 8", "5 9", "1 8"];

function dashOf(functions: readonly string[], name: string): string {
  return dashes[functions.indexOf(name)] ?? "none";
}

function drawPanel(
  document: Document,
  panel: Panel,
  functions: readonly string[],
  context: ReportContext,
): string {
  const { transferFrom, transferTo, marks } = context;
  const band = transferFrom === null ? [] : [{ from: transferFrom, to: transferTo ?? transferFrom }];
  const plot = Plot.plot({
    document,
    width,
    height: panelHeight,
    marginLeft: 60,
    marginRight: 40,
    marginTop: 36,
    marginBottom: 46,
    style: { fontFamily: fontName, fontSize: "13px", background: "white" },
    x: { label: "time of the script, s", labelAnchor: "center", labelOffset: 38 },
    y: { label: panel.label, grid: true, zero: true, nice: true },
    color: { domain: [...functions], range: palette.slice(0, functions.length) },
    marks: [
      Plot.rectX(band, {
        x1: "from",
        x2: "to",
        fill: "#bbbbbb",
        fillOpacity: 0.45,
        insetLeft: -1,
        insetRight: -1,
      }),
      Plot.text(band, {
        x: "from",
        frameAnchor: "top",
        text: () => "transfer",
        textAnchor: "end",
        dx: -5,
        dy: -14,
        fill: "#444444",
      }),
      Plot.ruleX(marks, { x: "second", stroke: "#444444", strokeDasharray: "4 3" }),
      Plot.text(marks, {
        x: "second",
        frameAnchor: "top",
        text: "label",
        textAnchor: "start",
        dx: 5,
        dy: -14,
        fill: "#444444",
      }),
      ...functions.map((name) =>
        Plot.lineY(
          panel.points.filter((point) => point.function === name),
          {
            x: "second",
            y: "value",
            stroke: "function",
            strokeWidth: 2,
            strokeDasharray: dashOf(functions, name),
          },
        ),
      ),
      Plot.ruleY([0]),
    ],
  });
  // Inside a page of its own the plot needs its name space to be an image.
  plot.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return plot.outerHTML;
}

function legend(functions: readonly string[]): string {
  const step = 110;
  return functions
    .map((name, index) => {
      const x = 60 + index * step;
      const colour = palette[index] ?? "#000000";
      const dash = dashOf(functions, name);
      const line = `<line x1="${x}" y1="60" x2="${x + 26}" y2="60" stroke="${colour}" stroke-width="3" stroke-dasharray="${dash}"/>`;
      return `${line}<text x="${x + 32}" y="65">${name}</text>`;
    })
    .join("");
}

export function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** One line below the title: what was run, and what scaling means for reading it. */
function subtitle(report: Report): string {
  const { dialogs, transfer } = report;
  const scale =
    report.speed === 1
      ? ""
      : `; script at ${report.speed} times its speed, loads divided by it, transfer times unscaled`;
  return `${transfer.moved} of ${transfer.planned} users moved, ${dialogs.kept} dialogs kept, ${dialogs.lost} lost; ${report.core} core, ${report.clock} clock, seed ${report.seed}${scale}`;
}

/** The figure as SVG. */
export function drawFigure(report: Report, context: ReportContext): string {
  const { document } = new JSDOM("").window;
  // Counts are per second of the script already; what a faster script crowds into a second of the clock is not shown.
  const functions = context.functions.filter((name) =>
    report.load.some((line) => line.function === name && line.messages > 0),
  );
  const panels = [
    {
      points: smooth(report.load, functions, (line) => line.sessionSetups),
      label: "session set-ups per second",
    },
    {
      points: smooth(report.load, functions, (line) => line.messages),
      label: "signalling messages per second",
    },
  ].map((panel) => drawPanel(document, panel, functions, context));
  const [first, second] = panels;
  const height = headHeight + 2 * panelHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontName}" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="20" y="22" font-size="16" font-weight="bold">${escapeXml(context.title)}</text>`,
    `<text x="20" y="42" font-size="11" fill="#444444">${escapeXml(subtitle(report))}</text>`,
    legend(functions),
    `<g transform="translate(0 ${headHeight})">${first}</g>`,
    `<g transform="translate(0 ${headHeight + panelHeight})">${second}</g>`,
    "</svg>",
  ].join("\n");
}

/** The same picture as PNG, with a font that is always there. */
export function renderPng(svg: string): Uint8Array {
  const require = createRequire(import.meta.url);
  const fonts = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${file}`),
  );
  const image = new Resvg(svg, {
    font: { fontFiles: fonts, loadSystemFonts: false, defaultFontFamily: fontName },
    fitTo: { mode: "zoom", value: 1.5 },
  });
  return image.render().asPng();
}
