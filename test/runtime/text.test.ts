// Bytes and text, both ways.
import assert from "node:assert/strict";
import test from "node:test";
import {
  decodeBase64Url,
  decodeHex,
  decodeText,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeText,
} from "@liquid-ims/runtime/text";
import fc from "fast-check";

test("any bytes become text and the same bytes again", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
      assert.deepEqual(encodeText(decodeText(data)), data);
    }),
    { numRuns: 2000 },
  );
});

test("RFC 3629 4: valid UTF-8 decodes as everywhere else", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(decodeText(Buffer.from(text, "utf8")), text);
    }),
  );
  assert.equal(decodeText(Uint8Array.of(0xc0, 0xaf, 0xed, 0xa0, 0x80)), "\udcc0\udcaf\udced\udca0\udc80");
});

test("RFC 4648: base64 and base64url agree with Node's, and refuse what means nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
      assert.equal(encodeBase64(data), Buffer.from(data).toString("base64"));
      assert.equal(encodeBase64Url(data), Buffer.from(data).toString("base64url"));
      assert.deepEqual(decodeBase64Url(encodeBase64Url(data)), data);
      assert.deepEqual(decodeHex(encodeHex(data)), data);
    }),
  );
  for (const wrong of ["A", "A*==", "AB", "AAC"]) assert.equal(decodeBase64Url(wrong), null, wrong);
});
