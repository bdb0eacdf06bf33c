// The USIM in software, and AKA's parameters in digest. TS 33.102 6.3.3, 6.3.5; RFC 3310 3.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import test from "node:test";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { encodeHex } from "@liquid-ims/runtime/text";
import { formatAkaNonce, formatAuts, parseAkaNonce, parseAuts } from "@liquid-ims/sip/authentication/aka";
import { generateVector, readAuts } from "@liquid-ims/sip/authentication/authentication-vector";
import { computeResponse } from "@liquid-ims/sip/authentication/digest";
import {
  freshSequenceState,
  nextSequenceNumber,
  resynchronise,
  type SequenceState,
  sequenceNumber,
  sqnBytes,
  sqnOfBytes,
} from "@liquid-ims/sip/authentication/sequence-number";
import { createUsim } from "@liquid-ims/sip/authentication/usim";
import { leftOut, readJson, testData } from "../../support/test-data.ts";
import { bytes, milenageSets, setCount } from "./aka-data.ts";

const { crypto } = createNodejsHost({ name: "test", log: silentLog });
const keys = { k: bytes("00112233445566778899aabbccddeeff"), opc: bytes("0f1e2d3c4b5a69788796a5b4c3d2e1f0") };
const amf = bytes("8000");

function vectorOf(sqn: bigint, rand = "000102030405060708090a0b0c0d0e0f") {
  return generateVector(crypto, { keys, amf, sqn: sqnBytes(sqn), rand: bytes(rand) });
}

/** A USIM that has accepted this number and no other. */
function accepted(sqn: bigint): SequenceState {
  const index = Number(sqn & 31n);
  return { accepted: freshSequenceState.accepted.map((_, at) => (at === index ? sqn >> 5n : 0n)) };
}

test("6.3.3, RFC 3310 3.3: each set's challenge gives its RES, CK, IK and the published response", (context) => {
  const sets = milenageSets();
  const folder = testData("aka");
  if (sets === null || folder === null) return leftOut(context, setCount, "AKA runs");
  const json = readJson(join(folder, "akav1-md5-digest.json"));
  assert.ok(typeof json === "object" && json !== null && "vectors" in json && Array.isArray(json.vectors));
  assert.equal(json.vectors.length, sets.length);
  for (const [at, set] of sets.entries()) {
    const vector: Record<string, string> = json.vectors[at];
    const [nonce, username] = [vector["nonce"] ?? "", vector["username"] ?? ""];
    const challenge = parseAkaNonce(nonce) ?? assert.fail();
    assert.equal(encodeHex(challenge.rand), set.get("rand"));
    assert.equal(encodeHex(challenge.autn), set.get("autn"));
    assert.equal(formatAkaNonce(challenge), nonce);

    const own = { k: bytes(set.get("k")), opc: bytes(set.get("opc")) };
    const sqn = sqnOfBytes(bytes(set.get("sqn")));
    const usim = createUsim({ crypto, keys: own, initial: accepted(sqn - 32n) });
    const result = usim.authenticate(challenge.rand, challenge.autn);
    assert.ok(result.outcome === "ok");
    assert.deepEqual(
      [result.res, result.ck, result.ik].map(encodeHex),
      ["f2", "f3", "f4"].map((name) => set.get(name)),
    );
    const response = computeResponse({
      ...{ crypto, username, nonce, realm: "ims.example", uri: "sip:ims.example", method: "REGISTER" },
      ...{ algorithm: "AKAv1-MD5", secret: { password: result.res } },
    });
    assert.equal(response, vector["response_no_qop"]);

    // The same challenge again: its number is the highest one that the USIM has accepted now.
    const again = usim.authenticate(challenge.rand, challenge.autn);
    assert.ok(again.outcome === "synchronisation failure");
    assert.equal(encodeHex(again.auts), set.get("auts_sqnms_eq_sqn_amf0"));
    assert.equal(formatAuts(again.auts), vector["auts_b64"]);
  }
});

test("6.3.3: a challenge of another key, or with any bit of AUTN changed, is a MAC failure and changes nothing", () => {
  const usim = createUsim({ crypto, keys });
  const { rand, autn } = vectorOf(33n);
  const other = createUsim({ crypto, keys: { ...keys, k: keys.opc } });
  assert.deepEqual(other.authenticate(rand, autn), { outcome: "MAC failure" });
  for (let bit = 0; bit < 128; bit++) {
    const changed = autn.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.deepEqual(usim.authenticate(rand, changed), { outcome: "MAC failure" }, `bit ${bit}`);
  }
  assert.equal(usim.state, freshSequenceState);
  assert.equal(usim.authenticate(rand, autn).outcome, "ok");
});

