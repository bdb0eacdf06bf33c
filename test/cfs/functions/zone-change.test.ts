// From an order and what the zone says to one UPDATE: what is changed, what must not have changed. RFC 2136 2.4, RFC 2782.
import assert from "node:assert/strict";
import test from "node:test";
import { changeToAdd, changeToRemove, type ZoneChange } from "@liquid-ims/cfs/functions/zone-change";
import type { RecordSet, ZoneView } from "@liquid-ims/cfs/functions/zone-view";
import type { RecordData, TypeName } from "@liquid-ims/dns/rdata";
import { formatChange, formatRecordData } from "@liquid-ims/dns/record-text";
import type { Prerequisite } from "@liquid-ims/dns/update";
import type { FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";

const request: FunctionRequest = { kind: "I-CSCF", addresses: ["192.0.2.2"] };
const options = { ttl: 30 };

const srv = (target: string, weight = 10, port = 5060): RecordData => ({
  type: "SRV",
  data: { priority: 10, weight, port, target },
});
const a = (data: string): RecordData => ({ type: "A", data });
const naptr = (service: string, replacement: string, flags = "s"): RecordData => ({
  type: "NAPTR",
  data: { order: 10, preference: 50, flags, service, regexp: "", replacement },
});

function set(name: string, type: TypeName, ttl: number | null, ...records: RecordData[]): RecordSet {
  return { name, type, ttl: records.length === 0 ? null : ttl, records };
}

interface Zone {
  readonly udp?: readonly RecordData[];
  readonly tcp?: readonly RecordData[];
  readonly naptr?: readonly RecordData[];
  readonly a?: readonly RecordData[];
  readonly other?: readonly RecordData[];
  readonly srvTtl?: number;
  readonly nameInUse?: boolean;
}

/** What the zone t says of i2.t as an I-CSCF. */
function view(zone: Zone): ZoneView {
  const { udp = [], tcp = [], naptr: services = [], a: addresses = [], other = [], srvTtl = 600 } = zone;
  return {
    name: "i2.t",
    kind: "I-CSCF",
    service: {
      naptr: set("t", "NAPTR", 900, ...services),
      srv: {
        udp: set("_sip._udp.t", "SRV", srvTtl, ...udp),
        tcp: set("_sip._tcp.t", "SRV", srvTtl, ...tcp),
      },
    },
    other: [set("_sip._udp.cfd.t", "SRV", 60, ...other), set("_sip._tcp.cfd.t", "SRV", 60)],
    addresses: { A: set("i2.t", "A", 120, ...addresses), AAAA: set("i2.t", "AAAA", 120) },
    nameInUse: zone.nameInUse ?? addresses.length > 0,
    version: null,
  };
}

function changes(change: ZoneChange): string[] {
  assert.ok(change.kind === "change", JSON.stringify(change));
  return change.update.changes.map((one) => formatChange(one).replace(/^update /, ""));
}

function shown(prerequisite: Prerequisite): string {
  const { kind, name } = prerequisite;
  if (kind === "rrset-is") return `${name} ${prerequisite.records.map(formatRecordData).join(" + ")}`;
  return kind === "rrset-not-there" ? `${name} no ${prerequisite.type}` : `${name} ${kind}`;
}

function prerequisites(change: ZoneChange): string[] {
  assert.ok(change.kind === "change");
  return change.update.prerequisites.map(shown).sort();
}

const both = [naptr("SIP+D2U", "_sip._udp.t"), naptr("SIP+D2T", "_sip._tcp.t")];

test("RFC 2136 2.4.2: every set that an addition depends on has to be what was read", () => {
  const change = changeToAdd(view({ udp: [srv("i1.t")], naptr: both }), request, options);
  assert.deepEqual(prerequisites(change), [
    "_sip._tcp.t no SRV",
    "_sip._udp.t 10 10 5060 i1.t.",
    "i2.t name-not-in-use",
    't 10 50 "s" "SIP+D2U" "" _sip._udp.t. + 10 50 "s" "SIP+D2T" "" _sip._tcp.t.',
  ]);
  assert.deepEqual(changes(change), [
    "add _sip._udp.t. 600 SRV 10 10 5060 i2.t.",
    "add _sip._tcp.t. 30 SRV 10 10 5060 i2.t.",
    "add i2.t. 30 A 192.0.2.2",
  ]);
});

test("a host that has its address already keeps it; an alias must not come to it meanwhile", () => {
  const change = changeToAdd(
    view({ udp: [srv("i1.t")], naptr: both, a: [a("192.0.2.2")] }),
    request,
    options,
  );
  assert.ok(!changes(change).some((line) => line.includes(" A ")));
  assert.deepEqual(prerequisites(change).slice(2, 5), ["i2.t 192.0.2.2", "i2.t no AAAA", "i2.t no CNAME"]);
});

test("RFC 2782: a target of . goes when a server comes, and is no server when one goes", () => {
  const none = srv(".", 0, 0);
  assert.deepEqual(changes(changeToAdd(view({ tcp: [none], naptr: both }), request, options)).slice(1, 3), [
    "delete _sip._tcp.t. SRV 10 0 0 .",
    "add _sip._tcp.t. 600 SRV 10 10 5060 i2.t.",
  ]);
  const udpOnly = changeToAdd(
    view({ tcp: [none], naptr: both }),
    { ...request, transports: ["udp"] },
    options,
  );
  assert.ok(!changes(udpOnly).some((line) => line.includes("_tcp")), "nor when it is of another transport");
  const last = changeToRemove(view({ udp: [srv("i2.t")], tcp: [none] }), { force: false }, options);
  assert.equal(last.kind, "impossible");
});

test("RFC 3263 4.1: a NAPTR of somebody's own stays, whatever its case, and is not doubled", () => {
  const own = naptr("sip+d2u", "_sip._udp.elsewhere.t", "S");
  const change = changeToAdd(view({ naptr: [own] }), request, options);
  assert.deepEqual(
    changes(change).filter((line) => line.includes("NAPTR")),
    ['add t. 900 NAPTR 20 50 "s" "SIP+D2T" "" _sip._tcp.t.'],
  );
});

test("names compare without case, and a record that is there as ordered is not touched", () => {
  const zone = { udp: [srv("I2.T.")], tcp: [srv("i2.t")], naptr: both, a: [a("192.0.2.2")] };
  assert.deepEqual(changeToAdd(view(zone), request, options), { kind: "nothing", ttl: 0 });
});

test("other addresses of a host that is no function yet are somebody's; of one that is, they change", () => {
  const foreign = changeToAdd(view({ udp: [srv("i1.t")], a: [a("192.0.2.9")] }), request, options);
  assert.ok(foreign.kind === "impossible" && foreign.why === "name in use");
  assert.match(foreign.detail, /^i2\.t has A 192\.0\.2\.9 and is no I-CSCF of _sip\._udp\.t yet$/);
  const zone = { udp: [srv("i2.t")], tcp: [srv("i2.t")], naptr: both, a: [a("192.0.2.9")] };
  assert.deepEqual(changes(changeToAdd(view(zone), request, options)), [
    "delete i2.t. A 192.0.2.9",
    "add i2.t. 120 A 192.0.2.2",
  ]);
});

test("a removal takes what leads to the function, and waits for the longest TTL of the chain", () => {
  const zone = { udp: [srv("i1.t"), srv("i2.t")], tcp: [srv("i2.t")], naptr: both, a: [a("192.0.2.2")] };
  const change = changeToRemove(view(zone), { force: false }, options);
  assert.deepEqual(changes(change), [
    "delete _sip._udp.t. SRV 10 10 5060 i2.t.",
    "delete _sip._tcp.t. SRV 10 10 5060 i2.t.",
    'delete t. NAPTR 10 50 "s" "SIP+D2T" "" _sip._tcp.t.',
    "delete i2.t. A 192.0.2.2",
  ]);
  assert.equal(change.kind === "change" && change.ttl, 900);
  assert.deepEqual(prerequisites(change), [
    "_sip._tcp.cfd.t no SRV",
    "_sip._tcp.t 10 10 5060 i2.t.",
    "_sip._udp.cfd.t no SRV",
    "_sip._udp.t 10 10 5060 i1.t. + 10 10 5060 i2.t.",
    "i2.t 192.0.2.2",
    "i2.t no AAAA",
    't 10 50 "s" "SIP+D2U" "" _sip._udp.t. + 10 50 "s" "SIP+D2T" "" _sip._tcp.t.',
  ]);
});

test("RFC 3263 4.1: the last server of a transport that leaves it takes its NAPTR with it", () => {
  const zone = { udp: [srv("i2.t")], tcp: [srv("i2.t")], naptr: both, a: [a("192.0.2.2")] };
  const tcpOnly = { ...request, transports: ["tcp"] } as const;
  assert.deepEqual(changes(changeToAdd(view(zone), tcpOnly, options)), [
    'delete t. NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.t.',
    "delete _sip._udp.t. SRV 10 10 5060 i2.t.",
  ]);
  const another = { ...zone, udp: [srv("i1.t"), srv("i2.t")] };
  assert.deepEqual(changes(changeToAdd(view(another), tcpOnly, options)), [
    "delete _sip._udp.t. SRV 10 10 5060 i2.t.",
  ]);
});

test("the last CFD of a transport stays, as S-CSCFs ask for that of its URI alone; the last I-CSCF of one goes", () => {
  const zone = { udp: [srv("i1.t"), srv("i2.t")], tcp: [srv("i2.t")] };
  assert.equal(changeToRemove(view(zone), { force: false }, options).kind, "change");
  const cfd = { ...view(zone), kind: "CFD" } as const;
  const last = changeToRemove(cfd, { force: false }, options);
  assert.ok(last.kind === "impossible" && last.why === "last of its kind");
  assert.equal(last.detail, "i2.t is the only CFD of _sip._tcp.t");
  assert.equal(changeToRemove(cfd, { force: true }, options).kind, "change");
});

test("a host with several SRV records of one transport loses all of them", () => {
  const zone = { udp: [srv("i1.t"), srv("i2.t", 1), srv("i2.t", 2, 5070)] };
  assert.deepEqual(changes(changeToRemove(view(zone), { force: false }, options)), [
    "delete _sip._udp.t. SRV 10 1 5060 i2.t.",
    "delete _sip._udp.t. SRV 10 2 5070 i2.t.",
  ]);
});

test("addresses that the other kind needs stay, on condition that it still needs them", () => {
  const zone = { udp: [srv("i1.t"), srv("i2.t")], a: [a("192.0.2.2")], other: [srv("i2.t", 10, 7080)] };
  const change = changeToRemove(view(zone), { force: false }, options);
  assert.deepEqual(changes(change), ["delete _sip._udp.t. SRV 10 10 5060 i2.t."]);
  assert.ok(prerequisites(change).includes("_sip._udp.cfd.t 10 10 7080 i2.t."));
});

test("what is not there needs no change; its TTL is that of the sets it may have been in, or of new ones", () => {
  const zone = { udp: [srv("i1.t")], a: [a("192.0.2.2")] };
  assert.deepEqual(changeToRemove(view(zone), { force: false }, options), { kind: "nothing", ttl: 600 });
  assert.deepEqual(changeToRemove(view({}), { force: false }, options), { kind: "nothing", ttl: 30 });
});
