// What a person's mistakes and the machine's limits look like: one clear line and an exit code, no stack trace.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import test from "node:test";
import { runLab } from "./run-lab.ts";

const root = join(import.meta.dirname, "../..");

function lab(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["lab/main.ts", ...argv], { cwd: root, encoding: "utf8" });
}

function assertOneLine(text: string, says: RegExp): void {
  assert.equal(text.trimEnd().split("\n").length, 1, text);
  assert.match(text, says);
}

test("2: usage", () => {
  const unknown = lab("p-cscf-overlaod");
  assert.equal(unknown.status, 2);
  assertOneLine(unknown.stderr, /experiment 'p-cscf-overlaod' is unknown; there are: p-cscf-overload/);
  const value = lab("p-cscf-overload", "--speed", "fast");
  assert.equal(value.status, 2);
  assertOneLine(value.stderr, /'fast' is invalid/);
});

test("0: the list, also without a name, and the help", () => {
  for (const argv of [[], ["--list"]]) {
    const run = lab(...argv);
    assert.equal(run.status, 0);
    assert.match(run.stdout, /p-cscf-overload/);
  }
  const help = lab("--help");
  assert.equal(help.status, 0);
  for (const option of [
    "--speed",
    "--virtual",
    "--seed",
    "--users",
    "--rate",
    "--duration",
    "--pace",
    "--t1",
  ]) {
    assert.ok(help.stdout.includes(option), option);
  }
});

test("3: an address in use", async (context) => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(4060, "127.0.1.1", resolve));
  context.after(() => socket.close());
  const run = await runLab(context, "p-cscf-overload", "--speed", "50");
  assert.equal(run.exitCode, 3, run.errors);
  assertOneLine(run.errors, /127\.0\.1\.1:4060/);
});

test("3: a folder that cannot be made", () => {
  const run = lab("p-cscf-overload", "--virtual", "--out", "README.md/out");
  assert.equal(run.status, 3, run.stderr);
  assertOneLine(run.stderr, /README\.md/);
});
