// I-CSCFs and CFDs come and go by DNS, against the lab's name server. RFC 2136, RFC 2782, RFC 3263 4.1, RFC 8945.
import assert from "node:assert/strict";
import test from "node:test";
import type { ZoneRecord } from "@liquid-ims/lab/authoritative-dns";
import { FunctionBench, homeZone, i1, i2, second } from "./bench.ts";

/** What the zone has more, and less, than before. */
function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((record) => !before.includes(record)).map((record) => `+ ${record}`),
    ...before.filter((record) => !after.includes(record)).map((record) => `- ${record}`),
  ];
}

test("RFC 2136 2.5: a second I-CSCF gets SRV records and addresses of both families in one UPDATE", async () => {
  const bench = new FunctionBench();
  const before = bench.records();
  const serial = bench.name.node.serial();
  const request = {
    ...second,
    addresses: ["192.0.2.32", "2001:db8::32"],
    port: 5062,
    priority: 20,
    weight: 70,
  };
  const begun = await bench.value(bench.operations.putFunction(i2, request));
  assert.deepEqual([begun.state, begun.action, begun.function, begun.changes], ["STARTING", "add", i2, []]);
  const ended = await bench.end(begun.id);
  assert.deepEqual(difference(before, bench.records()), [
    "+ _sip._tcp.home 20 SRV 20 70 5062 icscf2.home.",
    "+ _sip._udp.home 20 SRV 20 70 5062 icscf2.home.",
    "+ icscf2.home 30 A 192.0.2.32",
    "+ icscf2.home 30 AAAA 2001:db8::32",
  ]);
  assert.equal(bench.name.node.serial(), serial + 1, "one UPDATE");
  assert.deepEqual(
    [ended.state, ended.step, ended.updates, ended.problem],
    ["COMPLETED", "completed", 1, undefined],
  );
  assert.deepEqual([...ended.changes].sort(), [
    "update add _sip._tcp.home. 20 SRV 20 70 5062 icscf2.home.",
    "update add _sip._udp.home. 20 SRV 20 70 5062 icscf2.home.",
    "update add icscf2.home. 30 A 192.0.2.32",
    "update add icscf2.home. 30 AAAA 2001:db8::32",
  ]);
  assert.ok(ended.changedAt !== null && ended.changedAt >= ended.startedAt);
  assert.equal(ended.mayBeStopped, false, "it was added");
});

test("RFC 3263 4.1: the first I-CSCF brings NAPTR records of its transports", async () => {
  const bench = new FunctionBench({ name: { zone: [] }, dns: { ttl: 7 } });
  const { id } = await bench.value(
    bench.operations.putFunction(i2, { ...second, transports: ["tcp"], port: 5070 }),
  );
  assert.equal((await bench.end(id)).state, "COMPLETED");
  assert.deepEqual(bench.records(), [
    "_sip._tcp.home 7 SRV 10 10 5070 icscf2.home.",
    'home 7 NAPTR 20 50 "s" "SIP+D2T" "" _sip._tcp.home.',
    "icscf2.home 7 A 192.0.2.32",
  ]);
});

test("TS 23.218 9.4: a CFD gets SRV records below the host of the filter criterion, and no NAPTR", async () => {
  const bench = new FunctionBench();
  const before = bench.records();
  const request = { kind: "CFD", addresses: ["192.0.2.42"], port: 7080 } as const;
  const { id } = await bench.value(bench.operations.putFunction("cfd2.home", request));
  assert.equal((await bench.end(id)).state, "COMPLETED");
  assert.deepEqual(difference(before, bench.records()), [
    "+ _sip._tcp.cfd.home 20 SRV 10 10 7080 cfd2.home.",
    "+ _sip._udp.cfd.home 20 SRV 10 10 7080 cfd2.home.",
    "+ cfd2.home 30 A 192.0.2.42",
  ]);
});

