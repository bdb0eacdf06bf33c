// Addresses: From, To, Contact, Route and their like. RFC 3261 20.10, 20.20, 20.39; RFC 3327; RFC 3608; RFC 5626.
import assert from "node:assert/strict";
import test from "node:test";
import {
  addressUris,
  formatAddressList,
  formatRouteSet,
  isLooseRoute,
  parseAddressList,
} from "@liquid-ims/sip/header/address-list";
import {
  contactExpires,
  contactInstance,
  contactPriority,
  contactRegId,
  contactUri,
  parseContacts,
} from "@liquid-ims/sip/header/contact";
import {
  addressUri,
  formatNameAddress,
  type NameAddress,
  parseNameAddress,
  tagOf,
} from "@liquid-ims/sip/header/name-address";
import { Headers } from "@liquid-ims/sip/headers";
import fc from "fast-check";

function parse(text: string): NameAddress {
  const address = parseNameAddress(text);
  assert.ok(address !== null, text);
  return address;
}

test("RFC 3261 20.10: display name, URI and parameters", () => {
  const rows: readonly (readonly [text: string, name: string | null, uri: string, parameters: string])[] = [
    ['"A. G. Bell" <sip:agb@bell.example> ;tag=a48s', "A. G. Bell", "sip:agb@bell.example", "tag=a48s"],
    ["sip:+12125551212@server.example;tag=887s", null, "sip:+12125551212@server.example", "tag=887s"],
    [
      "Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8",
      "Anonymous",
      "sip:c8oqz84zk7z@privacy.org",
      "tag=hyh8",
    ],
    ["caller<sip:caller@a>;tag=323", "caller", "sip:caller@a", "tag=323"],
    ["Two  Words\t<sip:a>", "Two  Words", "sip:a", ""],
    ['"" <sip:a>', "", "sip:a", ""],
    ["<sip:a;x?y=z,w>", null, "sip:a;x?y=z,w", ""],
    ['"<sip:wrong>" <sip:a>', "<sip:wrong>", "sip:a", ""],
    ['"a \\" b \\\\ c" <sip:a>', 'a " b \\ c', "sip:a", ""],
    ["<tel:+1-201-555-0123>", null, "tel:+1-201-555-0123", ""],
    ["  <sip:a>  ;  X = Y  ; lr ", null, "sip:a", "x=Y;lr"],
    ['<sip:a>;+sip.instance="<urn:uuid:0>";q=0.5', null, "sip:a", '+sip.instance="<urn:uuid:0>";q=0.5'],
    ["Jos\u00e9 <sip:a>", "Jos\u00e9", "sip:a", ""],
    ["isbn:2983792873", null, "isbn:2983792873", ""],
  ];
  for (const [text, displayName, uri, parameters] of rows) {
    const address = parse(text);
    assert.deepEqual([address.displayName, address.uri], [displayName, uri], text);
    const shown = [...address.parameters].map(([name, value]) =>
      value === null ? name : `${name}=${value}`,
    );
    assert.equal(shown.join(";"), parameters, text);
  }
});

test("RFC 3261 20.10, RFC 4475 3.1.2: what is no address", () => {
  for (const text of [
    "",
    " ",
    "<>",
    "<sip:>",
    "sip:",
    "alan@example.com",
    '"Mr. J. User <sip:j.user@example.com>',
    "Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
    '"Watson, Thomas" < sip:t.watson@example.org >',
    "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
    '"Joe" <sip:joe@example.org>;;;;',
    "<sip:a>;",
    "<sip:a>;=x",
    "<sip:a>;tag=",
    "<sip:a>;tag=1;tag=2",
    "<sip:a>;tag=1;TAG=1",
    "<sip:a> x",
    "<sip:a",
    "sip:a>",
    '"a" "b" <sip:a>',
    '"a" b <sip:a>',
    '<sip:a>;x="y',
    "sip:a b",
    "<sip:a>, <sip:b>",
    "a@b <sip:a>",
    "<sip:a\u0000>",
  ])
    assert.equal(parseNameAddress(text), null, text);
});

test("RFC 3261 8.1.1, 12.1: tag and URI of From and To", () => {
  assert.equal(tagOf("<sip:a;tag=no>;tag=yes"), "yes");
  assert.equal(tagOf("sip:a;TAG=yes"), "yes");
  assert.equal(tagOf("<sip:a>"), null);
  assert.equal(tagOf("nonsense"), null);
  assert.equal(addressUri('"x" <sip:a;lr>;tag=1'), "sip:a;lr");
  assert.equal(addressUri("sip:a;tag=1"), "sip:a");
  assert.equal(addressUri(" nonsense "), "nonsense");
});

