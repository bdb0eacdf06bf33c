// One run of a scenario with UEs beside a core that is there: who has to be registered registers, who is called listens,
// then each step; at the end the records of the location service.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSubscribers } from "@liquid-ims/lab/hss/subscriber-csv";
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import type { CoreDescription } from "@liquid-ims/lab/standing-core/description";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { MachineError } from "../machine-error.ts";
import { findSipp } from "../sipp-program.ts";
import { addressAfter, type SippUe, sippUe, type UePlace, UnfitUserError } from "./injection-file.ts";
import { awaitRecords, type RecordsFound } from "./location-records.ts";
import type { UeOptions } from "./options.ts";
import { type UeScenario, ueScenarios } from "./scenarios.ts";
import type { SippOutcome } from "./sipp-child.ts";
import { type CallJob, type UeGroup, UeStage } from "./stage.ts";
import { beyondCore, type UeStepResult, ueStepResult } from "./step-result.ts";

/** Where the UEs of a run go. */
export interface UeCore {
  readonly first: UePlace;
  readonly second: UePlace | null;
  readonly callees: UePlace;
  /** Names of the first and the second P-CSCF in location records, and where os-cfs is; null: not known. */
  readonly records: { readonly osCfs: string; readonly first: string; readonly second: string } | null;
  /** The HSS's users. */
  readonly usersFile: string;
}

export interface UeStep {
  readonly result: UeStepResult;
  /** Why it is beyond what the core takes; null: it is not. */
  readonly beyond: string | null;
}

export interface UeResult {
  readonly steps: readonly UeStep[];
  /** Null where no os-cfs is known. */
  readonly records: RecordsFound | null;
  /** Times that UEs registered again because of SIPp's flaw before anything was measured. */
  readonly againBefore: number;
  /** What makes it exit code 1, a line each. */
  readonly failures: readonly string[];
}

export interface UeRunContext {
  readonly signal: AbortSignal;
  /** PATH. */
  readonly path: string | undefined;
  readonly progress: (line: string) => void;
  readonly onStep: (step: UeStep) => void;
}

/** Where the UEs' contacts are. */
const uePort = 5060;
/** Over TCP SIPp sends from one address; UEs to whom nobody sends are told apart by the ports of their contacts. */
const firstTcpPort = 20_000;
const defaultAddress = "127.8.0.1";

function parsePlace(text: string): UePlace {
  const [host = "", port = ""] = text.split(":");
  return { host, port: Number(port) };
}

/** The places of a run at the lab's core. As in the seed's experiments callees are at the third P-CSCF. */
export function describedPlaces({ pCscfs, osCfs, subscribers }: CoreDescription, options: UeOptions): UeCore {
  const at = (index: number) => {
    const found = pCscfs[index % pCscfs.length];
    if (found === undefined) throw new MachineError("the core has no P-CSCF");
    return found;
  };
  const nameOf = ({ fqdn, address }: ReturnType<typeof at>) => `${fqdn}:${parsePlace(address).port}`;
  const [first, second, callees] = [at(options.pCscf - 1), at(options.pCscf), at(options.pCscf + 1)];
  return {
    first: parsePlace(first.address),
    second: parsePlace(second.address),
    callees: parsePlace(callees.address),
    records: { osCfs, first: nameOf(first), second: nameOf(second) },
    usersFile: options.usersFile ?? subscribers,
  };
}

/** The users' file; throws `UnfitUserError` with everything that is wrong. */
export function readSubscribers(file: string): readonly Subscriber[] {
  const read = parseSubscribers(readFileSync(file, "utf8"));
  if (read.ok) return read.subscribers;
  const lines = read.errors.map(
    ({ line, field, problem }) => `${file}:${line}: ${field === null ? "" : `${field} `}${problem}`,
  );
  throw new UnfitUserError(lines.join("; "));
}

export interface UeSides {
  readonly callees: UeGroup;
  readonly callers: UeGroup;
}

/** Callees are the first users of the file, callers those behind them. */
export function takeSides(
  options: Pick<UeOptions, "callees" | "callers" | "op" | "addresses" | "transport">,
  core: Pick<UeCore, "first" | "callees" | "usersFile">,
  /** Over TCP the callers share an address. */
  share: boolean,
): UeSides {
  const subscribers = readSubscribers(core.usersFile);
  const { callees, op } = options;
  const callers = Math.min(options.callers, subscribers.length - callees);
  if (callers < 1)
    throw new UnfitUserError(
      `${core.usersFile} has ${subscribers.length} users, ${callees + 1} are needed (${callees} who are called, 1 who calls); give more users, or lower --callees`,
    );
  const crypto = new NodejsCrypto();
  const base = options.addresses ?? defaultAddress;
  const own = (index: number): UePlace => ({ host: addressAfter(base, index), port: uePort });
  const shared = (index: number): UePlace => ({
    host: addressAfter(base, callees),
    port: firstTcpPort + (index - callees),
  });
  const isShared = options.transport === "tcp" && share;
  const ue = (subscriber: Subscriber, index: number): SippUe =>
    sippUe(crypto, subscriber, op, isShared && index >= callees ? shared(index) : own(index));
  const ues = subscribers.slice(0, callees + callers).map(ue);
  return {
    callees: { ues: ues.slice(0, callees), pCscf: core.callees },
    callers: { ues: ues.slice(callees), pCscf: core.first },
  };
}

