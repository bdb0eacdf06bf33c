// Which registration a leg belongs to. RFC 3608 6.1, RFC 3261 12.1.1.
import assert from "node:assert/strict";
import test from "node:test";
import { buildRequest, type HeaderPair } from "@liquid-ims/sip/message";
import {
  type KnownRegistration,
  stampKey,
  stampOf,
  stampOfArrival,
  stampOfKey,
} from "@liquid-ims/ue-lcf/registration-stamp";

const known = (pCscf: string, sCscf: string, ...addresses: string[]): KnownRegistration => ({
  stamp: stampOf(`sip:${pCscf}`, [`<sip:orig@${sCscf};lr>`]),
  pCscfAddresses: addresses,
});
const invite = (...recorded: string[]) =>
  buildRequest({
    method: "INVITE",
    uri: "sip:me@10.0.0.1",
    headers: recorded.map((uri): HeaderPair => ["Record-Route", `<sip:${uri};lr>`]),
  });

test("RFC 3608 6.1: the stamp is host and port of the P-CSCF and of the last Service-Route", () => {
  const route = ["<sip:ibcf.example;lr>", "<sip:orig@S1.example:6060;lr;token=1>"];
  const stamp = stampOf("sip:P1.example:4060", route);
  assert.deepEqual(stamp, { pCscf: "p1.example:4060", sCscf: "s1.example:6060" });
  assert.deepEqual(stampOf("sip:p1.example", ["<sip:s1.example;lr>"]).pCscf, "p1.example:5060");
  assert.deepEqual(stampOfKey(stampKey(stamp)), stamp);
});

test("rule 1: an INVITE belongs to the registration by which it came, not to the present one", () => {
  const present = known("p2.example:4060", "s1.example:6060");
  const old = known("p1.example:4060", "s1.example:6060");
  const byOld = invite("p1.example:4060", "s1.example:6060", "s1.example:6060", "p2.example:4060");
  const byPresent = invite("p2.example:4060", "s1.example:6060");
  assert.deepEqual(stampOfArrival(byPresent, "10.0.0.2", [present, old]), present.stamp);
  assert.deepEqual(stampOfArrival(invite("p1.example:4060"), "10.0.0.2", [present, old]), old.stamp);
  assert.deepEqual(stampOfArrival(byOld, "10.0.0.2", [present, old]), old.stamp);
});

test("rule 1: the caller's S-CSCF stands below this end's own one", () => {
  const present = known("p1.example:4060", "s1.example:6060");
  const old = known("p1.example:4060", "s2.example:6060");
  const request = invite("p1.example:4060", "s2.example:6060", "s1.example:6060", "p3.example:4060");
  assert.deepEqual(stampOfArrival(request, "10.0.0.2", [present, old]), old.stamp);
});

test("rule 1: the source address tells a P-CSCF that records no route; where nothing tells, the present one", () => {
  const present = known("p2.example:4060", "s1.example:6060", "10.0.0.2");
  const old = known("p1.example:4060", "s1.example:6060", "10.0.0.1");
  assert.deepEqual(stampOfArrival(invite("s1.example:6060"), "10.0.0.1", [present, old]), old.stamp);
  assert.deepEqual(stampOfArrival(invite(), "10.0.0.9", [present, old]), present.stamp);
  assert.equal(stampOfArrival(invite(), "10.0.0.9", []), null);
});
