// Signals that ask a program to end: copies of one are one, and none of them kills a process that is ending.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { type EndSignal, exitCodeOf, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";

test("the copies of a signal are one with it; another one later is told apart", () => {
  const source = new EventEmitter<Record<EndSignal, [EndSignal]>>();
  let now = 1_000;
  const heard: string[] = [];
  onEndSignal(
    { first: (signal) => heard.push(`first ${signal}`), again: (signal) => heard.push(`again ${signal}`) },
    source,
    () => now,
  );
  source.emit("SIGINT", "SIGINT");
  now += 500;
  source.emit("SIGINT", "SIGINT");
  source.emit("SIGTERM", "SIGTERM");
  assert.deepEqual(heard, ["first SIGINT"], "of the terminal, of npm and of run.mjs: one signal");
  now += 1;
  source.emit("SIGHUP", "SIGHUP");
  assert.deepEqual(heard, ["first SIGINT", "again SIGHUP"]);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    assert.equal(source.listenerCount(signal), 1, "without a listener the next one would kill the process");
});

test("exit codes as a shell shows them", () => {
  assert.deepEqual(
    (["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const).map(exitCodeOf),
    [130, 143, 129, 137],
  );
});

test("a process that ends by endProcess is not killed by the copies that arrive meanwhile", async () => {
  const file = pathToFileURL(new URL("../../../lib/runtime/nodejs/end-signals.ts", import.meta.url).pathname);
  const program = `
    import { endProcess, onEndSignal } from ${JSON.stringify(file.href)};
    process.stdin.resume();
    onEndSignal({ first: () => { process.stdin.destroy(); setImmediate(() => endProcess(7)); } });
    process.stdout.write("listens");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(`${code} ${signal}`));
  });
  let copies = 0;
  const sendCopies = () => {
    if (!child.kill("SIGINT")) return;
    copies += 1;
    setImmediate(sendCopies);
  };
  child.stdout.once("data", sendCopies);
  assert.equal(await ended, "7 null");
  assert.ok(copies > 1, `${copies} signals were sent`);
});
