// Milenage, vectors, AUTS. TS 35.206, TS 35.208 4, TS 33.102 6.3.
import assert from "node:assert/strict";
import test from "node:test";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { encodeHex } from "@liquid-ims/runtime/text";
import { generateVector, readAuts } from "@liquid-ims/sip/authentication/authentication-vector";
import { computeOpc, f1, f1star, f5star, f2345 } from "@liquid-ims/sip/authentication/milenage";
import { leftOut } from "../../support/test-data.ts";
import { bytes, milenageSets, setCount } from "./aka-data.ts";

const { crypto } = createNodejsHost({ name: "test", log: silentLog });

test("TS 35.208 4.3: OPc, f1, f1*, f2, f3, f4, f5, f5* of every set", (context) => {
  const sets = milenageSets();
  if (sets === null) return leftOut(context, setCount, "Milenage sets");
  for (const set of sets) {
    const [k, rand, sqn, amf] = ["k", "rand", "sqn", "amf"].map((name) => bytes(set.get(name)));
    assert.ok(k && rand && sqn && amf);
    const opc = computeOpc(crypto, k, bytes(set.get("op")));
    const keys = { k, opc };
    const { res, ck, ik, ak } = f2345(crypto, keys, rand);
    const computed = {
      opc,
      f1: f1(crypto, keys, { rand, sqn, amf }),
      f1star: f1star(crypto, keys, { rand, sqn, amf }),
      ...{ f2: res, f3: ck, f4: ik, f5: ak },
      f5star: f5star(crypto, keys, rand),
    };
    for (const [name, value] of Object.entries(computed))
      assert.equal(encodeHex(value), set.get(name), `set ${set.get("set")}: ${name}`);
  }
});

test("TS 33.102 6.3.2, 6.3.5: AUTN, XRES, CK, IK of every set, and its AUTS read", (context) => {
  const sets = milenageSets();
  if (sets === null) return leftOut(context, setCount, "Milenage sets");
  for (const set of sets) {
    const keys = { k: bytes(set.get("k")), opc: bytes(set.get("opc")) };
    const [rand, sqn, amf] = [bytes(set.get("rand")), bytes(set.get("sqn")), bytes(set.get("amf"))];
    const vector = generateVector(crypto, { keys, rand, sqn, amf });
    assert.deepEqual(
      [vector.rand, vector.autn, vector.xres, vector.ck, vector.ik].map(encodeHex),
      ["rand", "autn", "f2", "f3", "f4"].map((name) => set.get(name)),
    );
    const auts = bytes(set.get("auts_sqnms_eq_sqn_amf0"));
    assert.deepEqual(readAuts(crypto, { keys, rand, auts }), sqn);
    for (const at of [0, 5, 6, 13]) {
      const changed = auts.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      assert.equal(readAuts(crypto, { keys, rand, auts: changed }), null, `byte ${at}`);
    }
    const otherRand = rand.slice();
    otherRand[0] = (otherRand[0] ?? 0) ^ 1;
    assert.equal(readAuts(crypto, { keys, rand: otherRand, auts }), null);
    for (const wrong of [auts.slice(1), new Uint8Array(0), new Uint8Array(15)])
      assert.equal(readAuts(crypto, { keys, rand, auts: wrong }), null);
  }
});

test("TS 35.206 3: a field of another length is named with the length it has and the one it needs", () => {
  const keys = { k: new Uint8Array(16), opc: new Uint8Array(16) };
  const rand = new Uint8Array(16);
  const amf = new Uint8Array(2);
  assert.throws(() => f2345(crypto, keys, rand.slice(1)), /RAND has 15 bytes: give 16/);
  assert.throws(() => f2345(crypto, { ...keys, k: amf }, rand), /K has 2 bytes: give 16/);
  assert.throws(() => f2345(crypto, { ...keys, opc: amf }, rand), /OPc has 2 bytes: give 16/);
  assert.throws(() => f1(crypto, keys, { rand, amf, sqn: rand }), /SQN has 16 bytes: give 6/);
  assert.throws(() => f1star(crypto, keys, { rand, amf: rand, sqn: rand.slice(10) }), /AMF has 16 bytes/);
  assert.throws(() => computeOpc(crypto, rand, amf), /OP has 2 bytes: give 16/);
});