test("6.3.5: one AUTS brings a network that was set back to zero past the USIM's number", () => {
  const usim = createUsim({ crypto, keys, initial: accepted(sequenceNumber(5000n, 9)) });
  let highest = nextSequenceNumber(0n);
  const first = vectorOf(highest);
  // IND 1 has accepted nothing yet: an old number of it is fresh to this USIM.
  assert.equal(usim.authenticate(first.rand, first.autn).outcome, "ok");
  highest = sequenceNumber(30n, 9);
  const second = vectorOf(highest);
  const failed = usim.authenticate(second.rand, second.autn);
  assert.ok(failed.outcome === "synchronisation failure");
  const told = readAuts(crypto, { keys, rand: second.rand, auts: failed.auts }) ?? assert.fail();
  assert.equal(sqnOfBytes(told), sequenceNumber(5000n, 9));
  highest = nextSequenceNumber(resynchronise(highest, sqnOfBytes(told)));
  const third = vectorOf(highest, "ff0102030405060708090a0b0c0d0e0f");
  assert.equal(usim.authenticate(third.rand, third.autn).outcome, "ok");
});

test("C.2.1: a number too far ahead is a synchronisation failure with the USIM's own number", () => {
  const usim = createUsim({ crypto, keys, limits: { delta: 10n } });
  const { rand, autn } = vectorOf(sequenceNumber(11n, 0));
  const result = usim.authenticate(rand, autn);
  assert.ok(result.outcome === "synchronisation failure");
  assert.deepEqual(readAuts(crypto, { keys, rand, auts: result.auts }), new Uint8Array(6));
});

test("TS 33.102 C.2: the state survives a restart when it is kept", () => {
  const before = createUsim({ crypto, keys });
  const { rand, autn } = vectorOf(33n);
  assert.equal(before.authenticate(rand, autn).outcome, "ok");
  const after = createUsim({ crypto, keys, initial: before.state });
  assert.equal(after.authenticate(rand, autn).outcome, "synchronisation failure");
  assert.equal(createUsim({ crypto, keys }).authenticate(rand, autn).outcome, "ok");
});

test("RFC 3310 3.2: RAND and AUTN in the nonce, with data of the server's behind them; what is no such nonce", () => {
  const rand = bytes("00000000000000000000000000000000");
  const autn = bytes("ffffffffffffffffffffffffffffffff");
  const nonce = formatAkaNonce({ rand, autn });
  assert.equal(nonce, "AAAAAAAAAAAAAAAAAAAAAP////////////////////8=");
  assert.deepEqual(parseAkaNonce(nonce), { rand, autn });
  assert.deepEqual(parseAkaNonce("AAAAAAAAAAAAAAAAAAAAAP////////////////////8BAgMh"), { rand, autn });
  for (const wrong of [
    "",
    "AAAA",
    nonce.slice(4),
    `${nonce.slice(0, -4)}!8==`,
    "no base64 at all, but long enough",
  ])
    assert.equal(parseAkaNonce(wrong), null, wrong);
});

test("RFC 3310 3.4: auts is 14 bytes in base64", () => {
  const auts = bytes("ba853f3c123ccf44e93596e355c6");
  assert.equal(formatAuts(auts), "uoU/PBI8z0TpNZbjVcY=");
  assert.deepEqual(parseAuts("uoU/PBI8z0TpNZbjVcY="), auts);
  for (const wrong of ["", "uoU/PBI8z0TpNZbj", "uoU/PBI8z0TpNZbjVcbG", "not base64!"])
    assert.equal(parseAuts(wrong), null);
});

test("RFC 3310 3.3: RES is taken as bytes, zeros and bytes that are no text among them", () => {
  const res = bytes("00ff5b00c3280a22");
  const md5 = (...parts: (string | Uint8Array)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash("md5")).digest("hex");
  const expected = md5(`${md5("u:r:", res)}:n:${md5("REGISTER:sip:r")}`);
  const common = { crypto, username: "u", realm: "r", nonce: "n", uri: "sip:r", method: "REGISTER" };
  assert.equal(computeResponse({ ...common, algorithm: "AKAv1-MD5", secret: { password: res } }), expected);
  assert.notEqual(md5(`${md5("u:r:")}:n:${md5("REGISTER:sip:r")}`), expected);
});
