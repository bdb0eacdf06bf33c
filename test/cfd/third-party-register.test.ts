// Third-party REGISTERs as S-CSCFs send them. TS 24.229 5.4.1.7, 5.4.1.7A.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { readThirdPartyRegister, type ThirdPartyRegister } from "@liquid-ims/cfd/third-party-register";
import { buildResponse } from "@liquid-ims/sip/message";
import { formatMultipart } from "@liquid-ims/sip/multipart";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { leftOut, testData, testReference } from "../support/test-data.ts";
import { parseRequest, read, readCapture, table, thirdParty, ueRegister, withBody } from "./messages.ts";

interface Expected {
  readonly identity: string;
  readonly sCscf: string;
  readonly pCscf: string;
  readonly source: "Path" | "embedded Path" | "icid-generated-at";
  readonly expires: number;
  readonly contact?: string;
  readonly impi?: string;
  readonly order?: { readonly callId: string; readonly sequence: number };
}

const alice = "sip:alice@open-ims.test";
const scscf1 = "sip:scscf1.open-ims.test:6060";
const pcscf1 = "pcscf1.open-ims.test:4060";
const pcscf2 = "pcscf2.open-ims.test:4060";

/** Read by eye from each message. */
const captures: Readonly<Record<string, Expected>> = {
  "01_initial_register_pcscf1.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "Path",
    expires: 600,
  },
  "02_reregister_pcscf1.txt": { identity: alice, sCscf: scscf1, pCscf: pcscf1, source: "Path", expires: 600 },
  "03_register_pcscf2_newcontact.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf2,
    source: "Path",
    expires: 600,
  },
  "04_dereg_pcscf2_other_contact_remains.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf2,
    source: "Path",
    expires: 0,
  },
  "05_dereg_last.txt": { identity: alice, sCscf: scscf1, pCscf: pcscf1, source: "Path", expires: 0 },
  "06_include_register_request.txt": {
    identity: "sip:u01@open-ims.test",
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "Path",
    expires: 600,
    contact: "sip:u01@127.0.3.1:5072;transport=udp",
    impi: "u01@open-ims.test",
    order: { callId: "reg-u01///1-981@127.0.3.1", sequence: 2 },
  },
  "07_include_register_response.txt": {
    identity: "sip:u02@open-ims.test",
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "Path",
    expires: 600,
    order: { callId: "reg-u02///1-1030@127.0.3.1", sequence: 2 },
  },
  "08_service_info_wins.txt": {
    identity: "sip:u03@open-ims.test",
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "Path",
    expires: 600,
  },
  "09_rereg_after_mar_to_scscf2.txt": {
    identity: alice,
    sCscf: "sip:scscf2.open-ims.test:6060",
    pCscf: pcscf1,
    source: "Path",
    expires: 600,
  },
  "20_openims_register_pcscf1.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "icid-generated-at",
    expires: 720,
  },
  "21_openims_reregister.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "icid-generated-at",
    expires: 720,
  },
  "22_openims_register_pcscf2.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf2,
    source: "icid-generated-at",
    expires: 720,
  },
  "23_openims_dereg_one_of_two.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf2,
    source: "icid-generated-at",
    expires: 0,
  },
  "24_openims_dereg_last.txt": {
    identity: alice,
    sCscf: scscf1,
    pCscf: pcscf1,
    source: "icid-generated-at",
    expires: 0,
  },
};

function summary(message: ThirdPartyRegister): Expected {
  const { identity, sCscf, pCscf, expires, contacts, impi, order } = message;
  const contact = contacts === null || contacts === "*" ? undefined : contacts[0]?.uri;
  return {
    identity,
    sCscf,
    pCscf: pCscf?.name ?? "unknown",
    source: pCscf?.source ?? "Path",
    expires,
    ...(contact === undefined ? {} : { contact }),
    ...(impi === null ? {} : { impi }),
    ...(order === null ? {} : { order }),
  };
}

test("ISC: every captured REGISTER of Kamailio and OpenIMSCore gives what it says", (context) => {
  const folder = testReference("captures");
  if (folder === null) return leftOut(context, Object.keys(captures).length, "captured REGISTERs");
  for (const [name, expected] of Object.entries(captures)) {
    const message = read(parseRequest(readCapture(folder, name)));
    assert.deepEqual(summary(message), expected, name);
    assert.equal(message.unreadable, 0, name);
    assert.equal(message.visitedNetwork, "open-ims.test", name);
    assert.deepEqual(message.implicitSet, [expected.identity], name);
  }
});

test("ISC: the composed REGISTERs give the values of their table", (context) => {
  const folder = testData("third-party-register");
  if (folder === null) return leftOut(context, 3, "third-party REGISTERs");
  const { items } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  assert.equal(items.length, 3);
  for (const { file, expected } of items) {
    const message = read(parseRequest(new Uint8Array(readFileSync(join(folder, file)))));
    assert.equal(message.identity, expected.impu, file);
    assert.equal(message.sCscf, expected.scscf, file);
    assert.equal(message.expires, expected.expires, file);
    assert.equal(message.visitedNetwork, expected.visited, file);
    const path = message.pCscf?.path.at(-1) ?? null;
    assert.equal(path, expected.pcscf, file);
    if (expected.pcscf !== null) assert.equal(message.pCscf?.name, "pcscf1.visited.example:5060", file);
  }
});