/** The UEs register before anything is measured; throws when one of them could not. */
export async function registerFirst(stage: UeStage, group: UeGroup): Promise<number> {
  const outcomes = await stage.register("ue-register", group, null);
  const step = { rate: 1, count: group.ues.length };
  const result = ueStepResult(ueScenarios["ue-register"], step, outcomes);
  if (result.failed > 0) {
    const why = Object.entries(result.failures).map(([reason, count]) => `${count} x ${reason}`);
    const said = outcomes.flatMap(({ complaints }) => complaints).slice(0, 1);
    throw new MachineError(
      `${result.failed} of ${step.count} UEs could not be registered before the run: ${[...why, ...said].join("; ")}`,
    );
  }
  return result.again;
}

class UeRun {
  readonly #options: UeOptions;
  readonly #context: UeRunContext;
  readonly #core: UeCore;
  readonly #scenario: UeScenario;
  readonly #stage: UeStage;
  readonly #sides: UeSides;

  constructor(options: UeOptions, context: UeRunContext, core: UeCore, sides: UeSides, stage: UeStage) {
    this.#options = options;
    this.#context = context;
    this.#core = core;
    this.#scenario = ueScenarios[options.scenario];
    this.#stage = stage;
    this.#sides = sides;
  }

  #begin(step: { readonly rate: number; readonly count: number }): Promise<readonly SippOutcome[]> {
    const { callers, callees } = this.#sides;
    const { file, listens } = this.#scenario;
    if (file === "ue-register" || file === "ue-deregister" || file === "uac-register-burst")
      return this.#stage.register(file, callers, step);
    const job: CallJob = {
      ...{ scenario: file, group: callers, second: this.#core.second, talk: this.#options.talk, ...step },
      peers: callees.ues.map((ue) => ue.identity),
    };
    return listens && this.#options.transport === "tcp"
      ? this.#stage.callListening(job)
      : this.#stage.call(job);
  }

  /** What was measured, and what the other side makes of it. */
  async #measure(step: {
    readonly rate: number;
    readonly count: number;
  }): Promise<{ readonly result: UeStepResult; readonly others: readonly string[] }> {
    const { callee } = this.#scenario;
    if (callee === null)
      return { result: ueStepResult(this.#scenario, step, await this.#begin(step)), others: [] };
    const answering = await this.#stage.startCallees(callee, this.#sides.callees, this.#options.ring);
    const began = await this.#begin(step);
    const answered = await answering.stop();
    const calling = ueStepResult(this.#scenario, step, began);
    const called = ueStepResult(this.#scenario, step, answered);
    const [result, other] = this.#options.scenario === "uas-answer" ? [called, calling] : [calling, called];
    const users = calling.users;
    const reasons = Object.entries(other.failures).map(([why, count]) => `${count} x ${why}`);
    const others =
      other.failed > 0 || other.complaints.length > 0
        ? [`the other side: ${[...reasons, ...other.complaints].join(", ")}`]
        : [];
    return { result: { ...result, users }, others };
  }

  async run(): Promise<UeResult> {
    const { options, progress, onStep } = { options: this.#options, ...this.#context };
    const { callers, callees } = this.#sides;
    let againBefore = 0;
    if (callees.ues.length > 0) {
      progress(`registers ${callees.ues.length} UEs who are called`);
      againBefore += await registerFirst(this.#stage, callees);
    }
    const failures: string[] = [];
    const steps: UeStep[] = [];
    const users = new Set<string>();
    for (const step of options.steps) {
      if (this.#scenario.registeredBefore && (steps.length === 0 || this.#scenario.recordsAt === "nowhere")) {
        progress(`registers ${callers.ues.length} UEs who begin`);
        againBefore += await registerFirst(this.#stage, callers);
      }
      progress(`${step.count} ${this.#scenario.unit} at ${step.rate}/s`);
      const { result, others } = await this.#measure(step);
      for (const user of result.users) users.add(user);
      const measured = { result, beyond: beyondCore(result, options.p99Limit) };
      steps.push(measured);
      onStep(measured);
      if (result.failed > 0) failures.push(`${result.failed} of ${result.count} failed at ${result.rate}/s`);
      failures.push(...result.complaints, ...others);
      // Beyond the knee a step only measures what is tried again.
      if (measured.beyond !== null && options.isRamp) break;
    }
    const records = await this.#checkRecords([...users]);
    for (const [found, what] of [
      [records?.missing ?? [], "have no record"],
      [records?.surplus ?? [], "have a record that they should not have"],
    ] as const)
      if (found.length > 0) failures.push(`${found.length} users ${what}: ${found.slice(0, 3).join(", ")}`);
    return { steps, records, againBefore, failures };
  }

  async #checkRecords(users: readonly string[]): Promise<RecordsFound | null> {
    const { records } = this.#core;
    if (records === null) return null;
    const { osCfs, first, second } = records;
    switch (this.#scenario.recordsAt) {
      case "first":
        return awaitRecords(osCfs, { functionName: first, there: users, notThere: [] });
      case "nowhere":
        return awaitRecords(osCfs, { functionName: first, there: [], notThere: users });
      case "second": {
        const left = await awaitRecords(osCfs, { functionName: first, there: [], notThere: users });
        const come = await awaitRecords(osCfs, { functionName: second, there: users, notThere: [] });
        return { ...come, surplus: left.surplus };
      }
    }
  }
}

/** Runs it; whatever happens, no process and no folder stays behind. Rejects with the signal's reason when aborted. */
export async function runUes(options: UeOptions, core: UeCore, context: UeRunContext): Promise<UeResult> {
  const sipp = findSipp(context.path);
  const { listens } = ueScenarios[options.scenario];
  const sides = takeSides(options, core, !listens);
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-sipp-"));
  const { transport, expires } = options;
  const stage = new UeStage({ sipp, folder, transport, expires, signal: context.signal });
  try {
    return await new UeRun(options, context, core, sides, stage).run();
  } finally {
    stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
