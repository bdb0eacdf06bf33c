// What a registration does to the location records.
import assert from "node:assert/strict";
import test from "node:test";
import { buildResponse } from "@liquid-ims/sip/message";
import { formatMultipart } from "@liquid-ims/sip/multipart";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { leftOut, testReference } from "../support/test-data.ts";
import { Book } from "./book.ts";
import { parseRequest, readCapture, thirdParty, ueRegister, withBody } from "./messages.ts";

const one = "<sip:alice@127.0.3.1:5060>";
const two = "<sip:alice@127.0.3.2:5060>";

test("a first registration makes a record with all that is known", () => {
  const book = new Book();
  const contact = '<sip:alice@127.0.3.1:5060>;+sip.instance="<urn:uuid:1>";reg-id=1';
  const associated = "<sip:alice@open-ims.test>,<tel:+15551234>";
  assert.equal(book.take(thirdParty({ associated, embedded: ueRegister({ contact }) }), 100), "registered");
  const [record] = book.of("tel:+15551234");
  assert.deepEqual(record, {
    impu: "sip:alice@open-ims.test",
    contact: "sip:alice@127.0.3.1:5060",
    implicitSet: ["sip:alice@open-ims.test", "tel:+15551234"],
    impi: "alice-private@open-ims.test",
    instance: "urn:uuid:1",
    regId: 1,
    pCscf: "pcscf1.open-ims.test:4060",
    path: ["sip:term@pcscf1.open-ims.test:4060;lr"],
    sCscf: "sip:scscf1.open-ims.test:6060",
    visitedNetwork: "open-ims.test",
    registeredAt: 100_000,
    refreshedAt: 100_000,
    expiresAt: 700_000,
    order: { callId: "reg-1@ue", sequence: 2 },
    doubtful: false,
    ambiguous: false,
    others: [],
    state: "registered",
    leftAt: null,
    version: record?.version,
    change: record?.change,
  });
});

test("a refresh moves the expiry and keeps the time of the first registration", () => {
  const book = new Book();
  book.take(thirdParty(), 0);
  assert.equal(book.take(thirdParty(), 300), "refreshed");
  assert.deepEqual(book.lines(), ["* pcscf1 registered 900"]);
  const [record] = book.of("sip:alice@open-ims.test");
  assert.deepEqual([record?.registeredAt, record?.refreshedAt], [0, 300_000]);
});

test("another P-CSCF with the same contact: the record follows", () => {
  const book = new Book();
  book.take(thirdParty({ embedded: ueRegister({ contact: one }) }), 0);
  const moved = ueRegister({ contact: one, pCscf: "pcscf2", sequence: 4 });
  assert.equal(book.take(thirdParty({ embedded: moved }), 10), "P-CSCF changed");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf2 registered 610"]);
});

test("another S-CSCF: its name is stored verbatim", () => {
  const book = new Book();
  book.take(thirdParty(), 0);
  assert.equal(book.take(thirdParty({ sCscf: "scscf2" }), 10), "S-CSCF changed");
  assert.equal(book.of("sip:alice@open-ims.test")[0]?.sCscf, "sip:scscf2.open-ims.test:6060");
});

test("two contacts are two records, each behind its P-CSCF", () => {
  const book = new Book();
  book.take(thirdParty({ embedded: ueRegister({ contact: one, callId: "a" }) }), 0);
  book.take(thirdParty({ embedded: ueRegister({ contact: two, callId: "b", pCscf: "pcscf2" }) }), 5);
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 registered 600", "3.2:5060 pcscf2 registered 605"]);
});

test("order: a lower CSeq of the same Call-ID is late and changes nothing, whoever sends it", () => {
  const book = new Book();
  book.take(thirdParty({ sCscf: "scscf2", embedded: ueRegister({ sequence: 5, pCscf: "pcscf2" }) }), 0);
  assert.equal(book.take(thirdParty({ embedded: ueRegister({ sequence: 4 }) }), 1), "late");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf2 registered 600"]);
  assert.equal(
    book.take(thirdParty({ embedded: ueRegister({ sequence: 1, callId: "after a restart" }) }), 2),
    "S-CSCF changed",
  );
});

