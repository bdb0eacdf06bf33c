// What a person's mistakes and the machine's limits look like: one clear line and an exit code, no stack trace.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runLab } from "./run-lab.ts";
import { signalGroup } from "./signal-group.ts";

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

test("3: a kernel that forbids namespaces: which of its settings, and the line that allows them", () => {
  // In a user namespace of its own the test is that kernel's administrator; Kamailio's programs are there.
  const forbid = ["user", "net"].map((kind) => `echo 0 > /proc/sys/user/max_${kind}_namespaces`).join(" && ");
  const inside = (...argv: string[]) =>
    spawnSync("unshare", ["--user", "--map-root-user", "sh", "-c", `${forbid} && exec "$@"`, "sh", ...argv], {
      cwd: root,
      encoding: "utf8",
    });
  const says =
    /this kernel forbids namespaces of one's own \(.*\), .*; user\.max_user_namespaces is 0: sysctl -w user\.max_user_namespaces=10000; user\.max_net_namespaces is 0: .*; --core embedded needs none$/m;
  const doctor = inside(process.execPath, "lab/main.ts", "doctor", "--core", "kamailio");
  assert.equal(doctor.status, 3, doctor.stderr);
  assert.match(doctor.stdout, says);
  const run = inside(process.execPath, "lab/main.ts", "p-cscf-overload", "--core", "kamailio");
  assert.equal(run.status, 3, run.stderr);
  assertOneLine(run.stderr.trimEnd(), says);
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What is left of the run's temporary files. */
  readonly left: readonly string[];
}

/** Ends a lab of many processes as soon as it shows that it runs, and waits until all of them are gone. */
async function interrupt(context: TestContext, end: (lab: ChildProcess) => void): Promise<Ended> {
  const folder = temporaryFolder(context);
  const child = spawn(
    process.execPath,
    [
      "lab/main.ts",
      "p-cscf-overload",
      "--speed",
      "10",
      "--placement",
      "process",
      "--out",
      join(folder, "out"),
    ],
    { cwd: root, env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  child.stdout.once("data", () => end(child));
  // Every process of the run holds the pipes: they close when the last one is gone.
  const ended = await new Promise<Pick<Ended, "code" | "signal">>((resolve, reject) => {
    child.on("error", reject);
    child.stderr.resume();
    child.on("close", (code, by) => resolve({ code, signal: by }));
  });
  return { ...ended, left: readdirSync(folder).filter((name) => name.startsWith("liquid-ims-lab")) };
}

test("130, 143: a signal ends every process of the lab and removes its files", async (context) => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const ended = await interrupt(context, (lab) => signalGroup(lab, signal));
    assert.deepEqual(ended, { code, signal: null, left: [] });
  }
});

test("SIGKILL of the lab ends every process of it", async (context) => {
  const { code, signal } = await interrupt(context, (lab) => void lab.kill("SIGKILL"));
  assert.deepEqual({ code, signal }, { code: null, signal: "SIGKILL" });
});
