// The files of a report. report.json is the same for the same virtual run; what is not stands in run.json.
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import type { ExperimentOptions, ExperimentResult } from "../experiments/experiment.ts";
import { drawFigure, renderPng } from "./figure.ts";
import { renderPage } from "./page.ts";

/** Makes the folder now, so that a long run does not end at a door that is locked. */
export function openReportFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  return folder;
}

export interface RunFacts {
  readonly startedAt: Date;
  readonly options: ExperimentOptions;
  readonly trace: boolean;
}

/** Writes all files and gives their names. */
export function writeReport(folder: string, result: ExperimentResult, run: RunFacts): string[] {
  const { report, context, trace } = result;
  const svg = drawFigure(report, context);
  const facts = {
    startedAt: run.startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    options: run.options,
    transfer: { from: context.transferFrom, to: context.transferTo, unit: "seconds of the script" },
    marks: context.marks,
    failures: context.failures,
    dialogs: context.dialogs,
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
    ["report.html", renderPage(report, context, svg)],
    ["figure.svg", svg],
    ["figure.png", renderPng(svg)],
    ["run.json", `${JSON.stringify(facts, null, 2)}\n`],
  ];
  if (run.trace) files.push(["trace.jsonl", trace.map((entry) => `${JSON.stringify(entry)}\n`).join("")]);
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return files.map(([name]) => name);
}
