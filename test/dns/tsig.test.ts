// Signatures, by MACs that another implementation published, and the rules of verifying. RFC 8945 4, 5.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { inspect } from "node:util";
import {
  appendUnsignedError,
  type Received,
  readMessage,
  serverTimeData,
  serverTimeOf,
  signMessage,
  type VerifyOptions,
  verifyMessage,
} from "@liquid-ims/dns/tsig";
import { TsigKey, tsigAlgorithm } from "@liquid-ims/dns/tsig-key";
import { encodeUpdate } from "@liquid-ims/dns/update";
import { tsigErrorName } from "@liquid-ims/dns/update-codes";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { decodeBase64, decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import { leftOut, readJson, testData } from "../support/test-data.ts";

interface MacVector {
  readonly desc: string;
  readonly algorithm: string;
  readonly secret_b64: string;
  readonly key_name: string;
  readonly request_mac: string;
  readonly error: number;
  readonly other_data: string;
  readonly time_signed: number;
  readonly fudge: number;
  readonly message_hex: string;
  readonly expected_mac: string;
}

function isVectors(data: unknown): data is { readonly tsig_mac: readonly MacVector[] } {
  return typeof data === "object" && data !== null && "tsig_mac" in data;
}

const crypto = new NodejsCrypto();
const hex = (text: string) => decodeHex(text) ?? assert.fail(`hexadecimal: ${text}`);

test("RFC 8945 4.3: published MACs, with and without the request's, with other data, of three hashes", (context) => {
  const folder = testData("dns");
  const data = folder === null ? null : readJson(join(folder, "update-tsig-vectors.json"));
  if (!isVectors(data)) return leftOut(context, 5, "MACs");
  assert.equal(data.tsig_mac.length, 5);
  for (const vector of data.tsig_mac) {
    const algorithm = tsigAlgorithm(vector.algorithm) ?? assert.fail(vector.algorithm);
    const key = new TsigKey(vector.key_name, algorithm, decodeBase64(vector.secret_b64) ?? assert.fail());
    const error = tsigErrorName(vector.error);
    const requestMac = hex(vector.request_mac);
    const signed = signMessage(crypto, key, hex(vector.message_hex), {
      time: vector.time_signed,
      fudge: vector.fudge,
      requestMac,
      otherData: hex(vector.other_data),
      ...(error === null ? {} : { error }),
    });
    assert.equal(encodeHex(signed.mac), vector.expected_mac, vector.desc);
    const received = readMessage(signed.data);
    assert.ok(received.kind === "signed", vector.desc);
    assert.equal(encodeHex(received.bare), vector.message_hex);
    const time = vector.time_signed;
    assert.ok(verifyMessage(crypto, received, { keys: [key], time, requestMac }).ok, vector.desc);
  }
});

const key = new TsigKey(
  "CFS-key.",
  "hmac-sha256",
  Uint8Array.from({ length: 32 }, (_, index) => index),
);
const message = encodeUpdate(0x1234, { zone: "t", prerequisites: [], changes: [] });
const now = 1_800_000_000;

function signed(data: Uint8Array): Received & { kind: "signed" } {
  const received = readMessage(data);
  return received.kind === "signed" ? received : assert.fail(received.kind);
}

function verdict(data: Uint8Array, options: Partial<VerifyOptions> = {}): string {
  const verified = verifyMessage(crypto, signed(data), { keys: [key], time: now, ...options });
  return verified.ok ? "ok" : verified.error;
}

const good = signMessage(crypto, key, message, { time: now });

test("RFC 8945 4.2, 5.1: the record as sent: last, class ANY, TTL 0, counted", () => {
  const record = good.data.subarray(message.length);
  // cfs-key TSIG ANY 0, hmac-sha256, the time in 48 bits, 300 s, 32 bytes of MAC, the id, no error, no data.
  const algorithm = "0b686d61632d73686132353600";
  const before = `076366732d6b65790000fa00ff00000000003d${algorithm}00006b49d200012c0020`;
  assert.equal(encodeHex(record), `${before}${encodeHex(good.mac)}123400000000`);
  assert.equal(good.data[11], 1);
  assert.deepEqual(good.data.subarray(0, 11), message.subarray(0, 11));
});

test("RFC 8945 5.2: every changed byte of a signed message is noticed", () => {
  assert.equal(verdict(good.data), "ok");
  for (let at = 0; at < good.data.length; at++) {
    const changed = good.data.slice();
    changed.set([(changed[at] ?? 0) ^ 1], at);
    const received = readMessage(changed);
    // The id is what a forwarder may change: the original one is signed (RFC 8945 5.2).
    const isValid =
      received.kind === "signed" && verifyMessage(crypto, received, { keys: [key], time: now }).ok;
    assert.equal(isValid, at < 2, `byte ${at}`);
  }
});

test("RFC 8945 5.2.1: unknown name or another algorithm: BADKEY; 5.2.2: another secret or request: BADSIG", () => {
  const other = (name: string, algorithm: "hmac-sha256" | "hmac-sha512", fill: number) =>
    new TsigKey(name, algorithm, new Uint8Array(32).fill(fill));
  assert.equal(verdict(good.data, { keys: [] }), "BADKEY");
  assert.equal(verdict(good.data, { keys: [other("else", "hmac-sha256", 1)] }), "BADKEY");
  assert.equal(verdict(good.data, { keys: [other("cfs-key", "hmac-sha512", 1)] }), "BADKEY");
  assert.equal(verdict(good.data, { keys: [other("cfs-key", "hmac-sha256", 1)] }), "BADSIG");
  assert.equal(verdict(good.data, { requestMac: good.mac }), "BADSIG");
  const answer = signMessage(crypto, key, message, { time: now, requestMac: good.mac }).data;
  assert.equal(verdict(answer, { requestMac: good.mac }), "ok");
  assert.equal(verdict(answer), "BADSIG");
});

test("RFC 8945 5.2.2.1, 5.2.4: lengths of the MAC", () => {
  const cut = (
    macLength: number,
    algorithm: "hmac-sha1" | "hmac-sha256" | "hmac-sha512",
    shortestMac?: number,
  ) => {
    const short = new TsigKey("k", algorithm, new Uint8Array(20).fill(7));
    const { data } = signMessage(crypto, short, message, { time: now, macLength });
    return verdict(data, { keys: [short], ...(shortestMac === undefined ? {} : { shortestMac }) });
  };
  assert.equal(cut(32, "hmac-sha256"), "ok");
  assert.equal(cut(31, "hmac-sha256"), "BADTRUNC");
  assert.equal(cut(16, "hmac-sha256"), "BADTRUNC");
  assert.equal(cut(16, "hmac-sha256", 16), "ok");
  assert.equal(cut(16, "hmac-sha256", 20), "BADTRUNC");
  assert.equal(cut(15, "hmac-sha256", 1), "FORMERR", "less than half");
  assert.equal(cut(10, "hmac-sha1", 1), "ok");
  assert.equal(cut(9, "hmac-sha1", 1), "FORMERR", "less than 10 bytes");
  assert.equal(cut(31, "hmac-sha512", 1), "FORMERR");
  assert.equal(cut(0, "hmac-sha256", 1), "BADSIG", "none at all");
  const longer = new TsigKey("k", "hmac-sha256", new Uint8Array(1));
  const received = signed(signMessage(crypto, longer, message, { time: now }).data);
  const long = { ...received, tsig: { ...received.tsig, mac: new Uint8Array(33) } };
  const verified = verifyMessage(crypto, long, { keys: [longer], time: now });
  assert.equal(verified.ok ? "ok" : verified.error, "FORMERR", "longer than the hash");
});

test("RFC 8945 5.2.3: the clocks may differ by the fudge, not by a second more", () => {
  for (const [skew, expected] of [
    [300, "ok"],
    [-300, "ok"],
    [301, "BADTIME"],
    [-301, "BADTIME"],
  ] as const)
    assert.equal(verdict(good.data, { time: now + skew }), expected, String(skew));
  assert.equal(
    verdict(signMessage(crypto, key, message, { time: now, fudge: 5 }).data, { time: now + 6 }),
    "BADTIME",
  );
  const wrongToo = signMessage(crypto, new TsigKey("cfs-key", "hmac-sha256", new Uint8Array(1)), message, {
    time: 0,
  });
  assert.equal(verdict(wrongToo.data), "BADSIG", "the MAC comes before the time");
});

test("RFC 8945 5.2: a second TSIG record, one that is not last, or in another section: malformed", () => {
  const twice = good.data.slice();
  const record = good.data.subarray(message.length);
  const both = Uint8Array.of(...twice, ...record);
  both.set([2], 11);
  assert.equal(readMessage(both).kind, "malformed");
  const followed = Uint8Array.of(...good.data, ...hex("00000100010000000000040a000001"));
  followed.set([2], 11);
  assert.equal(readMessage(followed).kind, "malformed");
  const elsewhere = good.data.slice();
  elsewhere.set([1, 0, 0], 9);
  assert.equal(readMessage(elsewhere).kind, "malformed");
  const otherClass = good.data.slice();
  otherClass.set([1], message.length + 12);
  assert.equal(readMessage(otherClass).kind, "malformed");
  assert.equal(readMessage(message).kind, "unsigned");
  assert.equal(readMessage(good.data.subarray(0, 30)).kind, "malformed");
});

test("RFC 8945 5.3.2: an error without MAC, and the server's time in BADTIME", () => {
  const unsigned = signed(appendUnsignedError(message, signed(good.data).tsig, "BADKEY", now + 1));
  assert.deepEqual(
    [unsigned.tsig.error, unsigned.tsig.mac.length, unsigned.tsig.keyName, unsigned.tsig.originalId],
    [17, 0, "cfs-key", 0x1234],
  );
  assert.equal(serverTimeOf(unsigned.tsig), null);
  const late = signMessage(crypto, key, message, {
    time: now,
    error: "BADTIME",
    otherData: serverTimeData(2 ** 40 + 5),
  });
  assert.equal(serverTimeOf(signed(late.data).tsig), 2 ** 40 + 5);
});

test("a key's secret is in no text made of it", () => {
  const secret = new TsigKey("k", "hmac-sha256", new TextEncoder().encode("tell-nobody"));
  const texts = [JSON.stringify(secret), inspect(secret, { depth: 9, showHidden: true }), String(secret)];
  assert.deepEqual(
    texts.filter((text) => /tell-nobody|116, ?101|dGVsbC/.test(text)),
    [],
  );
});
