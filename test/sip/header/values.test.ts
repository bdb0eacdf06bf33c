// The other header fields. RFC 3261 20, RFC 6665, RFC 3891, RFC 7315, RFC 7616.
import assert from "node:assert/strict";
import test from "node:test";
import { formatChallenge, parseChallenge } from "@liquid-ims/sip/header/challenge";
import { formatChargingVector, parseChargingVector } from "@liquid-ims/sip/header/charging-vector";
import { formatContentType, mediaType, parseContentType } from "@liquid-ims/sip/header/content-type";
import { formatCredentials, parseCredentials } from "@liquid-ims/sip/header/credentials";
import { formatCSeq, parseCSeq } from "@liquid-ims/sip/header/cseq";
import { parseDeltaSeconds, parseExpires, parseRetryAfter } from "@liquid-ims/sip/header/delta-seconds";
import { formatEvent, parseEvent } from "@liquid-ims/sip/header/event";
import { parameterText, withParameters } from "@liquid-ims/sip/header/parameters";
import { formatReplaces, parseReplaces } from "@liquid-ims/sip/header/replaces";
import { quoteText, unquote } from "@liquid-ims/sip/header/scanner";
import { formatSubscriptionState, parseSubscriptionState } from "@liquid-ims/sip/header/subscription-state";
import fc from "fast-check";

test("RFC 3261 20.16, 8.1.1.5: CSeq is a number below 2^31 and a method", () => {
  assert.deepEqual(parseCSeq(" 0009 \t INVITE "), { sequence: 9, method: "INVITE" });
  assert.deepEqual(parseCSeq("2147483647 x"), { sequence: 2_147_483_647, method: "x" });
  for (const text of [
    "",
    "1",
    "INVITE",
    "1INVITE",
    "-1 A",
    "2147483648 A",
    "36893488147419103232 A",
    "1 A B",
    "1.0 A",
    "1 (A)",
  ])
    assert.equal(parseCSeq(text), null, text);
  assert.equal(formatCSeq({ sequence: 7, method: "BYE" }), "7 BYE");
});

test("RFC 3261 20.19, 25.1: delta-seconds; too great a number is the greatest", () => {
  assert.equal(parseExpires("3600"), 3600);
  assert.equal(parseExpires(" 0 "), 0);
  assert.equal(parseDeltaSeconds("9".repeat(99)), 4_294_967_295);
  for (const text of ["", "-1", "1.5", "x", "1 2"]) assert.equal(parseExpires(text), null, text);
});

test("RFC 3261 20.33: Retry-After with comment and duration", () => {
  assert.deepEqual(parseRetryAfter("18000;duration=3600"), {
    seconds: 18_000,
    comment: null,
    parameters: new Map([["duration", "3600"]]),
  });
  assert.equal(parseRetryAfter("120 (I'm in (a) meeting \\) )")?.comment, "I'm in (a) meeting \\) ");
  assert.equal(parseRetryAfter("949302838503028349304023988")?.seconds, 4_294_967_295);
  for (const text of ["", "soon", "1 (", "1 (a) b", "1;"]) assert.equal(parseRetryAfter(text), null, text);
});

test("RFC 6665 8.2.1: Event", () => {
  assert.deepEqual(parseEvent("presence.winfo ; id=7;x"), {
    package: "presence.winfo",
    parameters: new Map([
      ["id", "7"],
      ["x", null],
    ]),
  });
  assert.equal(formatEvent({ package: "reg", parameters: new Map([["id", "7"]]) }), "reg;id=7");
  for (const text of ["", ";id=1", "a b", "reg;"]) assert.equal(parseEvent(text), null, text);
});

test("RFC 6665 4.1.3, 8.2.3: Subscription-State", () => {
  const active = parseSubscriptionState("Active; Expires=600;x=1");
  assert.deepEqual(active, {
    state: "active",
    reason: null,
    expires: 600,
    retryAfter: null,
    parameters: new Map([["x", "1"]]),
  });
  const terminated = parseSubscriptionState("terminated;reason=Probation;retry-after=30;expires=soon");
  assert.deepEqual(terminated, {
    state: "terminated",
    reason: "probation",
    expires: null,
    retryAfter: 30,
    parameters: new Map(),
  });
  assert.equal(active === null ? "" : formatSubscriptionState(active), "active;expires=600;x=1");
  assert.equal(
    terminated === null ? "" : formatSubscriptionState(terminated),
    "terminated;reason=probation;retry-after=30",
  );
  for (const text of ["", ";expires=1", "active expires=1"])
    assert.equal(parseSubscriptionState(text), null, text);
});

