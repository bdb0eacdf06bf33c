// Locating SIP servers. RFC 3263 4, RFC 2782.
import assert from "node:assert/strict";
import test from "node:test";
import { SeededRandom } from "@liquid-ims/runtime/simulation";
import {
  type Lookup,
  type LookupResult,
  locate,
  locateAddress,
  type NaptrRecord,
  orderSrvRecords,
  type SrvRecord,
} from "@liquid-ims/sip/locate";
import { formatTarget } from "@liquid-ims/sip/transport";
import { parseSipUri, type SipUri } from "@liquid-ims/sip/uri";

interface Zone {
  readonly a?: Readonly<Record<string, readonly string[]>>;
  readonly aaaa?: Readonly<Record<string, readonly string[]>>;
  readonly srv?: Readonly<Record<string, readonly SrvRecord[]>>;
  readonly naptr?: Readonly<Record<string, readonly NaptrRecord[]>>;
}

function find<Value>(
  asked: string[],
  kind: string,
  records: Readonly<Record<string, readonly Value[]>> | undefined,
) {
  return async (name: string): Promise<LookupResult<Value>> => {
    asked.push(`${kind} ${name}`);
    const found = records?.[name];
    return found === undefined ? { kind: "none" } : { kind: "found", records: found };
  };
}

function lookupIn(zone: Zone, asked: string[] = []): Lookup {
  return {
    a: find(asked, "A", zone.a),
    aaaa: find(asked, "AAAA", zone.aaaa),
    srv: find(asked, "SRV", zone.srv),
    naptr: find(asked, "NAPTR", zone.naptr),
  };
}

function uri(text: string): SipUri {
  const parsed = parseSipUri(text);
  assert.ok(parsed, text);
  return parsed;
}

async function targets(text: string, zone: Zone, asked?: string[]): Promise<string[]> {
  const random = new SeededRandom("locate");
  return (await locate(uri(text), lookupIn(zone, asked), { random })).map(formatTarget);
}

const srv = (target: string, port: number, priority = 0, weight = 0): SrvRecord => ({
  target,
  port,
  priority,
  weight,
});

const zone: Zone = {
  a: { "a.test": ["192.0.2.1", "192.0.2.2"], "b.test": ["192.0.2.3"], test: ["192.0.2.9"] },
  aaaa: { "a.test": ["2001:db8::1"] },
};

test("4.1, 4.2: a numeric host needs no look-up: UDP and 5060 unless the URI says otherwise", async () => {
  const asked: string[] = [];
  assert.deepEqual(await targets("sip:192.0.2.1", zone, asked), ["udp:192.0.2.1:5060"]);
  assert.deepEqual(await targets("sip:192.0.2.1:5070;transport=TCP", zone, asked), ["tcp:192.0.2.1:5070"]);
  assert.deepEqual(await targets("sip:[2001:db8::1]", zone, asked), ["udp:[2001:db8::1]:5060"]);
  assert.deepEqual(await targets("sip:name.test;maddr=192.0.2.4", zone, asked), ["udp:192.0.2.4:5060"]);
  assert.deepEqual(asked, []);
  assert.equal(locateAddress(uri("sip:name.test")), null);
});

test("4.1: sips and unknown transports are not served", async () => {
  for (const text of [
    "sips:192.0.2.1",
    "sips:a.test",
    "sip:192.0.2.1;transport=sctp",
    "sip:a.test;transport=tls",
  ])
    assert.deepEqual(await targets(text, zone), []);
});

test("4.2: a name with a port: A and AAAA, no SRV", async () => {
  const asked: string[] = [];
  assert.deepEqual(await targets("sip:a.test:5070", zone, asked), [
    "udp:192.0.2.1:5070",
    "udp:192.0.2.2:5070",
    "udp:[2001:db8::1]:5070",
  ]);
  assert.deepEqual(asked, ["A a.test", "AAAA a.test"]);
  assert.deepEqual(await targets("sip:b.test:5070;transport=tcp", zone), ["tcp:192.0.2.3:5070"]);
});

