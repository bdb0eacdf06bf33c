// Via. RFC 3261 20.42, RFC 3581 3, RFC 5118 4.5.
import assert from "node:assert/strict";
import test from "node:test";
import { formatVia, parseVia, type Via } from "@liquid-ims/sip/header/via";
import fc from "fast-check";

test("RFC 3261 20.42: protocol, sent-by and parameters, with white space between", () => {
  assert.deepEqual(
    parseVia("SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1"),
    {
      protocol: "SIP/2.0",
      transport: "UDP",
      host: "first.example.com",
      port: 4000,
      parameters: new Map([
        ["ttl", "16"],
        ["maddr", "224.2.0.1"],
        ["branch", "z9hG4bKa7c6a8dlze.1"],
      ]),
    },
  );
  assert.deepEqual(parseVia("sip/2.0/tls [2001:db8::9:1]"), {
    protocol: "SIP/2.0",
    transport: "TLS",
    host: "2001:db8::9:1",
    port: null,
    parameters: new Map(),
  });
});

test("RFC 5118 4.5: received holds an IPv6 address with brackets or without", () => {
  for (const received of ["[2001:db8::9:255]", "2001:db8::9:255"])
    assert.equal(
      parseVia(`SIP/2.0/UDP a;received=${received};branch=b`)?.parameters.get("received"),
      received,
    );
});

test("RFC 3581 3: rport without a value", () => {
  const via = parseVia("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff");
  assert.equal(via?.parameters.get("rport"), null);
  assert.ok(via?.parameters.has("rport"));
});

test("RFC 3261 25.1: texts that are no Via", () => {
  for (const text of [
    "",
    "SIP/2.0",
    "SIP/2.0/UDP",
    "SIP/2.0/UDP ",
    "SIP/2.0 UDP a",
    "/2.0/UDP a",
    "SIP/2.0/UDP:a",
    "SIP/2.0/UDP 192.0.2.15;;,;,,",
    "SIP/2.0/UDP a:",
    "SIP/2.0/UDP a:70000",
    "SIP/2.0/UDP a:-1",
    "SIP/2.0/UDP 2001:db8::1",
    "SIP/2.0/UDP [::1",
    "SIP/2.0/UDP a b",
    "SIP/2.0/UDP a;branch=1;branch=2",
    "SIP/2.0/UDP a, SIP/2.0/UDP b",
  ])
    assert.equal(parseVia(text), null, text);
});

const vias: fc.Arbitrary<Via> = fc.record(
  {
    protocol: fc.constant("SIP/2.0"),
    transport: fc.constantFrom("UDP", "TCP", "TLS", "SCTP", "X-NEW"),
    host: fc.oneof(fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?$/), fc.ipV4(), fc.ipV6()),
    port: fc.option(fc.integer({ min: 0, max: 65_535 })),
    parameters: fc
      .uniqueArray(
        fc.tuple(
          fc.constantFrom("branch", "received", "rport", "ttl", "maddr", "comp"),
          fc.option(fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~[\]:]{1,12}$/)),
        ),
        { selector: ([name]) => name, maxLength: 6 },
      )
      .map((pairs) => new Map(pairs)),
  },
  { noNullPrototype: true },
);

test("RFC 3261 20.42: a Via becomes text and the same Via again", () => {
  fc.assert(
    fc.property(vias, (via) => {
      assert.deepEqual(parseVia(formatVia(via)), via);
    }),
    { numRuns: 500 },
  );
});
