// The answers owed. RFC 3261 8.1.1, 8.2.2, 16.3, 20; RFC 4475 3.3.
import assert from "node:assert/strict";
import test from "node:test";
import type { SipMessage } from "@liquid-ims/sip/message";
import { parseMessage } from "@liquid-ims/sip/parser";
import { validateDialogContact, validateRequest, validateResponse } from "@liquid-ims/sip/validate";

const good: Readonly<Record<string, string>> = {
  Via: "SIP/2.0/UDP a;branch=z9hG4bK1",
  From: "<sip:alice@a>;tag=1",
  To: "<sip:bob@b>",
  "Call-ID": "1@a",
  CSeq: "1 INVITE",
  "Max-Forwards": "70",
  Contact: "<sip:alice@a>",
};

function read(
  startLine: string,
  changes: Readonly<Record<string, string>> = {},
  more: string[] = [],
): SipMessage {
  const lines = Object.entries({ ...good, ...changes }).flatMap(([name, value]) =>
    value === "absent" ? [] : [`${name}: ${value}`],
  );
  const result = parseMessage(Buffer.from([startLine, ...lines, ...more, "l: 0", "", ""].join("\r\n")));
  assert.ok(result.ok);
  return result.message;
}

function owed(
  startLine: string,
  changes: Readonly<Record<string, string>> = {},
  more: string[] = [],
): number | null {
  const message = read(startLine, changes, more);
  assert.ok(message.kind === "request");
  return validateRequest(message)?.status ?? null;
}

const invite = "INVITE sip:bob@b SIP/2.0";

test("RFC 3261 8.1.1: a request with all that is needed is owed nothing", () => {
  assert.equal(owed(invite), null);
  assert.equal(owed("INVITE tel:+12015550123 SIP/2.0"), null);
  assert.equal(owed(invite, { "Max-Forwards": "absent", Contact: "absent" }), null);
});

test("RFC 3261 8.1.1: a field that is missing is owed 400", () => {
  for (const name of ["Via", "From", "To", "Call-ID", "CSeq"])
    assert.equal(owed(invite, { [name]: "absent" }), 400, name);
});

test("RFC 3261 7.3.1, RFC 4475 3.3.8: a field that may be there once only is owed 400 when it comes twice", () => {
  for (const name of ["From", "To", "Call-ID", "CSeq", "Max-Forwards"])
    assert.equal(owed(invite, {}, [`${name}: ${good[name] ?? ""}`]), 400, name);
});

test("RFC 3261 8.2: a malformed field that is acted on is owed 400", () => {
  const rows: readonly (readonly [name: string, value: string])[] = [
    ["From", "alice"],
    ["From", "<sip:alice@a;x=>"],
    ["To", '"Bob <sip:bob@b>'],
    ["Call-ID", "a b"],
    ["Call-ID", ""],
    ["CSeq", "INVITE"],
    ["CSeq", "2147483648 INVITE"],
    ["CSeq", "1 OPTIONS"],
    ["Via", "SIP/2.0/UDP a;;"],
    ["Via", ""],
    ["Max-Forwards", "256"],
    ["Max-Forwards", "-1"],
    ["Max-Forwards", "x"],
    ["Contact", "<sip:alice@a>;;"],
    ["Contact", "*, <sip:a>"],
    ["Route", "<sip:p;lr>, nonsense"],
    ["Record-Route", "<sip:p:99999>"],
    ["Path", "x"],
  ];
  for (const [name, value] of rows) assert.equal(owed(invite, { [name]: value }), 400, `${name}: ${value}`);
});

test("RFC 3261 20.19, 20.17: malformed Expires and Date have defaults, they are owed nothing", () => {
  assert.equal(owed(invite, { Expires: "soon", Date: "yesterday" }), null);
});

test("RFC 3261 8.2.2.1, 19.1.1: Request-URIs", () => {
  const rows: readonly (readonly [uri: string, status: number | null])[] = [
    ["sip:bob@[::1]:5060;lr", null],
    ["sip:bob@b?Subject=x", 400],
    ["sip:bob@b;x=1;x=2", 400],
    ["<sip:bob@b>", 400],
    ["sip:bob@b; lr", 400],
    ["bob@b", 400],
    ["tel:", 400],
    ["urn:service:sos", 416],
    ["http://a", 416],
  ];
  for (const [uri, status] of rows) assert.equal(owed(`INVITE ${uri} SIP/2.0`), status, uri);
  const message = read("INVITE urn:service:sos SIP/2.0");
  assert.ok(message.kind === "request");
  assert.equal(validateRequest(message, { schemes: ["urn"] }), null);
});

test("RFC 4475 3.1.2.18: an unknown method that contradicts its CSeq is owed 501", () => {
  assert.equal(owed("NEWMETHOD sip:bob@b SIP/2.0"), 501);
  assert.equal(owed("NEWMETHOD sip:bob@b SIP/2.0", { CSeq: "x INVITE" }), 400);
});

test("RFC 3261 8.1.3: a malformed response is dropped", () => {
  const check = (changes: Readonly<Record<string, string>>) => {
    const message = read("SIP/2.0 200 OK", changes);
    assert.ok(message.kind === "response");
    return validateResponse(message);
  };
  assert.equal(check({}), null);
  assert.equal(check({ "Retry-After": "949302838503028349304023988" }), null);
  assert.match(check({ CSeq: "9292394834772304023312 OPTIONS" })?.detail ?? "", /CSeq/);
  assert.match(check({ Via: "absent" })?.detail ?? "", /Via/);
});

test("RFC 3261 8.1.1.8: a request that would make a dialog has exactly one Contact", () => {
  const rows: readonly (readonly [contact: string, status: number | null])[] = [
    ["<sip:a>", null],
    ["absent", 400],
    ["<sip:a>, <sip:b>", 400],
    ["*", 400],
  ];
  for (const [contact, status] of rows) {
    const message = read(invite, { Contact: contact });
    assert.ok(message.kind === "request");
    assert.equal(validateDialogContact(message)?.status ?? null, status, contact);
  }
});
