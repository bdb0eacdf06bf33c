// The command that runs beside a standing core, told by its environment where everything is.
import { spawn } from "node:child_process";
import { type EndSignal, endProcess, exitCodeOf, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { type CoreDescription, coreVariable } from "./description.ts";

function unstartable(program: string, error: Error): RuntimeError {
  const why = "code" in error && error.code === "ENOENT" ? "there is no such program in PATH" : error.message;
  return new RuntimeError("unreachable", `the command behind -- cannot be started: ${program}: ${why}`, {
    cause: error,
  });
}

/**
 * Runs it to its end and resolves with its exit code, 128 and the signal's number where a signal has ended it. Signals are
 * passed on, but for the Ctrl-C of a terminal, which the command has got already. One that comes when the command has ended
 * and the core is being closed ends the process at once, unless it is a copy of one that was passed on.
 */
export function runCommand(
  [program = "", ...argv]: readonly string[],
  core: CoreDescription,
): Promise<number> {
  const child = spawn(program, argv, {
    stdio: "inherit",
    env: { ...process.env, [coreVariable]: JSON.stringify(core) },
  });
  const pass = (signal: EndSignal) => {
    if (child.exitCode !== null || child.signalCode !== null) endProcess(exitCodeOf(signal));
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  onEndSignal({ first: pass, again: pass });
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(unstartable(program, error)));
    child.once("close", (code, signal) => resolve(code ?? (signal === null ? 1 : exitCodeOf(signal))));
  });
}