test("RFC 3891 6.1: Replaces", () => {
  assert.deepEqual(
    parseReplaces(" 98732@sip.example.com ; from-tag=r33th4x0r ; to-tag=ff87ff;early-only;x=y"),
    {
      callId: "98732@sip.example.com",
      toTag: "ff87ff",
      fromTag: "r33th4x0r",
      earlyOnly: true,
      parameters: new Map([["x", "y"]]),
    },
  );
  for (const text of [
    "a;to-tag=1",
    "a;to-tag=1;from-tag=2;from-tag=2",
    "a;to-tag=1;from-tag",
    "a;to-tag=1;from-tag=2;early-only=1",
    "a@b@c;to-tag=1;from-tag=2",
    "@b;to-tag=1;from-tag=2",
    "a b;to-tag=1;from-tag=2",
    "a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2",
  ])
    assert.equal(parseReplaces(text), null, text);
});

test("RFC 3891 6.1: a Replaces value becomes text and the same value again", () => {
  const word = fc.stringMatching(/^[0-9A-Za-z\-.!%*_+`'~()<>:\\"/[\]?{}]{1,10}$/);
  const tag = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,8}$/);
  const values = fc.record(
    {
      callId: fc.tuple(word, fc.option(word)).map(([a, b]) => (b === null ? a : `${a}@${b}`)),
      toTag: tag,
      fromTag: tag,
      earlyOnly: fc.boolean(),
      parameters: fc.constant(new Map([["x", null]])),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(values, (value) => {
      assert.deepEqual(parseReplaces(formatReplaces(value)), value);
    }),
  );
});

test("RFC 7616 3.3: a challenge's parameters are plain text; all but algorithm and stale are quoted", () => {
  const text =
    'Digest realm="a \\"b\\", c", nonce="x==", algorithm=AKAv1-MD5, stale=false, qop="auth,auth-int"';
  const challenge = parseChallenge(text);
  assert.ok(challenge !== null);
  assert.equal(challenge.scheme, "Digest");
  assert.deepEqual(
    [...challenge.parameters],
    [
      ["realm", 'a "b", c'],
      ["nonce", "x=="],
      ["algorithm", "AKAv1-MD5"],
      ["stale", "false"],
      ["qop", "auth,auth-int"],
    ],
  );
  assert.equal(formatChallenge(challenge), text);
});

test("RFC 7616 3.4, TS 24.229 5.1.1.2.2: credentials, also empty ones", () => {
  const text =
    'Digest username="a@ims.example", realm="ims.example", nonce="", uri="sip:ims.example", response="", qop=auth, nc=00000001';
  const credentials = parseCredentials(text);
  assert.ok(credentials !== null);
  assert.equal(credentials.parameters.get("nonce"), "");
  assert.equal(credentials.parameters.get("qop"), "auth");
  assert.equal(formatCredentials(credentials), text);
  assert.equal(parseCredentials('digest a=1,b="2" , C = 3')?.parameters.get("c"), "3");
  assert.equal(
    parseCredentials("NoOneKnowsThisScheme opaque-data=here")?.parameters.get("opaque-data"),
    "here",
  );
});

test("RFC 3261 25.1: texts that are no challenge and no credentials", () => {
  for (const text of [
    "",
    " ",
    "Digest realm",
    "Digest realm=a realm=b",
    "Digest a=1,a=2",
    'Digest a="b',
    "Digest =a",
    "a/b c=d",
  ])
    assert.equal(parseCredentials(text), null, text);
});

test("RFC 7315 5.6: P-Charging-Vector", () => {
  const vector = parseChargingVector(
    'icid-value="1234bc9876e"; icid-generated-at=192.0.6.8; orig-ioi=home1.net',
  );
  assert.deepEqual(vector, {
    icid: "1234bc9876e",
    parameters: new Map([
      ["icid-generated-at", "192.0.6.8"],
      ["orig-ioi", "home1.net"],
    ]),
  });
  assert.equal(
    vector === null ? "" : formatChargingVector(vector),
    "icid-value=1234bc9876e;icid-generated-at=192.0.6.8;orig-ioi=home1.net",
  );
  assert.equal(formatChargingVector({ icid: "a b", parameters: new Map() }), 'icid-value="a b"');
  for (const text of ["", "icid-value", "icid-value=", "orig-ioi=a", ";icid-value=a"])
    assert.equal(parseChargingVector(text), null, text);
});

test("RFC 3261 20.15: Content-Type", () => {
  const type = parseContentType('Multipart / Mixed ; boundary="a b"');
  assert.deepEqual([type?.type, type?.subtype], ["multipart", "mixed"]);
  assert.equal(type === null ? null : parameterText(type.parameters, "boundary"), "a b");
  assert.equal(type === null ? "" : formatContentType(type), 'multipart/mixed;boundary="a b"');
  assert.equal(mediaType("Application/SDP;charset=x"), "application/sdp");
  for (const text of ["", "text", "text/", "/plain", "text/plain x", "text/plain;"])
    assert.equal(mediaType(text), null, text);
});

test("RFC 3261 25.1: quoted strings, and parameters changed", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(unquote(quoteText(text)), text);
    }),
  );
  assert.equal(unquote("a"), "a");
  assert.equal(unquote('"'), '"');
  const changed = withParameters(new Map([["a", "1"]]), { A: undefined, B: null, c: "2" });
  assert.deepEqual(
    [...changed],
    [
      ["b", null],
      ["c", "2"],
    ],
  );
});
