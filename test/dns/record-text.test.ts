// Records and changes in the words of zone files and nsupdate. RFC 1035 5.1, RFC 2782, RFC 3403, RFC 3597 5.
import assert from "node:assert/strict";
import test from "node:test";
import { readAddress } from "@liquid-ims/dns/ip";
import { isDomainName } from "@liquid-ims/dns/name";
import { formatChange, formatRecordData } from "@liquid-ims/dns/record-text";

test("nsupdate(1): additions and deletions of one record, a set and a name", () => {
  const record = { type: "SRV", data: { priority: 10, weight: 20, port: 5060, target: "i.t" } } as const;
  const name = "_sip._udp.t";
  assert.equal(
    formatChange({ kind: "add", name, ttl: 30, record }),
    "update add _sip._udp.t. 30 SRV 10 20 5060 i.t.",
  );
  assert.equal(
    formatChange({ kind: "delete-record", name, record }),
    "update delete _sip._udp.t. SRV 10 20 5060 i.t.",
  );
  assert.equal(formatChange({ kind: "delete-rrset", name, type: "SRV" }), "update delete _sip._udp.t. SRV");
  assert.equal(formatChange({ kind: "delete-name", name: "i.t." }), "update delete i.t.");
});

test("RFC 1035 5.1, RFC 3403, RFC 3597 5: data as a zone file has it", () => {
  const naptr = {
    order: 10,
    preference: 50,
    flags: "s",
    service: "SIP+D2U",
    regexp: 'a"\\',
    replacement: "r.t",
  };
  assert.equal(formatRecordData({ type: "NAPTR", data: naptr }), '10 50 "s" "SIP+D2U" "a\\"\\\\" r.t.');
  assert.equal(formatRecordData({ type: "TXT", data: ["a b", ""] }), '"a b" ""');
  assert.equal(formatRecordData({ type: "TYPE99", data: "0102ff" }), "\\# 3 0102ff");
  assert.equal(formatRecordData({ type: "CNAME", data: "i.t" }), "i.t.");
});

test("RFC 4291 2.2, RFC 5952 4: an address has one spelling and its type", () => {
  assert.deepEqual(readAddress("192.0.2.1"), { type: "A", address: "192.0.2.1" });
  assert.deepEqual(readAddress("2001:DB8:0:0::1"), { type: "AAAA", address: "2001:db8::1" });
  for (const wrong of ["192.0.2.256", "[::1]", "i.t", "", "192.0.2"])
    assert.equal(readAddress(wrong), null, wrong);
});

test("RFC 1035 2.3.4: what can be sent as a name", () => {
  for (const name of ["t", "_sip._udp.t", "T.", `${"a".repeat(63)}.t`]) assert.ok(isDomainName(name), name);
  for (const name of ["", ".", "a..t", `${"a".repeat(64)}.t`, "→.t"]) assert.ok(!isDomainName(name), name);
});