test("a removal waits for the longest TTL that was there, counted from the server's answer, then it may be stopped", async () => {
  const bench = new FunctionBench({
    name: { zone: homeZone(20).map((one) => (one.type === "SRV" ? { ...one, ttl: 45 } : one)) },
  });
  const added = await bench.value(bench.operations.putFunction(i2, second));
  await bench.end(added.id);
  const before = bench.records();
  const { id } = await bench.value(bench.operations.removeFunction(i1, { kind: "I-CSCF" }));
  const waiting = await bench.until(id, ({ step }) => step === "waiting");
  assert.deepEqual(difference(before, bench.records()), [
    "- _sip._tcp.home 45 SRV 10 10 5060 icscf1.home.",
    "- _sip._udp.home 45 SRV 10 10 5060 icscf1.home.",
    "- icscf1.home 20 A 192.0.2.31",
  ]);
  assert.deepEqual([waiting.state, waiting.mayBeStopped], ["PROCESSING", false]);
  assert.equal(waiting.mayBeStoppedAt, (waiting.changedAt ?? 0) + 45_000 + 1_000);
  const { canRemove, blockers } = await bench.value(bench.operations.canRemove(i1));
  assert.equal(canRemove, false);
  assert.match(blockers.join(), /^its removal f-\w+ is PROCESSING: resolvers may know it until 2026-/);
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.mayBeStopped, ended.updates], ["COMPLETED", true, 1]);
  assert.ok((ended.endedAt ?? 0) >= (waiting.mayBeStoppedAt ?? Number.POSITIVE_INFINITY));
});

test("system.md 3: after a failure nobody waits", async () => {
  const bench = new FunctionBench();
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  const { id } = await bench.value(bench.operations.removeFunction(i1, { kind: "I-CSCF", failed: true }));
  const ended = await bench.end(id);
  assert.ok((ended.endedAt ?? 0) - ended.startedAt < 1_000, `${(ended.endedAt ?? 0) - ended.startedAt} ms`);
  assert.ok(!bench.records().some((record) => record.includes(i1)));
});

test("a removal that waits is over at once when the function fails meanwhile", async () => {
  const bench = new FunctionBench();
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  const { id } = await bench.value(bench.operations.removeFunction(i2));
  await bench.until(id, ({ step }) => step === "waiting");
  const again = await bench.value(bench.operations.removeFunction(i2, { failed: true }));
  assert.deepEqual([again.id, again.state, again.failed, again.mayBeStopped], [id, "COMPLETED", true, true]);
});

test("the last one of its kind goes only by force, and its NAPTRs with it", async () => {
  const bench = new FunctionBench();
  const before = bench.records();
  assert.match(
    await bench.refused(bench.operations.removeFunction(i1, { kind: "I-CSCF" })),
    /^409 name server 192\.0\.2\.53:53, zone home, key cfs-key: icscf1\.home is the only I-CSCF .*force=true/,
  );
  assert.deepEqual(bench.records(), before);
  const { id } = await bench.value(bench.operations.removeFunction(i1, { kind: "I-CSCF", force: true }));
  assert.equal((await bench.end(id)).state, "COMPLETED");
  assert.deepEqual(difference(before, bench.records()), [
    "- _sip._tcp.home 20 SRV 10 10 5060 icscf1.home.",
    "- _sip._udp.home 20 SRV 10 10 5060 icscf1.home.",
    '- home 20 NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.home.',
    '- home 20 NAPTR 20 50 "s" "SIP+D2T" "" _sip._tcp.home.',
    "- icscf1.home 20 A 192.0.2.31",
  ]);
});

test("RFC 9110 9.3.4: the same PUT again is the same operation while it goes on, and a fact afterwards", async () => {
  const bench = new FunctionBench();
  const first = await bench.value(bench.operations.putFunction(i2, second));
  const again = await bench.value(
    bench.operations.putFunction("ICSCF2.home.", { ...second, port: 5060, transports: ["tcp", "udp"] }),
  );
  assert.equal(again.id, first.id);
  await bench.end(first.id);
  const serial = bench.name.node.serial();
  const later = await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  assert.deepEqual([later.state, later.updates, later.changes, later.changedAt], ["COMPLETED", 0, [], null]);
  assert.notEqual(later.id, first.id);
  assert.equal(bench.name.node.serial(), serial);
});

