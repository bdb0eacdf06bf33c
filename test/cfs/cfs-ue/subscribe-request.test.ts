// The answers owed to a SUBSCRIBE before anything in it is believed. RFC 6665 4.2.1, 7.2; RFC 3261 8.2; cfs-ue 2.
import assert from "node:assert/strict";
import test from "node:test";
import { grantExpires, pCscfOf, readSubscribe } from "@liquid-ims/cfs/cfs-ue/subscribe-request";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildRequest, type HeaderPair } from "@liquid-ims/sip/message";

const limits = { shortestExpires: 60, longestExpires: 3500 };

function subscribe(changes: Readonly<Record<string, string | null>> = {}, body = "") {
  const headers: Record<string, string | null> = {
    From: "<sip:alice@open-ims.test>;tag=a",
    To: "<sip:cfs.open-ims.test>",
    "Call-ID": "call",
    CSeq: "1 SUBSCRIBE",
    Contact: "<sip:ue@127.0.3.1>",
    Event: "liquid-ims",
    Accept: "application/jose",
    Expires: "3500",
    ...(body === "" ? {} : { "Content-Type": "application/jose" }),
    ...changes,
  };
  const fields = Object.entries(headers).flatMap(([name, value]): HeaderPair[] =>
    value === null ? [] : [[name, value]],
  );
  return buildRequest({
    method: "SUBSCRIBE",
    uri: "sip:cfs.open-ims.test",
    headers: fields,
    body: encodeText(body),
  });
}

function refusal(changes: Readonly<Record<string, string | null>>, body = "") {
  const reading = readSubscribe(subscribe(changes, body), limits);
  assert.equal(reading.ok, false);
  return reading.ok ? null : reading.rejection;
}

test("2: one that asks for what we have is read", () => {
  const reading = readSubscribe(subscribe({ Event: "liquid-ims;id=7" }, "a.b.c"), limits);
  assert.ok(reading.ok);
  const { event, expires, body, callId, fromTag, toTag, contact } = reading.subscribe;
  assert.deepEqual(
    { event, expires, body, callId, fromTag, toTag, contact },
    {
      event: "liquid-ims;id=7",
      expires: 3500,
      body: "a.b.c",
      callId: "call",
      fromTag: "a",
      toTag: null,
      contact: "sip:ue@127.0.3.1",
    },
  );
});

test("6665 7.2.3: another event, or none: 489 with Allow-Events", () => {
  for (const Event of ["reg", "liquid-ims.winfo", "presence;id=1", null, ";"]) {
    const rejection = refusal({ Event });
    assert.equal(rejection?.status, 489, String(Event));
    assert.deepEqual(rejection?.headers, [["Allow-Events", "liquid-ims"]]);
  }
});

test("3261 20.1: Accept without application/jose: 406; none, or a range: read", () => {
  assert.equal(refusal({ Accept: "application/pidf+xml" })?.status, 406);
  assert.equal(refusal({ Accept: "application/jose;q=0" })?.status, 406);
  for (const Accept of [null, "*/*", "application/*", "text/plain, application/JOSE;q=0.5"])
    assert.ok(readSubscribe(subscribe({ Accept }), limits).ok, String(Accept));
});

test("2: Expires below 60 s: 423 with Min-Expires; above 3,500: 3,500; none: 3,500; 0 is allowed", () => {
  const rejection = refusal({ Expires: "59" });
  assert.equal(rejection?.status, 423);
  assert.deepEqual(rejection?.headers, [["Min-Expires", "60"]]);
  for (const [Expires, granted] of [
    ["60", 60],
    ["3500", 3500],
    ["3501", 3500],
    ["99999999999", 3500],
    [null, 3500],
    ["0", 0],
  ] as const) {
    const reading = readSubscribe(subscribe({ Expires }), limits);
    assert.equal(reading.ok && reading.subscribe.expires, granted, String(Expires));
  }
  assert.equal(refusal({ Expires: "soon" })?.status, 400);
  assert.equal(grantExpires(0, limits), 0);
});

test("3261 8.2.2.3, 8.2.3: Require 420, another body 415", () => {
  const required = refusal({ Require: "replaces, x" });
  assert.equal(required?.status, 420);
  assert.deepEqual(required?.headers, [["Unsupported", "replaces, x"]]);
  const other = refusal({ "Content-Type": "text/plain" }, "hello");
  assert.equal(other?.status, 415);
  assert.deepEqual(other?.headers, [["Accept", "application/jose"]]);
  assert.equal(refusal({ "Content-Encoding": "gzip" }, "a.b.c")?.status, 415);
  assert.equal(refusal({ "Content-Type": null }, "a.b.c")?.status, 415);
});

test("3261 12.1.1: without From tag no dialog: 400", () => {
  assert.equal(refusal({ From: "<sip:alice@open-ims.test>" })?.status, 400);
});

test("6: the P-CSCF is the last Record-Route entry, by its name in the table", () => {
  const table = createFunctionTable([{ name: "pcscf1.home:4060", addresses: ["127.0.1.1"] }]);
  const route = (text: string | null) => pCscfOf(subscribe({ "Record-Route": text }), table);
  assert.equal(route("<sip:mo@scscf1.home:6060;lr>, <sip:mo@127.0.1.1:4060;lr>"), "pcscf1.home:4060");
  assert.equal(route("<sip:PCSCF1.home:4060;lr>"), "pcscf1.home:4060");
  assert.equal(route("<sip:127.0.1.9:4060;lr>"), "127.0.1.9:4060");
  assert.equal(route(null), null);
  assert.equal(route("<tel:+1>"), null);
});