test("order: the same CSeq again from the same S-CSCF is a duplicate, nothing is written", () => {
  const book = new Book();
  const message = thirdParty({ embedded: ueRegister() });
  book.take(message, 0);
  const before = book.of("sip:alice@open-ims.test");
  assert.equal(book.take(message, 5), "duplicate");
  assert.deepEqual(book.of("sip:alice@open-ims.test"), before);
  assert.equal(book.take(thirdParty({ sCscf: "scscf2", embedded: ueRegister() }), 6), "S-CSCF changed");
});

test("order: without a body it is by arrival", () => {
  const book = new Book();
  book.take(thirdParty({ pCscf: "pcscf2" }), 0);
  assert.equal(book.take(thirdParty({ pCscf: "pcscf1" }), 1), "P-CSCF changed");
});

test("an unknown P-CSCF is stored as unknown and never overwrites a known one", () => {
  const book = new Book();
  book.take(thirdParty({ pCscf: null }), 0);
  assert.deepEqual(book.lines(), ["* unknown registered 600"]);
  assert.equal(book.take(thirdParty({ pCscf: "pcscf1" }), 10), "P-CSCF changed");
  assert.equal(book.take(thirdParty({ pCscf: null }), 20), "refreshed");
  assert.deepEqual(book.lines(), ["* pcscf1 registered 620"]);
  assert.deepEqual(book.of("sip:alice@open-ims.test")[0]?.path, ["sip:term@pcscf1.open-ims.test:4060;lr"]);
});

test("a P-CSCF that is only named by its address keeps the Path that was seen of it", () => {
  const book = new Book();
  book.take(thirdParty(), 0);
  const icid = { "P-Charging-Vector": "icid-value=x;icid-generated-at=127.0.1.1" };
  assert.equal(book.take(thirdParty({ pCscf: null, headers: icid }), 10), "refreshed");
  assert.deepEqual(book.of("sip:alice@open-ims.test")[0]?.path, ["sip:term@pcscf1.open-ims.test:4060;lr"]);
  const moved = { "P-Charging-Vector": "icid-value=x;icid-generated-at=127.0.1.2" };
  assert.equal(book.take(thirdParty({ pCscf: null, headers: moved }), 20), "P-CSCF changed");
  assert.deepEqual(book.of("sip:alice@open-ims.test")[0]?.path, []);
});

test("what a body has shown stays when a later message has no body: private identity and order", () => {
  const book = new Book();
  book.take(thirdParty({ embedded: ueRegister({ sequence: 5 }) }), 0);
  assert.equal(book.take(thirdParty(), 10), "refreshed");
  assert.equal(book.of("sip:alice@open-ims.test")[0]?.impi, "alice-private@open-ims.test");
  assert.equal(book.take(thirdParty({ embedded: ueRegister({ sequence: 4 }) }), 20), "late");
});

test("the expiry of a binding is what the 200 in the body grants it, else Expires", () => {
  const book = new Book();
  const register = ueRegister({ contact: one });
  const ok = buildResponse(register, 200, { headers: [["Contact", `${one};expires=300`]] });
  const parts = [register, ok].map((message) => ({
    headers: [["Content-Type", "message/sip"] as const],
    body: serializeMessage(message),
  }));
  const body = formatMultipart("part", parts);
  book.take(withBody(thirdParty(), "multipart/mixed;boundary=part", body), 0);
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 registered 300"]);
});

test("a contact that shows itself takes the place of the unknown one", () => {
  const book = new Book();
  book.take(thirdParty(), 0);
  book.take(thirdParty({ embedded: ueRegister({ contact: one }) }), 10);
  assert.deepEqual(book.lines(), ["* pcscf1 left 600", "3.1:5060 pcscf1 registered 610"]);
});

test("a message without a contact is about the only record there is", () => {
  const book = new Book();
  book.take(thirdParty({ embedded: ueRegister({ contact: one }) }), 0);
  assert.equal(book.take(thirdParty({ pCscf: "pcscf2", sCscf: "scscf2" }), 10), "S-CSCF changed");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf2 registered 610"]);
});