test("TS 24.229 5.4.1.7A: request and response in multipart/mixed: contact, private identity, order, set", (context) => {
  const folder = testData("third-party-register");
  if (folder === null) return leftOut(context, 1, "third-party REGISTER");
  const file = join(folder, "03-ts24229-multipart-req-and-resp.sip");
  const message = read(parseRequest(new Uint8Array(readFileSync(file))));
  assert.deepEqual(message.contacts, [
    { uri: "sip:alice@10.1.1.7:5100", instance: null, regId: null, isRemoved: false, granted: 600 },
  ]);
  assert.equal(message.impi, "alice@ims.example");
  assert.deepEqual(message.order, { callId: "ue-reg-1@10.1.1.7", sequence: 2 });
  assert.deepEqual(message.implicitSet, ["sip:alice@ims.example", "tel:+15551234"]);
  assert.equal(message.pCscf?.source, "embedded Path");
});

test("TS 24.229 5.4.1.7A: of two messages of a kind the first counts", () => {
  const first = ueRegister({ callId: "first", contact: "<sip:alice@127.0.3.1:5060>" });
  const second = ueRegister({ callId: "second", contact: "<sip:alice@127.0.3.2:5060>" });
  const granted = (expires: number) =>
    buildResponse(first, 200, { headers: [["Contact", `<sip:alice@127.0.3.1:5060>;expires=${expires}`]] });
  const parts = [first, granted(300), second, granted(400)].map((message) => ({
    headers: [["Content-Type", "message/sip"]] as const,
    body: serializeMessage(message),
  }));
  const body = formatMultipart("next", parts);
  const message = read(withBody(thirdParty(), "multipart/mixed;boundary=next", body));
  assert.equal(message.order?.callId, "first");
  const contacts =
    message.contacts === "*" ? [] : message.contacts?.map(({ uri, granted: seconds }) => [uri, seconds]);
  assert.deepEqual(contacts, [["sip:alice@127.0.3.1:5060", 300]]);
});

test("RFC 7315 4.3: the network of the embedded REGISTER where the S-CSCF's own names none", () => {
  const embedded = ueRegister();
  embedded.headers.add("P-Visited-Network-ID", "other.test");
  const headers = { "P-Visited-Network-ID": undefined };
  assert.equal(read(thirdParty({ embedded, headers })).visitedNetwork, "other.test");
  assert.equal(read(thirdParty({ embedded })).visitedNetwork, "open-ims.test");
});

test("service information of more than 65,536 bytes is not read", () => {
  const info = (spaces: number) =>
    read(
      withBody(
        thirdParty({ headers: { "P-Associated-URI": undefined } }),
        "application/3gpp-ims+xml",
        `<ims-3gpp><service-info>sip:alice@open-ims.test tel:+1${" ".repeat(spaces)}</service-info></ims-3gpp>`,
      ),
    );
  assert.deepEqual([info(60_000).implicitSet, info(60_000).unreadable], [[alice, "tel:+1"], 0]);
  assert.deepEqual([info(66_000).implicitSet, info(66_000).unreadable], [[alice], 1]);
});

test("RFC 3261 20.10: To and From without angle brackets", () => {
  const headers = { To: "sip:alice@open-ims.test", From: `${scscf1};tag=x` };
  const message = read(thirdParty({ headers }));
  assert.deepEqual([message.identity, message.sCscf], [alice, scscf1]);
});

test("RFC 5626 4.1: instance and reg-id of the contact in the body", () => {
  const contact =
    '<sip:alice@127.0.3.1:5060>;reg-id=1;+sip.instance="<urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6>"';
  const message = read(thirdParty({ embedded: ueRegister({ contact }) }));
  assert.deepEqual(message.contacts, [
    {
      uri: "sip:alice@127.0.3.1:5060",
      instance: "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
      regId: 1,
      isRemoved: false,
      granted: null,
    },
  ]);
});

test("the implicit set: P-Associated-URI first, the default identity is its first", () => {
  const associated = "<sip:alice@open-ims.test>, <tel:+15551234>";
  const message = read(thirdParty({ user: "second", associated }));
  assert.deepEqual(message.implicitSet, [alice, "tel:+15551234", "sip:second@open-ims.test"]);
  assert.equal(message.identity, "sip:second@open-ims.test");
});

