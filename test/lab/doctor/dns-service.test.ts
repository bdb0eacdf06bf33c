// Whether a name leads where it should, from facts. RFC 3263 4, RFC 2782.
import assert from "node:assert/strict";
import test from "node:test";
import type { Looked, ServiceFacts } from "@liquid-ims/lab/doctor/dns-facts";
import { judgeHost, judgeService, type ServiceSubject } from "@liquid-ims/lab/doctor/dns-service";
import { factsOf, remediesOf } from "./doctor-subject.ts";

const none = { kind: "none" } as const;

function found<Record>(records: readonly Record[], ttl = 30, authoritative = true): Looked<Record> {
  return { kind: "found", records, ttl, authoritative };
}

const srv = (target = "cfs.ims.test", port = 7090) => found([{ priority: 10, weight: 10, port, target }]);

const naptr = (replacement: string, service = "SIP+D2U") =>
  found([{ order: 10, preference: 50, flags: "s", service, regexp: "", replacement }]);

const right: ServiceFacts = {
  naptr: naptr("_sip._udp.cfs.ims.test"),
  srv: { udp: srv(), tcp: srv() },
  addresses: found(["10.0.0.1"]),
  targets: new Map([["cfs.ims.test", found(["10.0.0.1"])]]),
};

const subject: ServiceSubject = {
  ...{ what: "the CFS", name: "cfs.ims.test", place: "cfs.yaml:2 contact", listenPlace: "cfs.yaml:3 listen" },
  listeners: [
    { protocol: "udp", address: { host: "10.0.0.1", port: 7090 } },
    { protocol: "tcp", address: { host: "10.0.0.1", port: 7090 } },
  ],
  purpose: "nobody finds it",
  changes: false,
};

const cases: readonly {
  readonly title: string;
  readonly facts: ServiceFacts;
  readonly subject?: Partial<ServiceSubject>;
  readonly level: "ok" | "note" | "warn" | "wrong";
  readonly fact: RegExp;
  readonly remedy?: RegExp;
}[] = [
  { title: "right", facts: right, level: "ok", fact: /leads to udp 10\.0\.0\.1:7090, tcp 10\.0\.0\.1:7090$/ },
  {
    title: "nothing at all",
    facts: { ...right, naptr: none, srv: { udp: none, tcp: none }, addresses: none, targets: new Map() },
    level: "wrong",
    fact: /no SRV and no address record: nobody finds it/,
    remedy:
      /^zone: _sip\._udp\.cfs\.ims\.test\. 30 IN SRV 10 10 7090 <the host whose address is 10\.0\.0\.1>\.$/,
  },
  {
    title: "an address alone, and we do not listen at 5060",
    facts: { ...right, naptr: none, srv: { udp: none, tcp: none }, targets: new Map() },
    level: "wrong",
    fact: /only the address 10\.0\.0\.1: it is asked at port 5060, where nothing of ours listens/,
    remedy: /^zone: _sip\._tcp\.cfs\.ims\.test\. /,
  },
  {
    title: "an address alone, and we listen at 5060",
    facts: { ...right, naptr: none, srv: { udp: none, tcp: none }, targets: new Map() },
    subject: { listeners: [{ protocol: "udp", address: { host: "10.0.0.1", port: 5060 } }] },
    level: "warn",
    fact: /no second one can be brought in/,
  },
  {
    title: "to another port",
    facts: { ...right, srv: { udp: srv("cfs.ims.test", 7091), tcp: srv("cfs.ims.test", 7091) } },
    level: "wrong",
    fact: /leads to udp 10\.0\.0\.1:7091, tcp 10\.0\.0\.1:7091, but requests are awaited at udp 10\.0\.0\.1:7090/,
    remedy: /^cfs\.yaml:3 listen: or listen where the DNS says$/,
  },
  {
    title: "to another host",
    facts: { ...right, targets: new Map([["cfs.ims.test", found(["10.0.0.9"])]]) },
    level: "wrong",
    fact: /leads to udp 10\.0\.0\.9:7090/,
  },
  {
    title: "to several, one of them ours",
    facts: { ...right, targets: new Map([["cfs.ims.test", found(["10.0.0.9", "10.0.0.1"])]]) },
    level: "ok",
    fact: /leads to udp 10\.0\.0\.9:7090, udp 10\.0\.0\.1:7090/,
  },
  {
    title: "every address of the machine is listened at",
    facts: right,
    subject: { listeners: [{ protocol: "udp", address: { host: "0.0.0.0", port: 7090 } }] },
    level: "ok",
    fact: /leads to/,
  },
  {
    title: "a target without an address",
    facts: { ...right, targets: new Map([["cfs.ims.test", none]]) },
    level: "wrong",
    fact: /leads to cfs\.ims\.test, which has no address record/,
    remedy: /^zone: cfs\.ims\.test\. 30 IN A <address>$/,
  },
  {
    title: "the target .",
    facts: { ...right, srv: { udp: srv("."), tcp: srv() } },
    level: "wrong",
    fact: /not offered \(RFC 2782\)/,
  },
  {
    title: "no SRV for TCP",
    facts: { ...right, srv: { udp: srv(), tcp: none } },
    level: "warn",
    fact: /no SRV record under _sip\._tcp: requests above 1,300 bytes/,
    remedy: /^zone: _sip\._tcp\.cfs\.ims\.test\. 30 IN SRV 10 10 7090 /,
  },
  {
    title: "NAPTR leads astray",
    facts: { ...right, naptr: naptr("_sip._udp.old.ims.test") },
    level: "wrong",
    fact: /NAPTR of cfs\.ims\.test leads to _sip\._udp\.old\.ims\.test/,
    remedy: /IN NAPTR 10 50 "s" "SIP\+D2U" "" _sip\._udp\.cfs\.ims\.test\.$/,
  },
  {
    title: "NAPTR for something else",
    facts: { ...right, naptr: naptr("x", "E2U+sip") },
    level: "note",
    fact: /none of them for SIP/,
  },
  { title: "no NAPTR is no fault", facts: { ...right, naptr: none }, level: "ok", fact: /TTL 30 s$/ },
  {
    title: "a week, where functions come and go",
    facts: { ...right, srv: { udp: found([...recordsOf(srv())], 604_800), tcp: srv() } },
    subject: { changes: true },
    level: "warn",
    fact: /TTL 7 days: so long is one that was taken out still asked/,
    remedy: /^zone: \$TTL 30/,
  },
  {
    title: "five minutes are short enough",
    facts: { ...right, srv: { udp: found([...recordsOf(srv())], 300), tcp: srv() } },
    subject: { changes: true },
    level: "ok",
    fact: /TTL 5 minutes$/,
  },
  {
    title: "what a cache has left",
    facts: { ...right, srv: { udp: found([...recordsOf(srv())], 17, false), tcp: srv() } },
    subject: { changes: true },
    level: "ok",
    fact: /TTL 30 s at least \(this is what a cache has left of it\)$/,
  },
];

