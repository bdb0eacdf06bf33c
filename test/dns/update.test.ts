// UPDATE messages, by the published bytes of two other implementations and by hand. RFC 2136 2, 3.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { RecordData } from "@liquid-ims/dns/rdata";
import type { Change, Prerequisite, Update } from "@liquid-ims/dns/update";
import { decodeUpdate, encodeUpdate, recordKey } from "@liquid-ims/dns/update";
import {
  responseCodeName,
  responseCodeNumber,
  tsigErrorName,
  tsigErrorNumber,
} from "@liquid-ims/dns/update-codes";
import { decodeMessage } from "@liquid-ims/dns/wire";
import { decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import { leftOut, readJson, testData } from "../support/test-data.ts";

interface WireVector {
  readonly name: string;
  readonly hex: string;
  readonly expected: string;
}

function isVectors(data: unknown): data is { readonly update_wire: readonly WireVector[] } {
  return typeof data === "object" && data !== null && "update_wire" in data;
}

function vectors(): readonly WireVector[] {
  const folder = testData("dns");
  const data = folder === null ? null : readJson(join(folder, "update-tsig-vectors.json"));
  return isVectors(data) ? data.update_wire : [];
}

function decode(hex: string) {
  const message = decodeMessage(decodeHex(hex) ?? new Uint8Array(0));
  assert.ok(message !== null, "a DNS message");
  return decodeUpdate(message);
}

const a = (data: string): RecordData => ({ type: "A", data });
const accepted: Readonly<Record<string, { readonly id: number; readonly update: Update }>> = {
  goodwire: {
    id: 1,
    update: {
      zone: "example",
      prerequisites: [
        { kind: "name-in-use", name: "foo.example" },
        { kind: "rrset-exists", name: "foo.example", type: "A" },
        { kind: "rrset-is", name: "bar.example", records: [a("10.0.0.5")] },
        { kind: "name-not-in-use", name: "blaz2.example" },
        { kind: "rrset-not-there", name: "blaz2.example", type: "A" },
      ],
      changes: [
        { kind: "delete-rrset", name: "foo.example", type: "A" },
        { kind: "add", name: "foo.example", ttl: 300, record: a("10.0.0.1") },
        { kind: "add", name: "foo.example", ttl: 300, record: a("10.0.0.2") },
        { kind: "add", name: "bar.example", ttl: 300, record: a("10.0.0.3") },
        { kind: "delete-record", name: "bar.example", record: a("10.0.0.4") },
        { kind: "delete-rrset", name: "blaz.example", type: "A" },
        { kind: "delete-name", name: "blaz2.example" },
      ],
    },
  },
  goodwirenone: {
    id: 1,
    update: {
      zone: "example",
      prerequisites: [],
      changes: [{ kind: "delete-record", name: "foo.example", record: a("1.2.3.4") }],
    },
  },
  "miekg-150": {
    id: 0xab44,
    update: {
      zone: "example",
      prerequisites: [],
      changes: [
        { kind: "delete-rrset", name: "example", type: "A" },
        { kind: "add", name: "example", ttl: 0, record: a("127.0.0.1") },
      ],
    },
  },
};

test("RFC 2136 2.4, 2.5: published messages read as what they say, and written byte for byte; bad ones get FORMERR", (context) => {
  const all = vectors();
  if (all.length === 0) return leftOut(context, 10, "UPDATE messages");
  assert.equal(all.length, 10);
  for (const { name, hex, expected } of all) {
    const good = accepted[name];
    if (good === undefined) {
      assert.ok(expected.startsWith("FORMERR"), name);
      // The second zone of this one is a name that points to itself: no message at all, which is FORMERR, too.
      if (name === "badwirezonemulti") {
        assert.equal(decodeMessage(decodeHex(hex) ?? new Uint8Array(0)), null);
        continue;
      }
      const decoded = decode(hex);
      assert.equal(decoded.ok ? "accepted" : decoded.code, "FORMERR", name);
      continue;
    }
    assert.deepEqual(decode(hex), { ok: true, update: good.update }, name);
    assert.equal(encodeHex(encodeUpdate(good.id, good.update)), hex, name);
  }
});

test("RFC 2782, RFC 3403, RFC 3596, RFC 1035 3.3.14: each kind of record, as sent and read again", () => {
  const naptr = {
    order: 10,
    preference: 50,
    flags: "s",
    service: "SIP+D2U",
    regexp: "",
    replacement: "_sip._udp.t",
  };
  const records: readonly (readonly [RecordData, string])[] = [
    [a("192.0.2.1"), "c0000201"],
    [{ type: "AAAA", data: "2001:db8::6" }, "20010db8000000000000000000000006"],
    [{ type: "AAAA", data: "::" }, "00000000000000000000000000000000"],
    [{ type: "AAAA", data: "1:0:2:3:4:5:6:7" }, "00010000000200030004000500060007"],
    [
      { type: "SRV", data: { priority: 10, weight: 65_535, port: 5060, target: "i2.t" } },
      "000affff13c4" + "02693201" + "7400",
    ],
    [{ type: "SRV", data: { priority: 0, weight: 0, port: 0, target: "." } }, "00000000000000"],
    [{ type: "NAPTR", data: naptr }, "000a003201730753495" + "02b44325500" + "045f736970045f756470017400"],
    [{ type: "TXT", data: ["by", "", "cfs1"] }, "02627900" + "0463667331"],
    [{ type: "CNAME", data: "a.t" }, "0161017400"],
    [{ type: "TYPE65280", data: "00ff" }, "00ff"],
  ];
  for (const [record, hex] of records) {
    const update: Update = {
      zone: "t",
      prerequisites: [],
      changes: [{ kind: "add", name: "x.t", ttl: 60, record }],
    };
    const data = encodeUpdate(7, update);
    assert.equal(encodeHex(data.subarray(data.length - hex.length / 2)), hex, record.type);
    assert.deepEqual(decode(encodeHex(data)), { ok: true, update });
  }
});

test("RFC 2136 2.4.2: records of one name and type are one set, whatever stands between", () => {
  const is = (name: string, ...records: RecordData[]): Prerequisite => ({ kind: "rrset-is", name, records });
  const update = {
    zone: "t",
    prerequisites: [is("x.t", a("10.0.0.1")), is("y.t", a("10.0.0.1")), is("X.T", a("10.0.0.2"))],
    changes: [],
  };
  const decoded = decode(encodeHex(encodeUpdate(1, update)));
  assert.deepEqual(decoded.ok && decoded.update.prerequisites, [
    is("x.t", a("10.0.0.1"), a("10.0.0.2")),
    is("y.t", a("10.0.0.1")),
  ]);
});

test("RFC 2136 3.1.1, 3.4.1: other opcodes, other zones, TTLs and data where none may be", () => {
  const header = "0001280000010000000100000174" + "0000060001";
  const change = (type: string, rest: string) => `${header}0178c00c${type}${rest}`;
  const codes: readonly (readonly [string, string])[] = [
    [change("0001", "00010000003c00040a000001"), "accepted"],
    [change("0001", "00010000003c0000"), "FORMERR"], // an A without its address
    [change("00ff", "00010000003c0000"), "FORMERR"], // an ANY added
    [change("00fc", "00ff000000000000"), "FORMERR"], // an AXFR deleted
    [change("0001", "00ff0000003c0000"), "FORMERR"], // a deletion with a TTL
    [change("0001", "00ff0000000000040a000001"), "FORMERR"], // a set deleted, with data
    [change("0001", "00fe0000003c00040a000001"), "FORMERR"], // a record deleted, with a TTL
    [change("00ff", "00fe000000000000"), "FORMERR"],
    [change("0001", "00030000003c00040a000001"), "FORMERR"], // class CH
    [`${header}0178017500000100010000003c00040a000001`, "NOTZONE"],
    ["0001280000020000000000000174000006" + "0001" + "0175000006" + "0001", "FORMERR"], // two zones
    ["000128000001000000000000" + "0174000006" + "0003", "NOTAUTH"],
    ["000100000001000000000000" + "0174000006" + "0001", "NOTIMP"],
  ];
  for (const [hex, code] of codes) {
    const decoded = decode(hex);
    assert.equal(decoded.ok ? "accepted" : decoded.code, code, hex);
  }
});

test("what is no message: cut anywhere, with something behind it, with names that point ahead or to themselves", () => {
  const good = encodeUpdate(1, accepted["goodwire"]?.update ?? { zone: "t", prerequisites: [], changes: [] });
  for (let length = 0; length < good.length; length++)
    assert.equal(decodeMessage(good.subarray(0, length)), null, String(length));
  assert.equal(decodeMessage(Uint8Array.of(...good, 0)), null);
  for (const name of ["c00c", "c00e00", "c0", "40", "ff"])
    assert.equal(decodeMessage(decodeHex(`000128000001000000000000${name}00060001`) ?? good), null, name);
  const longAddress =
    "0001280000010000000100000174000006000101" + "78c00c0001" + "00010000003c00050a00000100";
  assert.equal(decodeMessage(decodeHex(longAddress) ?? good), null, "an A of five bytes");
});

test("what cannot be sent: named with its field, its value and the remedy", () => {
  const add = (name: string, record: RecordData): Change => ({ kind: "add", name, ttl: 1, record });
  const faults: readonly (readonly [Change, RegExp])[] = [
    [add("x.t", a("10.0.0.256")), /A "10.0.0.256": give an IPv4 address/],
    [add("x.t", { type: "AAAA", data: "[::1]" }), /AAAA "\[::1\]": .*without brackets/],
    [add("x.t", { type: "AAAA", data: "1::2::3" }), /AAAA/],
    [add(`${"l".repeat(64)}.t`, a("10.0.0.1")), /a label of 64 bytes, at most 63/],
    [add(`${"abcdefg.".repeat(32)}t`, a("10.0.0.1")), /259 bytes as sent, at most 255/],
    [add("x..t", a("10.0.0.1")), /name "x\.\.t": an empty label/],
    [add("ü€.t", a("10.0.0.1")), /A-label/],
    [
      add("x.t", { type: "SRV", data: { priority: 1, weight: 70_000, port: 1, target: "t" } }),
      /SRV weight 70000/,
    ],
    [add("x.t", { type: "TXT", data: ["x".repeat(256)] }), /TXT string of 256 bytes/],
    [add("x.t", { type: "TXT", data: [] }), /TXT without a string/],
    [add("x.t", { type: "TYPE70000", data: "" }), /type "TYPE70000"/],
    [add("x.t", { type: "TYPE99", data: "0" }), /hexadecimal/],
  ];
  for (const [change, message] of faults)
    assert.throws(() => encodeUpdate(1, { zone: "t", prerequisites: [], changes: [change] }), {
      name: "DnsDataError",
      message,
    });
});

test("RFC 2136 1.1.1: values are equal when only the case of their names differs", () => {
  const srv = (target: string): RecordData => ({
    type: "SRV",
    data: { priority: 1, weight: 2, port: 3, target },
  });
  assert.equal(recordKey(srv("A.T.")), recordKey(srv("a.t")));
  assert.notEqual(recordKey(srv("a.t")), recordKey(srv("b.t")));
  assert.notEqual(recordKey({ type: "TXT", data: ["a"] }), recordKey({ type: "TXT", data: ["A"] }));
});

test("RFC 2136 2.2, RFC 8945 3: the numbers of the codes", () => {
  const names = [
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
  ] as const;
  for (const [number, name] of names.entries()) {
    assert.equal(responseCodeNumber(name), number);
    assert.equal(responseCodeName(number), name);
  }
  assert.equal(responseCodeName(11), null);
  for (const [number, name] of [
    [16, "BADSIG"],
    [17, "BADKEY"],
    [18, "BADTIME"],
    [22, "BADTRUNC"],
  ] as const) {
    assert.equal(tsigErrorNumber(name), number);
    assert.equal(tsigErrorName(number), name);
  }
  assert.equal(tsigErrorName(0), null);
});
