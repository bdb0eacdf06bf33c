// The lab's name server, asked by our resolver in virtual time and by Node's own over real sockets.
import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import test from "node:test";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import type { Packet } from "@liquid-ims/dns/packet";
import { decodePacket, encodePacket } from "@liquid-ims/dns/packet";
import type { ZoneRecord } from "@liquid-ims/lab/authoritative-dns";
import { createAuthoritativeDns } from "@liquid-ims/lab/authoritative-dns";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { createSeededRandom, Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../support/virtual-hosts.ts";

const srv = (target: string, port: number) => ({ priority: 10, weight: 20, port, target });
const naptr = {
  order: 10,
  preference: 50,
  flags: "s",
  services: "SIP+D2U",
  regexp: "",
  replacement: "_sip._udp.open-ims.test",
};
const zone: ZoneRecord[] = [
  { name: "open-ims.test", type: "NAPTR", ttl: 30, data: naptr },
  { name: "_sip._udp.open-ims.test", type: "SRV", ttl: 30, data: srv("icscf1.open-ims.test", 5060) },
  { name: "icscf1.open-ims.test", type: "A", ttl: 30, data: "127.0.1.10" },
  { name: "six.open-ims.test", type: "AAAA", ttl: 30, data: "2001:db8::6" },
  { name: "alias.open-ims.test", type: "CNAME", ttl: 30, data: "icscf1.open-ims.test" },
  ...Array.from(
    { length: 60 },
    (_, index): ZoneRecord => ({ name: "many.open-ims.test", type: "A", ttl: 30, data: `127.0.8.${index}` }),
  ),
];

async function virtual(seed = 1) {
  const simulation = new Simulation({ seed });
  const listen = { host: "127.0.1.53", port: 5353 };
  const { node, host } = simulation.addHost("dns", {
    addresses: [listen.host],
    program: createAuthoritativeDns({ zone, listen }),
  });
  await simulation.settle(node.ready);
  const client = addBareHost(simulation, "client", "127.0.3.1").node;
  return { simulation, listen, client, server: host };
}

test("our resolver finds every kind of record, follows the alias, and gets the long answer over TCP", async () => {
  const { simulation, listen, client } = await virtual();
  const lookup = createDnsLookup(client, { servers: [listen] });
  const domain = "open-ims.test";
  const { services, ...rest } = naptr;
  assert.deepEqual(await simulation.settle(lookup.naptr(domain)), {
    kind: "found",
    records: [{ ...rest, service: services }],
  });
  assert.deepEqual(await simulation.settle(lookup.srv(`_sip._udp.${domain}`)), {
    kind: "found",
    records: [srv("icscf1.open-ims.test", 5060)],
  });
  const address = { kind: "found", records: ["127.0.1.10"] };
  assert.deepEqual(await simulation.settle(lookup.a(`icscf1.${domain}`)), address);
  assert.deepEqual(await simulation.settle(lookup.a(`ALIAS.${domain}`)), address);
  assert.deepEqual(await simulation.settle(lookup.aaaa(`six.${domain}`)), {
    kind: "found",
    records: ["2001:db8::6"],
  });
  const many = await simulation.settle(lookup.a(`many.${domain}`));
  assert.equal(many.kind === "found" && many.records.length, 60);
  assert.deepEqual(await simulation.settle(lookup.a(`none.${domain}`)), { kind: "none" });
  assert.equal((await simulation.settle(lookup.a("example.org"))).kind, "failed");
});

test("Node's resolver agrees, over real sockets", async () => {
  const host = createNodejsHost({ name: "dns", log: silentLog });
  const node = createAuthoritativeDns({ zone, listen: { host: "127.0.0.1", port: 0 } })(host);
  await node.ready;
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${node.local().port}`]);
  const domain = "open-ims.test";
  try {
    const [record, ...more] = await resolver.resolveNaptr(domain);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [
        record?.order,
        record?.preference,
        record?.flags,
        record?.service,
        record?.regexp,
        record?.replacement,
      ],
      [10, 50, "s", "SIP+D2U", "", "_sip._udp.open-ims.test"],
    );
    const services = await resolver.resolveSrv(`_sip._udp.${domain}`);
    assert.deepEqual(
      services.map(({ name, port, priority, weight }) => [name, port, priority, weight]),
      [["icscf1.open-ims.test", 5060, 10, 20]],
    );
    assert.deepEqual(await resolver.resolve4(`alias.${domain}`), ["127.0.1.10"]);
    assert.deepEqual(await resolver.resolve6(`six.${domain}`), ["2001:db8::6"]);
    assert.equal((await resolver.resolve4(`many.${domain}`)).length, 60);
    assert.equal((await resolver.resolveSoa(domain)).nsname, "ns.open-ims.test");
    assert.deepEqual(await resolver.resolveNs(domain), ["ns.open-ims.test"]);
    const errors: Record<string, string> = {
      [`none.${domain}`]: "ENOTFOUND",
      [`six.${domain}`]: "ENODATA",
      "example.org": "EREFUSED",
    };
    for (const [name, code] of Object.entries(errors))
      await assert.rejects(resolver.resolve4(name), { code }, name);
    // A name without records of its own, but with some below it, exists (RFC 8020 3).
    await assert.rejects(resolver.resolve4(`_udp.${domain}`), { code: "ENODATA" });
  } finally {
    resolver.cancel();
    await host.close();
  }
});

interface Header {
  readonly response: boolean;
  readonly authoritative: boolean;
  readonly recursionDesired: boolean;
  readonly code: number;
  readonly answers: number;
}

function header(data: Uint8Array | undefined): Header | undefined {
  if (data === undefined) return undefined;
  const [, , first = 0, second = 0] = data;
  return {
    response: (first & 0x80) !== 0,
    authoritative: (first & 4) !== 0,
    recursionDesired: (first & 1) !== 0,
    code: second & 0xf,
    answers: ((data[6] ?? 0) << 8) | (data[7] ?? 0),
  };
}

async function asker() {
  const world = await virtual();
  const { simulation, client, listen } = world;
  const answers: Uint8Array[] = [];
  const socket = await simulation.settle(
    client.network.udp({ host: "127.0.3.1", port: 0 }, (data) => answers.push(data)),
  );
  const ask = async (data: Uint8Array) => {
    answers.length = 0;
    socket.send(data, listen);
    await simulation.run({ ms: 10 });
    return answers[0];
  };
  const garbage = () =>
    world.server.metrics.samples().find(({ name }) => name === "dns_garbage_total")?.value ?? 0;
  return { ...world, ask, garbage };
}

const query = (packet: Packet) => encodePacket({ type: "query", id: 4711, ...packet });
const goodQuery = query({ flags: 0x0100, questions: [{ type: "A", name: "icscf1.open-ims.test" }] });

test("RFC 1035 4.1.1: flags of answers and refusals", async () => {
  const { ask, garbage } = await asker();
  const plain = { response: true, authoritative: false, recursionDesired: false, code: 0, answers: 0 };
  const asked = (name: string, type: "A" | "TXT" = "A") => query({ questions: [{ type, name }] });
  assert.deepEqual(header(await ask(goodQuery)), {
    ...plain,
    authoritative: true,
    recursionDesired: true,
    answers: 1,
  });
  assert.deepEqual(header(await ask(asked("no.open-ims.test"))), { ...plain, authoritative: true, code: 3 });
  assert.deepEqual(header(await ask(asked("open-ims.test", "TXT"))), { ...plain, authoritative: true });
  assert.deepEqual(header(await ask(asked("example.org"))), { ...plain, code: 5 });
  assert.deepEqual(header(await ask(asked("notopen-ims.test"))), { ...plain, code: 5 });
  assert.deepEqual(header(await ask(query({ questions: [] }))), { ...plain, code: 1 });
  assert.deepEqual(header(await ask(goodQuery.subarray(0, 20))), {
    ...plain,
    recursionDesired: true,
    code: 1,
  });
  const update = goodQuery.slice();
  update[2] = 4 << 3;
  assert.deepEqual(header(await ask(update)), { ...plain, code: 4 });
  assert.equal(garbage(), 0);
  const response = goodQuery.slice();
  response[2] = 0x80;
  assert.equal(await ask(response), undefined, "a response is never answered");
  assert.equal(await ask(goodQuery.subarray(0, 11)), undefined);
  assert.equal(garbage(), 2);
});

test("a negative answer carries the SOA, so that it can be kept (RFC 2308 3)", async () => {
  const { ask } = await asker();
  const answer = decodePacket(
    (await ask(query({ questions: [{ type: "A", name: "x.open-ims.test" }] }))) ?? new Uint8Array(0),
  );
  assert.deepEqual(
    answer?.authorities?.map(({ type, name }) => `${type} ${name}`),
    ["SOA open-ims.test"],
  );
});

test("10,000 pieces of garbage: the server lives and answers the next question", async () => {
  const { ask, simulation, client, listen } = await asker();
  const random = createSeededRandom(1);
  const socket = await simulation.settle(client.network.udp({ host: "127.0.3.1", port: 0 }, () => undefined));
  for (let count = 0; count < 10_000; count++) {
    const data = random.int(2) === 0 ? random.bytes(random.int(80)) : new Uint8Array(goodQuery);
    for (let change = random.int(4); change >= 0; change--) data[random.int(data.length)] = random.int(256);
    socket.send(data, listen);
    if (count % 500 === 0) await simulation.run({ ms: 5 });
  }
  await simulation.run({ ms: 50 });
  assert.equal(header(await ask(goodQuery))?.answers, 1);
  const stream = await simulation.settle(client.network.connect(listen));
  let ending: unknown = "open";
  stream.open({
    data: () => undefined,
    closed: (error) => {
      ending = error;
    },
  });
  stream.write(Uint8Array.of(0, 3, 1, 2, 3));
  await simulation.run({ ms: 50 });
  assert.equal(ending, "reset");
  assert.equal(header(await ask(goodQuery))?.answers, 1);
});
