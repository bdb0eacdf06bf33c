// The whole network registers anew within a second: 5,000 REGISTERs at one CFD, on real processes and a real disk.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { LocationContent } from "@liquid-ims/location-service/record";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import type { RecordChange } from "@liquid-ims/location-service/store";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type CfdPlace, CfdProcess, pause, placeCfd } from "./cfd-process.ts";
import { type Sender, startSender } from "./sender.ts";

const registers = 5_000;
const warmUp = 3_000;
const withinMs = 1_000;
/** The default. */
const queueLimit = 1_000;

function recordOf(user: number): LocationContent {
  const impu = `sip:direct${user}@open-ims.test`;
  return {
    impu,
    contact: `sip:direct${user}@127.0.3.1:5060`,
    implicitSet: [impu],
    impi: `direct${user}@open-ims.test`,
    instance: null,
    pCscf: "pcscf1.open-ims.test:4060",
    path: ["sip:term@pcscf1.open-ims.test:4060;lr"],
    sCscf: "sip:scscf1.open-ims.test:6060",
    visitedNetwork: "open-ims.test",
    registeredAt: 1,
    refreshedAt: 1,
    expiresAt: 600_000_001,
    order: { callId: `reg-${user}@ue`, sequence: 1 },
    doubtful: false,
    ambiguous: false,
    others: [],
    state: "registered",
    leftAt: null,
  };
}

interface Direct {
  readonly perSecond: number;
  /** Writes in a transaction, on average. */
  readonly group: number;
}

/**
 * What the store alone commits in a second: `count` new users all at once, each written in a call of its own, on a
 * file with the same settings (WAL, synchronous=FULL) in the same folder; then `rounds` refreshes of each.
 */
async function direct(
  folder: string,
  driver: "worker" | "inline",
  count: number,
): Promise<{ readonly fresh: Direct; readonly refreshes: Direct }> {
  const store = await openSqliteLocationStore({ file: join(folder, `direct-${driver}.db`), driver });
  const burst = async (change: (user: number) => RecordChange): Promise<Direct> => {
    const before = store.committed;
    const started = performance.now();
    const results = await Promise.all(
      Array.from({ length: count }, (_, user) => store.upsert([change(user)])),
    );
    const ms = performance.now() - started;
    assert.ok(results.every((result) => result === "done"));
    const { groups, writes } = store.committed;
    return {
      perSecond: Math.round((count * 1_000) / ms),
      group: Math.round((writes - before.writes) / (groups - before.groups)),
    };
  };
  const fresh = await burst((user) => ({ record: recordOf(user), expect: "absent" }));
  const versions = new Map(
    (await store.byFunction({ pCscf: "pcscf1.open-ims.test" })).map(({ impu, version }) => [impu, version]),
  );
  const refreshes = await burst((user) => {
    const record = { ...recordOf(user), refreshedAt: 2, expiresAt: 600_000_002 };
    return { record, expect: versions.get(record.impu) ?? "absent" };
  });
  await store.close();
  return { fresh, refreshes };
}

function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** Sends so many within a second; ends when each has its final answer. The ms that the sending took. */
async function sendBurst(
  sender: Sender,
  { host, port }: CfdPlace,
  count: number,
  look: () => Promise<void> = async () => undefined,
): Promise<number> {
  const sent = sender.next("sent");
  const started = performance.now();
  let isSending = true;
  void sent.then(() => {
    isSending = false;
  });
  sender.order({ kind: "burst", host, port, count, withinMs });
  // What is open is told every 20 ms: looked at three times after the sending.
  for (let quiet = 0; quiet < 3; quiet = !isSending && sender.progress.open === 0 ? quiet + 1 : 0) {
    assert.ok(performance.now() - started < 40_000, "every transaction has an end");
    await look();
    await pause(20);
  }
  return (await sent).ms;
}

