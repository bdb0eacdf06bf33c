// Values, AVPs and messages there and back, and hostile bytes.
import assert from "node:assert/strict";
import test from "node:test";
import { type Avp, buildAvp, decodeAvps, encodeAvps } from "@liquid-ims/diameter/avp";
import { readCxAnswer, readCxRequest } from "@liquid-ims/diameter/cx/command";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { address, ipAddress } from "@liquid-ims/diameter/data-type/address";
import type { DataType } from "@liquid-ims/diameter/data-type/data-type";
import { diameterIdentity } from "@liquid-ims/diameter/data-type/diameter-identity";
import { enumerated } from "@liquid-ims/diameter/data-type/enumerated";
import { integer32 } from "@liquid-ims/diameter/data-type/integer32";
import { time } from "@liquid-ims/diameter/data-type/time";
import { unsigned32 } from "@liquid-ims/diameter/data-type/unsigned32";
import { unsigned64 } from "@liquid-ims/diameter/data-type/unsigned64";
import { utf8String } from "@liquid-ims/diameter/data-type/utf8-string";
import { createDictionary } from "@liquid-ims/diameter/dictionary";
import { baseAvps } from "@liquid-ims/diameter/dictionary/base";
import { cxAvps, cxDictionary } from "@liquid-ims/diameter/dictionary/cx";
import { decodeMessage, encodeMessage } from "@liquid-ims/diameter/message";
import { resultClass } from "@liquid-ims/diameter/result-code";
import { StreamFramer } from "@liquid-ims/diameter/stream-framer";
import { checkAvps } from "@liquid-ims/diameter/validate";
import { decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import fc from "fast-check";

function bytes(hex: string): Uint8Array {
  const data = decodeHex(hex);
  assert.ok(data !== null);
  return data;
}

function sameBothWays<T>(type: DataType<T>, rows: readonly (readonly [T, string])[]): void {
  for (const [value, hex] of rows) {
    assert.equal(encodeHex(type.encode(value)), hex);
    assert.deepEqual(type.decode(bytes(hex)), { ok: true, value });
  }
}

function faults<T>(type: DataType<T>, rows: readonly (readonly [string, number])[]): void {
  for (const [hex, resultCode] of rows)
    assert.deepEqual(type.decode(bytes(hex)), { ok: false, fault: { resultCode } }, `${type.name} ${hex}`);
}

test("4.2, 4.3: values and their bytes", () => {
  sameBothWays(unsigned32, [
    [0, "00000000"],
    [4294967295, "ffffffff"],
  ]);
  sameBothWays(integer32, [
    [-1, "ffffffff"],
    [-2147483648, "80000000"],
    [7, "00000007"],
  ]);
  sameBothWays(unsigned64, [[18446744073709551615n, "ffffffffffffffff"]]);
  sameBothWays(utf8String, [
    ["", ""],
    ["Zoë 😀", "5a6fc3ab20f09f9880"],
  ]);
  sameBothWays(diameterIdentity, [["hss.ims.example", "6873732e696d732e6578616d706c65"]]);
  sameBothWays(enumerated({ A: 0, B: 7 }), [["B", "00000007"]]);
  sameBothWays(address, [
    [{ family: 1, text: "127.0.0.1" }, "00017f000001"],
    [{ family: 2, text: "2001:db8::1" }, "000220010db8000000000000000000000001"],
    [{ family: 2, text: "::" }, "000200000000000000000000000000000000"],
    [{ family: 2, text: "1:0:2:3:4:5:6:7" }, "000200010000000200030004000500060007"],
    [{ family: 8, text: "34393137" }, "000834393137"],
  ]);
  // 1970, the last second of the first era, and the first of the next.
  sameBothWays(time, [
    [0, "83aa7e80"],
    [2085978495000, "ffffffff"],
    [2085978496000, "00000000"],
  ]);
});

test("7.1.5: a wrong number of bytes is 5014, a wrong value 5004", () => {
  faults(unsigned32, [
    ["", 5014],
    ["000000", 5014],
    ["0000000000", 5014],
  ]);
  faults(unsigned64, [["00000000", 5014]]);
  faults(enumerated({ A: 0 }), [
    ["00000001", 5004],
    ["0000", 5014],
  ]);
  faults(utf8String, [
    ["ff", 5004],
    ["c3", 5004],
    ["eda080", 5004],
  ]);
  faults(diameterIdentity, [
    ["", 5004],
    ["612062", 5004],
    ["c3ab", 5004],
  ]);
  faults(address, [
    ["", 5014],
    ["00", 5014],
    ["00017f0000", 5014],
    ["00020000", 5014],
  ]);
});

test("values that a format cannot hold are faults of ours", () => {
  assert.throws(() => unsigned32.encode(-1), RangeError);
  assert.throws(() => unsigned32.encode(1.5), RangeError);
  assert.throws(() => integer32.encode(2147483648), RangeError);
  assert.throws(() => diameterIdentity.encode("a b"), RangeError);
  for (const text of ["256.1.1.1", "1.2.3", "1::2::3", "1:2:3:4:5:6:7", ":::", "g::"])
    assert.throws(() => ipAddress(text), RangeError, text);
  assert.throws(
    () => createDictionary(baseAvps, { again: cxAvps["publicIdentity"] ?? assert.fail() }, cxAvps),
    /601/,
  );
});

test("7.1: an unknown class is a permanent failure", () => {
  assert.deepEqual([2001, 3002, 4003, 5001, 7001].map(resultClass), [
    "success",
    "protocol error",
    "transient failure",
    "permanent failure",
    "permanent failure",
  ]);
});

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const anyAvp: fc.Arbitrary<Avp> = fc
  .tuple(u32, fc.option(u32), fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 }))
  .map(([code, vendorId, flags, data]) => buildAvp(code, vendorId, flags, data));
