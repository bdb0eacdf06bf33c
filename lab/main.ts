// The lab's program: runs an experiment, shows it, writes its report. Exit codes: 0 what was expected happened,
// 1 it finished otherwise, 2 usage, 3 the machine.
import {
  type EndSignal,
  endProcess,
  endSignals,
  exitCodeOf,
  onEndSignal,
} from "@liquid-ims/runtime/nodejs/end-signals";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { readDoctorOptions } from "./doctor/options.ts";
import { runDoctor } from "./doctor/run-doctor.ts";
import { cfdScale } from "./experiments/cfd-scale.ts";
import {
  type AnyExperiment,
  type AnyResult,
  type ExperimentResult,
  isScaleResult,
} from "./experiments/experiment.ts";
import { iCscfScale } from "./experiments/i-cscf-scale.ts";
import { mixedFleet } from "./experiments/mixed-fleet.ts";
import { pCscfOverload } from "./experiments/p-cscf-overload.ts";
import { sCscfUnderload } from "./experiments/s-cscf-underload.ts";
import { examine } from "./kamailio-core/doctor.ts";
import { furnish, isInside, RunFolderError, runInside } from "./kamailio-core/namespace.ts";
import { findNamespaces } from "./kamailio-core/namespace-probe.ts";
import { installLine, missingPrograms } from "./kamailio-core/programs.ts";
import { type RunRequest, readOptions } from "./options.ts";
import { summariseScale } from "./report/scale-summary.ts";
import { openReportFolder, writeReport } from "./report/write-report.ts";
import { readCoreOptions, type StandingCoreOptions } from "./standing-core/options.ts";
import { FileOptionError, kamailioFolder, runStandingCore } from "./standing-core/standing-core.ts";
import { createView } from "./terminal-view.ts";

const experiments: readonly AnyExperiment[] = [
  pCscfOverload,
  sCscfUnderload,
  mixedFleet,
  iCscfScale,
  cfdScale,
];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`lab: ${line}\n`);
}

function listExperiments(): void {
  say("Experiments (npm run lab -- <name> [options]; --help shows the options):");
  for (const { name, summary } of experiments) say(`  ${name.padEnd(20)} ${summary}`);
  say("Without an experiment:");
  say(`  ${"core".padEnd(20)} a core that stands, for SIPp and other UEs; core --help shows its options`);
  say(`  ${"doctor".padEnd(20)} what is wrong with a running lab, or missing on this machine; doctor --help`);
}

function summariseTransfer({ report, context }: ExperimentResult): string[] {
  const { transfer, dialogs, calls, users, window } = report;
  const times = users
    .map((user) => user.milliseconds)
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  const lines = [`users    ${transfer.planned} planned = ${transfer.moved} moved + ${transfer.left} left`];
  if (times.length > 0)
    lines.push(
      `         ${times[Math.floor(times.length / 2)]} ms from command to record, median; ${times.at(-1)} ms at most`,
    );
  lines.push(
    `dialogs  ${dialogs.atTransfer} at the transfer = ${dialogs.kept} kept + ${dialogs.pinned} pinned + ${dialogs.lost} lost + ${dialogs.endedMeanwhile} ended meanwhile`,
    `calls    ${calls.attempted} attempted = ${calls.completed} completed + ${calls.failed} failed`,
  );
  if (window !== null)
    lines.push(
      `window   ${window.medianMilliseconds} ms without S-CSCF, median; ${window.maxMilliseconds} ms at most; ${window.callsLost} calls lost in it`,
    );
  const baseline = window?.baselineMilliseconds ?? null;
  if (baseline !== null)
    lines.push(`         ${baseline} ms are the same registrations without a MAR, median`);
  return [...lines, ...context.notes.map((note) => `         ${note}`)];
}

function summarise(result: AnyResult, folder: string, files: readonly string[]): number {
  say("");
  for (const line of isScaleResult(result) ? summariseScale(result.report) : summariseTransfer(result))
    say(line);
  if (result.records !== undefined) {
    say("records  CFD | HSS | S-CSCF, in the end:");
    for (const line of result.records) say(`  ${line}`);
  }
  say(`report   ${folder}: ${files.join(", ")}`);
  for (const failure of result.context.failures) complain(failure);
  if (result.context.failures.length === 0) say("What was expected happened.");
  return result.context.failures.length === 0 ? 0 : 1;
}

