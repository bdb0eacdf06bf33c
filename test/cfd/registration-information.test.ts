// Registration information as S-CSCFs send it, and as nobody should. RFC 3680 5.
import assert from "node:assert/strict";
import test from "node:test";
import { readRegistrationInformation } from "@liquid-ims/cfd/registration-information";
import { encodeText } from "@liquid-ims/runtime/text";

const alice = "sip:alice@open-ims.test";

function read(text: string, identities: readonly string[] = [alice]): readonly string[] | string {
  const result = readRegistrationInformation(encodeText(text), identities);
  return result.ok ? result.contacts : result.detail;
}

const contact = (uri: string, state = "active", more = "") =>
  `<contact id="c" state="${state}" event="registered" expires="600" ${more}><uri>${uri}</uri></contact>`;

const registration = (aor: string, ...contacts: readonly string[]) =>
  `<registration aor="${aor}" id="r" state="active">${contacts.join("\n")}</registration>`;

const document = (content: string, state = "full") =>
  `<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="${state}">${content}</reginfo>\n`;

test("RFC 3680 5.2: contacts that are active, those that are terminated not", () => {
  const two = registration(
    alice,
    contact("sip:a@1:5060"),
    contact("sip:a@2", "terminated"),
    contact("sip:a@3"),
  );
  assert.deepEqual(read(document(two)), ["sip:a@1:5060", "sip:a@3"]);
  assert.deepEqual(read(document(`<registration aor="${alice}" id="r" state="terminated"/>`)), []);
});

test("RFC 3680 5.2: as Kamailio 5.6 writes it, every identity of the implicit set with the same contacts", () => {
  const kamailio = `<?xml version="1.0"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="2" state="full">
\t<registration aor="sip:alice@open-ims.test" id="0x7f1a44b3c2d8" state="active">
\t\t<contact id="0x7f1a44b3d0a0" state="active" event="registered" expires="598" q="0.000">
\t\t\t<uri>sip:alice@127.0.3.2:5060;alias=127.0.3.2~5070~1</uri>
\t\t<unknown-param name="+sip.instance">"&lt;urn:uuid:1&gt;"</unknown-param>
\t\t</contact>
\t</registration>
\t<registration aor="tel:+15551234" id="0x7f1a44b3e2d8" state="active">
\t\t<contact id="0x7f1a44b3d0a0" state="active" event="registered" expires="598" q="0.000">
\t\t\t<uri>sip:alice@127.0.3.2:5060;alias=127.0.3.2~5070~1</uri>
\t\t</contact>
\t</registration>
</reginfo>
`;
  const contacts = ["sip:alice@127.0.3.2:5060;alias=127.0.3.2~5070~1"];
  assert.deepEqual(read(kamailio), contacts);
  assert.deepEqual(read(kamailio, ["tel:+1-555-1234"]), contacts, "RFC 3966 4");
});

test("RFC 3680 5.3: other namespaces, unknown elements and attributes are left alone; a prefix is no matter", () => {
  const text = `<r:reginfo xmlns:r="urn:ietf:params:xml:ns:reginfo" xmlns:x="urn:x" version="1" state="full" x:y="z">
    <x:registration aor="${alice}"><x:contact state="active"><x:uri>sip:other@1</x:uri></x:contact></x:registration>
    <r:new><r:registration aor="${alice}"><r:contact state="active"><r:uri>sip:deep@1</r:uri></r:contact></r:registration></r:new>
    <r:registration aor="${alice}" state="active"><x:more/>
      <r:contact state="active"><r:display-name>A &amp; B</r:display-name><r:uri> sip:a@1;x=&#121;<![CDATA[;q]]> </r:uri></r:contact>
    </r:registration></r:reginfo>`;
  assert.deepEqual(read(text), ["sip:a@1;x=y;q"]);
});

test("RFC 3680 5.2: registrations of others are not the user's; his are found by URI comparison", () => {
  const both = document(
    registration("sip:bob@open-ims.test", contact("sip:b@1")) +
      registration("sip:alice@OPEN-IMS.test", contact("sip:a@1")),
  );
  assert.deepEqual(read(both), ["sip:a@1"]);
});

test("what says nothing about the user is no answer: no record may leave by it", () => {
  const rows: readonly (readonly [text: string, detail: RegExp])[] = [
    [document(registration(alice, contact("sip:a@1")), "partial"), /^its state is partial, full is needed$/],
    [document("").replace(/ state="full"/, ""), /^its state is not there/],
    [
      document(registration("sip:bob@open-ims.test", contact("sip:b@1"))),
      /^it says nothing of sip:alice@open-ims\.test$/,
    ],
    [document(""), /^it says nothing of/],
    [
      document(`<registration aor="${alice}"><contact state="active"/></registration>`),
      /^a contact has no uri$/,
    ],
    [document(registration(alice, contact(""))), /^a contact has no uri$/],
    [document(registration(alice, contact("sip:a@1"))).slice(0, -20), /unclosed tag|unexpected end/],
    ["", /document must contain a root element/],
    ["not xml", /text data outside of root node|document must contain a root element/],
    [
      document(registration(alice, contact("sip:a@1"))).replaceAll("urn:ietf:params:xml:ns:reginfo", "urn:x"),
      /its state is not there/,
    ],
    [
      document(`${registration(alice, contact("sip:a@1"))}${" ".repeat(65_536)}`),
      /^\d+ bytes, at most 65536 are read$/,
    ],
  ];
  for (const [text, detail] of rows) {
    const result = read(text);
    assert.ok(typeof result === "string", text.slice(0, 200));
    assert.match(result, detail);
  }
});

test("a document type is refused: no entity of a peer's own is ever expanded", () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE reginfo [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" state="full">${registration(alice, contact("sip:&b;@1"))}</reginfo>`;
  assert.match(String(read(bomb)), /document type|entity/);
  const external = document(registration(alice, contact("sip:a@1"))).replace(
    "?>\n",
    '?>\n<!DOCTYPE reginfo SYSTEM "http://127.0.0.1/x">',
  );
  assert.equal(read(external), "it has a document type");
});

test("deep nesting and many contacts within the size are read in time", () => {
  const deep = document(
    `${"<x>".repeat(8_000)}${"</x>".repeat(8_000)}${registration(alice, contact("sip:a@1"))}`,
  );
  assert.deepEqual(read(deep), ["sip:a@1"]);
  const many = Array.from({ length: 600 }, (_, index) => contact(`sip:a@${index}`));
  assert.equal(read(document(registration(alice, ...many))).length, 600);
});
