// Starts a server program as a process and reads its log lines; every wait is for a line, an answer or the exit.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export const root = join(import.meta.dirname, "../..");

export interface Line {
  readonly event: string;
  readonly level: string;
  readonly host: string;
  readonly [field: string]: unknown;
}

export interface Server {
  readonly child: ChildProcess;
  readonly lines: readonly Line[];
  /** The first line with this event; rejects when the process ends before. */
  line(event: string): Promise<Line>;
  /** Exit code; the error output is in `errors`. */
  readonly exit: Promise<number | null>;
  readonly errors: () => string;
  /** Admin port, from the line `starting`. */
  admin(path: string): Promise<Response>;
}

export function newFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `command`; stopped when the test ends, whatever it did. */
export function startServer(
  context: TestContext,
  command: readonly string[],
  options: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Server {
  const [program = "", ...argv] = command;
  const child = spawn(program, argv, {
    cwd: options.cwd ?? root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.environment },
  });
  const lines: Line[] = [];
  const waiting: { readonly event: string; readonly resolve: (line: Line) => void }[] = [];
  let rest = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts.filter((one) => one.startsWith("{"))) {
      const line: Line = JSON.parse(part);
      lines.push(line);
      for (const waiter of waiting.filter(({ event }) => event === line.event)) waiter.resolve(line);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exit;
  });
  const server: Server = {
    child,
    lines,
    exit,
    errors: () => errors,
    line(event) {
      const known = lines.find((line) => line.event === event);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        waiting.push({ event, resolve });
        exit.then((code) => reject(new Error(`exit ${code} before "${event}": ${errors}`)), reject);
      });
    },
    async admin(path) {
      const { admin } = await server.line("starting");
      return fetch(`http://${admin}${path}`);
    },
  };
  return server;
}

export interface CfdOptions {
  readonly yaml?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Writes a configuration whose ports the system chooses; `yaml` is added to it. */
export function writeConfig(folder: string, name: string, yaml: string): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `listen:
  - { protocol: udp, host: 127.0.0.1, port: 0 }
admin: { port: 0 }
dns: { servers: [] }
homeDomain: open-ims.test
${yaml}`,
  );
  return file;
}

export const sCscfs = `sCscfs:
  - { name: "sip:scscf1.open-ims.test:6060", addresses: [127.0.0.1] }
`;

export function cfdBin(...argv: string[]): string[] {
  return [process.execPath, "servers/cfd/cli/cfd.mjs", ...argv];
}

export function cfsBin(...argv: string[]): string[] {
  return [process.execPath, "servers/cfs/cli/cfs.mjs", ...argv];
}

/** A UDP port that sends to a server and gives what comes back, in order. */
export async function openPeer(context: TestContext): Promise<{
  readonly port: number;
  send(data: Uint8Array, port: number): void;
  receive(): Promise<string>;
}> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  context.after(() => socket.close());
  const received: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.on("message", (data) => {
    const take = waiting.shift();
    if (take === undefined) received.push(data.toString());
    else take(data.toString());
  });
  return {
    port: socket.address().port,
    send: (data, port) => socket.send(data, port, "127.0.0.1"),
    receive: () => {
      const known = received.shift();
      return known === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(known);
    },
  };
}

/** The UDP port of the line `ready`. */
export function sipPort(ready: Line): number {
  const port = /udp:127\.0\.0\.1:(\d+)/.exec(String(ready["listening"]))?.[1];
  assert.ok(port !== undefined, JSON.stringify(ready));
  return Number(port);
}