test("another PUT gives other records: port, weight and addresses change in place, a transport goes", async () => {
  const bench = new FunctionBench();
  await bench.end((await bench.value(bench.operations.putFunction(i2, second))).id);
  const before = bench.records();
  const changed = { ...second, addresses: ["192.0.2.33"], weight: 1, transports: ["udp"] } as const;
  const { id } = await bench.value(bench.operations.putFunction(i2, changed));
  assert.equal((await bench.end(id)).state, "COMPLETED");
  assert.deepEqual(difference(before, bench.records()), [
    "+ _sip._udp.home 20 SRV 10 1 5060 icscf2.home.",
    "+ icscf2.home 30 A 192.0.2.33",
    "- _sip._tcp.home 20 SRV 10 10 5060 icscf2.home.",
    "- _sip._udp.home 20 SRV 10 10 5060 icscf2.home.",
    "- icscf2.home 30 A 192.0.2.32",
  ]);
});

test("another order waits for one that is on its way, and takes the place of one that waits for resolvers", async () => {
  const bench = new FunctionBench();
  const adding = await bench.value(bench.operations.putFunction(i2, second));
  assert.match(
    await bench.refused(bench.operations.removeFunction(i2)),
    new RegExp(`^409 name is "icscf2\\.home": wait for the end of ${adding.id}`),
  );
  await bench.end(adding.id);
  const removing = await bench.value(bench.operations.removeFunction(i2));
  await bench.until(removing.id, ({ step }) => step === "waiting");
  const back = await bench.value(bench.operations.putFunction(i2, second));
  const superseded = await bench.get(removing.id);
  assert.deepEqual([superseded.state, superseded.mayBeStopped], ["FAILED", false]);
  assert.match(superseded.problem?.detail ?? "", /an order to add icscf2\.home came/);
  assert.equal((await bench.end(back.id)).state, "COMPLETED");
  assert.ok(bench.records().some((record) => record.startsWith("icscf2.home")));
});

test("a removal of what is gone already waits as long as resolvers may know it, unless this CFS has seen to it and the zone is the same", async () => {
  const bench = new FunctionBench();
  const unknown = await bench.value(bench.operations.removeFunction(i2, { kind: "I-CSCF" }));
  const ended = await bench.end(unknown.id);
  assert.deepEqual([ended.state, ended.updates], ["COMPLETED", 0]);
  assert.ok((ended.endedAt ?? 0) - ended.startedAt >= 30_000, "somebody else may have removed it just now");
  const again = await bench.end((await bench.value(bench.operations.removeFunction(i2))).id);
  assert.ok((again.endedAt ?? 0) - again.startedAt < 1_000);
});

test("a host name that belongs to something else is not taken over", async () => {
  const bench = new FunctionBench();
  const before = bench.records();
  const { id } = await bench.value(bench.operations.putFunction("pcscf2.home", second));
  assert.equal((await bench.end(id)).state, "COMPLETED", "a free one");
  const taken = { kind: "I-CSCF", addresses: ["192.0.2.32"] } as const;
  const begun = await bench.value(bench.operations.putFunction("cfd.home", taken));
  const ended = await bench.failure(begun.id);
  assert.match(JSON.stringify(ended.problem), /"code":"YXDOMAIN"/);
  assert.match(
    ended.problem?.detail ?? "",
    /cfd\.home has A 192\.0\.2\.41 and is no I-CSCF of _sip\._udp\.home yet/,
  );
  assert.deepEqual(
    difference(before, bench.records()).filter((line) => !line.includes("pcscf2")),
    [],
  );
});

