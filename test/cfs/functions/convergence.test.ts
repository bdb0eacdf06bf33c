// Lost answers, kills and a second CFS: every order ends well, or says that it did not; the zone is never half changed.
import assert from "node:assert/strict";
import test from "node:test";
import type { OperationResult } from "@liquid-ims/cfs/operations/operations";
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import { FunctionBench, i1, i2, second } from "./bench.ts";

const i3 = "icscf3.home";
const third = { ...second, addresses: ["192.0.2.33"] };
const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

const added = [
  "_sip._tcp.home 20 SRV 10 10 5060 icscf2.home.",
  "_sip._udp.home 20 SRV 10 10 5060 icscf2.home.",
  "icscf2.home 30 A 192.0.2.32",
];

/** Hosts that SRV records of I-CSCFs lead to. */
function iCscfs(bench: FunctionBench, transport = "udp"): string[] {
  return bench
    .records()
    .filter((record) => record.startsWith(`_sip._${transport}.home `))
    .map((record) => record.split(" ").at(-1) ?? "");
}

/** Runs until the UPDATE is on its way over an open connection, and lets no answer come back until `heal`. */
async function loseAnswer(bench: FunctionBench, id: string): Promise<{ heal(): void }> {
  const { simulation } = bench;
  const { node } = bench.name;
  const serial = node.serial();
  simulation.link("cfs1", "ns", { delayMs: 50 });
  while ((await bench.get(id)).step !== "writing") await simulation.run({ ms: 1 });
  // 50 ms to connect, 50 ms for the UPDATE.
  await simulation.run({ ms: 75 });
  assert.equal(node.serial(), serial, "it has not come");
  simulation.link("ns", "cfs1", { delayMs: 0.5, down: true });
  await simulation.run({ when: () => node.serial() > serial });
  return {
    heal() {
      simulation.link("cfs1", "ns", { delayMs: 0.5 });
      simulation.link("ns", "cfs1", { delayMs: 0.5 });
    },
  };
}

test("an answer that is lost: the zone is read, and the order is done without a second UPDATE", async () => {
  const bench = new FunctionBench({ dns: { timeoutMs: 1_000 } });
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  const { heal } = await loseAnswer(bench, id);
  const failed = await bench.failure(id);
  assert.match(failed.problem?.detail ?? "", /did not answer .*the zone is read before the next try/);
  const serial = bench.name.node.serial();
  heal();
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.updates, ended.changedAt], ["COMPLETED", 1, null]);
  assert.equal(bench.name.node.serial(), serial);
  for (const record of added) assert.ok(bench.records().includes(record), record);
});

test("a removal whose answer is lost waits from when the zone was seen without it", async () => {
  const bench = new FunctionBench({ dns: { timeoutMs: 1_000 } });
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  const { id } = await bench.value(bench.operations.removeFunction(i1, { kind: "I-CSCF" }));
  const { heal } = await loseAnswer(bench, id);
  await bench.simulation.run({ ms: 60_000 });
  heal();
  const healed = bench.cfs.host.clock.wall();
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.updates], ["COMPLETED", 1]);
  assert.ok((ended.endedAt ?? 0) >= healed + 20_000 + 1_000);
});

interface Order {
  give(bench: FunctionBench): Promise<OperationResult<FunctionOperation>>;
}

const add: Order = { give: (bench) => bench.operations.putFunction(i2, second) };
const remove: Order = {
  give: (bench) => bench.operations.removeFunction(i1, { kind: "I-CSCF", force: true }),
};

interface Ended {
  readonly bench: FunctionBench;
  readonly operation: FunctionOperation;
  /** Events from the order to its end. */
  readonly events: number;
  /** Wall clock of the name server at each change of its zone. */
  readonly changes: readonly number[];
}

/** Kills the CFS at these events, counted from the order; the OSS/BSS gives its order again after each kill. */
async function runWithKills({ give }: Order, kills: readonly number[], seed = 1): Promise<Ended> {
  const changes: number[] = [];
  const bench = new FunctionBench({
    seed,
    dns: { firstRetry: 200 },
    changed: (at) => changes.push(at),
  });
  await bench.simulation.run({ ms: 100 });
  const start = bench.simulation.events;
  const first = give(bench);
  for (const kill of kills) {
    await bench.simulation.run({ event: Math.max(start + kill, bench.simulation.events), ms: 120_000 });
    bench.cfs.kill();
    await bench.simulation.run({ ms: 0.5 });
    bench.cfs.restart();
  }
  const { id } = await bench.value(kills.length === 0 ? first : give(bench));
  const operation = await bench.end(id);
  return { bench, operation, events: bench.simulation.events - start, changes };
}

function checkAdded({ bench, operation, changes }: Ended, what: string): void {
  assert.equal(operation.state, "COMPLETED", what);
  assert.equal(changes.length, 1, `${what}: changed once`);
  for (const record of added) assert.ok(bench.records().includes(record), what);
}

