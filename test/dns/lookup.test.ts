// The stub resolver, against a server that does whatever a server may do.
import assert from "node:assert/strict";
import test from "node:test";
import type { DnsLookup, DnsLookupOptions } from "@liquid-ims/dns/lookup";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import type { Answer } from "@liquid-ims/dns/packet";
import { Simulation } from "@liquid-ims/runtime/simulation";
import type { Script } from "../support/dns-server.ts";
import { codes, createScriptedDns, soa, truncated } from "../support/dns-server.ts";
import { addBareHost } from "../support/virtual-hosts.ts";

const serverAddress = { host: "10.0.0.53", port: 53 };

async function world(script: Script, options: Partial<DnsLookupOptions> = {}, seed = 1) {
  const simulation = new Simulation({ seed });
  const server = simulation.addHost("dns", {
    addresses: [serverAddress.host],
    program: createScriptedDns(serverAddress, script),
  });
  await simulation.settle(server.node.ready);
  const client = addBareHost(simulation, "client", "10.0.0.2").node;
  const lookup = createDnsLookup(client, { servers: [serverAddress], ...options });
  const ask = <T>(question: (lookup: DnsLookup) => Promise<T>) => simulation.settle(question(lookup));
  return { simulation, server, client, ask, asked: server.node.asked };
}

const address = (name: string, data: string, ttl = 60): Answer => ({ type: "A", name, ttl, data });
const alias = (name: string, data: string, ttl = 60): Answer => ({ type: "CNAME", name, ttl, data });

test("RFC 1035 3.4.1, RFC 3596: A and AAAA records, the name in any case and with its dot", async () => {
  const { ask, asked } = await world(({ type, name }) => ({
    answers:
      type === "A"
        ? [address(name.toUpperCase(), "192.0.2.1"), address(name, "192.0.2.2")]
        : [{ type: "AAAA", name, ttl: 60, data: "2001:db8::1" }],
  }));
  const found = { kind: "found", records: ["192.0.2.1", "192.0.2.2"] };
  assert.deepEqual(await ask((lookup) => lookup.a("PCSCF.test.")), found);
  assert.deepEqual(await ask((lookup) => lookup.aaaa("pcscf.test")), {
    kind: "found",
    records: ["2001:db8::1"],
  });
  assert.deepEqual(asked, ["udp A pcscf.test", "udp AAAA pcscf.test"]);
});

test("RFC 2782, RFC 3403: SRV and NAPTR records; a target of . is told", async () => {
  const { ask } = await world(({ type, name }) => ({
    answers:
      type === "SRV"
        ? [
            { type: "SRV", name, ttl: 60, data: { priority: 1, weight: 2, port: 5060, target: "a.test" } },
            { type: "SRV", name, ttl: 60, data: { priority: 3, weight: 0, port: 0, target: "." } },
          ]
        : [
            {
              type: "NAPTR",
              name,
              ttl: 60,
              data: {
                order: 10,
                preference: 20,
                flags: "s",
                services: "SIP+D2U",
                regexp: "",
                replacement: "_sip._udp.test",
              },
            },
          ],
  }));
  assert.deepEqual(await ask((lookup) => lookup.srv("_sip._udp.test")), {
    kind: "found",
    records: [
      { priority: 1, weight: 2, port: 5060, target: "a.test" },
      { priority: 3, weight: 0, port: 0, target: "." },
    ],
  });
  assert.deepEqual(await ask((lookup) => lookup.naptr("test")), {
    kind: "found",
    records: [
      {
        order: 10,
        preference: 20,
        flags: "s",
        service: "SIP+D2U",
        regexp: "",
        replacement: "_sip._udp.test",
      },
    ],
  });
});

test("a positive answer is kept for its TTL, the smallest of all its records", async () => {
  const { simulation, ask, asked } = await world(({ name }) => ({
    answers: [alias(name, "b.test", 30), address("b.test", "192.0.2.1", 90)],
  }));
  const a = () => ask((lookup) => lookup.a("a.test"));
  assert.deepEqual(await a(), { kind: "found", records: ["192.0.2.1"] });
  await simulation.run({ ms: 29_900 });
  assert.deepEqual(await a(), { kind: "found", records: ["192.0.2.1"] });
  assert.equal(asked.length, 1);
  await simulation.run({ ms: 200 });
  await a();
  assert.equal(asked.length, 2);
});