test("a host name that somebody else gives free before the deadline is taken then", async () => {
  const bench = new FunctionBench({ count: 2 });
  const [one, two] = bench.cfss;
  assert.ok(one !== undefined && two !== undefined);
  const taken = { kind: "CFD", addresses: ["192.0.2.42"] } as const;
  const { id } = await bench.value(one.node.operations.putFunction(i1, taken));
  const failed = await bench.failure(id, one);
  assert.match(failed.problem?.detail ?? "", /icscf1\.home has A 192\.0\.2\.31 and is no CFD/);
  await bench.end((await bench.value(two.node.operations.putFunction(i2, second))).id, two);
  const gone = two.node.operations.removeFunction(i1, { kind: "I-CSCF", failed: true });
  await bench.end((await bench.value(gone)).id, two);
  const ended = await bench.end(id, one);
  assert.deepEqual([ended.state, ended.problem, ended.updates], ["COMPLETED", undefined, 1]);
  assert.ok(bench.records().includes("icscf1.home 30 A 192.0.2.42"), bench.records().join("\n"));
});

test("twelve orders at once take turns: one UPDATE each, and none of them ever counts as a failure", async () => {
  const bench = new FunctionBench();
  const hosts = Array.from({ length: 12 }, (_, index) => index + 2);
  const orders = hosts.map((host) =>
    bench.operations.putFunction(`icscf${host}.home`, { ...second, addresses: [`192.0.2.${60 + host}`] }),
  );
  const begun = await bench.simulation.settle(Promise.all(orders), 60_000);
  const serial = bench.name.node.serial();
  for (const answer of begun) {
    assert.ok(answer.ok);
    const ended = await bench.until(
      answer.value.id,
      ({ state }) => state !== "STARTING" && state !== "PROCESSING",
    );
    assert.deepEqual([ended.function, ended.state, ended.updates], [answer.value.function, "COMPLETED", 1]);
  }
  assert.equal(bench.name.node.serial() - serial, hosts.length);
  const found = bench.records().filter((record) => record.startsWith("_sip._udp.home "));
  assert.equal(found.length, 1 + hosts.length, found.join("\n"));
});

test("the addresses of a host stay when the other kind needs them, and when it was no function at all", async () => {
  const host: ZoneRecord = { name: "host.home", type: "A", ttl: 20, data: "192.0.2.99" };
  const bench = new FunctionBench({ name: { zone: [...homeZone(), host] } });
  const both = { kind: "CFD", addresses: ["192.0.2.31"], port: 7080 } as const;
  const cfd = await bench.value(bench.operations.putFunction(i1, both));
  await bench.end(cfd.id);
  const { id } = await bench.value(bench.operations.removeFunction(i1, { failed: true }));
  assert.equal((await bench.end(id)).state, "COMPLETED");
  assert.ok(bench.records().includes("icscf1.home 20 A 192.0.2.31"), "it is an I-CSCF still");
  assert.match(
    await bench.refused(bench.operations.removeFunction("pcscf1.home.", { kind: "I-CSCF" })),
    /^422 name is "pcscf1\.home\.": is a P-CSCF; its users are moved by POST/,
  );
  const none = await bench.value(
    bench.operations.removeFunction("host.home", { kind: "I-CSCF", failed: true, force: true }),
  );
  assert.deepEqual((await bench.end(none.id)).changes, []);
  assert.ok(bench.records().includes("host.home 20 A 192.0.2.99"), "an address alone makes no I-CSCF");
});

