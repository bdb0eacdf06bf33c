// One run of SIPp as an S-CSCF.
import { spawn } from "node:child_process";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { complaintsIn } from "../sipp-program.ts";
import { readStatistics, type SippStatistics } from "../sipp-statistics.ts";
import type { LoadStep } from "./load-plan.ts";
import { type Exchange, MessageLog } from "./message-log.ts";

export interface SippRun {
  /** SIPp's own: 0 all calls went well, 1 some failed, others are faults of SIPp or its surroundings. */
  readonly exitCode: number;
  /** By number of the REGISTER, from 1. */
  readonly exchanges: ReadonlyMap<number, Exchange>;
  /** Null where SIPp wrote none: it did not come to send anything. */
  readonly statistics: SippStatistics | null;
  /** The first lines of what SIPp complained of. */
  readonly complaints: readonly string[];
}

export interface SippOptions {
  /** The program, from `findSipp`. */
  readonly sipp: string;
  readonly scenario: string;
  /** An empty folder for its files. */
  readonly folder: string;
  readonly injectionFile: string;
  readonly step: LoadStep;
  /** `host:port`. */
  readonly target: string;
  readonly transport: "udp" | "tcp";
  readonly signal: AbortSignal;
}

/** A call that gets no answer ends after 64*T1; then SIPp has this long for the rest. Seconds. */
const patience = 60;

/** The command line. SIPp takes the primary address of the machine unless told: wrong on the loopback. */
export function sippArguments(options: Omit<SippOptions, "sipp" | "signal">): string[] {
  const { scenario, folder, injectionFile, step, target, transport } = options;
  const { rate, registers } = step;
  const loopback =
    /^(127\.[0-9.]+):/.exec(target) !== null ? "127.0.0.1" : target.startsWith("[::1]") ? "[::1]" : null;
  return [
    target,
    ...["-sf", scenario, "-inf", injectionFile],
    ...["-r", String(rate), "-m", String(registers.length)],
    // Never fewer than the rate says, however slow the other side is: an open loop.
    ...["-l", String(registers.length + 1)],
    ...["-t", transport === "udp" ? "u1" : "t1", ...(loopback === null ? [] : ["-i", loopback])],
    // Its remote control (UDP 8888 and on) is for nobody, least of all for other machines.
    ...["-ci", "127.0.0.1"],
    ...["-cid_str", "%u-%p@%s"],
    // Without this SIPp ends with 0 after its time is over if a single call went well.
    ...["-timeout", String(Math.ceil(registers.length / rate) + patience), "-timeout_error"],
    ...["-trace_shortmsg", "-shortmessage_file", join(folder, "messages.log")],
    ...["-trace_logs", "-log_file", join(folder, "intents.log")],
    ...["-trace_stat", "-stf", join(folder, "statistics.csv"), "-fd", "1"],
    ...["-trace_err", "-error_file", join(folder, "errors.log")],
    // SIPp's own 64 KB would lose responses in a burst, and the CFD would be blamed; the kernel takes what it allows.
    ...["-buff_size", "1048576"],
    // On a busy machine the watchdog would end SIPp, and with it the measurement.
    ...["-watchdog_interval", "0"],
    // A call that ends otherwise than expected is not hung up: there is no dialog.
    ...["-default_behaviors", "all,-bye"],
    "-nostdin",
  ];
}

async function* linesOf(file: string): AsyncGenerator<string> {
  if (existsSync(file)) yield* createInterface(createReadStream(file));
}

async function readLogs(folder: string): Promise<ReadonlyMap<number, Exchange>> {
  const log = new MessageLog();
  for await (const line of linesOf(join(folder, "intents.log"))) log.addIntent(line);
  for await (const line of linesOf(join(folder, "messages.log"))) log.add(line);
  return log.exchanges;
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Runs SIPp to its end; ends it when `signal` says so, and rejects then with the signal's reason. */
export async function runSipp(options: SippOptions): Promise<SippRun> {
  const { sipp, folder, signal } = options;
  signal.throwIfAborted();
  const child = spawn(sipp, sippArguments(options), { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const stop = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (errors.length < 10_000) errors += text;
  });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, killedBy) => resolve(code ?? (killedBy === null ? 1 : 128)));
    });
    signal.throwIfAborted();
    return {
      exitCode,
      exchanges: await readLogs(folder),
      statistics: readStatistics(readText(join(folder, "statistics.csv"))),
      complaints: complaintsIn(readText(join(folder, "errors.log")) || errors),
    };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
