// One process of SIPp that plays UEs: its command line, its end, what its logs say.
import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { complaintsIn } from "../sipp-program.ts";
import { readStatistics, type SippStatistics } from "../sipp-statistics.ts";
import { EndLog, EventLog, type UeCall } from "./event-log.ts";

/** How SIPp uses sockets: one for each UE's address, one for each call, or one for all. */
export type SocketMode = "per address" | "per call" | "one";

export interface SippJob {
  /** The program, from `findSipp`. */
  readonly sipp: string;
  /** Name of the scenario's file, without `.xml`. */
  readonly scenario: string;
  /** Name of the file for requests outside of its calls; default: such requests are not answered. */
  readonly outOfCall?: string;
  /** Made by this; for logs. */
  readonly folder: string;
  /** Null: the scenario has no fields. */
  readonly injectionFile: string | null;
  /** `host:port` of the P-CSCF; null: SIPp is called. */
  readonly target: string | null;
  readonly transport: "udp" | "tcp";
  readonly sockets: SocketMode;
  /** Where it sends from; with `per address` the file says the address. */
  readonly local: { readonly host: string; readonly port: number };
  /** Home domain, for the URI of digests. */
  readonly domain: string;
  /** Calls and calls a second; null: until it is stopped. */
  readonly load: { readonly rate: number; readonly count: number } | null;
  /** Milliseconds of `<pause/>`. */
  readonly pause: number;
  /** Seconds until SIPp gives up. */
  readonly patience: number;
}

export interface SippOutcome {
  /** SIPp's own: 0 all calls went well, 1 some failed, others are faults of SIPp or its surroundings; null: killed. */
  readonly exitCode: number | null;
  readonly calls: readonly UeCall[];
  readonly ends: EndLog;
  /** Null where SIPp wrote none: it did not come to send anything. */
  readonly statistics: SippStatistics | null;
  /** The first lines of what SIPp complained of. */
  readonly complaints: readonly string[];
}

export interface SippChild {
  /** Resolves when it has ended by itself or after `stop`. */
  readonly outcome: Promise<SippOutcome>;
  /** Lets no new calls come, and ends it. */
  stop(): void;
  kill(): void;
}

/** The column of the injection file with the address of the UE. */
const addressField = "3";

/** Open files that this process may raise its limit to; SIPp refuses to start when it may have more sockets than that. */
function hardFileLimit(): number {
  const limits = existsSync("/proc/self/limits") ? readFileSync("/proc/self/limits", "utf8") : "";
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? "1024";
  return hard === "unlimited" ? 100_000 : Number(hard);
}

function socketArguments({ sockets, transport }: SippJob): string[] {
  const letter = transport === "udp" ? "u" : "t";
  switch (sockets) {
    case "per address":
      return ["-t", "ui", "-ip_field", addressField];
    case "per call":
      return ["-t", `${letter}n`];
    case "one":
      return ["-t", `${letter}1`];
  }
}

function scenarioFile(name: string): string {
  return join(import.meta.dirname, `${name}.xml`);
}

/** The command line of SIPp. */
export function ueArguments(job: SippJob): string[] {
  const { folder, target, load, local } = job;
  const file = (name: string) => join(folder, name);
  return [
    ...(target === null ? [] : [target]),
    ...["-sf", scenarioFile(job.scenario)],
    ...(job.outOfCall === undefined ? [] : ["-oocsf", scenarioFile(job.outOfCall)]),
    ...(job.injectionFile === null ? [] : ["-inf", job.injectionFile]),
    ...socketArguments(job),
    ...["-i", local.host, "-p", String(local.port), "-auth_uri", job.domain],
    // Else SIPp's remote control listens at every address of the machine, in one of 60 ports that all processes share.
    ...["-ci", local.host],
    ...["-d", String(job.pause), "-cid_str", "%u-%p@%s"],
    // Never fewer than the rate says, however slow the other side is: an open loop.
    ...(load === null
      ? []
      : ["-r", String(load.rate), "-m", String(load.count), "-l", String(load.count + 1)]),
    // Without the second SIPp ends with 0 after its time is over if a single call went well.
    ...["-timeout", String(Math.ceil(job.patience)), "-timeout_error"],
    ...["-trace_shortmsg", "-shortmessage_file", file("messages.log")],
    ...["-trace_logs", "-log_file", file("events.log")],
    ...["-trace_stat", "-stf", file("statistics.csv"), "-fd", "1"],
    ...["-trace_err", "-error_file", file("errors.log")],
    ...["-buff_size", "1048576", "-max_socket", String(Math.max(100, hardFileLimit() - 100))],
    // On a busy machine the watchdog would end SIPp, and with it the measurement.
    ...["-watchdog_interval", "0"],
    // A call that ends otherwise than expected is not hung up: where there was no dialog that would be another failure.
    ...["-default_behaviors", "all,-bye"],
    "-nostdin",
  ];
}

async function readLines(file: string, take: (line: string) => void): Promise<void> {
  if (!existsSync(file)) return;
  for await (const line of createInterface(createReadStream(file))) take(line);
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

async function readOutcome(folder: string, exitCode: number | null, said: string): Promise<SippOutcome> {
  const events = new EventLog();
  const ends = new EndLog();
  await readLines(join(folder, "events.log"), (line) => events.add(line));
  await readLines(join(folder, "messages.log"), (line) => ends.add(line));
  return {
    exitCode,
    calls: events.calls,
    ends,
    statistics: readStatistics(readText(join(folder, "statistics.csv"))),
    complaints: complaintsIn(readText(join(folder, "errors.log")) || said),
  };
}

/** More sockets than a shell's usual limit: the limit is raised as far as it may be. */
const raised = 'ulimit -n "$(ulimit -H -n)"; exec "$0" "$@"';

/** Starts SIPp; the outcome rejects when it cannot be started. */
export function startSipp(job: SippJob): SippChild {
  const { folder } = job;
  mkdirSync(folder, { recursive: true });
  const child: ChildProcess = spawn("sh", ["-c", raised, job.sipp, ...ueArguments(job)], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (said.length < 10_000) said += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const outcome = ended.then((exitCode) => readOutcome(folder, exitCode, said));
  // Whoever waits for it hears of it; nobody has to.
  outcome.catch(() => undefined);
  return {
    outcome,
    // "q" of SIPp's keyboard.
    stop: () => void child.kill("SIGUSR1"),
    kill: () => void child.kill("SIGKILL"),
  };
}
