// Hosts. RFC 3261 25.1, RFC 4291 2.2, RFC 5118 4.10.
import assert from "node:assert/strict";
import { isIP } from "node:net";
import test from "node:test";
import { equalHosts, formatHost, isIpAddress, isIpv4, isIpv6, parseHost } from "@liquid-ims/sip/host";
import fc from "fast-check";

test("RFC 4291 2.2: IPv6 addresses in their forms, and what is none", () => {
  for (const text of [
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "2001:db8::192.0.2.1",
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:7::",
  ])
    assert.ok(isIpv6(text), text);
  for (const text of [
    "",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "2001:db8:::192.0.2.1",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3",
    "::1.2.3.256",
    "1.2.3.4::",
    "g::",
    "12345::",
    "1:2:3:4::5:6:7:8",
    "fe80::1%eth0",
    "[::1]",
  ])
    assert.ok(!isIpv6(text), text);
});

test("RFC 4291 2.2: any text is an address here exactly when Node's net module takes it for one", () => {
  const likely = fc.string({
    unit: fc.constantFrom("0", "1", "f", ":", "::", ".", "255", "256", "1.2.3.4"),
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.oneof(likely, fc.ipV4(), fc.ipV6()), (text) => {
      assert.equal(isIpv6(text), isIP(text) === 6, text);
      assert.equal(isIpv4(text), isIP(text) === 4, text);
    }),
    { numRuns: 2000 },
  );
});

test("RFC 3261 25.1: a host in a URI, IPv6 in brackets", () => {
  assert.equal(parseHost("[::1]"), "::1");
  assert.equal(parseHost("Example.COM"), "Example.COM");
  assert.equal(parseHost("my_host"), "my_host");
  for (const text of ["", "::1", "[::1", "[x]", "a b", "a:1", "h\u00f6st"])
    assert.equal(parseHost(text), null, text);
  assert.equal(formatHost("::1"), "[::1]");
  assert.equal(formatHost("a.example"), "a.example");
});

test("RFC 3261 19.1.4, RFC 4291 2.2: hosts are equal without regard to case and way of writing", () => {
  assert.ok(equalHosts("A.example", "a.EXAMPLE"));
  assert.ok(equalHosts("2001:DB8::1", "2001:db8:0:0:0:0:0:1"));
  assert.ok(equalHosts("::ffff:192.0.2.1", "::ffff:c000:201"));
  assert.ok(equalHosts("::", "0:0:0:0:0:0:0:0"));
  assert.ok(!equalHosts("::1", "::2"));
  assert.ok(!equalHosts("a.example", "a.example."));
  assert.ok(isIpAddress("192.0.2.1") && isIpAddress("::1") && !isIpAddress("a.example"));
});
