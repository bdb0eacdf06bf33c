// How a lab with Kamailio ends: by itself, by signals, and beside another one. Whatever the end, nothing is left.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { assertInstalled, leftovers, ownNamespaces, processesOf, soon } from "./kamailio-checks.ts";
import { signalGroup } from "./signal-group.ts";

const root = join(import.meta.dirname, "../..");
/** A few seconds of traffic, and newcomers at the drained function afterwards. */
const short = ["--core", "kamailio", "--speed", "10", "--duration", "20", "--newcomers", "2"];

interface StartedLab {
  readonly child: ChildProcess;
  readonly folder: string;
  /** Its temporary files, were there any. */
  readonly temporary: string;
  readonly ended: Promise<number | null>;
  output(): string;
}

/** Its report goes to a new folder, with a space in its name, or to that of another lab. */
function startLab(context: TestContext, argv: readonly string[], into?: StartedLab): StartedLab {
  const base = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(base, { recursive: true, force: true }));
  const folder = into?.folder ?? join(base, "the report");
  const temporary = join(base, "temporary");
  mkdirSync(temporary);
  const child = spawn(process.execPath, ["lab/main.ts", ...argv, "--out", folder], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { child, folder, temporary, ended, output: () => output };
}

/** Resolves when the last program of the core has started, with the namespaces that the lab runs in. */
async function runsCore({ folder, child, output }: StartedLab): Promise<string[]> {
  const running = () => processesOf(folder).some((one) => one.command.includes("scscf3.cfg"));
  await soon(
    () => `no S-CSCF: ${output()}`,
    () => running() || child.exitCode !== null,
  );
  assert.ok(running(), output());
  const namespaces = ownNamespaces(folder);
  assert.deepEqual([...new Set(namespaces.map((name) => name.split(":")[0]))].sort(), ["mnt", "net", "pid"]);
  return namespaces;
}

/** Files of Kamailio and BIND outside the run folder that are younger than this, milliseconds since 1970. */
function strayFiles(since: number): string[] {
  return ["/tmp", "/run", "/var/run", "/var/cache", "/var/lib", "/dev/shm", "/etc"].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /kamailio|named|bind|cscf|cdp|resolv\.conf/.test(name))
      .map((name) => join(folder, name))
      .filter((file) => statSync(file).mtimeMs > since),
  );
}

async function assertNothingLeft(lab: StartedLab, namespaces: readonly string[], since: number) {
  await soon(
    () => `still there: ${leftovers(lab.folder, namespaces).join("; ")}`,
    () => leftovers(lab.folder, namespaces).length === 0,
  );
  assert.deepEqual(readdirSync(lab.temporary), [], "temporary files");
  assert.deepEqual(strayFiles(since), []);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  test(`after ${signal} no process, no mount, no namespace is left, and nothing outside the run folder`, async (context) => {
    assertInstalled();
    const since = Date.now();
    const resolver = readFileSync("/etc/resolv.conf", "utf8");
    const lab = startLab(context, ["p-cscf-overload", "--core", "kamailio"]);
    const namespaces = await runsCore(lab);
    if (signal === "SIGKILL") lab.child.kill(signal);
    else signalGroup(lab.child, signal);
    assert.equal(await lab.ended, { SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal]);
    await assertNothingLeft(lab, namespaces, since);
    assert.equal(readFileSync("/etc/resolv.conf", "utf8"), resolver);
  });
}

test("two labs side by side, same addresses, never in one folder: each drains a function, moves who comes there afterwards, leaves nothing", async (context) => {
  assertInstalled();
  const since = Date.now();
  const labs = [
    startLab(context, ["p-cscf-overload", "--load", "0", ...short]),
    startLab(context, ["s-cscf-underload", ...short]),
  ];
  const namespaces = await Promise.all(labs.map((lab) => runsCore(lab)));
  const [first = [], second = []] = namespaces;
  for (const name of first) assert.ok(!second.includes(name), `${name} is shared`);
  const [taken] = labs;
  assert.ok(taken !== undefined);
  const third = startLab(context, ["s-cscf-underload", ...short], taken);
  assert.equal(await third.ended, 2, third.output());
  assert.equal(third.output(), `lab: another lab writes to ${taken.folder}: give another folder by --out\n`);
  for (const [index, lab] of labs.entries()) {
    assert.equal(await lab.ended, 0, lab.output());
    await assertNothingLeft(lab, namespaces[index] ?? [], since);
    const { transfer, dialogs } = JSON.parse(readFileSync(join(lab.folder, "report.json"), "utf8"));
    const planned = index === 0 ? 20 : 10;
    assert.deepEqual(transfer, { planned, moved: planned, left: 0 });
    assert.equal(dialogs.lost, 0);
  }
});
