// The lab's zone server and UPDATE: codes, order, atomicity, serial, signatures. RFC 2136 3, RFC 8945 5.2, 5.3.
import assert from "node:assert/strict";
import test from "node:test";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import type { RecordData } from "@liquid-ims/dns/rdata";
import { type Received, readMessage, serverTimeOf, signMessage, verifyMessage } from "@liquid-ims/dns/tsig";
import { TsigKey } from "@liquid-ims/dns/tsig-key";
import { type Change, encodeUpdate, type Prerequisite } from "@liquid-ims/dns/update";
import { responseCodeName, tsigErrorName } from "@liquid-ims/dns/update-codes";
import { encodeMessage, flagsOf } from "@liquid-ims/dns/wire";
import { type AuthoritativeDnsOptions, createAuthoritativeDns } from "@liquid-ims/lab/authoritative-dns";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeBase64, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../support/virtual-hosts.ts";

const zone = "open-ims.test";
const listen = { host: "127.0.1.53", port: 5353 };
const secret = encodeText("a secret of thirty-two bytes ...");
const statement = (name: string) =>
  `key "${name}" { algorithm hmac-sha256; secret "${encodeBase64(secret)}"; };`;
const key = new TsigKey("cfs-key", "hmac-sha256", secret);
const reader = new TsigKey("reader", "hmac-sha256", secret);

const a = (data: string): RecordData => ({ type: "A", data });
const add = (name: string, record: RecordData, ttl = 30): Change => ({ kind: "add", name, ttl, record });
const i1 = `i1.${zone}`;
const i2 = `i2.${zone}`;

const twoKeys: Partial<AuthoritativeDnsOptions> = {
  keys: `${statement("cfs-key")} ${statement("reader")}`,
  updaters: ["cfs-key"],
};

async function world(options = twoKeys) {
  const simulation = new Simulation({ seed: 1 });
  const { node, host } = simulation.addHost("dns", {
    addresses: [listen.host],
    program: createAuthoritativeDns({
      listen,
      ...options,
      zone: [
        { name: i1, type: "A", ttl: 30, data: "10.0.0.1" },
        { name: i1, type: "A", ttl: 30, data: "10.0.0.3" },
        { name: `alias.${zone}`, type: "CNAME", ttl: 30, data: i1 },
      ],
      origin: zone,
    }),
  });
  await simulation.settle(node.ready);
  const client = addBareHost(simulation, "client", "127.0.3.1").node;
  const answers: Uint8Array[] = [];
  const socket = await simulation.settle(
    client.network.udp({ host: "127.0.3.1", port: 0 }, (data) => answers.push(data)),
  );
  async function ask(data: Uint8Array) {
    answers.length = 0;
    socket.send(data, listen);
    await simulation.run({ ms: 10 });
    return readMessage(answers[0] ?? assert.fail("no answer"));
  }
  /** The code, and the error of the signature; "unsigned" when there is none to verify. */
  async function update(
    changes: readonly Change[],
    prerequisites: readonly Prerequisite[] = [],
    by: TsigKey | null = key,
    skew = 0,
    apex = zone,
  ) {
    const message = encodeUpdate(4711, { zone: apex, prerequisites, changes });
    const time = client.clock.wall() / 1000;
    if (by === null) return describe(await ask(message));
    const { data, mac } = signMessage(client.crypto, by, message, { time: time + skew });
    const answer = await ask(data);
    assert.ok(answer.kind === "signed");
    const { error, mac: answerMac } = answer.tsig;
    const isSigned = answerMac.length > 0;
    if (isSigned)
      assert.ok(verifyMessage(client.crypto, answer, { keys: [by], time: time + skew, requestMac: mac }).ok);
    const serverTime = serverTimeOf(answer.tsig);
    if (serverTime !== null) assert.ok(Math.abs(serverTime - time) <= 1);
    return `${describe(answer)}${error === 0 ? "" : `+${tsigErrorName(error)}`}${isSigned ? " signed" : ""}`;
  }
  const names = () => node.records().map(({ name, record }) => `${name} ${record.type}`);
  return { simulation, node, host, client, ask, update, names };
}

function describe(answer: Received): string {
  if (answer.kind === "malformed") assert.fail(answer.detail);
  const { flags, questions, id } = answer.message;
  assert.ok((flags & flagsOf.response) !== 0 && id === 4711);
  assert.ok(questions.length <= 1);
  return responseCodeName(flags & 0xf) ?? String(flags & 0xf);
}

