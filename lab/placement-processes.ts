// Every element of the core in a process of its own: `kill` is SIGKILL. CFD and CFS share a SQLite file in a folder that
// is removed in the end.
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLevel } from "@liquid-ims/runtime/nodejs";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import type { ElementKind, ElementSpecs } from "./element.ts";
import type { FromElement, SentData, ToElement } from "./element-message.ts";
import type { PlacedElement, Placement } from "./placement.ts";
import type { Element } from "./topology.ts";

export interface ProcessPlacementOptions {
  readonly logLevel: LogLevel;
  /** Hears of everything that an element of that name sends, a moment later. */
  heard(sent: SentData, name: string): void;
  /** An element failed after it was ready, or ended without having been killed. */
  crashed(error: Error): void;
}

const program = new URL("./element-process.ts", import.meta.url);

interface ElementProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
  /** What waits for its next `settled`. */
  settled: () => void;
  /** It was told to end, or killed. */
  ending: boolean;
}

export function createProcessPlacement(options: ProcessPlacementOptions): Placement {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-lab-"));
  const processes = new Set<ElementProcess>();

  /** When the lab ends before its time; nobody can be waited for then. */
  function leave(): void {
    for (const { child } of processes) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  process.once("exit", leave);

  function send(child: ChildProcess, message: ToElement): void {
    child.send(message);
  }

  function launch(name: string): ElementProcess {
    const child = fork(program, [], {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const gone = new Promise<void>((resolve) => {
      child.once("exit", (code, signal) => {
        processes.delete(one);
        one.settled();
        if (!one.ending) options.crashed(new Error(`${name} ended by itself: ${signal ?? `exit ${code}`}`));
        resolve();
      });
    });
    const one: ElementProcess = { name, child, gone, settled: () => undefined, ending: false };
    processes.add(one);
    return one;
  }

  /** Until `ready` a failure is the caller's; later it is everybody's. */
  function watch(one: ElementProcess): Promise<void> {
    return new Promise((resolve, rejectPromise) => {
      let fail: (error: Error) => void = rejectPromise;
      one.child.on("error", (error) => fail(error));
      one.child.once("exit", () => rejectPromise(new Error(`${one.name} ended before it was ready`)));
      one.child.on("message", (message: FromElement) => {
        switch (message.type) {
          case "sent":
            for (const sent of message.sent) options.heard(sent, one.name);
            return;
          case "settled":
            one.settled();
            return;
          case "failed":
            fail(
              message.code === null
                ? new Error(`${one.name}: ${message.message}`)
                : new RuntimeError(message.code, message.message),
            );
            return;
          case "ready":
            fail = options.crashed;
            resolve();
        }
      });
    });
  }

  function end(one: ElementProcess, how: () => void): Promise<void> {
    one.ending = true;
    how();
    return one.gone;
  }

  return {
    async place<Kind extends ElementKind>(
      kind: Kind,
      { name }: Element,
      spec: ElementSpecs[Kind],
    ): Promise<PlacedElement> {
      const one = launch(name);
      const ready = watch(one);
      send(one.child, { type: "start", name, kind, spec, folder, logLevel: options.logLevel });
      await ready;
      return { kill: () => void end(one, () => one.child.kill("SIGKILL")) };
    },
    async settle() {
      const waits = [...processes]
        .filter((one) => !one.ending)
        .map(
          (one) =>
            new Promise<void>((resolve) => {
              one.settled = resolve;
              send(one.child, { type: "settle" });
            }),
        );
      await Promise.all(waits);
    },
    async close() {
      await Promise.all([...processes].map((one) => end(one, () => one.child.disconnect())));
      await rm(folder, { recursive: true, force: true });
      process.off("exit", leave);
    },
  };
}
