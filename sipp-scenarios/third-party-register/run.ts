// One run of third-party-register: a CFD where none is given, SIPp for each step, the records at the end.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MachineError } from "../machine-error.ts";
import { findSipp } from "../sipp-program.ts";
import { type CfdWork, fetchMetrics, type Samples, workBetween } from "./cfd-metrics.ts";
import { type CfdProcess, startCfd } from "./cfd-process.ts";
import { formatInjectionFile } from "./injection-file.ts";
import { type LoadPlan, type LoadStep, planLoad, usersNeeded } from "./load-plan.ts";
import { type LoadUser, type NamedUser, parseUsers, UsersFileError } from "./load-users.ts";
import type { ThirdPartyRegisterOptions } from "./options.ts";
import { runSipp } from "./sipp-run.ts";
import { beyondLimits, type StepResult, stepResult } from "./step-result.ts";
import { checkRecords, type RecordCheck, readRecords, type SentStep } from "./stored-records.ts";

/** A measured step. */
export interface MeasuredStep {
  readonly result: StepResult;
  /** Null where there is no admin port to ask. */
  readonly work: CfdWork | null;
  /** Why it is beyond the limits; null: within. */
  readonly beyond: string | null;
}

export interface LoadResult {
  readonly target: string;
  readonly isOwnCfd: boolean;
  /** Users registered before anything was measured. */
  readonly known: StepResult | null;
  readonly steps: readonly MeasuredStep[];
  /** Null with a foreign CFD: its store is not read. */
  readonly records: RecordCheck | null;
  /** What makes it exit code 1, a line each; empty: all is as it should be. */
  readonly failures: readonly string[];
}

export interface LoadRunContext {
  readonly signal: AbortSignal;
  /** PATH. */
  readonly path: string | undefined;
  /** SIPp and the users are there: the run begins. */
  readonly onStart: () => void;
  readonly progress: (line: string) => void;
  /** A step of the ramp has ended. */
  readonly onStep: (step: MeasuredStep) => void;
}

const scenario = join(import.meta.dirname, "third-party-register.xml");

/** Beyond this share of retransmissions a step is too much. */
export const retransmissionLimit = 0.01;

function readUsers(file: string, options: ThirdPartyRegisterOptions): readonly NamedUser[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsersFileError(error instanceof Error ? error.message : String(error));
  }
  const users = parseUsers(text);
  const { fresh, refreshed, leaving, warming } = usersNeeded(options);
  const needed = fresh + refreshed + leaving + warming;
  if (users.length < needed)
    throw new UsersFileError(
      `has ${users.length} users, ${needed} are needed (${fresh} new, ${refreshed} to refresh, ${leaving} to leave, ${warming} to warm up); lower --count or --warm-up, or give more users`,
    );
  return users;
}

function usersOf(plan: LoadPlan): Set<LoadUser> {
  return new Set([plan.known, ...plan.steps].flatMap(({ registers }) => registers.map(({ user }) => user)));
}

function failuresOf(
  options: ThirdPartyRegisterOptions,
  results: readonly StepResult[],
  records: RecordCheck | null,
): string[] {
  const failures: string[] = [];
  for (const result of results) {
    const { sippExitCode, failed, registers, unavailable, rate, reasons } = result;
    const why = reasons.length > 0 ? ` (${reasons.join(", ")})` : "";
    if (sippExitCode !== 0)
      failures.push(`SIPp ended with ${sippExitCode} at ${rate}/s: ${failed} of ${registers} failed${why}`);
    // What was read from the logs must be what SIPp has counted: else the figures are not to be trusted.
    const { ok, sippSuccessful } = result;
    if (sippExitCode === 0 && sippSuccessful !== ok + unavailable)
      failures.push(
        `SIPp counts ${sippSuccessful ?? "no"} good calls at ${rate}/s, its message log shows ${ok + unavailable}`,
      );
    if (options.failOn503 && unavailable > 0) failures.push(`${unavailable} x 503 at ${rate}/s`);
  }
  const examples = (lines: readonly string[]) => lines.slice(0, 3).join("; ");
  if (records !== null) {
    const { missing, surplus, wrong } = records;
    if (missing.length > 0)
      failures.push(`${missing.length} users acknowledged and not in the store: ${examples(missing)}`);
    if (surplus.length > 0)
      failures.push(`${surplus.length} users with a record too many: ${examples(surplus)}`);
    if (wrong.length > 0) failures.push(`${wrong.length} records are wrong: ${examples(wrong)}`);
  }
  return failures;
}