test("a message without a contact, several known: the one at that P-CSCF, else a record that is called ambiguous", () => {
  const book = new Book();
  book.take(thirdParty({ embedded: ueRegister({ contact: one, callId: "a" }) }), 0);
  book.take(thirdParty({ embedded: ueRegister({ contact: two, callId: "b", pCscf: "pcscf2" }) }), 0);
  assert.equal(book.take(thirdParty({ pCscf: "pcscf2" }), 10), "refreshed");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 registered 600", "3.2:5060 pcscf2 registered 610"]);
  book.take(thirdParty({ pCscf: "pcscf3" }), 20);
  assert.equal(book.lines()[0], "* pcscf3? registered 620");
});

test("RFC 5626: another contact of the same instance and flow takes the place of the old one", () => {
  const book = new Book();
  const tags = '+sip.instance="<urn:uuid:1>";reg-id=1';
  book.take(thirdParty({ embedded: ueRegister({ contact: `${one};${tags}` }) }), 0);
  book.take(thirdParty({ embedded: ueRegister({ contact: `${two};${tags}`, callId: "b" }) }), 10);
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 left 600", "3.2:5060 pcscf1 registered 610"]);
  const flow = '+sip.instance="<urn:uuid:1>";reg-id=2';
  book.take(
    thirdParty({ embedded: ueRegister({ contact: `<sip:alice@127.0.3.4>;${flow}`, callId: "c" }) }),
    20,
  );
  assert.equal(
    book.lines().filter((line) => line.includes("registered")).length,
    2,
    "a second flow beside it",
  );
});

test("one record for an implicit set, under its default identity", () => {
  const book = new Book();
  const associated = "<sip:alice@open-ims.test>,<sip:second@open-ims.test>";
  book.take(thirdParty({ associated }), 0);
  book.take(thirdParty({ user: "second", associated }), 1);
  book.take(thirdParty({ user: "second", headers: { "P-Associated-URI": undefined } }), 2);
  assert.deepEqual(book.lines("sip:second@open-ims.test"), ["* pcscf1 registered 602"]);
  assert.equal(book.of("sip:second@open-ims.test")[0]?.impu, "sip:alice@open-ims.test");
  assert.deepEqual(book.of("sip:second@open-ims.test")[0]?.implicitSet, [
    "sip:alice@open-ims.test",
    "sip:second@open-ims.test",
  ]);
});

test("a record under another identity gives way when the default one becomes known", () => {
  const book = new Book();
  book.take(thirdParty({ user: "second", headers: { "P-Associated-URI": undefined } }), 0);
  book.take(
    thirdParty({ user: "second", associated: "<sip:alice@open-ims.test>,<sip:second@open-ims.test>" }),
    10,
  );
  const records = book.of("sip:second@open-ims.test");
  assert.deepEqual(records.map(({ impu, state }) => `${impu} ${state}`).sort(), [
    "sip:alice@open-ims.test registered",
    "sip:second@open-ims.test left",
  ]);
});

test("a registered user who comes again after he has left is registered anew", () => {
  const book = new Book();
  book.take(thirdParty(), 0);
  book.take(thirdParty({ expires: 0 }), 10);
  assert.deepEqual(book.lines(), ["* pcscf1 left 600"]);
  assert.equal(book.take(thirdParty({ pCscf: "pcscf2" }), 20), "registered");
  const [record] = book.of("sip:alice@open-ims.test");
  assert.deepEqual(
    [record?.pCscf, record?.registeredAt, record?.leftAt],
    ["pcscf2.open-ims.test:4060", 20_000, null],
  );
});

test("unknown contact: a move and its undoing are followed, two devices going to and fro are called ambiguous", () => {
  const book = new Book();
  const seen: string[] = [];
  for (const [index, pCscf] of [
    "pcscf1",
    "pcscf2",
    "pcscf1",
    "pcscf2",
    "pcscf1",
    "pcscf2",
    "pcscf1",
  ].entries()) {
    book.take(thirdParty({ pCscf }), index * 100);
    seen.push(...book.lines());
  }
  assert.deepEqual(seen, [
    "* pcscf1 registered 600",
    "* pcscf2 registered 700",
    "* pcscf1 registered 800",
    "* pcscf2 registered 900",
    "* pcscf2? registered 1000",
    "* pcscf2? registered 1100",
    "* pcscf2? registered 1200",
  ]);
  // The device at P-CSCF 1 is gone without a word: when its last registration has run out, one is left.
  book.take(thirdParty({ pCscf: "pcscf2" }), 1000);
  assert.deepEqual(book.lines(), ["* pcscf2? registered 1600"]);
  book.take(thirdParty({ pCscf: "pcscf2" }), 1300);
  assert.deepEqual(book.lines(), ["* pcscf2 registered 1900"]);
});

