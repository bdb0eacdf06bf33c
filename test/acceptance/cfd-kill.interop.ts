// A CFD that is killed loses nothing that it has acknowledged: real processes, real SIGKILLs, a real disk.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import Database from "better-sqlite3";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type CfdPlace, CfdProcess, pause, placeCfd } from "./cfd-process.ts";
import { type Acknowledged, type Sender, type SenderReport, startSender } from "./sender.ts";

/** What the file has, read as a CFS reads it: CSeq by user and contact. */
async function recordsIn(file: string): Promise<Map<string, number>> {
  const store = await openSqliteLocationStore({ file, driver: "inline", readOnly: true });
  const found = new Map<string, number>();
  for (let change = 0, more = true; more; ) {
    const part = await store.changesSince(change, 10_000);
    for (const { impu, contact, order, state } of part.records)
      if (state === "registered") found.set(`${impu} ${contact}`, order?.sequence ?? 0);
    ({ change, more } = part);
  }
  await store.close();
  return found;
}

function lostOf(acknowledged: readonly Acknowledged[], found: ReadonlyMap<string, number>): string[] {
  return acknowledged
    .filter(({ impu, contact, sequence }) => (found.get(`${impu} ${contact}`) ?? 0) < sequence)
    .map(({ impu, sequence }) => `${impu} CSeq ${sequence}`);
}

/** The file as the kill has left it: the next life may begin while it is looked at. */
function copyOf(file: string, folder: string, number: number): string {
  const copy = join(folder, `killed-${number}.db`);
  for (const end of ["", "-wal"])
    if (existsSync(`${file}${end}`)) copyFileSync(`${file}${end}`, `${copy}${end}`);
  return copy;
}

const kills = 20;
const atLeast = 1_000;

test("SIGKILL 20 times under load, 1,000 acknowledgements before each: none is lost", async (context) => {
  const folder = temporaryFolder(context);
  const place = await placeCfd(folder);
  const sender = await startSender();
  context.after(() => sender.end());
  const started = performance.now();
  const figures: string[] = [];
  let acknowledged: readonly Acknowledged[] = [];
  let cfd = new CfdProcess(place);
  context.after(() => cfd.end("SIGKILL"));
  for (let kill = 1, before = 0; kill <= kills; kill++) {
    await cfd.ready();
    sender.order({ kind: "load", host: place.host, port: place.port, inFlight: 128 });
    // Not at the same moment of a group each time.
    while (sender.progress.acknowledged - before < atLeast + 7 * kill) await pause(5);
    await cfd.end("SIGKILL");
    const report = await sender.stop(true);
    const copy = copyOf(place.file, folder, kill);
    if (kill < kills) cfd = new CfdProcess(place);
    acknowledged = report.acknowledged;
    assert.deepEqual(lostOf(acknowledged, await recordsIn(copy)), [], `kill ${kill}`);
    const since = report.latencies.length - before;
    assert.ok(since >= atLeast, `${since} acknowledgements before kill ${kill}`);
    figures.push(String(since));
    before = report.latencies.length;
  }
  // The last one is looked at in its place, too.
  const found = await recordsIn(place.file);
  assert.deepEqual(lostOf(acknowledged, found), []);
  const forged = { impu: "sip:nobody@open-ims.test", contact: "x", sequence: 1 };
  assert.equal(lostOf([...acknowledged, forged], found).length, 1, "a lost one would be seen");
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  context.diagnostic(
    `${kills} SIGKILLs in ${seconds} s; acknowledged before each: ${figures.join(" ")}; ` +
      `${acknowledged.length} users acknowledged, ${found.size} records, 0 lost`,
  );
});

/** Registers with some load until `until` holds; what was answered meanwhile. */
async function during(sender: Sender, place: CfdPlace, until: () => Promise<boolean>): Promise<SenderReport> {
  sender.order({ kind: "load", host: place.host, port: place.port, inFlight: 8 });
  const deadline = performance.now() + 15_000;
  while (!(await until())) {
    assert.ok(performance.now() < deadline, "in time");
    await pause(20);
  }
  const report = await sender.stop(false);
  while (sender.progress.open > 0) await pause(20);
  return report;
}

async function withCfd(
  context: TestContext,
  run: (cfd: CfdProcess, place: CfdPlace, sender: Sender) => Promise<void>,
): Promise<void> {
  const place = await placeCfd(temporaryFolder(context));
  const cfd = new CfdProcess(place);
  context.after(() => cfd.end("SIGKILL"));
  const sender = await startSender();
  context.after(() => sender.end());
  await cfd.ready();
  await run(cfd, place, sender);
  assert.equal(cfd.child.exitCode, null, cfd.said);
  const { acknowledged, withoutRetryAfter } = await sender.stop(false);
  await cfd.end("SIGTERM");
  assert.equal(cfd.child.exitCode, 0, cfd.said);
  assert.equal(withoutRetryAfter, 0, "each 503 says when to come back");
  assert.deepEqual(lostOf(acknowledged, await recordsIn(place.file)), []);
}

function seen(report: SenderReport, status: string): number {
  return report.statuses[status] ?? 0;
}

async function isRed(cfd: CfdProcess, text: RegExp): Promise<boolean> {
  const { status, body } = await cfd.health();
  return status === 503 && text.test(body);
}

async function isGreen(cfd: CfdProcess): Promise<boolean> {
  return (await cfd.health()).status === 200;
}

/** Limits the size of files that the process may write: for it the disk is full. */
function limitFiles(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
}

test("a full disk: 503 with Retry-After and red, nothing acknowledged is lost, well again by itself", (context) =>
  withCfd(context, async (cfd, place, sender) => {
    const good = await during(sender, place, async () => sender.progress.acknowledged > 50);
    assert.equal(seen(good, "503"), 0);
    limitFiles(cfd.pid, 0);
    await during(sender, place, async () => sender.progress.refused > 50);
    assert.ok(await isRed(cfd, /store down.*(no room|file size limits)/));
    limitFiles(cfd.pid, "unlimited");
    const refused = await during(sender, place, () => isGreen(cfd));
    const well = await during(
      sender,
      place,
      async () => sender.progress.acknowledged > seen(refused, "200") + 50,
    );
    context.diagnostic(
      `full: ${seen(refused, "503")} answered 503; before ${seen(good, "200")}, in the end ${seen(well, "200")} answered 200`,
    );
  }));

test("a file that another process has locked for 4 s: 503 with Retry-After, well again by itself", (context) =>
  withCfd(context, async (cfd, place, sender) => {
    const good = await during(sender, place, async () => sender.progress.acknowledged > 50);
    const other = new Database(place.file);
    other.exec("BEGIN EXCLUSIVE");
    await pause(100);
    const locked = performance.now();
    await during(sender, place, async () => performance.now() - locked > 4_000);
    assert.ok(await isRed(cfd, /store down.*locked/));
    other.exec("ROLLBACK");
    other.close();
    const refused = await during(sender, place, () => isGreen(cfd));
    assert.ok(seen(refused, "503") > 0);
    const well = await during(
      sender,
      place,
      async () => sender.progress.acknowledged > seen(refused, "200") + 50,
    );
    context.diagnostic(
      `locked: ${seen(refused, "503")} answered 503; before ${seen(good, "200")}, in the end ${seen(well, "200")} answered 200`,
    );
  }));
