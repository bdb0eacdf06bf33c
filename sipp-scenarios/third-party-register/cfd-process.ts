// A CFD of the run's own: servers/cfd/main.ts as a process, with an SQLite store in a temporary folder.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { MachineError } from "../machine-error.ts";
import type { LoadUser } from "./load-users.ts";

export interface CfdProcess {
  readonly pid: number;
  /** `host:port` of SIP. */
  readonly target: string;
  /** `host:port` of /healthz and /metrics. */
  readonly admin: string;
  readonly storeFile: string;
  /** The last line of its log. */
  lastWords(): string;
  /** Asks it to end (SIGTERM) and waits; its exit code, null when it had to be killed. */
  stop(): Promise<number | null>;
}

export interface CfdProcessOptions {
  /** Empty; for its configuration, store and log. */
  readonly folder: string;
  readonly transport: "udp" | "tcp";
  /** Whose S-CSCFs and P-CSCFs it has to know. */
  readonly users: Iterable<LoadUser>;
  readonly signal: AbortSignal;
}

const main = join(import.meta.dirname, "../../servers/cfd/main.ts");

/** How long it may take to listen and to end, in ms. */
const startWithin = 15_000;
const stopWithin = 10_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  server.close();
  await once(server, "close");
  if (bound === null || typeof bound === "string") throw new Error("no port was given");
  return bound.port;
}

/** The configuration; JSON is YAML. */
export function cfdConfiguration(
  users: Iterable<LoadUser>,
  options: { readonly transport: "udp" | "tcp"; readonly adminPort: number; readonly storeFile: string },
): object {
  const pCscfs = new Map<string, Set<string>>();
  const sCscfs = new Set<string>();
  for (const { sCscf, pCscf, pCscfAddress } of users) {
    sCscfs.add(sCscf);
    pCscfs.set(pCscf, (pCscfs.get(pCscf) ?? new Set()).add(pCscfAddress));
  }
  return {
    name: "cfd",
    listen: [{ protocol: options.transport, host: "127.0.0.1", port: 0 }],
    sCscfs: [...sCscfs].map((name) => ({ name, addresses: ["127.0.0.1"] })),
    functions: [...pCscfs].map(([name, addresses]) => ({ name, addresses: [...addresses] })),
    store: { kind: "sqlite", file: options.storeFile },
    dns: { servers: [] },
    admin: { host: "127.0.0.1", port: options.adminPort },
    log: { level: "warn" },
  };
}

async function listeningAt(admin: string): Promise<string | null> {
  try {
    const response = await fetch(`http://${admin}/healthz`, { signal: AbortSignal.timeout(1_000) });
    const health: unknown = await response.json();
    if (!response.ok || typeof health !== "object" || health === null || !("listening" in health))
      return null;
    const listening: unknown = health.listening;
    const first: unknown = Array.isArray(listening) ? listening[0] : null;
    return typeof first === "string" ? first.replace(/^(udp|tcp):/, "") : null;
  } catch (error) {
    // Not there yet.
    if (error instanceof Error) return null;
    throw error;
  }
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopWithin);
  await closed;
  clearTimeout(timer);
  return child.exitCode;
}

/** Starts it and waits until it listens; rejects with a `MachineError` when it does not come to that. */
export async function startCfd(options: CfdProcessOptions): Promise<CfdProcess> {
  const { folder, transport, users, signal } = options;
  const storeFile = join(folder, "location.db");
  const configFile = join(folder, "cfd.yaml");
  const logFile = join(folder, "cfd.log");
  const adminPort = await freePort();
  const configuration = cfdConfiguration(users, { transport, adminPort, storeFile });
  writeFileSync(configFile, JSON.stringify(configuration, null, 2));
  const log = openSync(logFile, "w");
  const child = spawn(process.execPath, [main, "--config", configFile], { stdio: ["ignore", log, log] });
  const lastWords = () => readFileSync(logFile, "utf8").trim().split("\n").slice(-1).join("");
  const admin = `127.0.0.1:${adminPort}`;
  try {
    await once(child, "spawn");
    for (let waited = 0; ; waited += 50) {
      signal.throwIfAborted();
      if (child.exitCode !== null)
        throw new MachineError(`the CFD ended with ${child.exitCode} when it started: ${lastWords()}`);
      if (waited > startWithin)
        throw new MachineError(`the CFD does not listen after ${startWithin / 1000} s: ${lastWords()}`);
      const target = await listeningAt(admin);
      if (target !== null && child.pid !== undefined)
        return { pid: child.pid, target, admin, storeFile, lastWords, stop: () => end(child) };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (error) {
    await end(child);
    throw error;
  }
}