test("RFC 2136 3.4: records of every kind come, are found by a resolver, and go; the serial rises with each change", async () => {
  const { simulation, node, client, update } = await world();
  const lookup = createDnsLookup(client, { servers: [listen] });
  const before = node.serial();
  const srv = { priority: 10, weight: 20, port: 5060, target: i2 };
  const naptr = {
    order: 10,
    preference: 50,
    flags: "s",
    service: "SIP+D2U",
    regexp: "",
    replacement: `_sip._udp.${zone}`,
  };
  const changes = [
    add(i2, a("10.0.0.2")),
    add(i2, { type: "AAAA", data: "2001:db8::2" }),
    add(i2, { type: "TXT", data: ["by cfs1"] }),
    add(`_sip._udp.${zone}`, { type: "SRV", data: srv }),
    add(zone, { type: "NAPTR", data: naptr }),
  ];
  assert.equal(await update(changes), "NOERROR signed");
  assert.equal(node.serial(), before + 1);
  assert.deepEqual(await simulation.settle(lookup.a(i2)), { kind: "found", records: ["10.0.0.2"] });
  assert.deepEqual(await simulation.settle(lookup.aaaa(i2)), { kind: "found", records: ["2001:db8::2"] });
  assert.deepEqual(await simulation.settle(lookup.srv(`_sip._udp.${zone}`)), {
    kind: "found",
    records: [srv],
  });
  assert.deepEqual(await simulation.settle(lookup.naptr(zone)), { kind: "found", records: [naptr] });
  assert.equal(await update(changes), "NOERROR signed");
  assert.equal(node.serial(), before + 1, "nothing new, no new serial");
  const removed = [
    { kind: "delete-name", name: i2.toUpperCase() },
    { kind: "delete-record", name: `_sip._udp.${zone}`, record: { type: "SRV", data: srv } },
    { kind: "delete-rrset", name: zone, type: "NAPTR" },
  ] as const;
  assert.equal(await update(removed), "NOERROR signed");
  assert.equal(node.serial(), before + 2);
  await simulation.run({ ms: 31_000 });
  assert.deepEqual(await simulation.settle(lookup.a(i2)), { kind: "none" });
  assert.deepEqual(await simulation.settle(lookup.naptr(zone)), { kind: "none" });
});

test("RFC 2136 3.2: each prerequisite, held and not; the first that fails gives the code, and nothing changes", async () => {
  const { update, names } = await world();
  const before = names();
  const is = (...records: RecordData[]): Prerequisite => ({ kind: "rrset-is", name: i1, records });
  const rows: readonly (readonly [Prerequisite, string])[] = [
    [{ kind: "name-in-use", name: i1.toUpperCase() }, "NOERROR"],
    [{ kind: "name-in-use", name: zone }, "NOERROR"],
    [{ kind: "name-in-use", name: i2 }, "NXDOMAIN"],
    [{ kind: "name-not-in-use", name: i2 }, "NOERROR"],
    [{ kind: "name-not-in-use", name: i1 }, "YXDOMAIN"],
    [{ kind: "rrset-exists", name: i1, type: "A" }, "NOERROR"],
    [{ kind: "rrset-exists", name: zone, type: "SOA" }, "NOERROR"],
    [{ kind: "rrset-exists", name: i1, type: "AAAA" }, "NXRRSET"],
    [{ kind: "rrset-not-there", name: i1, type: "AAAA" }, "NOERROR"],
    [{ kind: "rrset-not-there", name: i1, type: "A" }, "YXRRSET"],
    [is(a("10.0.0.3"), a("10.0.0.1")), "NOERROR"],
    [is(a("10.0.0.1")), "NXRRSET"],
    [is(a("10.0.0.1"), a("10.0.0.3"), a("10.0.0.4")), "NXRRSET"],
    [is(a("10.0.0.1"), a("10.0.0.4")), "NXRRSET"],
  ];
  for (const [prerequisite, code] of rows) {
    // What changes nothing when it is allowed, and would be seen if it were made when it is not.
    const changes = code === "NOERROR" ? [] : [add(i2, a("10.0.0.2"))];
    assert.equal(await update(changes, [prerequisite]), `${code} signed`, JSON.stringify(prerequisite));
    assert.deepEqual(names(), before);
  }
  const both = [rows[2]?.[0], rows[4]?.[0]].filter((one) => one !== undefined);
  assert.equal(await update([], both), "NXDOMAIN signed");
  assert.equal(await update([], both.reverse()), "YXDOMAIN signed");
});