test("avalanche: 5,000 REGISTERs within a second are answered 200 or 503, as many as the store commits 200", async (context) => {
  const folder = temporaryFolder(context);
  const place = await placeCfd(folder);
  const cfd = new CfdProcess(place);
  context.after(() => cfd.end("SIGKILL"));
  const sender = await startSender();
  context.after(() => sender.end());
  await cfd.ready();
  const commits = (await direct(folder, "worker", registers)).fresh.perSecond;
  // A CFD that has been at work for a while: what its first second costs is no figure of a store.
  await sendBurst(sender, place, warmUp);
  const before = await sender.stop(false);
  const memoryBefore = cfd.memory();
  const cpuBefore = cfd.cpuSeconds();
  let memory = 0;
  let longestQueue = 0;
  const sendingMs = await sendBurst(sender, place, registers, async () => {
    memory = Math.max(memory, cfd.memory());
    longestQueue = Math.max(longestQueue, await cfd.metric("cfd_queue_length"));
  });
  const cpu = cfd.cpuSeconds() - cpuBefore;
  const after = await sender.stop(false);
  const count = (status: string) => (after.statuses[status] ?? 0) - (before.statuses[status] ?? 0);
  const [good, refused] = [count("200"), count("503")];
  const sorted = after.latencies.slice(before.latencies.length).sort((a, b) => a - b);
  const perSecond = Math.round((good * 1_000) / after.lastAnswerMs);
  const buffer = await cfd.metric("network_receive_buffer_bytes");
  const mega = (bytes: number) => Math.round(bytes / 1_048_576);
  context.diagnostic(
    `${registers} REGISTERs in ${Math.round(sendingMs)} ms: ${good} answered 200, ${refused} 503, ` +
      `the last after ${Math.round(after.lastAnswerMs)} ms; 200 after p50 ${percentile(sorted, 0.5)} ` +
      `p99 ${percentile(sorted, 0.99)} ms; ${after.retransmissions - before.retransmissions} retransmissions`,
  );
  context.diagnostic(
    `CFD ${perSecond} 200/s, store alone ${commits} commits/s (${registers} upserts at once): ` +
      `ratio ${(perSecond / commits).toFixed(2)}; CPU ${((cpu * 1e6) / good).toFixed(0)} us for each 200; ` +
      `RSS ${mega(memoryBefore)} MB, at most ${mega(memory)} MB; longest queue seen ${longestQueue}; ` +
      `receive buffer ${mega(buffer)} MB`,
  );
  assert.equal(after.timedOut, 0);
  assert.equal(good + refused, registers, "200 or 503, nothing else");
  assert.equal(after.withoutRetryAfter, 0);
  assert.ok(good >= Math.min(registers, commits), `${good} 200s, the store commits ${commits} in a second`);
  assert.ok(longestQueue <= queueLimit);
  assert.ok(memory < 500 * 1_048_576, `RSS ${mega(memory)} MB`);
  await cfd.end("SIGKILL");
  const store = await openSqliteLocationStore({ file: place.file, driver: "inline", readOnly: true });
  const found = new Set(
    (await store.byFunction({ pCscf: "pcscf1.open-ims.test:4060" })).map(({ impu }) => impu),
  );
  await store.close();
  assert.equal(after.acknowledged.length, after.statuses["200"]);
  assert.deepEqual(
    after.acknowledged.filter(({ impu }) => !found.has(impu)),
    [],
    "none acknowledged and lost",
  );
});

test("what waits goes into one transaction: the worker's commits a second against one by one", async (context) => {
  const folder = temporaryFolder(context);
  const worker = await direct(folder, "worker", 20_000);
  const inline = await direct(folder, "inline", 1_000);
  const line = ({ fresh, refreshes }: typeof worker) =>
    `${fresh.perSecond} new and ${refreshes.perSecond} refreshed records/s, ${fresh.group} and ${refreshes.group} in a transaction`;
  context.diagnostic(`worker: ${line(worker)}; inline: ${line(inline)}`);
  assert.ok(worker.fresh.group > 100, "a burst shares its transactions");
  assert.equal(inline.fresh.group, 1);
  assert.ok(worker.fresh.perSecond > inline.fresh.perSecond);
});
