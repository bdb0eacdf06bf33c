// Whatever comes from the network: nothing throws, nothing takes longer than its length. RFC 3261 26, RFC 4475.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { parseAddressList } from "@liquid-ims/sip/header/address-list";
import { parseChallenge } from "@liquid-ims/sip/header/challenge";
import { parseChargingVector } from "@liquid-ims/sip/header/charging-vector";
import {
  contactExpires,
  contactInstance,
  contactPriority,
  parseContacts,
} from "@liquid-ims/sip/header/contact";
import { parseContentType } from "@liquid-ims/sip/header/content-type";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { parseExpires, parseRetryAfter } from "@liquid-ims/sip/header/delta-seconds";
import { parseEvent } from "@liquid-ims/sip/header/event";
import { parseNameAddress, tagOf } from "@liquid-ims/sip/header/name-address";
import { parseReplaces } from "@liquid-ims/sip/header/replaces";
import { parseSubscriptionState } from "@liquid-ims/sip/header/subscription-state";
import { parseVia } from "@liquid-ims/sip/header/via";
import { Headers } from "@liquid-ims/sip/headers";
import { isIpv6 } from "@liquid-ims/sip/host";
import { buildResponse } from "@liquid-ims/sip/message";
import { parseMultipart } from "@liquid-ims/sip/multipart";
import { type ParseResult, parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { StreamFramer } from "@liquid-ims/sip/stream-framer";
import { equalSipUris, normalizeTel, parseHostPort, parseSipUri } from "@liquid-ims/sip/uri";
import { validateDialogContact, validateRequest, validateResponse } from "@liquid-ims/sip/validate";
import fc from "fast-check";
import { filesBelow, leftOut, readBytes, testData } from "../support/test-data.ts";

function equalToItself(text: string): void {
  const uri = parseSipUri(text);
  if (uri !== null) assert.ok(equalSipUris(uri, uri), text);
}

function listOf(text: string): void {
  const headers = Headers.from([["Contact", text.replace(/[\r\n]/g, "")]]);
  const contacts = parseContacts(headers);
  headers.add("Route", headers.get("Contact") ?? "");
  parseAddressList(headers, "Route");
  if (Array.isArray(contacts))
    for (const contact of contacts) {
      contactExpires(contact, headers);
      contactPriority(contact);
      contactInstance(contact);
    }
  while (headers.removeFirst("Route") !== undefined) assert.ok(headers.count("Contact") > 0);
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  parseVia,
  parseNameAddress,
  tagOf,
  parseCSeq,
  parseExpires,
  parseRetryAfter,
  parseEvent,
  parseSubscriptionState,
  parseReplaces,
  parseChallenge,
  parseCredentials,
  parseChargingVector,
  parseContentType,
  parseSipUri,
  parseHostPort,
  normalizeTel,
  isIpv6,
  equalToItself,
  listOf,
};

/** What is done with bytes from a socket: nothing of it throws. */
function receive(data: Uint8Array): ParseResult {
  const result = parseMessage(data);
  if (!result.ok) {
    if (result.error.owed !== null)
      serializeMessage(buildResponse(result.error.owed.request, result.error.owed.status, { toTag: "t" }));
    return result;
  }
  const { message } = result;
  if (message.kind === "response") validateResponse(message);
  else {
    const rejection = validateRequest(message);
    validateDialogContact(message);
    if (rejection !== null) serializeMessage(buildResponse(message, rejection.status, { toTag: "t" }));
  }
  parseMultipart(message.body, message.headers.get("Content-Type") ?? "");
  return result;
}

const words = [
  ...'<>"\\;,=:@?[]()%/ \t*.-+',
  ...[
    "sip:",
    "sips:",
    "tel:",
    "a",
    "b.c",
    "1",
    "255",
    "::",
    "SIP/2.0/UDP ",
    "Digest ",
    "tag",
    "lr",
    "%41",
    "\u00e9",
    "\udc80",
  ],
  ...["to-tag=1", "from-tag=2", ";early-only", "INVITE", "expires=", "boundary=", "active", "icid-value="],
];
const likely = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join(""));

test("RFC 3261 25: no reader of a value throws, whatever the text", () => {
  fc.assert(
    fc.property(fc.oneof(likely, fc.string({ unit: "binary", maxLength: 30 })), (text) => {
      for (const read of Object.values(readers)) read(text);
    }),
    { numRuns: 3000 },
  );
});