/** The real core runs on a machine of its own: this program again, with the same arguments. */
async function runWithKamailio(
  folder: string,
  argv: readonly string[],
  run: () => Promise<number>,
): Promise<number> {
  if (isInside()) {
    furnish(folder, ["127.0.1.53"], "127.0.1.53");
    return run();
  }
  const missing = missingPrograms();
  if (missing.length > 0) {
    complain(
      `--core kamailio needs ${missing.map((one) => one.program).join(", ")}: ${installLine(missing)}`,
    );
    return 3;
  }
  const namespaces = findNamespaces();
  if (!namespaces.allowed) {
    complain(namespaces.reason);
    return 3;
  }
  return runInside(folder, namespaces.options, argv);
}

function runAnywhere(request: RunRequest, argv: readonly string[]): Promise<number> {
  const { kamailio } = request.options;
  const run = () => runExperiment(request);
  return kamailio === undefined ? run() : runWithKamailio(kamailio.folder, argv, run);
}

/** Ctrl-C is how a core without a command is meant to end. */
async function runCore(options: StandingCoreOptions, argv: readonly string[]): Promise<number> {
  const kamailio = options.core === "kamailio" ? kamailioFolder(options.out) : null;
  const run = () => runStandingCore(options, { kamailio, say });
  if (kamailio === null) return run();
  const exitCode = await runWithKamailio(kamailio, argv, run);
  const isSignal = endSignals.some((signal) => exitCode === exitCodeOf(signal));
  return isSignal && options.command === null ? 0 : exitCode;
}

/** Ends by way of `exit`, so that what runs outside this process is ended and its files are removed. */
function endOnSignals(): void {
  const end = (signal: EndSignal) => endProcess(exitCodeOf(signal));
  onEndSignal({ first: end });
}

async function runExperiment({ experiment, options, out, trace }: RunRequest): Promise<number> {
  endOnSignals();
  const folder = openReportFolder(out);
  const view = createView({
    write: (text) => void process.stdout.write(text),
    columns: process.stdout.isTTY ? process.stdout.columns : 0,
  });
  const startedAt = new Date();
  const result = await experiment.run(options, (progress) => view.show(progress));
  view.end();
  const files = writeReport(folder, result, { startedAt, options, trace });
  return summarise(result, out, files);
}

/** What a person can mend gets one line; a fault of ours keeps its stack. */
function explain(error: unknown): number {
  if (error instanceof RuntimeError) {
    complain(error.message);
    return 3;
  }
  if (error instanceof FileOptionError || error instanceof RunFolderError) {
    complain(error.message);
    return 2;
  }
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (
    code === "EACCES" ||
    code === "EPERM" ||
    code === "ENOSPC" ||
    code === "EROFS" ||
    code === "ENOTDIR" ||
    code === "EEXIST" ||
    code === "ENOENT"
  ) {
    complain(error instanceof Error ? error.message : String(error));
    return 3;
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

function readRequest(argv: readonly string[]) {
  if (argv[0] === "core") return readCoreOptions(argv.slice(1));
  return argv[0] === "doctor" ? readDoctorOptions(argv.slice(1)) : readOptions(argv, experiments);
}

async function main(argv: readonly string[]): Promise<number> {
  const request = readRequest(argv);
  switch (request.kind) {
    case "list":
      listExperiments();
      return 0;
    case "help":
      return 0;
    case "usage":
      complain(`${request.message} (--help shows all options)`);
      return 2;
    case "doctor":
      return examine(say);
    case "examine":
      return runDoctor(request.options, { say, complain }).catch(explain);
    case "core":
      return runCore(request.options, argv).catch(explain);
    case "run":
      return runAnywhere(request, argv).catch(explain);
  }
}

endProcess(await main(process.argv.slice(2)));