test("a TTL of 0 is not kept; nothing is kept longer than the limit", async () => {
  const { simulation, ask, asked } = await world(
    ({ name }) => ({ answers: [address(name, "192.0.2.1", name === "zero.test" ? 0 : 86_400)] }),
    { maximumTtl: 100 },
  );
  await ask((lookup) => lookup.a("zero.test"));
  await ask((lookup) => lookup.a("zero.test"));
  assert.equal(asked.length, 2);
  await ask((lookup) => lookup.a("long.test"));
  await simulation.run({ ms: 99_000 });
  await ask((lookup) => lookup.a("long.test"));
  assert.equal(asked.length, 3);
  await simulation.run({ ms: 2_000 });
  await ask((lookup) => lookup.a("long.test"));
  assert.equal(asked.length, 4);
});

for (const [what, code] of [
  ["name error", codes.NXDOMAIN],
  ["no data", codes.NOERROR],
] as const)
  test(`RFC 2308 5: ${what} is "none", kept for the smaller of the SOA's TTL and minimum`, async () => {
    const { simulation, ask, asked } = await world(({ name }) => ({
      flags: code,
      authorities: [name === "a.test" ? soa(20, 3600) : soa(3600, 20)],
    }));
    for (const name of ["a.test", "b.test"]) {
      const before = asked.length;
      assert.deepEqual(await ask((lookup) => lookup.srv(name)), { kind: "none" });
      await simulation.run({ ms: 19_000 });
      assert.deepEqual(await ask((lookup) => lookup.srv(name)), { kind: "none" });
      assert.equal(asked.length, before + 1);
      await simulation.run({ ms: 2_000 });
      await ask((lookup) => lookup.srv(name));
      assert.equal(asked.length, before + 2);
    }
  });

test("RFC 1034 3.6.2: an alias is followed, in the same answer and by another question; a loop ends", async () => {
  const { ask, asked } = await world(({ name }) => {
    if (name === "a.test") return { answers: [alias("a.test", "b.test"), alias("b.test", "c.test")] };
    if (name === "c.test") return { answers: [address("c.test", "192.0.2.3")] };
    if (name === "gone.test") return { flags: codes.NXDOMAIN, answers: [alias("gone.test", "nowhere.test")] };
    return { answers: [alias(name, name === "x.test" ? "y.test" : "x.test")] };
  });
  assert.deepEqual(await ask((lookup) => lookup.a("a.test")), { kind: "found", records: ["192.0.2.3"] });
  assert.deepEqual(asked, ["udp A a.test", "udp A c.test"]);
  assert.deepEqual(await ask((lookup) => lookup.a("gone.test")), { kind: "none" });
  const loop = await ask((lookup) => lookup.a("x.test"));
  assert.equal(loop.kind, "failed");
  assert.ok(asked.length < 15);
});

test("records of other names in the answer are not believed", async () => {
  const { ask } = await world(() => ({ answers: [address("victim.test", "192.0.2.66")] }));
  assert.deepEqual(await ask((lookup) => lookup.a("a.test")), { kind: "none" });
});

test("RFC 7766 5: an answer that was cut is asked for again over TCP", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const many = Array.from({ length: 60 }, (_, index) => address("a.test", `192.0.2.${index}`));
    const { ask, asked } = await world(
      (_question, over) =>
        over === "udp" ? { flags: truncated, answers: many.slice(0, 1) } : { answers: many },
      {},
      seed,
    );
    const found = await ask((lookup) => lookup.a("a.test"));
    assert.equal(found.kind === "found" && found.records.length, 60);
    assert.deepEqual(asked, ["udp A a.test", "tcp A a.test"]);
  }
});

test("RFC 5452 9: an answer of another id, to another question, from another address, or garbage is not believed", async () => {
  const { simulation, ask, client } = await world(
    ({ name, type }, _over, count) => {
      if (count === 1)
        return { id: 70_000 & 0xffff, answers: [address(name, "192.0.2.66")], questions: [{ name, type }] };
      if (count === 2)
        return { questions: [{ name: "b.test", type }], answers: [address("b.test", "192.0.2.66")] };
      if (count === 3) return { questions: [{ name, type: "AAAA" }] };
      if (count === 4) return Uint8Array.of(1, 2, 3);
      return { answers: [address(name, "192.0.2.1")] };
    },
    { rounds: 5 },
  );
  const forger = addBareHost(simulation, "forger", "10.0.0.66").node;
  const socket = await simulation.settle(
    forger.network.udp({ host: "10.0.0.66", port: 53 }, () => undefined),
  );
  assert.ok(socket.local.port === 53 && client.alive);
  const began = simulation.now;
  assert.deepEqual(await ask((lookup) => lookup.a("a.test")), { kind: "found", records: ["192.0.2.1"] });
  assert.ok(simulation.now - began > 4_000, "each wrong answer was waited out");
});

