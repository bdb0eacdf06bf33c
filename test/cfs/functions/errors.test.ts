// What a name server may answer instead of yes: named, FAILED_TEMP, nothing half done. RFC 2136 2.2, RFC 8945 5.2, RFC 9457.
import assert from "node:assert/strict";
import test from "node:test";
import { type BenchOptions, FunctionBench, homeZone, i1, i2, keyFile, second } from "./bench.ts";
import { createScriptedServer, type ScriptedAnswer } from "./scripted-server.ts";

const where = "name server 192.0.2.53:53, zone home, key cfs-key: ";

interface Expected {
  readonly type: string;
  readonly detail: RegExp;
}

function checkProblem(
  problem: { readonly type: string; readonly detail: string } | undefined,
  { type, detail }: Expected,
): void {
  assert.ok(problem !== undefined, "there is a problem");
  assert.equal(problem.type, `urn:liquid-ims:problem:${type}`);
  assert.ok(problem.detail.startsWith(where), problem.detail);
  assert.match(problem.detail, detail);
}

async function failsWith(options: BenchOptions, expected: Expected): Promise<void> {
  const bench = new FunctionBench(options);
  const before = bench.records();
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  const failed = await bench.failure(id);
  checkProblem(failed.problem, expected);
  assert.deepEqual([failed.state, failed.step, failed.endedAt], ["FAILED_TEMP", "retrying", null]);
  assert.ok((failed.retryAt ?? 0) > failed.startedAt);
  assert.deepEqual(bench.records(), before, "nothing half done");
}

test("RFC 2136 3.3: REFUSED names the key that may not change the zone", async () => {
  await failsWith(
    { name: { updaters: [] } },
    { type: "dns-refused", detail: /answered REFUSED; let the key change .*grant cfs-key zonesub/ },
  );
});

test("RFC 8945 5.2.1: BADKEY, the server has no such key", async () => {
  await failsWith(
    { name: { keys: keyFile("other-key") } },
    { type: "dns-bad-key", detail: /answered NOTAUTH with BADKEY; give the server the key cfs-key/ },
  );
});

test("RFC 8945 5.2.2: BADSIG, the secrets differ", async () => {
  await failsWith(
    { name: { keys: keyFile("cfs-key", "AAAA") } },
    { type: "dns-bad-signature", detail: /BADSIG; give CFS .* and server the same secret/ },
  );
});

test("RFC 8945 5.2.3: BADTIME says how far the clocks are apart, and to set them", async () => {
  await failsWith(
    { skewMs: 400_000 },
    {
      type: "dns-bad-time",
      detail: /BADTIME: its clock is (399|400|401) s behind ours; set the clocks .*NTP/,
    },
  );
});

test("RFC 2136 3.1.1: another zone than the server has is NOTAUTH", async () => {
  await failsWith(
    { name: { origin: "net", zone: [{ name: "home.net", type: "A", ttl: 5, data: "192.0.2.1" }] } },
    { type: "dns-query-failed", detail: /answered REFUSED to a query for home SOA; .*allow-query/ },
  );
});

async function scripted(answer: ScriptedAnswer, expected: Expected, updates = 1): Promise<void> {
  const bench = new FunctionBench({ server: createScriptedServer(answer) });
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  const failed = await bench.failure(id);
  checkProblem(failed.problem, expected);
  assert.equal(failed.updates, updates);
}

test("RFC 1035 4.1.1: a server that only passes on what it has heard of the zone is not the zone's", async () => {
  await scripted(
    { code: "NOERROR", knows: false },
    {
      type: "dns-not-zone",
      detail: /answered without authority for home: .*; name the primary server of home/,
    },
    0,
  );
});

test("RFC 2136 2.2: every other refusal has its name and its remedy", async () => {
  const rows: readonly [ScriptedAnswer, Expected][] = [
    [{ code: "SERVFAIL" }, { type: "dns-server-failure", detail: /answered SERVFAIL; look at the log/ }],
    [{ code: "NOTZONE" }, { type: "dns-not-zone", detail: /answered NOTZONE; name the primary server/ }],
    [{ code: "NOTAUTH" }, { type: "dns-not-zone", detail: /answered NOTAUTH; name the primary server/ }],
    [
      { code: "NOTIMP", by: null },
      { type: "dns-not-understood", detail: /NOTIMP without a signature/ },
    ],
    [{ code: "FORMERR" }, { type: "dns-not-understood", detail: /answered FORMERR/ }],
    [
      { code: "NOTAUTH", error: "BADTRUNC" },
      { type: "dns-bad-truncation", detail: /BADTRUNC; let the server take whole signatures/ },
    ],
    [
      { code: "NOERROR", by: "forged" },
      { type: "dns-unverifiable", detail: /answered NOERROR with a wrong signature; look who answers there/ },
    ],
    [
      { code: "NOERROR", by: null },
      { type: "dns-unverifiable", detail: /NOERROR without a signature/ },
    ],
  ];
  for (const [answer, expected] of rows) await scripted(answer, expected);
});

