// Ctrl-C as it is: a terminal signals the whole process group, and npm, run.mjs and a person's finger make copies of it.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";

/** Shorter than what tells a second Ctrl-C from a copy of the first, milliseconds. */
const copiesMs = 200;

/** To a child that was spawned `detached` and its group. Copies follow until the child has ended: they find it in every state. */
export function signalGroup(child: ChildProcess, signal: "SIGINT" | "SIGTERM"): void {
  const { pid } = child;
  assert.ok(pid !== undefined);
  const until = performance.now() + copiesMs;
  const send = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Its last process has gone, which is told in a later turn.
      if (error instanceof Error && "code" in error && error.code === "ESRCH") return;
      throw error;
    }
    if (performance.now() < until) setImmediate(send);
  };
  send();
}
