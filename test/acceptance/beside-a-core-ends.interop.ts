// How a core that stands ends: by Ctrl-C, by a signal, with its command, or never begun.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { newFolder, root } from "./run-server.ts";
import { signalGroup } from "./signal-group.ts";

interface StartedCore {
  readonly child: ChildProcess;
  /** Resolves when its output has this. */
  said(text: string): Promise<void>;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  output(): string;
}

/** As a shell starts it: in a process group of its own, which a terminal signals as a whole. */
function startCore(context: TestContext, ...argv: string[]): StartedCore {
  const child = spawn(process.execPath, ["run.mjs", "lab/main.ts", "core", ...argv], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  context.after(() => child.kill("SIGKILL"));
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (output.includes(text)) resolve();
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`it has ended without "${text}":\n${output}`)));
    });
  return { child, said, ended, output: () => output };
}

for (const core of ["embedded", "kamailio"] as const)
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(`${signal} to the whole group ends a standing ${core} core with 0, and the next one has its addresses`, async (context) => {
      const out = newFolder(context);
      const state = join(out, "state.json");
      const argv = ["--core", core, "--out", out, ...(core === "embedded" ? ["--state", state] : [])];
      const first = startCore(context, ...argv);
      await first.said("ready      Ctrl-C ends it");
      signalGroup(first.child, signal);
      assert.equal(await first.ended, 0, first.output());
      if (core === "embedded") assert.equal(JSON.parse(readFileSync(state, "utf8")).length, 20);
      const next = startCore(context, ...argv, "--", "true");
      assert.equal(await next.ended, 0, next.output());
    });

test("SIGTERM is passed on to the command beside the core, whose exit code is the core's", async (context) => {
  const out = newFolder(context);
  const script = "trap 'echo heard; exit 9' TERM; echo waits; while :; do sleep 0.1; done";
  const core = startCore(context, "--quiet", "--out", out, "--", "bash", "-c", script);
  await core.said("waits");
  core.child.kill("SIGTERM");
  assert.equal(await core.ended, 9, core.output());
  assert.match(core.output(), /^heard$/m);
});

const wrong = [
  [
    ["--", "no-such-program"],
    3,
    /^lab: the command behind -- cannot be started: no-such-program: .*in PATH$/m,
  ],
  [
    ["--subscribers", "none.csv"],
    2,
    /^lab: --subscribers none\.csv: there is no such file \(ENOENT\); give a CSV/m,
  ],
  [["--subscribers", "lab"], 2, /^lab: --subscribers lab: it cannot be read \(EISDIR\)/m],
  [["--state", "none/state.json"], 2, /^lab: --state none\/state\.json: its folder is not there/m],
  [["--core", "kamailio", "--state", "s.json"], 2, /^lab: .*'--state'.*needs a command behind --/m],
] as const;

for (const [argv, exitCode, text] of wrong)
  test(`core ${argv.join(" ")}: one line, exit ${exitCode}`, async (context) => {
    const core = startCore(context, "--quiet", "--out", newFolder(context), ...argv);
    assert.equal(await core.ended, exitCode, core.output());
    assert.match(core.output(), text);
    assert.equal(core.output().trim().split("\n").length, 1, core.output());
    assert.equal(existsSync(join(root, "none")), false);
  });
