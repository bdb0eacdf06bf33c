// Reading messages. RFC 3261 7, 18.3; details that RFC 4475 asks for.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { parseContacts } from "@liquid-ims/sip/header/contact";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { addressUri, parseNameAddress, tagOf } from "@liquid-ims/sip/header/name-address";
import { parseVia } from "@liquid-ims/sip/header/via";
import type { SipMessage, SipRequest } from "@liquid-ims/sip/message";
import { buildResponse } from "@liquid-ims/sip/message";
import { type ParseError, parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { leftOut, readBytes, testData } from "../support/test-data.ts";

function bytes(...lines: string[]): Uint8Array {
  return new Uint8Array(Buffer.from(lines.join("\r\n"), "latin1"));
}

function accept(data: Uint8Array): SipMessage {
  const result = parseMessage(data);
  assert.ok(result.ok, result.ok ? "" : result.error.detail);
  return result.message;
}

function acceptRequest(data: Uint8Array): SipRequest {
  const message = accept(data);
  assert.equal(message.kind, "request");
  return message.kind === "request" ? message : assert.fail();
}

function refuse(data: Uint8Array): ParseError {
  const result = parseMessage(data);
  assert.ok(!result.ok, "must be refused");
  return result.error;
}

const via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1";

test("RFC 3261 7: method, Request-URI, header fields and body of a request", () => {
  const request = acceptRequest(
    bytes("MESSAGE sip:bob@biloxi.example SIP/2.0", via, "l: 5", "Content-Type: text/plain", "", "hello"),
  );
  assert.equal(request.method, "MESSAGE");
  assert.equal(request.uri, "sip:bob@biloxi.example");
  assert.equal(request.headers.get("CONTENT-LENGTH"), "5");
  assert.deepEqual(
    [...request.headers].map((field) => field.name),
    ["Via", "l", "Content-Type"],
  );
  assert.equal(Buffer.from(request.body).toString(), "hello");
});

test("RFC 3261 7.2: status and reason of a response; the reason may be empty", () => {
  const ringing = accept(bytes("SIP/2.0 180 Ringing", via, "", ""));
  assert.ok(ringing.kind === "response");
  assert.deepEqual([ringing.status, ringing.reason], [180, "Ringing"]);
  const empty = accept(bytes("SIP/2.0 100 ", via, "", ""));
  assert.ok(empty.kind === "response");
  assert.deepEqual([empty.status, empty.reason], [100, ""]);
});

test("RFC 3261 7.3.1: a folded value is one line; the message keeps the folds", () => {
  const data = bytes(
    "OPTIONS sip:a SIP/2.0",
    via,
    "Subject: one \t",
    "\t two",
    "  ",
    " three",
    "l:0",
    "",
    "",
  );
  const request = acceptRequest(data);
  assert.equal(request.headers.get("s"), "one two  three");
  assert.deepEqual(serializeMessage(request), data);
});

test("RFC 3261 7.5: empty lines before a message are skipped", () => {
  assert.equal(acceptRequest(bytes("", "", "OPTIONS sip:a SIP/2.0", "l:0", "", "")).method, "OPTIONS");
  assert.deepEqual(refuse(bytes("", "", "")), {
    code: "empty",
    detail: "nothing but empty lines",
    owed: null,
  });
  assert.equal(refuse(new Uint8Array(0)).code, "empty");
});

test("RFC 3261 18.3: in a datagram the body is what Content-Length says, without it the rest", () => {
  assert.equal(accept(bytes("OPTIONS sip:a SIP/2.0", "l: 2", "", "abcd")).body.length, 2);
  assert.equal(accept(bytes("OPTIONS sip:a SIP/2.0", "", "abcd")).body.length, 4);
  assert.equal(accept(bytes("OPTIONS sip:a SIP/2.0", "l:", " 0", "", "abcd")).body.length, 0);
  const short = refuse(bytes("OPTIONS sip:a SIP/2.0", via, "l: 5", "", "abcd"));
  assert.equal(short.code, "truncated-body");
  assert.equal(short.owed?.status, 400);
});

test("RFC 3261 20.14: Content-Length that is no number, or comes twice, is refused", () => {
  for (const lines of [
    ["l: -1"],
    ["l: +1"],
    ["l: 1 1"],
    ["l: 0x1"],
    ["l: 1e1"],
    ["l:"],
    ["l: 1,1"],
    ["l: 1", "l: 1"],
  ])
    assert.equal(
      refuse(bytes("OPTIONS sip:a SIP/2.0", via, ...lines, "", "a")).code,
      "malformed-content-length",
    );
});

test("RFC 3261 7.1: SIP-Version is compared without regard to case and written in upper case", () => {
  const request = acceptRequest(bytes("OPTIONS sip:a sip/2.0", "l:0", "", ""));
  assert.deepEqual(serializeMessage(request), bytes("OPTIONS sip:a SIP/2.0", "l:0", "", ""));
});

test("RFC 3261 21.5.6: another version is owed 505, a response of another version nothing", () => {
  for (const version of ["SIP/3.0", "SIP/2.1", "SIP/02.0", "SIP/2.00"]) {
    const error = refuse(bytes(`OPTIONS sip:a ${version}`, via, "l:0", "", ""));
    assert.deepEqual([error.code, error.owed?.status], ["unsupported-version", 505], version);
  }
  assert.equal(refuse(bytes("SIP/3.0 200 OK", via, "l:0", "", "")).owed, null);
});

test("RFC 3261 7.2: a status that is none is refused and owed nothing", () => {
  for (const line of [
    "SIP/2.0 20 OK",
    "SIP/2.0 099 x",
    "SIP/2.0 700 x",
    "SIP/2.0 2000 OK",
    "SIP/2.0",
    "SIP/2.0 -20 x",
  ]) {
    const error = refuse(bytes(line, via, "l:0", "", ""));
    assert.deepEqual([error.code, error.owed], ["malformed-status", null], line);
  }
});

test("RFC 3261 8.2, 17.1.1.3: an answer is owed only when it can be sent, and never for an ACK", () => {
  assert.equal(refuse(bytes("OPTIONS sip:a", via, "l:0", "", "")).owed?.status, 400);
  assert.equal(refuse(bytes("OPTIONS sip:a", "l:0", "", "")).owed, null);
  assert.equal(refuse(bytes("OPTIONS sip:a", "Via: nonsense", "l:0", "", "")).owed, null);
  assert.equal(refuse(bytes("ACK sip:a", via, "l:0", "", "")).owed, null);
  assert.equal(refuse(bytes("complete nonsense")).owed, null);
});

test("RFC 3261 7.3: lines that are no header fields are refused, the answer can still be built", () => {
  for (const line of [
    "nonsense",
    ": no name",
    "two words: x",
    " fold of nothing",
    "\u00e9: x",
    "a\u0000: x",
  ]) {
    const error = refuse(bytes("OPTIONS sip:a SIP/2.0", line, via, "Call-ID: 1", "l:0", "", ""));
    assert.equal(error.code, "malformed-header", line);
    assert.ok(error.owed !== null);
    const answer = buildResponse(error.owed.request, error.owed.status);
    assert.equal(answer.headers.get("Call-ID"), "1");
  }
});

test("RFC 3261 7: a lone CR or LF is refused and never passed on", () => {
  for (const [line, code] of [
    ["Subject: a\nX: b", "malformed-header"],
    ["Subject: a\rX: b", "malformed-header"],
    ["Subject: a\rXX: b", "malformed-header"],
    ["Subject: a\n\nX: b", "malformed-header"],
    ["Subject: a\r", "malformed-header"],
    ["To: <sip:a>\n\r\nFrom: <sip:b>", "malformed-header"],
  ] as const) {
    const error = refuse(bytes("OPTIONS sip:a SIP/2.0", via, line, "l:0", "", ""));
    assert.equal(error.code, code);
    assert.ok(error.owed !== null);
    const answer = Buffer.from(
      serializeMessage(buildResponse(error.owed.request, 400, { toTag: "x" })),
    ).toString();
    assert.doesNotMatch(answer, /[^\r]\n|\r[^\n]/);
  }
  assert.equal(refuse(bytes("\rOPTIONS sip:a SIP/2.0", via, "l:0", "", "")).code, "malformed-start-line");
  assert.equal(refuse(bytes("\n\nOPTIONS sip:a SIP/2.0", via, "l:0", "", "")).code, "malformed-start-line");
  assert.equal(refuse(bytes("OPTIONS sip:a\nSIP/2.0", via, "l:0", "", "")).code, "malformed-start-line");
});

test("RFC 3261 25.1: a head without its empty line is refused", () => {
  assert.equal(refuse(bytes("OPTIONS sip:a SIP/2.0", via, "l:0", "")).code, "truncated-head");
  assert.equal(refuse(bytes("OPTIONS sip:a SIP/2.0")).code, "malformed-start-line");
});

test("RFC 3261 7.3: bytes that are no UTF-8, NUL and unknown fields survive", () => {
  const data = bytes(
    "OPTIONS sip:\u00e9@a SIP/2.0",
    "x-\u0021: \u00ff\u00fe\u0000 \u00c3\u00a9",
    "l:0",
    "",
    "",
  );
  assert.deepEqual(serializeMessage(accept(data)), data);
});

test("RFC 3261 7.3.1: a message keeps no hold of the bytes it came from", () => {
  const plain = bytes("OPTIONS sip:a SIP/2.0", "Subject: mine", "l:3", "", "abc");
  for (const data of [plain, Buffer.from(plain)]) {
    const message = accept(data);
    data.fill(0x78);
    assert.deepEqual(
      serializeMessage(message),
      bytes("OPTIONS sip:a SIP/2.0", "Subject: mine", "l:3", "", "abc"),
    );
    assert.equal(message.body.buffer.byteLength, 3);
  }
});

function torture(name: string): SipMessage | null {
  const folder = testData("rfc4475");
  return folder === null ? null : accept(readBytes(join(folder, name)));
}

test("RFC 4475 3.1.1.1: wsinv means what the RFC says it means", (context) => {
  const message = torture("wsinv.dat");
  if (message === null) return leftOut(context, 1, "message of RFC 4475");
  const { headers } = message;
  assert.equal(Number(headers.get("Max-Forwards")), 68);
  assert.deepEqual(parseCSeq(headers.get("CSeq") ?? ""), { sequence: 9, method: "INVITE" });
  assert.equal(addressUri(headers.get("To") ?? ""), "sip:vivekg@chair-dnrc.example.com");
  assert.equal(tagOf(headers.get("To") ?? ""), "1918181833n");
  assert.equal(parseNameAddress(headers.get("From") ?? "")?.displayName, 'J Rosenberg \\"');
  assert.equal(tagOf(headers.get("From") ?? ""), "98asjd8");
  assert.equal(headers.get("Subject"), "");
  assert.equal(headers.get("NewFangledHeader"), "newfangled value continued newfangled value");
  const vias = headers.values("Via").map((value) => parseVia(value));
  assert.deepEqual(
    vias.map((value) => [value?.protocol, value?.transport, value?.host, value?.parameters.get("branch")]),
    [
      ["SIP/2.0", "UDP", "192.0.2.2", "390skdjuw"],
      ["SIP/2.0", "TCP", "spindle.example.com", "z9hG4bK9ikj8"],
      ["SIP/2.0", "UDP", "192.168.255.111", "z9hG4bK30239"],
    ],
  );
  const contacts = parseContacts(headers);
  assert.ok(Array.isArray(contacts));
  assert.equal(contacts[0]?.displayName, 'Quoted string ""');
  assert.deepEqual(
    [...(contacts[0]?.parameters ?? [])],
    [
      ["newparam", "newvalue"],
      ["secondparam", null],
      ["q", "0.33"],
    ],
  );
  assert.equal(message.body.length, 150);
});

test("RFC 4475 3.1.1.3, 3.1.1.5, 3.1.1.9: escapes are undone where they mean the same, nowhere else", (context) => {
  const message = torture("esc01.dat");
  const second = torture("esc02.dat");
  const third = torture("semiuri.dat");
  if (message?.kind !== "request" || second === null || third?.kind !== "request")
    return leftOut(context, 3, "messages of RFC 4475");
  assert.equal(parseSipUri(message.uri)?.user, "sips%3Auser%40example.com");
  const contact = parseSipUri(addressUri(message.headers.get("Contact") ?? ""));
  assert.deepEqual([...(contact?.parameters.keys() ?? [])], ["lr", "name"]);
  assert.equal(second.kind === "request" && second.method, "RE%47IST%45R");
  assert.equal(second.headers.count("Contact"), 2);
  assert.equal(parseSipUri(third.uri)?.user, "user;par=u%40example.net");
});

test("RFC 4475 3.1.1.8: of two requests in a datagram only the first is read", (context) => {
  const message = torture("dblreq.dat");
  if (message?.kind !== "request") return leftOut(context, 1, "message of RFC 4475");
  assert.deepEqual([message.method, message.body.length], ["REGISTER", 0]);
});

test("RFC 4475 3.3.12, 3.3.13: a parameter without brackets is the Contact's, within them the URI's", (context) => {
  const first = torture("cparam01.dat");
  const second = torture("cparam02.dat");
  if (first === null || second === null) return leftOut(context, 2, "messages of RFC 4475");
  const parse = (message: SipMessage) => parseNameAddress(message.headers.get("Contact") ?? "");
  assert.equal(parse(first)?.uri, "sip:+19725552222@gw1.example.net");
  assert.ok(parse(first)?.parameters.has("unknownparam"));
  assert.equal(parse(second)?.uri, "sip:+19725552222@gw1.example.net;unknownparam");
  assert.equal(parse(second)?.parameters.size, 0);
});