test("4.2: a transport without a port: SRV of that transport, else A and AAAA with the default port", async () => {
  const asked: string[] = [];
  const withSrv: Zone = { ...zone, srv: { "_sip._tcp.test": [srv("b.test", 5099)] } };
  assert.deepEqual(await targets("sip:test;transport=tcp", withSrv, asked), ["tcp:192.0.2.3:5099"]);
  assert.equal(asked[0], "SRV _sip._tcp.test");
  assert.deepEqual(await targets("sip:test;transport=udp", withSrv), ["udp:192.0.2.9:5060"]);
});

test("4.1: neither: NAPTR by order and preference, of the transports spoken here, then SRV", async () => {
  const naptr = (order: number, preference: number, service: string, replacement: string, flags = "s") => ({
    order,
    preference,
    flags,
    service,
    regexp: "",
    replacement,
  });
  const asked: string[] = [];
  const withNaptr: Zone = {
    ...zone,
    naptr: {
      test: [
        naptr(50, 10, "SIP+D2U", "_sip._udp.test"),
        naptr(10, 20, "SIP+D2T", "tcp.test"),
        naptr(10, 10, "SIPS+D2T", "_sips._tcp.test"),
        naptr(10, 5, "SIP+D2U", "_sip._udp.test", "a"),
      ],
    },
    srv: { "tcp.test": [srv("b.test", 5001)], "_sip._udp.test": [srv("a.test", 5002)] },
  };
  assert.deepEqual(await targets("sip:test", withNaptr, asked), [
    "tcp:192.0.2.3:5001",
    "udp:192.0.2.1:5002",
    "udp:192.0.2.2:5002",
    "udp:[2001:db8::1]:5002",
  ]);
  assert.ok(!asked.includes("SRV _sips._tcp.test"));
});

test("4.1: without NAPTR, SRV of each transport; without these, A and AAAA by UDP", async () => {
  const withSrv: Zone = {
    ...zone,
    srv: { "_sip._udp.test": [srv("b.test", 5001)], "_sip._tcp.test": [srv("b.test", 5002)] },
  };
  assert.deepEqual(await targets("sip:test", withSrv), ["udp:192.0.2.3:5001", "tcp:192.0.2.3:5002"]);
  assert.deepEqual(await targets("sip:test", zone), ["udp:192.0.2.9:5060"]);
  assert.deepEqual(await targets("sip:unknown.test", zone), []);
});

test("RFC 2782: a target of . says that the service is not there", async () => {
  const gone: Zone = { ...zone, srv: { "_sip._udp.test": [srv(".", 0)] } };
  assert.deepEqual(await targets("sip:test;transport=udp", gone), []);
  assert.deepEqual(await targets("sip:test", gone), []);
});

test("RFC 2782: lower priorities first, within one by weight", () => {
  const records = [srv("c", 1, 20, 0), srv("a", 1, 10, 1), srv("b", 1, 10, 3), srv("z", 1, 10, 0)];
  const first: Record<string, number> = {};
  for (let seed = 0; seed < 2_000; seed++) {
    const ordered = orderSrvRecords(records, new SeededRandom(`weights ${seed}`)).map(({ target }) => target);
    assert.equal(ordered.length, 4);
    assert.equal(ordered[3], "c");
    first[ordered[0] ?? ""] = (first[ordered[0] ?? ""] ?? 0) + 1;
  }
  // Of 0..4 the zero weight gets one value, a one, b three.
  const share = (name: string) => (first[name] ?? 0) / 2_000;
  assert.ok(Math.abs(share("z") - 0.2) < 0.04, `z ${share("z")}`);
  assert.ok(Math.abs(share("a") - 0.2) < 0.04, `a ${share("a")}`);
  assert.ok(Math.abs(share("b") - 0.6) < 0.04, `b ${share("b")}`);
});

test("4: a look-up that fails, or nobody to ask, finds nothing for a name", async () => {
  const failing = async (): Promise<LookupResult<never>> => ({ kind: "failed", detail: "no server" });
  const random = new SeededRandom("x");
  const broken: Lookup = { a: failing, aaaa: failing, srv: failing, naptr: failing };
  assert.deepEqual(await locate(uri("sip:a.test"), broken, { random }), []);
  assert.deepEqual(await locate(uri("sip:a.test"), null, { random }), []);
});
