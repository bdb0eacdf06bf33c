// call-load --transfer: SIPp's UEs call users steadily while these are moved, on both cores. No call may fail, and calls
// that are up are to go on in dialogs that replace theirs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { CallLoadResult } from "@liquid-ims/sipp-scenarios/call-load/phases";
import { type ProgramRun, runProgram } from "./run-program.ts";
import { signalGroup } from "./signal-group.ts";

function load(...argv: string[]): Promise<ProgramRun> {
  return runProgram(["sipp-scenarios/run.ts", "call-load", "--around", "3", "--json", ...argv]);
}

function resultOf({ exitCode, output, errors }: ProgramRun): CallLoadResult {
  assert.equal(exitCode, 0, `${output}\n${errors}`);
  return JSON.parse(output);
}

function assertMoved({ transfer, phases, failures }: CallLoadResult, users: number): void {
  assert.deepEqual(failures, []);
  assert.ok(transfer !== null);
  const { state, planned, moved, left } = transfer;
  assert.deepEqual(
    { state, planned, moved, left },
    { state: "COMPLETED", planned: users, moved: users, left: 0 },
  );
  for (const { calls, failed, p99 } of Object.values(phases)) {
    assert.ok(calls > 0 && p99 !== null && p99 > 0, JSON.stringify(phases));
    assert.equal(failed, 0);
  }
}

for (const core of ["embedded", "kamailio"] as const)
  test(`users who are always in calls are moved with them, on the ${core} core`, async () => {
    // Calls of 2 s, 20 a second to 20 users: on average a user is in two.
    const result = resultOf(await load("--transfer", "--core", core, "--rate", "20"));
    assertMoved(result, 20);
    const { before, during, after } = result.phases;
    // Nothing but the move replaces; most users have a call when their turn comes.
    assert.ok(during.replaced >= 10, JSON.stringify(result));
    assert.deepEqual([before.replaced, after.replaced], [0, 0]);
    // Calls begun at the given rate, all the time.
    assert.ok(during.calls > 50, JSON.stringify(result));
  });

test("callers who know no Replaces: users move when they are in no call", async () => {
  const result = resultOf(
    await load("--transfer", "--no-replaces", "--rate", "4", "--talk", "0.5", "--ues", "8"),
  );
  assertMoved(result, 8);
  assert.equal(result.phases.during.replaced, 0);
});

test("callers over TCP, and no transfer asked for: nobody moves, all counts as before", async () => {
  const result = resultOf(await load("--transport", "tcp", "--rate", "4", "--ues", "4"));
  assert.equal(result.transfer, null);
  const { before, during, after } = result.phases;
  assert.ok(before.calls >= 20, JSON.stringify(before));
  assert.deepEqual([during.calls, after.calls, before.failed], [0, 0, 0]);
});

/** Resolves when a path with this in it is made in the folder. */
async function made(folder: string, part: string): Promise<void> {
  const events = watch(folder, { recursive: true, signal: AbortSignal.timeout(60_000) });
  for await (const { filename } of events) if (filename?.includes(part) === true) return;
}

test("Ctrl-C under load ends it soon, and nothing is left", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "sipp-test-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const argv = ["--transfer", "--around", "600", "--rate", "4", "--ues", "4", "--callers", "4"];
  const isCalling = made(folder, "uac-call");
  const child = spawn(process.execPath, ["sipp-scenarios/run.ts", "call-load", ...argv], {
    ...{ cwd: join(import.meta.dirname, "../.."), stdio: "pipe", detached: true },
    env: { ...process.env, TMPDIR: folder },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await isCalling;
  const at = performance.now();
  signalGroup(child, "SIGINT");
  assert.equal(await ended, 130, said);
  assert.ok(performance.now() - at < 10_000, `after ${performance.now() - at} ms`);
  assert.equal(said, "");
  assert.deepEqual(readdirSync(folder), []);
});