function checkRemoved({ bench, operation, changes }: Ended, what: string): void {
  assert.deepEqual([operation.state, operation.mayBeStopped], ["COMPLETED", true], what);
  assert.equal(changes.length, 1, `${what}: changed once`);
  assert.deepEqual(iCscfs(bench), [], what);
  const waited = (operation.endedAt ?? 0) - (changes[0] ?? Number.NaN);
  assert.ok(waited >= 20_000, `${what}: ${waited} ms after the change a resolver may know it`);
}

test("kill -9 at every event of an order to add: it ends as ordered, with one change of the zone", async () => {
  const { events } = await runWithKills(add, []);
  assert.ok(events > 50, `${events} events`);
  for (let kill = 1; kill <= events; kill++) checkAdded(await runWithKills(add, [kill]), `killed at ${kill}`);
});

test("kill -9 at every event of an order to remove: nobody is told to stop it before its TTL is over", async () => {
  const { events } = await runWithKills(remove, []);
  for (let kill = 1; kill <= events; kill++)
    checkRemoved(await runWithKills(remove, [kill]), `killed at ${kill}`);
});

test("killed again soon after: the same", async () => {
  const { events } = await runWithKills(add, []);
  for (let kill = 1; kill <= Math.min(events, 90); kill += 3)
    for (const again of [kill + 8, kill + 21]) {
      checkAdded(await runWithKills(add, [kill, again], kill), `added, killed at ${kill} and ${again}`);
      checkRemoved(
        await runWithKills(remove, [kill, again], kill),
        `removed, killed at ${kill} and ${again}`,
      );
    }
});

test("RFC 2136 2.4: two CFSs add at the same moment, and neither writes over the other", async () => {
  let races = 0;
  for (const seed of seeds) {
    const bench = new FunctionBench({ seed, count: 2 });
    const [one, two] = bench.cfss;
    assert.ok(one !== undefined && two !== undefined);
    const orders = [one.node.operations.putFunction(i2, second), two.node.operations.putFunction(i3, third)];
    const ids: string[] = [];
    for (const order of orders) ids.push((await bench.value(order)).id);
    const ends = [await bench.end(ids[0] ?? "", one), await bench.end(ids[1] ?? "", two)];
    assert.deepEqual(
      ends.map(({ state }) => state),
      ["COMPLETED", "COMPLETED"],
      `seed ${seed}`,
    );
    assert.deepEqual(iCscfs(bench), ["icscf1.home.", "icscf2.home.", "icscf3.home."], `seed ${seed}`);
    races += ends.filter(({ updates }) => updates > 1).length;
  }
  assert.ok(races > 0, "in some of these runs they met");
});

test("two CFSs remove the last two at the same moment: one of them stays, and its order says so", async () => {
  for (const seed of seeds) {
    const bench = new FunctionBench({ seed, count: 2 });
    const [one, two] = bench.cfss;
    assert.ok(one !== undefined && two !== undefined);
    await bench.end((await bench.value(one.node.operations.putFunction(i2, second))).id, one);
    const orders = [
      one.node.operations.removeFunction(i1, { kind: "I-CSCF" }),
      two.node.operations.removeFunction(i2, { kind: "I-CSCF" }),
    ];
    const ids: string[] = [];
    for (const order of orders) {
      const answer = await bench.call(order);
      ids.push(answer.ok ? answer.value.id : "");
    }
    const ends = [
      ids[0] === "" ? null : await bench.end(ids[0] ?? "", one),
      ids[1] === "" ? null : await bench.end(ids[1] ?? "", two),
    ];
    const done = ends.filter((end) => end?.state === "COMPLETED");
    assert.equal(done.length, 1, `seed ${seed}: ${JSON.stringify(ends)}`);
    assert.equal(iCscfs(bench).length, 1, `seed ${seed}`);
    const refused = ends.find((end) => end?.state === "FAILED");
    if (refused !== undefined) assert.match(refused?.problem?.detail ?? "", /is the only I-CSCF/);
  }
});

test("two CFSs with opposite orders do not fight: each ends, and the zone is whole", async () => {
  for (const seed of seeds) {
    const bench = new FunctionBench({ seed, count: 2 });
    const [one, two] = bench.cfss;
    assert.ok(one !== undefined && two !== undefined);
    await bench.end((await bench.value(one.node.operations.putFunction(i2, second))).id, one);
    const serial = bench.name.node.serial();
    const changed = one.node.operations.putFunction(i2, { ...second, weight: 90 });
    const gone = two.node.operations.removeFunction(i2, { kind: "I-CSCF", failed: true });
    const ids = [(await bench.value(changed)).id, (await bench.value(gone)).id];
    const ends = [await bench.end(ids[0] ?? "", one), await bench.end(ids[1] ?? "", two)];
    for (const { state } of ends) assert.ok(state === "COMPLETED" || state === "FAILED", state);
    assert.ok(
      bench.name.node.serial() - serial <= 3,
      `seed ${seed}: ${bench.name.node.serial() - serial} changes`,
    );
    const isThere = iCscfs(bench).includes("icscf2.home.");
    assert.equal(iCscfs(bench, "tcp").includes("icscf2.home."), isThere, "both transports or none");
    assert.equal(
      bench.records().some((record) => record.startsWith("icscf2.home ")),
      isThere,
      "with its address",
    );
    await bench.simulation.run({ ms: 600_000 });
    assert.ok(bench.name.node.serial() - serial <= 3, "nor later");
  }
});

