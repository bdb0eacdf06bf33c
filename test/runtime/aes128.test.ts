// AES-128 of one block. FIPS 197, and vectors of SP 800-38A for ECB.
import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import test from "node:test";
import { aes128 } from "@liquid-ims/runtime/aes128";
import { decodeHex, encodeHex } from "@liquid-ims/runtime/text";

function bytes(text: string): Uint8Array {
  return decodeHex(text) ?? assert.fail(text);
}

test("FIPS 197 B, C.1 and SP 800-38A F.1.1: the published blocks", () => {
  const common = "2b7e151628aed2a6abf7158809cf4f3c";
  for (const [key, block, expected] of [
    [common, "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32"],
    [
      "000102030405060708090a0b0c0d0e0f",
      "00112233445566778899aabbccddeeff",
      "69c4e0d86a7b0430d8cdb78070b4c55a",
    ],
    [common, "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97"],
    [common, "ae2d8a571e03ac9c9eb76fac45af8e51", "f5d3d58503b9699de785895a96fdbaaf"],
    [common, "30c81c46a35ce411e5fbc1191a0a52ef", "43b1cd7f598ece23881b00e3ed030688"],
    [common, "f69f2445df4f9b17ad2b417be66c3710", "7b0c785e27e8ad3f8223207104725dd4"],
  ] as const)
    assert.equal(encodeHex(aes128(bytes(key), bytes(block))), expected);
});

test("FIPS 197 5.1: 500 keys and blocks as node:crypto enciphers them; the input stays as it was", () => {
  let seed = new Uint8Array(32);
  for (let round = 0; round < 500; round++) {
    seed = new Uint8Array(createHash("sha256").update(seed).digest());
    const key = seed.slice(0, 16);
    const block = seed.slice(16);
    const before = encodeHex(seed);
    const expected = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(block);
    assert.equal(encodeHex(aes128(key, block)), encodeHex(expected));
    assert.equal(encodeHex(key) + encodeHex(block), before);
  }
});
