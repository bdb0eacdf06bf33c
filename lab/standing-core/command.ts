// The command that runs beside a standing core, told by its environment where everything is.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { type CoreDescription, coreVariable } from "./description.ts";
import { endSignals } from "./end-signals.ts";

function unstartable(program: string, error: Error): RuntimeError {
  const why = "code" in error && error.code === "ENOENT" ? "there is no such program in PATH" : error.message;
  return new RuntimeError("unreachable", `the command behind -- cannot be started: ${program}: ${why}`, {
    cause: error,
  });
}

/**
 * Runs it to its end and resolves with its exit code, 128 and the signal's number where a signal has ended it. Signals are
 * passed on, but for the Ctrl-C of a terminal, which the command has got already.
 */
export function runCommand(
  [program = "", ...argv]: readonly string[],
  core: CoreDescription,
): Promise<number> {
  const child = spawn(program, argv, {
    stdio: "inherit",
    env: { ...process.env, [coreVariable]: JSON.stringify(core) },
  });
  const pass = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of endSignals) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(unstartable(program, error)));
    child.once("close", (code, signal) => {
      for (const name of endSignals) process.off(name, pass);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