test("RFC 9457: what cannot be meant is refused with field, value and remedy, and nothing is begun", async () => {
  const bench = new FunctionBench();
  const put = (name: string, change: object) =>
    bench.refused(bench.operations.putFunction(name, { ...second, ...change }));
  assert.match(
    await put("icscf2.elsewhere", {}),
    /^422 name is "icscf2\.elsewhere": give a host name of the zone home/,
  );
  assert.match(await put("home", {}), /^422 name is "home": give a host name of the zone home/);
  assert.match(await put("icscf2.home:5060", {}), /^422 name .*the port stands in the body/);
  assert.match(await put("_sip._udp.home", {}), /^422 name/);
  assert.match(
    await put(i2, { addresses: ["[2001:db8::1]"] }),
    /^422 addresses\[0\] is "\[2001:db8::1\]": give an IPv4/,
  );
  assert.match(
    await put(i2, { addresses: ["::1", "0:0::1"] }),
    /^422 addresses\[1\] is "0:0::1": is there already/,
  );
  assert.match(await put("pcscf1.home", {}), /^422 kind is "I-CSCF": pcscf1\.home is a P-CSCF/);
  assert.match(
    await bench.refused(bench.operations.removeFunction("icscf9.home")),
    /^404 name is "icscf9\.home": .*\?kind=I-CSCF or \?kind=CFD/,
  );
  assert.match(await bench.refused(bench.operations.getFunctionOperation("f-0")), /^404 id is "f-0"/);
});

test("os-cfs: functions that came are listed and gone when they are removed; configured ones stay", async () => {
  const configured = { kind: "I-CSCF", name: i1, addresses: ["192.0.2.31"] } as const;
  const bench = new FunctionBench({ functions: [configured] });
  const names = async () => {
    const { functions } = await bench.value(bench.operations.listFunctions());
    return functions.map(({ name, dns }) => `${name} ${dns === undefined ? "" : dns.present}`);
  };
  assert.deepEqual(await names(), ["pcscf1.home:4060 ", "icscf1.home null"]);
  assert.match(
    (await bench.value(bench.operations.canRemove(i1))).blockers.join(),
    /order DELETE \/os-cfs\/v1\/functions\/icscf1\.home/,
  );
  const { id } = await bench.value(bench.operations.putFunction(i2, second));
  assert.deepEqual(await names(), ["pcscf1.home:4060 ", "icscf1.home null", "icscf2.home null"]);
  await bench.end(id);
  assert.deepEqual(await bench.value(bench.operations.getFunction(i2)), {
    name: i2,
    kind: "I-CSCF",
    addresses: ["192.0.2.32"],
    users: 0,
    drain: null,
    dns: { present: true, operation: id },
  });
  assert.deepEqual(await bench.value(bench.operations.listUsers(i2)), { users: [] });
  await bench.end((await bench.value(bench.operations.removeFunction(i1))).id);
  assert.deepEqual(await names(), ["pcscf1.home:4060 ", "icscf1.home false", "icscf2.home true"]);
  assert.equal((await bench.value(bench.operations.canRemove(i1))).canRemove, true);
  assert.equal((await bench.value(bench.operations.canRemove(i2))).canRemove, false);
  // One that came by an order and has gone is listed no more, and says still that it may be stopped.
  const gone = await bench.value(
    bench.operations.putFunction("icscf3.home", { ...second, addresses: ["192.0.2.33"] }),
  );
  await bench.end(gone.id);
  const removal = await bench.end((await bench.value(bench.operations.removeFunction("icscf3.home"))).id);
  assert.deepEqual(await names(), ["pcscf1.home:4060 ", "icscf1.home false", "icscf2.home true"]);
  assert.equal((await bench.value(bench.operations.canRemove("icscf3.home"))).canRemove, true);
  const { dns } = await bench.value(bench.operations.getFunction("icscf3.home"));
  assert.deepEqual(dns, { present: false, operation: removal.id });
});

test("without a zone to change nothing is taken", async () => {
  const bench = new FunctionBench({ dns: null });
  const refusal = /^422 dns is null: configure `dns\.update` of this CFS/;
  assert.match(await bench.refused(bench.operations.putFunction(i2, second)), refusal);
  assert.match(await bench.refused(bench.operations.removeFunction(i2, { kind: "CFD" })), refusal);
  assert.match(await bench.refused(bench.operations.getFunctionOperation("f-0")), /^404/);
});