function recordsOf<Record>(looked: Looked<Record>): readonly Record[] {
  return looked.kind === "found" ? looked.records : [];
}

for (const { title, facts, subject: other = {}, level, fact, remedy } of cases)
  test(`a name that is looked up by SRV: ${title}`, () => {
    const findings = judgeService({ ...subject, ...other }, facts);
    const said = factsOf(findings, level);
    assert.ok(
      said.some((one) => fact.test(one)),
      `${level}: ${said.join("\n") || "nothing"}\n${JSON.stringify(findings)}`,
    );
    if (level === "ok" || level === "note")
      assert.deepEqual([...factsOf(findings, "wrong"), ...factsOf(findings, "warn")], []);
    if (remedy !== undefined) {
      const lines = remediesOf(findings);
      assert.ok(
        lines.some((line) => remedy.test(line)),
        lines.join("\n"),
      );
    }
  });

const host = {
  ...{ kind: "P-CSCF", function: "p1.ims.test:4060", host: "p1.ims.test", addresses: ["10.0.0.2"] },
  ...{ place: "cfs.yaml:9 functions[0].addresses", purpose: "nobody reaches its users" },
};

test("a function's host: its address, another one, none, no answer", () => {
  assert.equal(judgeHost(host, found(["10.0.0.2"])).level, "ok");
  assert.equal(judgeHost({ ...host, addresses: [] }, found(["10.0.0.3"])).level, "ok");
  const other = judgeHost(host, found(["10.0.0.3"]));
  assert.equal(other.level, "wrong");
  assert.equal(
    other.fact,
    "p1.ims.test (P-CSCF) is at 10.0.0.3 by the DNS and at 10.0.0.2 by the configuration",
  );
  assert.deepEqual(other.remedies[0], { where: host.place, change: "addresses: [10.0.0.3]" });
  const missing = judgeHost(host, none);
  assert.match(missing.fact, /no address record: nobody reaches its users/);
  assert.equal(missing.remedies[0]?.change, "p1.ims.test. 30 IN A 10.0.0.2");
  assert.equal(judgeHost(host, { kind: "failed", detail: "silence" }).level, "wrong");
});