test("a removal looks once more when its wait is over: what has come back meanwhile may not be stopped", async () => {
  const bench = new FunctionBench({ count: 2 });
  const [one, two] = bench.cfss;
  assert.ok(one !== undefined && two !== undefined);
  await bench.end((await bench.value(one.node.operations.putFunction(i2, second))).id, one);
  const { id } = await bench.value(one.node.operations.removeFunction(i2));
  await bench.until(id, ({ step }) => step === "waiting");
  await bench.end((await bench.value(two.node.operations.putFunction(i2, second))).id, two);
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.mayBeStopped], ["FAILED", false]);
  assert.match(ended.problem?.detail ?? "", /icscf2\.home are not as the server confirmed them/);
  assert.equal((await bench.value(one.node.operations.canRemove(i2))).canRemove, false);
});

test("a removal whose answer was lost does not take out what somebody else has brought back meanwhile", async () => {
  const bench = new FunctionBench({ count: 2, dns: { timeoutMs: 1_000 } });
  const [one, two] = bench.cfss;
  assert.ok(one !== undefined && two !== undefined);
  await bench.end((await bench.value(one.node.operations.putFunction(i2, second))).id, one);
  const { id } = await bench.value(one.node.operations.removeFunction(i2));
  const { heal } = await loseAnswer(bench, id);
  await bench.failure(id);
  heal();
  await bench.until(id, ({ step }) => step === "waiting");
  await bench.end((await bench.value(two.node.operations.putFunction(i2, second))).id, two);
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.updates, ended.mayBeStopped], ["FAILED", 1, false]);
  assert.match(ended.problem?.detail ?? "", /icscf2\.home are not as they were seen/);
  assert.ok(iCscfs(bench).includes("icscf2.home."), "it is found still");
  // The same order again is one.
  const again = await bench.end((await bench.value(one.node.operations.removeFunction(i2))).id);
  assert.deepEqual([again.state, iCscfs(bench)], ["COMPLETED", ["icscf1.home."]]);
});

test("what another CFS has brought back and taken out since is waited for, and meanwhile may not be stopped", async () => {
  const bench = new FunctionBench({ count: 2 });
  const [one, two] = bench.cfss;
  assert.ok(one !== undefined && two !== undefined);
  const mayBeStopped = async () => (await bench.value(one.node.operations.canRemove(i2))).canRemove;
  await bench.end((await bench.value(one.node.operations.putFunction(i2, second))).id, one);
  await bench.end((await bench.value(one.node.operations.removeFunction(i2))).id, one);
  assert.equal(await mayBeStopped(), true);
  await bench.end((await bench.value(two.node.operations.putFunction(i2, second))).id, two);
  const { blockers } = await bench.value(one.node.operations.canRemove(i2));
  assert.match(blockers.join(), /^it was removed, and is in the DNS again; order DELETE/);
  await bench.end((await bench.value(two.node.operations.removeFunction(i2, { failed: true }))).id, two);
  const { id } = await bench.value(one.node.operations.removeFunction(i2));
  await bench.until(id, ({ step }) => step === "waiting");
  assert.equal(await mayBeStopped(), false);
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.updates], ["COMPLETED", 0]);
  assert.ok((ended.endedAt ?? 0) - ended.startedAt >= 20_000, "resolvers may have seen it");
  bench.name.kill();
  const silent = await bench.value(one.node.operations.canRemove(i2));
  assert.match(silent.blockers.join(), /192\.0\.2\.53:53 does not say whether it is still gone/);
});

test("a server that is down when the wait is over is waited for, whatever the deadline of the order was", async () => {
  const bench = new FunctionBench();
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  const { id } = await bench.value(bench.operations.removeFunction(i2, { deadline: 1 }));
  await bench.until(id, ({ step }) => step === "waiting");
  bench.name.kill();
  const failed = await bench.failure(id);
  assert.equal(failed.mayBeStopped, false);
  bench.name.restart();
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.mayBeStopped, ended.updates], ["COMPLETED", true, 1]);
});

test("a function whose removal was completed, and whose return failed, is waited for again when it is removed", async () => {
  const bench = new FunctionBench({ count: 2, dns: { timeoutMs: 1_000, firstRetry: 10_000 } });
  const [, two] = bench.cfss;
  assert.ok(two !== undefined);
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  await bench.end((await bench.value(bench.operations.removeFunction(i2))).id);
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  const { heal } = await loseAnswer(bench, id);
  await bench.failure(id);
  const byTwo = two.node.operations.removeFunction(i2, { kind: "I-CSCF", failed: true });
  await bench.end((await bench.value(byTwo)).id, two);
  const removal = await bench.value(bench.operations.removeFunction(i2, { force: true }));
  heal();
  const ended = await bench.end(removal.id);
  assert.deepEqual([ended.state, ended.updates], ["COMPLETED", 0]);
  assert.ok((ended.endedAt ?? 0) - ended.startedAt >= 20_000, "resolvers may have seen it");
});
