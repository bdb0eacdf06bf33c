// A program of the real core as a child of the lab: its output in a log, its end by SIGKILL for it and its children.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { programPath } from "./programs.ts";

export interface CoreProgram {
  readonly name: string;
  readonly program: string;
  readonly argv: readonly string[];
  /** Where it runs, and where its log goes. */
  readonly folder: string;
  /** It ended without having been killed. */
  ended(error: Error): void;
}

export interface CoreChild {
  readonly name: string;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
  /** Resolves with `probe`'s first true; rejects when the program ends before, or after half a minute. */
  readyWhen(what: string, probe: () => Promise<boolean>): Promise<void>;
  /** SIGKILL for the program and everything that it has started. */
  kill(): void;
}

const readyMs = 30_000;
/** Between two probes. */
const probeEveryMs = 50;
/** Lines of a log in an error. */
const shownLines = 15;

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-shownLines).join("\n");
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, "SIGKILL");
}

export function startProgram({ name, program, argv, folder, ended }: CoreProgram): CoreChild {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, "w");
  const child = spawn(program, argv, {
    cwd: folder,
    // A group of its own, which is killed as one.
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...process.env, PATH: programPath() },
  });
  closeSync(output);
  let killed = false;
  let failure: Error | null = null;
  const gone = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      failure = new Error(`${name} (${program}) ${why}; the end of ${log}:\n${lastLines(log)}`);
      if (!killed) ended(failure);
      resolve();
    };
    child.once("error", (error) => end(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => end(`ended by itself: ${signal ?? `exit ${code}`}`));
  });
  return {
    name,
    gone,
    async readyWhen(what, probe) {
      const until = performance.now() + readyMs;
      while (!(await probe())) {
        if (failure !== null) throw failure;
        if (performance.now() > until)
          throw new Error(
            `${name}: waited ${readyMs / 1000} s for ${what}; the end of ${log}:\n${lastLines(log)}`,
          );
        await sleep(probeEveryMs);
      }
    },
    kill() {
      killed = true;
      killGroup(child);
    },
  };
}