test("RFC 2136 3.4.2: SOA and the last NS stay; an alias stands alone; a set has one TTL; a repeated record is one", async () => {
  const { node, update, names } = await world();
  const before = names();
  const kept: readonly Change[] = [
    { kind: "delete-name", name: zone },
    { kind: "delete-rrset", name: zone, type: "SOA" },
    { kind: "delete-rrset", name: zone, type: "NS" },
    { kind: "delete-record", name: zone, record: { type: "NS", data: `NS.${zone}` } },
    { kind: "delete-record", name: i1, record: a("10.9.9.9") },
    { kind: "delete-name", name: `nobody.${zone}` },
    add(i1, { type: "CNAME", data: i2 }),
    add(`alias.${zone}`, a("10.0.0.9")),
  ];
  assert.equal(await update(kept), "NOERROR signed");
  assert.deepEqual(names(), before);
  assert.equal(node.serial(), 1);
  const changed: readonly Change[] = [
    add(`alias.${zone}`, { type: "CNAME", data: i2 }),
    add(i1, a("10.0.0.1"), 60),
    add(zone, { type: "NS", data: `ns2.${zone}` }),
    { kind: "delete-record", name: zone, record: { type: "NS", data: `ns.${zone}` } },
  ];
  assert.equal(await update(changed), "NOERROR signed");
  assert.equal(node.serial(), 2);
  const texts = node
    .records()
    .map(({ name, ttl, record }) => `${name} ${ttl} ${record.type} ${JSON.stringify(record.data)}`);
  assert.deepEqual(texts.sort(), [
    `alias.${zone} 30 CNAME "${i2}"`,
    `${i1} 60 A "10.0.0.1"`,
    `${i1} 60 A "10.0.0.3"`,
    `${zone} 30 NS "ns2.${zone}"`,
  ]);
});

test("RFC 2136 3.3, RFC 8945 5.2: who may not, is not known, or has another clock, as BIND answers", async () => {
  const { update, names } = await world();
  const before = names();
  const changes = [add(i2, a("10.0.0.2"))];
  const failing: readonly Prerequisite[] = [{ kind: "name-in-use", name: i2 }];
  assert.equal(await update(changes, [], null), "REFUSED");
  assert.equal(await update(changes, failing, null), "REFUSED", "before the prerequisites");
  assert.equal(await update(changes, failing, reader), "REFUSED signed");
  assert.equal(await update(changes, [], new TsigKey("nobody", "hmac-sha256", secret)), "NOTAUTH+BADKEY");
  assert.equal(await update(changes, [], new TsigKey("cfs-key", "hmac-sha512", secret)), "NOTAUTH+BADKEY");
  assert.equal(
    await update(changes, [], new TsigKey("cfs-key", "hmac-sha256", secret.slice(1))),
    "NOTAUTH+BADSIG",
  );
  assert.equal(await update(changes, [], key, 1_000), "NOTAUTH+BADTIME signed");
  assert.equal(await update(changes, [], key, -1_000), "NOTAUTH+BADTIME signed");
  assert.equal(await update([add("x.example", a("10.0.0.2"))]), "NOTZONE signed");
  assert.equal(await update([add("x.example", a("10.0.0.2"))], [], key, 0, "example"), "NOTAUTH signed");
  assert.equal(await update([add(i2, { type: "TYPE255", data: "00" })]), "FORMERR signed");
  assert.equal(
    await update([add(i2, { type: "TYPE15", data: "000a00" })]),
    "REFUSED signed",
    "not served here",
  );
  assert.deepEqual(names(), before);
});

test("without keys every UPDATE is refused; keys that cannot be read are told at the start", async () => {
  const { update } = await world({});
  assert.equal(await update([], [], null), "REFUSED");
  assert.equal(await update([], [], key), "NOTAUTH+BADKEY");
  assert.throws(
    () => createAuthoritativeDns({ listen, zone: [], keys: "key k {" }),
    /keys of the zone, line 1: key "k" without its }/,
  );
});

test("RFC 8945 5.3: a signed question gets a signed answer, cut when it does not fit; a cut MAC gets BADTRUNC", async () => {
  const { client, ask, update } = await world();
  const many = Array.from({ length: 30 }, (_, index) => add(`m.${zone}`, a(`10.0.1.${index}`)));
  for (let at = 0; at < many.length; at += 10) await update(many.slice(at, at + 10));
  const time = client.clock.wall() / 1000;
  for (const [name, count, cut] of [
    [i1, 2, false],
    [`m.${zone}`, 0, true],
  ] as const) {
    const question = {
      id: 4711,
      flags: 0,
      questions: [{ name, type: 1, class: 1 }],
      answers: [],
      authorities: [],
      additionals: [],
    };
    const { data, mac } = signMessage(client.crypto, reader, encodeMessage(question), { time });
    const answer = await ask(data);
    assert.ok(answer.kind === "signed");
    assert.ok(verifyMessage(client.crypto, answer, { keys: [reader], time, requestMac: mac }).ok);
    assert.equal(answer.message.answers.length, count);
    assert.equal((answer.message.flags & flagsOf.truncated) !== 0, cut);
  }
  const message = encodeUpdate(4711, { zone, prerequisites: [], changes: [] });
  const cut = await ask(signMessage(client.crypto, key, message, { time, macLength: 16 }).data);
  assert.ok(cut.kind === "signed" && cut.tsig.mac.length === 32);
  assert.equal(tsigErrorName(cut.tsig.error), "BADTRUNC");
  const short = await ask(signMessage(client.crypto, key, message, { time, macLength: 9 }).data);
  assert.equal(describe(short), "FORMERR");
});