test("RFC 3261 7: no bytes make the parser throw, and what it takes survives a round trip", () => {
  const name = fc.constantFrom("Via", "v", "To", "f", "Content-Length", "CSeq", "m", "i", "c", "x", "Route");
  const line = fc.oneof(
    { weight: 1, arbitrary: likely.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
    { weight: 9, arbitrary: fc.tuple(name, likely).map(([text, value]) => Buffer.from(`${text}: ${value}`)) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom("l: 0", "INVITE sip:a SIP/2.0", "", " fold")
        .map((text) => Buffer.from(text)),
    },
  );
  const breaks = fc.oneof(
    { weight: 20, arbitrary: fc.constant("\r\n") },
    { weight: 1, arbitrary: fc.constantFrom("\n", "\r") },
  );
  const start = fc
    .constantFrom("INVITE sip:a SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "\r\nACK sip:a SIP/2.0\r\n", "")
    .map((text) => Buffer.from(text));
  const datagram = fc
    .tuple(start, fc.array(fc.tuple(line, breaks), { maxLength: 6 }), fc.constantFrom("\r\n", ""))
    .map(([first, lines, end]) =>
      Buffer.concat([first, ...lines.flatMap(([text, crlf]) => [text, Buffer.from(crlf)]), Buffer.from(end)]),
    );
  let taken = 0;
  fc.assert(
    fc.property(datagram, (data) => {
      const result = receive(data);
      if (!result.ok) return;
      taken += 1;
      const again = receive(serializeMessage(result.message));
      assert.ok(again.ok);
      assert.deepEqual(serializeMessage(again.message), serializeMessage(result.message));
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 100, `only ${taken} datagrams were messages`);
});

test("RFC 4475: no torture message with bytes changed, cut out or put in makes anything throw", (context) => {
  const folder = testData("rfc4475");
  if (folder === null) return leftOut(context, 50, "messages of RFC 4475 to change");
  const messages = filesBelow(folder)
    .filter((file) => file.endsWith(".dat"))
    .map((file) => readBytes(join(file)));
  const change = fc.record({ at: fc.nat(5000), length: fc.nat(3), bytes: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(
    fc.property(fc.constantFrom(...messages), fc.array(change, { maxLength: 4 }), (message, changes) => {
      let data: Uint8Array = message;
      for (const { at, length, bytes } of changes) {
        const from = at % (data.length + 1);
        data = Buffer.concat([data.subarray(0, from), bytes, data.subarray(from + length)]);
      }
      receive(data);
    }),
    { numRuns: 3000 },
  );
});

/** Real time, but generous: what is not linear takes minutes at this length. */
function assertLinear(name: string, run: () => void): void {
  const start = process.hrtime.bigint();
  run();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  assert.ok(ms < 1000, `${name} took ${ms} ms`);
}

const hard = [
  ...'" ;,=<>%@:?.()\\[]&-+/*0a\t',
  ...[
    "<<>",
    '"\\',
    '""',
    "a=",
    ";a",
    ",,",
    " ,",
    "%4",
    "%41",
    "&a=",
    "::",
    "1:",
    "1.",
    "(\\",
    ")(",
    "=a;",
    "\udc80",
    "\u00e9 ",
  ],
];
const prefixes = [
  "",
  "sip:",
  "tel:+1;",
  "tel:1;phone-context=",
  "SIP/2.0/UDP a;",
  "Digest a=",
  "<sip:a>;",
  "a;to-tag=",
  "1 (",
  '"',
];

test("RFC 3261 26: readers of values are linear: 65 kB of anything take no time", () => {
  for (const [name, read] of Object.entries(readers))
    for (const prefix of prefixes)
      for (const unit of hard) {
        const text = prefix + unit.repeat(65_000 / unit.length);
        assertLinear(`${name} of ${JSON.stringify(prefix + unit)}...`, () => read(text));
      }
});

test("RFC 3261 26: the parser and the framer are linear in what they are given", () => {
  for (const unit of [
    "a:\r\n",
    "a\r\n",
    " \r\n",
    "\r\n ",
    "\n",
    "\r",
    "v: SIP/2.0/UDP a\r\n",
    "l: 0\r\n",
    "a: \u00ff\r\n",
    ",",
  ]) {
    const body = unit.repeat(150_000 / unit.length);
    for (const start of [
      "OPTIONS sip:a SIP/2.0\r\nv: ",
      "OPTIONS sip:a SIP/2.0\r\nm: <sip:a>\r\n",
      "",
      "SIP/2.0 200 OK\r\n",
    ]) {
      const data = Buffer.from(`${start}${body}\r\n\r\n`, "latin1");
      assertLinear(`parseMessage of ${JSON.stringify(start + unit)}...`, () => receive(data));
      assertLinear(`StreamFramer of ${JSON.stringify(start + unit)}...`, () => {
        const framer = new StreamFramer({ maximumBytes: 500_000 });
        for (let at = 0; at < data.length; at += 7) framer.push(data.subarray(at, at + 7));
      });
    }
  }
});