test("unknown contact: when the device that the record shows is gone, the record shows the other", () => {
  const book = new Book();
  for (const [index, pCscf] of ["pcscf1", "pcscf2", "pcscf1", "pcscf2", "pcscf1"].entries())
    book.take(thirdParty({ pCscf }), index * 100);
  assert.deepEqual(book.lines(), ["* pcscf2? registered 1000"]);
  book.take(thirdParty({ pCscf: "pcscf1" }), 800);
  assert.deepEqual(book.lines(), ["* pcscf2? registered 1400"]);
  book.take(thirdParty({ pCscf: "pcscf1" }), 1000);
  assert.deepEqual(book.lines(), ["* pcscf1 registered 1600"]);
});

test("unknown contact: a P-CSCF whose registration has run out is no second device", () => {
  const book = new Book();
  for (const [index, pCscf] of ["pcscf1", "pcscf2", "pcscf1", "pcscf2"].entries())
    book.take(thirdParty({ pCscf, expires: pCscf === "pcscf1" ? 600 : 10 }), index);
  book.take(thirdParty({ pCscf: "pcscf1" }), 20);
  assert.deepEqual(book.lines(), ["* pcscf1 registered 620"]);
});

test("unknown contact: of two devices under one record the longer registration counts", () => {
  const book = new Book();
  for (const [index, pCscf] of ["pcscf1", "pcscf2", "pcscf1", "pcscf2", "pcscf1"].entries())
    book.take(thirdParty({ pCscf }), index);
  assert.deepEqual(book.lines(), ["* pcscf2? registered 604"]);
  book.take(thirdParty({ pCscf: "pcscf1", expires: 60 }), 10);
  assert.deepEqual(book.lines(), ["* pcscf2? registered 604"]);
});

function playCaptures(names: readonly string[], folder: string): string[] {
  const book = new Book();
  return names.map((name, index) => {
    const outcome = book.take(parseRequest(readCapture(folder, name)), index);
    return `${outcome}: ${book.lines().join(", ")}`;
  });
}

test("Kamailio's captures 01 to 05 and 09 in their order", (context) => {
  const folder = testReference("captures");
  if (folder === null) return leftOut(context, 6, "captured REGISTERs");
  const names = [
    "01_initial_register_pcscf1.txt",
    "02_reregister_pcscf1.txt",
    "03_register_pcscf2_newcontact.txt",
    "04_dereg_pcscf2_other_contact_remains.txt",
    "05_dereg_last.txt",
    "09_rereg_after_mar_to_scscf2.txt",
  ];
  assert.deepEqual(playCaptures(names, folder), [
    "registered: * pcscf1 registered 600",
    "refreshed: * pcscf1 registered 601",
    "P-CSCF changed: * pcscf2 registered 602",
    "doubtful: * pcscf2 doubtful 602",
    "doubtful: * pcscf2 doubtful 602",
    "S-CSCF changed: * pcscf1 registered 605",
  ]);
});

test("OpenIMSCore's captures 20 to 24 in their order", (context) => {
  const folder = testReference("captures");
  if (folder === null) return leftOut(context, 5, "captured REGISTERs");
  const names = [
    "20_openims_register_pcscf1.txt",
    "21_openims_reregister.txt",
    "22_openims_register_pcscf2.txt",
    "23_openims_dereg_one_of_two.txt",
    "24_openims_dereg_last.txt",
  ];
  assert.deepEqual(playCaptures(names, folder), [
    "registered: * pcscf1 registered 720",
    "refreshed: * pcscf1 registered 721",
    "P-CSCF changed: * pcscf2 registered 722",
    "doubtful: * pcscf2 doubtful 722",
    "doubtful: * pcscf2 doubtful 722",
  ]);
});