const parameterName = fc.stringMatching(/^[a-z0-9\-.!%*_+`'~]{1,8}$/);
const parameterValue = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~[\]:]{1,8}$/),
  fc.string({ maxLength: 8 }).map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`),
);
const addresses: fc.Arbitrary<NameAddress> = fc.record(
  {
    displayName: fc.option(fc.string({ unit: "grapheme", maxLength: 12 })),
    uri: fc.stringMatching(/^(sip|sips|tel|isbn):[A-Za-z0-9@;=?&%+.,-]{1,12}$/),
    parameters: fc
      .uniqueArray(fc.tuple(parameterName, fc.option(parameterValue)), {
        selector: ([name]) => name,
        maxLength: 4,
      })
      .map((pairs) => new Map(pairs)),
  },
  { noNullPrototype: true },
);

test("RFC 3261 20.10: an address becomes text and the same address again, also in a list", () => {
  fc.assert(
    fc.property(addresses, addresses, (first, second) => {
      assert.deepEqual(parseNameAddress(formatNameAddress(first)), first);
      const headers = new Headers();
      headers.add("Route", formatNameAddress(second).replace(/[\r\n]/g, ""));
      headers.prepend("Route", formatAddressList([first, second]).replace(/[\r\n]/g, ""));
      assert.equal(parseAddressList(headers, "Route")?.length, 3);
    }),
    { numRuns: 500 },
  );
});

test("RFC 3327 4, RFC 3608 5: Path and Service-Route are lists of addresses, over several fields", () => {
  const headers = Headers.from([
    ["Path", "<sip:term@pcscf1.visited.example:5060;lr>,\t<sip:p2.example;lr>"],
    ["Path", '"x, y" <sip:p3.example;lr;ob>;z=1'],
    ["Service-Route", "nonsense"],
  ]);
  assert.deepEqual(addressUris(headers, "Path"), [
    "sip:term@pcscf1.visited.example:5060;lr",
    "sip:p2.example;lr",
    "sip:p3.example;lr;ob",
  ]);
  assert.equal(addressUris(headers, "Service-Route"), null);
  assert.deepEqual(addressUris(headers, "Route"), []);
  assert.equal(formatRouteSet(["sip:a;lr", "sip:b"]), "<sip:a;lr>, <sip:b>");
  assert.equal(isLooseRoute("sip:a;lr=on"), true);
  assert.equal(isLooseRoute("sip:a;%6Cr"), true);
  assert.equal(isLooseRoute("sip:lr@a"), false);
  assert.equal(isLooseRoute("tel:+1;lr"), false);
});

test("RFC 3261 10.2, 20.10: Contact, its expiry and preference", () => {
  assert.equal(parseContacts(Headers.from([["Contact", "*"]])), "*");
  assert.equal(parseContacts(Headers.from([["Contact", "*, <sip:a>"]])), null);
  assert.deepEqual(parseContacts(new Headers()), []);
  const headers = Headers.from([
    ["m", "<sip:a>;expires=60;q=0.7, sip:b;expires=soon"],
    ["Contact", "<sip:c>"],
    ["Expires", "3000"],
  ]);
  const contacts = parseContacts(headers);
  assert.ok(Array.isArray(contacts));
  assert.deepEqual(
    contacts.map((contact) => contactExpires(contact, headers)),
    [60, 3000, 3000],
  );
  assert.deepEqual(contacts.map(contactPriority), [0.7, 1, 1]);
  const priorities = ["0", "0.25", "1.000", "1.1", "0.2500", "2", "-1", "x"].map((q) =>
    contactPriority(parse(`<sip:a>;q=${q}`)),
  );
  assert.deepEqual(priorities, [0, 0.25, 1, 1, 1, 1, 1, 1]);
  assert.equal(contactPriority(parse("<sip:a>;q=0.")), 0);
  assert.equal(contactExpires(parse("<sip:a>"), new Headers()), null);
  assert.equal(contactUri(headers), null);
  assert.equal(contactUri(Headers.from([["Contact", '"x" <sip:a;lr>;q=1']])), "sip:a;lr");
});

test("RFC 5626 4.1, 4.2: instance-id and reg-id", () => {
  const contact = parse('<sip:a>;+sip.instance="<urn:uuid:AB>";reg-id=1');
  assert.equal(contactInstance(contact), "urn:uuid:ab");
  assert.equal(contactRegId(contact), 1);
  assert.equal(contactInstance(parse("<sip:a>")), null);
  for (const regId of ["0", "-1", "x", "2147483648", "99999999999"])
    assert.equal(contactRegId(parse(`<sip:a>;reg-id=${regId}`)), null, regId);
});
