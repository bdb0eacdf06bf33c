// Runs the lab as a person does, and reads what it wrote.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Report } from "@liquid-ims/lab/report/report";
import type { TraceEntry } from "@liquid-ims/lab/trace";

const root = join(import.meta.dirname, "../..");

export interface LabRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
  readonly seconds: number;
  readonly folder: string;
}

/** Runs `lab <argv> --out <a new folder>` on this Node; the folder goes with the test. */
export async function runLab(context: TestContext, ...argv: string[]): Promise<LabRun> {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const started = performance.now();
  const child = spawn(process.execPath, ["lab/main.ts", ...argv, "--out", folder], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { exitCode, output, errors, seconds: (performance.now() - started) / 1000, folder };
}

/** The error output and the last lines, for a failed assertion. */
export function describe(run: LabRun): string {
  return `exit ${run.exitCode}\n${run.errors}\n${run.output.split("\n").slice(-12).join("\n")}`;
}

export function readReport(run: LabRun): Report {
  return JSON.parse(readFileSync(join(run.folder, "report.json"), "utf8"));
}

export function readTrace(run: LabRun): TraceEntry[] {
  return readFileSync(join(run.folder, "trace.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

export function readBytes(run: LabRun, name: string): Buffer {
  return readFileSync(join(run.folder, name));
}