/** Sends the plan in a folder that is there for the run. */
class LoadRun {
  readonly #options: ThirdPartyRegisterOptions;
  readonly #context: LoadRunContext;
  readonly #sipp: string;
  readonly #folder: string;
  readonly #sent: SentStep[] = [];
  #runs = 0;

  constructor(options: ThirdPartyRegisterOptions, context: LoadRunContext, sipp: string, folder: string) {
    this.#options = options;
    this.#context = context;
    this.#sipp = sipp;
    this.#folder = folder;
  }

  async #send(step: LoadStep, target: string): Promise<StepResult> {
    this.#runs += 1;
    const folder = join(this.#folder, `sipp-${this.#runs}`);
    mkdirSync(folder);
    const injectionFile = join(folder, "registers.csv");
    writeFileSync(injectionFile, formatInjectionFile(step.registers, this.#options));
    const run = await runSipp({
      ...{ sipp: this.#sipp, scenario, folder, injectionFile, step, target },
      transport: this.#options.transport,
      signal: this.#context.signal,
    });
    this.#sent.push({ step, exchanges: run.exchanges });
    // The message logs of a long ramp would fill the folder.
    rmSync(folder, { recursive: true });
    return stepResult(step, run);
  }

  /** Null when the CFD does not answer: that it is gone shows in the answers. */
  async #workSince(before: Samples, admin: string): Promise<CfdWork | null> {
    try {
      return workBetween(before, await fetchMetrics(admin, this.#context.signal));
    } catch (error) {
      if (error instanceof MachineError) return null;
      throw error;
    }
  }

  async run(plan: LoadPlan, target: string, cfd: CfdProcess | null): Promise<LoadResult> {
    const { signal, progress, onStep } = this.#context;
    const admin = cfd?.admin ?? this.#options.admin;
    const results: StepResult[] = [];
    let known: StepResult | null = null;
    if (plan.known.registers.length > 0) {
      progress(`registering ${plan.known.registers.length} users first, at ${plan.known.rate}/s`);
      known = await this.#send(plan.known, target);
      results.push(known);
    }
    const steps: MeasuredStep[] = [];
    for (const step of plan.steps) {
      progress(`${step.registers.length} REGISTERs at ${step.rate}/s`);
      const before = admin === null ? null : await fetchMetrics(admin, signal);
      const result = await this.#send(step, target);
      const work = admin === null || before === null ? null : await this.#workSince(before, admin);
      const limits = { p99: this.#options.p99Limit, retransmissions: retransmissionLimit };
      const measured = { result, work, beyond: beyondLimits(result, limits) };
      results.push(result);
      steps.push(measured);
      onStep(measured);
      // Beyond the knee a step only measures SIPp's retransmissions.
      if (measured.beyond !== null) break;
    }
    const records =
      cfd === null ? null : checkRecords(this.#sent, await readRecords(cfd.storeFile), this.#options);
    const failures = failuresOf(this.#options, results, records);
    return { target, isOwnCfd: cfd !== null, known, steps, records, failures };
  }
}

/** Runs it; whatever happens, no process and no folder stays behind. Rejects with the signal's reason when aborted. */
export async function runThirdPartyRegister(
  options: ThirdPartyRegisterOptions,
  context: LoadRunContext,
): Promise<LoadResult> {
  const sipp = findSipp(context.path);
  const named = options.usersFile === null ? undefined : readUsers(options.usersFile, options);
  context.onStart();
  const plan = planLoad({
    steps: options.steps,
    mix: options.mix,
    warmUp: options.warmUp,
    run: Date.now().toString(36),
    ...(named === undefined ? {} : { users: named }),
  });
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-sipp-"));
  let cfd: CfdProcess | null = null;
  try {
    if (options.target === null) {
      const { transport } = options;
      cfd = await startCfd({ folder, transport, users: usersOf(plan), signal: context.signal });
    }
    const target = options.target ?? cfd?.target ?? "";
    const result = await new LoadRun(options, context, sipp, folder).run(plan, target, cfd);
    const exitCode = cfd === null ? 0 : await cfd.stop();
    if (exitCode === 0) return result;
    const failure = `the CFD ended with ${exitCode ?? "a signal"} instead of 0 after SIGTERM: ${cfd?.lastWords() ?? ""}`;
    return { ...result, failures: [...result.failures, failure] };
  } finally {
    await cfd?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
