// A URI with a port or an address: nobody looks at SRV records. RFC 3263 4.2.
import assert from "node:assert/strict";
import test from "node:test";
import type { Looked } from "@liquid-ims/lab/doctor/dns-facts";
import { type FixedSubject, judgeFixed } from "@liquid-ims/lab/doctor/dns-fixed";
import { factsOf, remediesOf } from "./doctor-subject.ts";

const subject: FixedSubject = {
  ...{ what: "the CFD", name: "cfd.ims.test", place: "filter criteria", listenPlace: "cfd.yaml:3 listen" },
  listeners: [{ protocol: "tcp", address: { host: "10.0.0.1", port: 7080 } }],
  ...{ purpose: "S-CSCFs find no CFD", changes: true },
  ...{ uri: "sip:cfd.ims.test:7080", port: 7080, isLiteral: false },
};

const at = (...records: string[]): Looked<string> => ({
  kind: "found",
  records,
  ttl: 30,
  authoritative: true,
});

test("a port: found, and the only one for ever", () => {
  const findings = judgeFixed(subject, at("10.0.0.1"));
  assert.deepEqual(factsOf(findings, "warn"), [
    "sip:cfd.ims.test:7080 (the CFD) has a port, so that nobody looks at SRV records: no second one can be brought in, and none taken out",
  ]);
  assert.match(remediesOf(findings).join(), /^filter criteria: a name without a port/);
});

test("where functions do not come and go a port is right", () => {
  assert.deepEqual(
    factsOf(judgeFixed({ ...subject, what: "the CFS", changes: false }, at("10.0.0.1")), "ok"),
    ["sip:cfd.ims.test:7080 (the CFS) leads to 10.0.0.1:7080"],
  );
});

test("another port or another host than requests are awaited at", () => {
  const port = judgeFixed({ ...subject, uri: "sip:cfd.ims.test:7099", port: 7099 }, at("10.0.0.1"));
  assert.deepEqual(factsOf(port, "wrong"), [
    "sip:cfd.ims.test:7099 (the CFD) leads to 10.0.0.1:7099, but requests are awaited at tcp 10.0.0.1:7080",
  ]);
  assert.match(remediesOf(port).join("\n"), /^cfd\.yaml:3 listen: or listen where the URI says$/m);
  assert.equal(factsOf(judgeFixed(subject, at("10.0.0.9")), "wrong").length, 1);
  assert.equal(factsOf(judgeFixed({ ...subject, listeners: null }, at("10.0.0.9")), "warn").length, 1);
});

test("an address in place of a name, at 5060 where it has no port", () => {
  const fixed = { ...subject, uri: "sip:10.0.0.1", name: "10.0.0.1", isLiteral: true, port: null };
  assert.match(factsOf(judgeFixed(fixed, at("10.0.0.1")), "wrong").join(), /leads to 10\.0\.0\.1:5060, but/);
  const heard = [{ protocol: "udp", address: { host: "10.0.0.1", port: 5060 } }] as const;
  assert.match(
    factsOf(judgeFixed({ ...fixed, listeners: heard }, at("10.0.0.1")), "warn").join(),
    /has an address, so that nobody looks at SRV/,
  );
});

test("a host without an address, and a server that does not answer", () => {
  assert.deepEqual(factsOf(judgeFixed(subject, { kind: "none" }), "wrong"), [
    "cfd.ims.test (the CFD) has no address record: S-CSCFs find no CFD",
  ]);
  const silent = judgeFixed(subject, { kind: "failed", detail: "no answer in 1000 ms" });
  assert.deepEqual(factsOf(silent, "wrong"), [
    "cfd.ims.test (the CFD) cannot be looked up: no answer in 1000 ms",
  ]);
});
