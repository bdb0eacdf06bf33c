// URIs. RFC 3261 19.1, RFC 3966, RFC 5118.
import assert from "node:assert/strict";
import test from "node:test";
import {
  equalSipUris,
  formatSipUri,
  normalizeTel,
  parseHostPort,
  parseSipUri,
  type SipUri,
  schemeOf,
} from "@liquid-ims/sip/uri";
import fc from "fast-check";

function parse(text: string): SipUri {
  const uri = parseSipUri(text);
  assert.ok(uri !== null, text);
  return uri;
}

test("RFC 3261 19.1.1: the parts of a URI", () => {
  assert.deepEqual(parse("sips:alice:secret@[2001:db8::1]:5061;transport=TCP;lr?Subject=a%20b&x="), {
    scheme: "sips",
    user: "alice",
    password: "secret",
    host: "2001:db8::1",
    port: 5061,
    parameters: new Map([
      ["transport", "TCP"],
      ["lr", null],
    ]),
    headers: "Subject=a%20b&x=",
  });
  assert.deepEqual(parse("SIP:example.com"), {
    scheme: "sip",
    user: null,
    password: null,
    host: "example.com",
    port: null,
    parameters: new Map(),
    headers: null,
  });
});

test("RFC 3261 19.1.1, 25.1: user parts may hold reserved characters", () => {
  assert.equal(parse("sip:user;par=u%40example.net@example.com").user, "user;par=u%40example.net");
  const odd = parse(
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d@example.com",
  );
  assert.equal(odd.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  assert.equal(odd.password, "&it+has=1,weird!*pas$wo~d");
  assert.equal(parse("sip:+1-212-555-1212:1234@gateway.com;user=phone").password, "1234");
  assert.equal(parse("sip:%00@a").user, "%00");
});

test("RFC 3261 25.1: texts that are no SIP URI", () => {
  for (const text of [
    "",
    "sip:",
    "sip",
    "tel:+1",
    "sip:@a",
    "sip:a@",
    "sip:a@b@c",
    "sip:a b@c",
    "sip:a@b c",
    "sip:a@b;",
    "sip:a@b;;lr",
    "sip:a@b;=1",
    "sip:a@b;x=",
    "sip:a@b;x=1;X=2",
    "sip:a@b:",
    "sip:a@b:65536",
    "sip:a@b:x",
    "sip:a@b:-1",
    "sip:a%4@b",
    "sip:a%zz@b",
    "sip:a@b?",
    "sip:<a@b>",
    'sip:"a"@b',
    "sip:a@2001:db8::1",
    "sip:a@[2001:db8::1",
    "sip:a@[192.0.2.1]",
    "sip:a@[]",
    "sip:a@[::1]x",
    "sip:a@b\u0000",
    "sip:a@b/c",
  ])
    assert.equal(parseSipUri(text), null, text);
});

const pairs = (texts: readonly string[]): (readonly [SipUri, SipUri, string])[] =>
  texts.map((text) => {
    const [a = "", b = ""] = text.split(" ");
    return [parse(a), parse(b), text];
  });

test("RFC 3261 19.1.4: URIs that are equal", () => {
  for (const [a, b, text] of pairs([
    "sip:%61lice@atlanta.com;transport=TCP sip:alice@AtLanTa.CoM;Transport=tcp",
    "sip:carol@chicago.com sip:carol@chicago.com;newparam=5",
    "sip:carol@chicago.com sip:carol@chicago.com;security=on",
    "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    "sip:alice@atlanta.com?subject=project%20x&priority=urgent sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    "sip:a@[2001:db8::1] sip:a@[2001:0DB8:0:0::0.0.0.1]",
    "sip:a@b;%6Cr sip:a@b;lr",
    "sip:%30%39%2D%5F%2E%21%7E%2A%27%28%29%41%7a@b sip:09-_.!~*'()Az@b",
    "sip:a%2fb@c sip:a%2Fb@c",
    "sip:a@b?Subject=x sip:a@b?subject=x",
  ])) {
    assert.ok(equalSipUris(a, b), text);
    assert.ok(equalSipUris(b, a), text);
  }
});

test("RFC 3261 19.1.4: URIs that are not equal", () => {
  for (const [a, b, text] of pairs([
    "SIP:ALICE@AtLanTa.CoM;Transport=udp sip:alice@AtLanTa.CoM;Transport=UDP",
    "sip:bob@biloxi.com sip:bob@biloxi.com:5060",
    "sip:bob@biloxi.com sip:bob@biloxi.com;transport=udp",
    "sip:bob@biloxi.com sip:bob@biloxi.com:6000;transport=tcp",
    "sip:carol@chicago.com sip:carol@chicago.com?Subject=next%20meeting",
    "sip:bob@phone21.boxesbybob.com sip:bob@192.0.2.4",
    "sip:carol@chicago.com;security=on sip:carol@chicago.com;security=off",
    "sip:a@b sips:a@b",
    "sip:a@b sip:a:x@b",
    "sip:a@b sip:b",
    "sip:a@b;maddr=192.0.2.1 sip:a@b",
    "sip:a@b;ttl=1 sip:a@b",
    "sip:a@b;user=phone sip:a@b",
    "sip:null-%00@a sip:null-%00%00@a",
    "sip:a%40b@c sip:a%41b@c",
    "sip:a@b?subject=x sip:a@b?subject=X",
  ])) {
    assert.ok(!equalSipUris(a, b), text);
    assert.ok(!equalSipUris(b, a), text);
  }
});

test("RFC 3986 3.2.2, RFC 5118 4: host and port", () => {
  assert.deepEqual(parseHostPort("[2001:db8::10:5070]"), { host: "2001:db8::10:5070", port: null });
  assert.deepEqual(parseHostPort("[2001:db8::10]:5070"), { host: "2001:db8::10", port: 5070 });
  assert.deepEqual(parseHostPort("[::ffff:192.0.2.1]:0"), { host: "::ffff:192.0.2.1", port: 0 });
  assert.deepEqual(parseHostPort("a.example:65535"), { host: "a.example", port: 65_535 });
  for (const text of ["", ":1", "a:", "a:1:2", "::1", "[::1", "[::1]1", "a b", "[2001:db8:::192.0.2.1]"])
    assert.equal(parseHostPort(text), null, text);
});

test("RFC 3966 4: telephone numbers are compared without separators, parameters in any order", () => {
  assert.equal(normalizeTel("tel:+1-201-555-0123"), "tel:+12015550123");
  assert.equal(normalizeTel("TEL:+1.201(555)0123;B=2;ext=1-2"), "tel:+12015550123;b=2;ext=12");
  assert.equal(normalizeTel("tel:7042;phone-context=Example.COM"), "tel:7042;phone-context=example.com");
  assert.equal(normalizeTel("tel:863-1234;phone-context=+1-914"), "tel:8631234;phone-context=+1914");
  assert.equal(normalizeTel("tel:*#aB"), "tel:*#ab");
  for (const text of [
    "tel:",
    "tel:+",
    "tel:+a",
    "sip:1@a",
    "tel:1 2",
    "tel:hello",
    "tel:+1;x=a b",
    "tel:+1;<x>",
  ])
    assert.equal(normalizeTel(text), null, text);
});

test("RFC 3986 3.1: the scheme", () => {
  assert.equal(schemeOf("soap.beep://192.0.2.103:3002"), "soap.beep");
  assert.equal(schemeOf("SIPS:a"), "sips");
  assert.equal(schemeOf("<sip:a>"), "");
  assert.equal(schemeOf("1a:b"), "");
  assert.equal(schemeOf(""), "");
});

const user = fc.stringMatching(/^([A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-F]{2}){1,12}$/);
const name = fc.stringMatching(/^[a-z0-9\-_!~*'()[\]/:&+$]{1,8}$/);
const value = fc.stringMatching(/^([A-Za-z0-9\-_.!~*'()[\]/:&+$]|%[0-9A-F]{2}){1,8}$/);
const host = fc.oneof(fc.stringMatching(/^[a-z0-9]([a-z0-9-.]{0,8}[a-z0-9])?$/), fc.ipV4(), fc.ipV6());
const uris: fc.Arbitrary<SipUri> = fc
  .record({
    scheme: fc.constantFrom("sip" as const, "sips" as const),
    user: fc.option(user),
    password: fc.option(fc.stringMatching(/^[A-Za-z0-9\-_.!~*'()&=+$,]{0,6}$/)),
    host,
    port: fc.option(fc.integer({ min: 0, max: 65_535 })),
    parameters: fc.uniqueArray(fc.tuple(name, fc.option(value)), {
      selector: ([text]) => text,
      maxLength: 4,
    }),
    headers: fc.option(fc.stringMatching(/^[a-z]{1,4}=[A-Za-z0-9%]{0}[a-z0-9]{0,4}$/)),
  })
  .map((parts) => ({
    ...parts,
    password: parts.user === null ? null : parts.password,
    parameters: new Map(parts.parameters),
  }));

test("RFC 3261 19.1.1: a URI becomes text and the same URI again, equal to itself", () => {
  fc.assert(
    fc.property(uris, (uri) => {
      const text = formatSipUri(uri);
      assert.deepEqual(parseSipUri(text), uri, text);
      assert.ok(equalSipUris(uri, parse(text)));
    }),
    { numRuns: 500 },
  );
});
