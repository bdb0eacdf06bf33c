// Building requests and responses. RFC 3261 8.1, 8.2.6, 12.1.1, 20.14.
import assert from "node:assert/strict";
import test from "node:test";
import {
  buildRequest,
  buildResponse,
  copyRequest,
  copyResponse,
  type HeaderPair,
  type SipMessage,
  type SipRequest,
} from "@liquid-ims/sip/message";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";

function text(message: SipMessage): string {
  return Buffer.from(serializeMessage(message)).toString();
}

function received(method: string, ...more: string[]): SipRequest {
  const result = parseMessage(
    Buffer.from(
      [
        `${method} sip:bob@b SIP/2.0`,
        "v:SIP/2.0/UDP p;branch=z9hG4bK2",
        "Via: SIP/2.0/UDP a;branch=z9hG4bK1",
        "Record-Route: <sip:p;lr>",
        "f: <sip:alice@a>;tag=1",
        "To:  Bob",
        " <sip:bob@b>",
        "Timestamp: 54",
        "Call-ID: 1@a",
        `CSeq: 7 ${method}`,
        ...more,
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n"),
    ),
  );
  assert.ok(result.ok && result.message.kind === "request");
  return result.message;
}

test("RFC 3261 8.1, 20.14: a request is written as built, with the length of its body", () => {
  const headers: HeaderPair[] = [
    ["To", "<sip:b>"],
    ["Max-Forwards", "70"],
  ];
  const request = buildRequest({ method: "OPTIONS", uri: "sip:b", headers });
  assert.equal(
    text(request),
    "OPTIONS sip:b SIP/2.0\r\nTo: <sip:b>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
  );
  const body = Buffer.from("\u00e9");
  const withBody = buildRequest({ method: "MESSAGE", uri: "sip:b", headers: request.headers, body });
  assert.ok(text(withBody).endsWith("Content-Length: 2\r\n\r\n\u00e9"));
  assert.equal(request.headers.get("Content-Length"), "0", "the given headers are not changed");
});

test("RFC 3261 8.2.6.2: a response has Via, From, To, Call-ID and CSeq of the request as they were", () => {
  const response = buildResponse(received("OPTIONS"), 404);
  assert.equal(
    text(response),
    [
      "SIP/2.0 404 Not Found",
      "v:SIP/2.0/UDP p;branch=z9hG4bK2",
      "Via: SIP/2.0/UDP a;branch=z9hG4bK1",
      "f: <sip:alice@a>;tag=1",
      "To:  Bob",
      " <sip:bob@b>",
      "Call-ID: 1@a",
      "CSeq: 7 OPTIONS",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n"),
  );
});

test("RFC 3261 8.2.6.2: a tag is added to To, but not to 100 and not to a To that has one", () => {
  const request = received("OPTIONS");
  assert.equal(buildResponse(request, 200, { toTag: "x" }).headers.get("To"), "Bob <sip:bob@b>;tag=x");
  assert.equal(buildResponse(request, 100, { toTag: "x" }).headers.get("To"), "Bob <sip:bob@b>");
  request.headers.set("To", "<sip:bob@b>;tag=y");
  assert.equal(buildResponse(request, 200, { toTag: "x" }).headers.get("To"), "<sip:bob@b>;tag=y");
});

test("RFC 3261 8.2.6.1: 100 has the Timestamp of the request", () => {
  assert.equal(buildResponse(received("INVITE"), 100).headers.get("Timestamp"), "54");
  assert.equal(buildResponse(received("INVITE"), 180).headers.has("Timestamp"), false);
});

test("RFC 3261 12.1.1: Record-Route goes into responses that make a dialog, and into no others", () => {
  const rows: readonly (readonly [method: string, status: number, has: boolean])[] = [
    ["INVITE", 100, false],
    ["INVITE", 180, true],
    ["INVITE", 200, true],
    ["SUBSCRIBE", 200, true],
    ["REFER", 202, true],
    ["INVITE", 302, false],
    ["INVITE", 486, false],
    ["OPTIONS", 200, false],
    ["BYE", 200, false],
  ];
  for (const [method, status, has] of rows)
    assert.equal(
      buildResponse(received(method), status).headers.has("Record-Route"),
      has,
      `${method} ${status}`,
    );
});

test("RFC 3261 8.2.6: further fields, body and reason of a response; unknown statuses have the class's words", () => {
  const headers: HeaderPair[] = [["Contact", "<sip:bob@b>"]];
  const response = buildResponse(received("INVITE"), 299, { headers, body: Buffer.from("hi") });
  assert.equal(response.reason, "OK");
  assert.equal(response.headers.get("Contact"), "<sip:bob@b>");
  assert.equal(response.headers.get("l"), "2");
  assert.equal(buildResponse(received("INVITE"), 500, { reason: "Tired" }).reason, "Tired");
});

test("RFC 3261 16.6: a copy may be changed, the original stays as it is", () => {
  const request = received("INVITE");
  const before = text(request);
  const copy = copyRequest(request, { uri: "sip:c", body: Buffer.from("abc") });
  copy.headers.prepend("Via", "SIP/2.0/UDP q");
  copy.headers.remove("Record-Route");
  assert.equal(copy.headers.get("Content-Length"), "3");
  assert.equal(copy.uri, "sip:c");
  assert.equal(text(request), before);
  const response = buildResponse(request, 200);
  const copied = copyResponse(response, { body: Buffer.from("x") });
  copied.headers.removeFirst("Via");
  assert.equal(response.headers.count("Via"), 2);
  assert.equal(copied.headers.get("Via"), "SIP/2.0/UDP a;branch=z9hG4bK1");
  assert.deepEqual([copied.headers.get("Content-Length"), copied.body.length], ["1", 1]);
  assert.equal(copyResponse(copied).body, copied.body);
});

test("RFC 3261 7: a line break in the start line is a fault of ours and is not sent", () => {
  const request = buildRequest({ method: "OPTIONS", uri: "sip:a SIP/2.0\r\nX: y" });
  assert.throws(() => serializeMessage(request), /line break/);
});