test("RFC 2136 3.2: a prerequisite that never holds is tried anew five times, then it counts as a failure", async () => {
  for (const code of ["YXDOMAIN", "YXRRSET", "NXRRSET", "NXDOMAIN"] as const)
    await scripted(
      { code },
      { type: "dns-changed-meanwhile", detail: new RegExp(`answered ${code}; let one CFS at a time`) },
      6,
    );
});

test("a confirmed update that never shows is not fought for: FAILED, and who changes the zone is asked for", async () => {
  const bench = new FunctionBench({ server: createScriptedServer({ code: "NOERROR" }) });
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.updates], ["FAILED", 1]);
  checkProblem(ended.problem, {
    type: "dns-overtaken",
    detail: /are not as the server confirmed them; look who/,
  });
});

test("a dead server: FAILED_TEMP, tried again ever more seldom, and done when it is back", async () => {
  const bench = new FunctionBench();
  bench.name.kill();
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  const failed = await bench.failure(id);
  checkProblem(failed.problem, {
    type: "dns-no-answer",
    detail: /: connect to 192\.0\.2\.53:53: nobody listens there; start the name server/,
  });
  const waits: number[] = [];
  let last = failed.retryAt ?? 0;
  for (let tries = 0; tries < 8; tries++) {
    const next = await bench.until(id, ({ retryAt }) => retryAt !== null && retryAt > last);
    waits.push(Math.round(((next.retryAt ?? 0) - last) / 1000));
    last = next.retryAt ?? 0;
  }
  assert.deepEqual(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
  bench.name.restart();
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.updates, ended.problem], ["COMPLETED", 1, undefined]);
});

test("after its deadline it is not tried again by itself; the same PUT begins anew, with the same operation", async () => {
  const bench = new FunctionBench();
  bench.name.kill();
  const { id } = await bench.value(bench.operations.putFunction(i2, { ...second, deadline: 20 }));
  const givenUp = await bench.until(id, ({ step }) => step === "given up");
  assert.deepEqual([givenUp.state, givenUp.retryAt, givenUp.endedAt], ["FAILED_TEMP", null, null]);
  checkProblem(givenUp.problem, { type: "dns-no-answer", detail: /start the name server/ });
  bench.name.restart();
  await bench.simulation.run({ ms: 200_000 });
  assert.equal((await bench.get(id)).step, "given up");
  const again = await bench.value(bench.operations.putFunction(i2, second));
  assert.equal(again.id, id);
  assert.ok(again.deadlineAt > givenUp.deadlineAt + 200_000);
  assert.equal((await bench.end(id)).state, "COMPLETED");
});

test("a removal at a silent server is taken, and nothing is gone before it was confirmed", async () => {
  const bench = new FunctionBench({ dns: { timeoutMs: 1_000 } });
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  const before = bench.records();
  bench.simulation.partition(["cfs1"], ["ns"]);
  const { id } = await bench.value(bench.operations.removeFunction(i1, { kind: "I-CSCF" }));
  const failed = await bench.failure(id);
  assert.deepEqual([failed.mayBeStopped, failed.mayBeStoppedAt], [false, null]);
  checkProblem(failed.problem, { type: "dns-no-answer", detail: /timed out|no answer|1000 ms/ });
  assert.match((await bench.value(bench.operations.canRemove(i2))).blockers.join(), /may be found by DNS/);
  assert.deepEqual(bench.records(), before);
  bench.simulation.heal();
  assert.equal((await bench.end(id)).mayBeStopped, true);
});

test("RFC 2136 3.4.2.2: an alias is no place for addresses, and is not written over in silence", async () => {
  const alias = { name: i2, type: "CNAME", ttl: 20, data: i1 } as const;
  const bench = new FunctionBench({ name: { zone: [...homeZone(), alias] } });
  const before = bench.records();
  const failed = await bench.failure((await bench.value(bench.operations.putFunction(i2, second))).id);
  checkProblem(failed.problem, {
    type: "dns-name-in-use",
    detail: /icscf2\.home is an alias of icscf1\.home/,
  });
  assert.deepEqual(bench.records(), before);
});
