// Header fields of a message. RFC 3261 7.3.
import assert from "node:assert/strict";
import test from "node:test";
import { type HeaderPair, Headers } from "@liquid-ims/sip/headers";
import { parseMessage } from "@liquid-ims/sip/parser";

function fields(headers: Headers): HeaderPair[] {
  return [...headers].map(({ name, value }): HeaderPair => [name, value]);
}

function received(...lines: string[]): Headers {
  const result = parseMessage(Buffer.from(["OPTIONS sip:a SIP/2.0", ...lines, "", ""].join("\r\n")));
  assert.ok(result.ok);
  return result.message.headers;
}

test("RFC 3261 7.3.1: names are compared without regard to case", () => {
  const headers = Headers.from([["call-id", "1"]]);
  assert.equal(headers.get("Call-ID"), "1");
  assert.ok(headers.has("CALL-ID"));
  assert.equal(headers.get("Call-Info"), undefined);
});

test("RFC 3261 7.3.3: a compact name is the same field as the long one", () => {
  const pairs: readonly HeaderPair[] = [
    ["i", "Call-ID"],
    ["m", "Contact"],
    ["e", "Content-Encoding"],
    ["l", "Content-Length"],
    ["c", "Content-Type"],
    ["f", "From"],
    ["s", "Subject"],
    ["k", "Supported"],
    ["t", "To"],
    ["v", "Via"],
    ["o", "Event"],
    ["u", "Allow-Events"],
    ["r", "Refer-To"],
    ["b", "Referred-By"],
    ["x", "Session-Expires"],
    ["a", "Accept-Contact"],
    ["j", "Reject-Contact"],
    ["d", "Request-Disposition"],
  ];
  for (const [compact, long] of pairs) {
    assert.equal(Headers.from([[compact, "x"]]).get(long), "x", long);
    assert.equal(Headers.from([[long, "x"]]).get(compact.toUpperCase()), "x", long);
  }
  assert.equal(Headers.from([["z", "x"]]).get("Z"), "x");
});

test("RFC 3261 7.3.1: lists are split at commas that separate, in the order of the fields", () => {
  const headers = Headers.from([
    ["Route", '"a, b" <sip:p1;lr>, <sip:p2,x;lr>'],
    ["X", "1"],
    ["route", "<sip:p3>"],
  ]);
  assert.deepEqual(headers.values("Route"), ['"a, b" <sip:p1;lr>', "<sip:p2,x;lr>", "<sip:p3>"]);
  assert.deepEqual(headers.all("Route"), ['"a, b" <sip:p1;lr>, <sip:p2,x;lr>', "<sip:p3>"]);
  assert.deepEqual(Headers.from([["Supported", " , a,,b ,"]]).values("k"), ["a", "b"]);
  assert.deepEqual(Headers.from([["Supported", ""]]).values("k"), []);
  assert.deepEqual(Headers.from([["Contact", '"\\", <" <sip:a>, <sip:b>']]).values("m"), [
    '"\\", <" <sip:a>',
    "<sip:b>",
  ]);
});

test("RFC 3261 7.3: set, add, prepend and remove keep the order of the others", () => {
  const headers = Headers.from([
    ["Via", "1"],
    ["To", "t"],
    ["v", "2"],
    ["Subject", "s"],
  ]);
  headers.prepend("Via", "0");
  headers.prepend("Record-Route", "<sip:p>");
  headers.set("to", "u");
  headers.add("X", "y");
  assert.deepEqual(fields(headers), [
    ["Record-Route", "<sip:p>"],
    ["Via", "0"],
    ["Via", "1"],
    ["to", "u"],
    ["v", "2"],
    ["Subject", "s"],
    ["X", "y"],
  ]);
  headers.set("Record-Route", "<sip:q>");
  assert.equal([...headers][0]?.value, "<sip:q>");
  headers.set("Via", "9");
  assert.deepEqual(headers.all("Via"), ["9"]);
  assert.equal(headers.remove("subject"), true);
  assert.equal(headers.remove("subject"), false);
  assert.equal(headers.count("Subject"), 0);
});

test("RFC 3261 16.12: removeFirst takes one value of a list and leaves the rest", () => {
  const headers = Headers.from([
    ["Route", "<sip:a;lr> , <sip:b;lr>"],
    ["Route", ",<sip:c;lr>"],
  ]);
  assert.equal(headers.removeFirst("Route"), "<sip:a;lr>");
  assert.deepEqual(headers.all("Route"), ["<sip:b;lr>", ",<sip:c;lr>"]);
  assert.equal(headers.removeFirst("Route"), "<sip:b;lr>");
  assert.equal(headers.removeFirst("Route"), "<sip:c;lr>");
  assert.equal(headers.removeFirst("Route"), undefined);
  assert.equal(headers.has("Route"), false);
});

test("RFC 3261 7.3: a field nobody changed keeps its bytes, a changed one is written anew", () => {
  const headers = received("v :  SIP/2.0/UDP  a", "SUBJECT:x", " y", "l:0");
  const copy = headers.clone();
  copy.set("Subject", "x y");
  assert.equal(copy.format(), "v :  SIP/2.0/UDP  a\r\nSUBJECT:x\r\n y\r\nl:0\r\n");
  copy.set("Subject", "z");
  copy.prepend("Via", "SIP/2.0/UDP b");
  assert.equal(copy.format(), "Via: SIP/2.0/UDP b\r\nv :  SIP/2.0/UDP  a\r\nSubject: z\r\nl:0\r\n");
  assert.equal(headers.get("Subject"), "x y");
});

test("RFC 3261 25.1: what would break a header field apart cannot be put into one", () => {
  const headers = new Headers();
  assert.throws(() => headers.add("Subject", "a\r\nVia: x"), /line break/);
  assert.throws(() => headers.set("Subject", "a\nb"), /line break/);
  assert.throws(() => headers.prepend("Sub ject", "a"), /token/);
  assert.throws(() => Headers.from([["", "a"]]), /token/);
  assert.equal(headers.format(), "");
});
