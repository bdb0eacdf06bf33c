// The files of a report. report.json is the same for the same virtual run; what is not stands in run.json.
import { accessSync, constants, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import {
  type AnyResult,
  type ExperimentOptions,
  type ExperimentResult,
  isScaleResult,
  type ScaleResult,
} from "../experiments/experiment.ts";
import { makeFolder } from "../make-folder.ts";
import { drawFigure, renderPng } from "./figure.ts";
import { renderPage } from "./page.ts";
import { drawScaleFigure } from "./scale-figure.ts";
import { renderScalePage } from "./scale-page.ts";

/** Makes the folder now, so that a long run does not end at a door that is locked. */
export function openReportFolder(folder: string): string {
  makeFolder(folder);
  accessSync(folder, constants.W_OK);
  return folder;
}

export interface RunFacts {
  readonly startedAt: Date;
  readonly options: ExperimentOptions;
  readonly trace: boolean;
}

interface Drawn {
  readonly svg: string;
  readonly page: string;
  /** For run.json. */
  readonly facts: Readonly<Record<string, unknown>>;
}

function drawTransfer({ report, context }: ExperimentResult): Drawn {
  const svg = drawFigure(report, context);
  const { transferFrom, transferTo, marks, failures, dialogs } = context;
  const transfer = { from: transferFrom, to: transferTo, unit: "seconds of the script" };
  return { svg, page: renderPage(report, context, svg), facts: { transfer, marks, failures, dialogs } };
}

function drawScale({ report, context }: ScaleResult): Drawn {
  const svg = drawScaleFigure(report, context);
  const { ttl, failures } = context;
  return { svg, page: renderScalePage(report, context, svg), facts: { ttl, failures } };
}

/** Writes all files and gives their names. */
export function writeReport(folder: string, result: AnyResult, run: RunFacts): string[] {
  const { report, trace } = result;
  const drawn = isScaleResult(result) ? drawScale(result) : drawTransfer(result);
  const facts = {
    startedAt: run.startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    options: run.options,
    ...drawn.facts,
    machine: {
      platform: platform(),
      arch: arch(),
      cpus: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
    },
  };
  const files: [string, string | Uint8Array][] = [
    ["report.json", `${JSON.stringify(report, null, 2)}\n`],
    ["report.html", drawn.page],
    ["figure.svg", drawn.svg],
    ["figure.png", renderPng(drawn.svg)],
    ["run.json", `${JSON.stringify(facts, null, 2)}\n`],
  ];
  if (run.trace) files.push(["trace.jsonl", trace.map((entry) => `${JSON.stringify(entry)}\n`).join("")]);
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return files.map(([name]) => name);
}