test("a lost question is asked again; a dead server gives way to the next", async () => {
  const dead = { host: "10.0.0.54", port: 53 };
  const { simulation, ask, asked } = await world(
    ({ name }, _over, count) => (count === 1 ? null : { answers: [address(name, "192.0.2.1")] }),
    { servers: [dead, serverAddress], timeoutMs: 500 },
  );
  const began = simulation.now;
  assert.deepEqual(await ask((lookup) => lookup.a("a.test")), { kind: "found", records: ["192.0.2.1"] });
  assert.equal(asked.length, 2);
  // 500 ms for each of the two, and in the second round 1,000 for the dead one.
  assert.equal(Math.round((simulation.now - began) / 500), 4);
});

for (const code of ["SERVFAIL", "REFUSED", "FORMERR"] as const)
  test(`${code} from one server: the next is asked; from all: failed, and not kept`, async () => {
    const other = { host: "10.0.0.54", port: 53 };
    const { simulation, ask, asked } = await world(() => ({ flags: codes[code] }), {
      servers: [serverAddress, other],
      rounds: 1,
    });
    const second = simulation.addHost("second", {
      addresses: [other.host],
      program: createScriptedDns(other, ({ name }) => ({ answers: [address(name, "192.0.2.2")] })),
    });
    await simulation.settle(second.node.ready);
    assert.deepEqual(await ask((lookup) => lookup.a("a.test")), { kind: "found", records: ["192.0.2.2"] });
    second.kill();
    const failed = await ask((lookup) => lookup.a("b.test"));
    assert.equal(failed.kind, "failed");
    await ask((lookup) => lookup.a("b.test"));
    assert.deepEqual(asked, ["udp A a.test", "udp A b.test", "udp A b.test"]);
  });

test("no server answers: failed, with its reason, in bounded time; nobody is asked without servers", async () => {
  const { simulation, ask } = await world(() => null, { timeoutMs: 400, rounds: 3 });
  const began = simulation.now;
  assert.deepEqual(await ask((lookup) => lookup.a("a.test")), {
    kind: "failed",
    detail: "A of a.test: 10.0.0.53:53 did not answer in 1600 ms",
  });
  assert.ok(Math.abs(simulation.now - began - 2_800) < 10);
  const none = await world(() => null, { servers: [] });
  assert.equal((await none.ask((lookup) => lookup.a("a.test"))).kind, "failed");
});

test("a cut answer, and TCP does not help: failed", async () => {
  const refused = await world(() => ({ flags: truncated }), { rounds: 1, timeoutMs: 300 });
  refused.simulation.link("client", "dns", { delayMs: 1 });
  const silent = await world((_question, over) => (over === "udp" ? { flags: truncated } : null), {
    rounds: 1,
    timeoutMs: 300,
  });
  assert.equal((await silent.ask((lookup) => lookup.a("a.test"))).kind, "failed");
  const wrong = await world(
    (_question, over) =>
      over === "udp" ? { flags: truncated } : { questions: [{ type: "A", name: "b.test" }] },
    { rounds: 1 },
  );
  assert.equal((await wrong.ask((lookup) => lookup.a("a.test"))).kind, "failed");
});

test("the same question twice at a time is asked once", async () => {
  const { ask, asked } = await world(({ name }) => ({ answers: [address(name, "192.0.2.1")] }));
  const both = await ask((lookup) =>
    Promise.all([lookup.a("a.test"), lookup.a("A.TEST"), lookup.aaaa("a.test")]),
  );
  assert.deepEqual(
    both.map(({ kind }) => kind),
    ["found", "found", "none"],
  );
  assert.deepEqual(asked.sort(), ["udp A a.test", "udp AAAA a.test"]);
});

test("the cache is bounded: the oldest entry goes", async () => {
  const { ask, asked } = await world(({ name }) => ({ answers: [address(name, "192.0.2.1")] }), {
    cacheSize: 2,
  });
  for (const name of ["a.test", "b.test", "c.test", "b.test", "a.test"])
    await ask((lookup) => lookup.a(name));
  assert.deepEqual(asked, ["udp A a.test", "udp A b.test", "udp A c.test", "udp A a.test"]);
});

test("over a link that loses 20 % nearly every question is answered", async () => {
  let found = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { simulation, ask } = await world(
      ({ name }) => ({ answers: [address(name, "192.0.2.1")] }),
      { rounds: 4 },
      seed,
    );
    simulation.link("*", "*", { delayMs: 5, loss: 0.2, duplicate: 0.2, reorder: 0.2 });
    if ((await ask((lookup) => lookup.a("a.test"))).kind === "found") found += 1;
  }
  assert.ok(found >= 45, String(found));
});