test("the implicit set: without P-Associated-URI from service-info, else the To URI alone", () => {
  const bare = thirdParty({ headers: { "P-Associated-URI": undefined } });
  assert.deepEqual(read(bare).implicitSet, [alice]);
  assert.equal(read(bare).isSetShown, false);
  const info = (text: string) =>
    withBody(
      bare,
      "application/3gpp-ims+xml",
      `<ims-3gpp version="1"><service-info>${text}</service-info></ims-3gpp>`,
    );
  assert.deepEqual(read(info("sip:alice@open-ims.test, tel:+15551234")).implicitSet, [
    alice,
    "tel:+15551234",
  ]);
  assert.deepEqual(read(info("<![CDATA[sip:alice@open-ims.test tel:+1]]>")).implicitSet, [alice, "tel:+1"]);
  assert.deepEqual(read(info("any text of the operator")).implicitSet, [alice]);
  // The same for all users: it names none of them.
  const profile = read(info("sip:mmtel-profile@open-ims.test"));
  assert.deepEqual([profile.implicitSet, profile.isSetShown], [[alice], false]);
});

test("a body that cannot be read is counted and the rest of the message holds", () => {
  const bodies: [string, string][] = [
    ["application/3gpp-ims+xml", "<ims-3gpp><service-info>"],
    ["application/3gpp-ims+xml", "not xml at all &"],
    ["application/3gpp-ims+xml", "<other/>"],
    ["message/sip", "REGISTER sip:x"],
    ["message/sip", "\u0000\u0001"],
    ["message/sip", "REGISTER sip:x SIP/2.0\r\nContent-Length: 9\r\n\r\nshort"],
    ["multipart/mixed;boundary=b", "--b\r\nContent-Type: message/sip\r\n\r\nREGISTER"],
    ["multipart/mixed", "--b--"],
  ];
  for (const [type, body] of bodies) {
    const message = read(withBody(thirdParty(), type, body));
    assert.equal(message.unreadable, 1, `${type} ${body}`);
    assert.equal(message.pCscf?.name, pcscf1, type);
  }
  assert.equal(read(withBody(thirdParty(), "text/plain", "hello")).unreadable, 0, "not ours to read");
});

test("RFC 2046 5.1.1: an embedded message without its final empty line, or without its last CRLF, is read", () => {
  const whole = new TextDecoder().decode(serializeMessage(ueRegister()));
  assert.ok(whole.endsWith("\r\n\r\n"));
  for (const cut of [0, 2, 4]) {
    const text = whole.slice(0, whole.length - cut);
    const alone = withBody(thirdParty({ pCscf: null }), "message/sip", text);
    const part = `--b\r\nContent-Type: message/sip\r\n\r\n${text}\r\n--b--\r\n`;
    // The delimiter takes the line break before it, which may be the message's own.
    const taken = `--b\r\nContent-Type: message/sip\r\n\r\n${text}--b--\r\n`;
    const forms = [alone, withBody(alone, "multipart/mixed;boundary=b", part)];
    if (cut < 4) forms.push(withBody(alone, "multipart/mixed;boundary=b", taken));
    for (const request of forms) {
      const message = read(request);
      assert.equal(message.unreadable, 0);
      assert.ok(message.contacts !== null && message.contacts !== "*", `cut ${cut}`);
      assert.equal(message.contacts[0]?.uri, "sip:alice@127.0.3.1:5060");
      assert.equal(message.impi, "alice-private@open-ims.test");
      assert.equal(message.pCscf?.name, pcscf1);
    }
  }
});

test("RFC 7315 4.3: the network is the first of P-Visited-Network-ID, without quotes and parameters", () => {
  const network = (value: string) =>
    read(thirdParty({ headers: { "P-Visited-Network-ID": value } })).visitedNetwork;
  assert.equal(network("other.net"), "other.net");
  assert.equal(network('"Visited network number 1", other.net'), "Visited network number 1");
  assert.equal(network('"a, b" ;x=y'), "a, b");
  assert.equal(network("other.net;x=y"), "other.net");
});

test("an unusable REGISTER is refused with the field, its value and the remedy", () => {
  const cases: [Record<string, string | undefined>, RegExp][] = [
    [{ To: "<sip:open-ims.test>" }, /^To "<sip:open-ims\.test>" has no public identity; send /],
    [{ To: undefined }, /^To "" has no public identity/],
    [{ From: "nobody" }, /^From "nobody" has no URI; send /],
    [{ Expires: "soon" }, /^Expires "soon" is no number; send /],
    [{ Expires: "-1" }, /^Expires "-1" is no number/],
    [{ Expires: undefined }, /^Expires "" is no number/],
    // Two that disagree: the field is what S-CSCFs send, and is damaged.
    [{ Expires: "soon", Contact: `<${scscf1}>;expires=600` }, /^Expires "soon" is no number/],
    [
      { Contact: "<sip:scscf2.open-ims.test:6060>" },
      /^Contact sip:scscf2.* is not the S-CSCF of From, .*; send /,
    ],
  ];
  for (const [headers, detail] of cases) {
    const result = readThirdPartyRegister(thirdParty({ headers }), table);
    assert.ok(!result.ok, JSON.stringify(headers));
    assert.match(result.detail, detail);
  }
});