const anyMessage = fc.record(
  {
    flags: fc.integer({ min: 0, max: 255 }),
    commandCode: fc.integer({ min: 0, max: 0xffffff }),
    applicationId: u32,
    hopByHop: u32,
    endToEnd: u32,
    avps: fc.array(anyAvp, { maxLength: 8 }),
  },
  { noNullPrototype: true },
);

test("4.1: any message survives, in the order of its AVPs, known or not", () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { message: again, fault } = decodeMessage(encodeMessage(message));
      assert.equal(fault, null);
      assert.deepEqual(again, message);
    }),
  );
});

/** What a node does with every message before a handler. */
function readAll(data: Uint8Array): void {
  const decoded = decodeMessage(data);
  const rejection = checkAvps(decoded, cxDictionary);
  const reads = [multimediaAuth, locationInfo].flatMap((command) => [
    readCxRequest<typeof command.request, typeof command.answer>(command, decoded.message),
    readCxAnswer<typeof command.request, typeof command.answer>(command, decoded.message),
  ]);
  // What is owed can be encoded, and read again.
  for (const one of [rejection, ...reads.map((read) => (read.ok ? null : read.rejection))]) {
    if (one === null) continue;
    assert.ok(one.resultCode >= 3000);
    const { fault, avps } = decodeAvps(encodeAvps(one.failedAvps));
    assert.equal(fault, null);
    assert.equal(avps.length, one.failedAvps.length);
  }
}

test("hostile bytes: no reader throws, and what is owed can be said", () => {
  const header = bytes("0100000040000000000000000000000100000001");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (body) => {
      const data = new Uint8Array(20 + body.length);
      data.set(header);
      data.set(body, 20);
      readAll(data);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      const framer = new StreamFramer({ maximumBytes: 256 });
      for (const chunk of chunks)
        for (const frame of framer.push(chunk))
          assert.ok(frame.kind !== "message" || frame.data.length <= 256);
    }),
  );
});

test("hostile bytes: known AVPs with any data, groups within groups without end", () => {
  const known = Object.values({ ...baseAvps, ...cxAvps });
  const definition = fc.constantFrom(...known);
  const one = fc
    .tuple(definition, fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 30 }))
    .map(([{ code, vendorId }, flags, data]) => buildAvp(code, vendorId, flags, data));
  const header = { flags: 0xc0, commandCode: 303, applicationId: 16777216, hopByHop: 1, endToEnd: 1 };
  fc.assert(
    fc.property(fc.array(one, { maxLength: 10 }), (avps) => readAll(encodeMessage({ ...header, avps }))),
  );
  let group = buildAvp(612, 10415, 0x40, new Uint8Array(0));
  for (let depth = 0; depth < 2_000; depth++) group = buildAvp(612, 10415, 0x40, encodeAvps([group]));
  readAll(encodeMessage({ ...header, avps: [group] }));
});
