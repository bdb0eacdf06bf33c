// A core for one run: the lab starts it, and this program runs once more beside it, in the core's own network.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type EndSignal, exitCodeOf, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";

export interface LabCoreOptions {
  readonly core: "embedded" | "kamailio";
  /** Users that are made up, or their file. */
  readonly users: { readonly count: number; readonly authentication: "aka" | "digest" | "mixed" } | string;
  /** UEs with an LCF that answer calls; default 0. */
  readonly ues?: number;
}

const lab = join(import.meta.dirname, "../lab/main.ts");
const program = join(import.meta.dirname, "run.ts");

/** Runs this program with the same arguments beside a core; resolves with its exit code. */
export async function runBesideCore(
  { core, users, ues = 0 }: LabCoreOptions,
  argv: readonly string[],
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-core-"));
  const wanted =
    typeof users === "string"
      ? ["--subscribers", resolve(users)]
      : ["--users", String(users.count), "--authentication", users.authentication];
  const own = [process.execPath, program, ...argv];
  const child = spawn(
    process.execPath,
    [lab, "core", "--quiet", "--core", core, "--ues", String(ues), ...wanted, "--out", folder, "--", ...own],
    { stdio: "inherit" },
  );
  const pass = (signal: EndSignal) => void child.kill(signal);
  onEndSignal({ first: pass, again: pass });
  try {
    return await new Promise<number>((resolvePromise, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) =>
        resolvePromise(code ?? (signal === null ? 1 : exitCodeOf(signal))),
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
