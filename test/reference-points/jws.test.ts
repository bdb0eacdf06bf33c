// Compact JWS. RFC 7515, RFC 7518 3.4, RFC 8037, RFC 7638.
import assert from "node:assert/strict";
import { createHmac, createPublicKey, verify } from "node:crypto";
import test from "node:test";
import { parseJws, signJws, thumbprint, verifyJws } from "@liquid-ims/reference-points/jws";
import type { PublicKey, SignatureAlgorithm } from "@liquid-ims/runtime/crypto";
import { encodeBase64Url, encodeText } from "@liquid-ims/runtime/text";
import { testCrypto } from "./test-crypto.ts";

const payload = encodeText('{"v":"1.0"}');

async function signer(algorithm: SignatureAlgorithm) {
  const pair = await testCrypto.generateKey(algorithm);
  const kid = thumbprint(testCrypto, pair.publicKey.jwk);
  const keys = (name: string): PublicKey | undefined => (name === kid ? pair.publicKey : undefined);
  return { kid, keys, pair, key: { kid, key: pair.privateKey } };
}

function encodeJson(value: unknown): string {
  return encodeBase64Url(encodeText(JSON.stringify(value)));
}

/** The JWS with another header, its signature kept. */
function withHeader(jws: string, header: unknown): string {
  const [, body, signature] = jws.split(".");
  return `${encodeJson(header)}.${body}.${signature}`;
}

test("RFC 7638 3, RFC 8037 A.3: thumbprint of the Ed25519 key of the appendix", () => {
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  } as const;
  assert.equal(thumbprint(testCrypto, jwk), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
});

test("RFC 7515 3.1: three parts, the header says alg, kid and typ, node's own crypto verifies it", async () => {
  for (const algorithm of ["ES256", "EdDSA"] as const) {
    const { key, kid, pair } = await signer(algorithm);
    const jws = await signJws(testCrypto, { typ: "command", key, payload });
    const [header = "", body = "", signature = "", ...more] = jws.split(".");
    assert.equal(more.length, 0);
    assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), {
      alg: algorithm,
      kid,
      typ: "command",
    });
    assert.equal(Buffer.from(body, "base64url").toString(), '{"v":"1.0"}');
    const object = createPublicKey({ key: { ...pair.publicKey.jwk }, format: "jwk" });
    const signed = Buffer.from(`${header}.${body}`);
    const bytes = Buffer.from(signature, "base64url");
    const good =
      algorithm === "ES256"
        ? verify("sha256", signed, { key: object, dsaEncoding: "ieee-p1363" }, bytes)
        : verify(null, signed, object, bytes);
    assert.ok(good, algorithm);
  }
});

test("RFC 7515 5.2: what was signed verifies and gives its payload", async () => {
  for (const algorithm of ["ES256", "EdDSA"] as const) {
    const { key, keys, kid } = await signer(algorithm);
    const jws = await signJws(testCrypto, { typ: "notify", key, payload });
    assert.deepEqual(await verifyJws(testCrypto, jws, { typ: "notify", keys }), { ok: true, kid, payload });
  }
});

async function failure(
  jws: string,
  keys: (kid: string) => PublicKey | undefined,
  typ = "command",
): Promise<string> {
  const result = await verifyJws(testCrypto, jws, { typ, keys });
  return result.ok ? "accepted" : result.failure;
}

test("RFC 7515 10.7, attack alg none: refused with and without a signature", async () => {
  const { key, keys, kid } = await signer("ES256");
  const jws = await signJws(testCrypto, { typ: "command", key, payload });
  const header = { alg: "none", kid, typ: "command" };
  assert.equal(await failure(withHeader(jws, header), keys), "wrong alg");
  assert.equal(await failure(`${encodeJson(header)}.${encodeBase64Url(payload)}.`, keys), "wrong alg");
});

test("attack HS256 with the public key as secret: alg is that of the key, refused", async () => {
  const { keys, kid, pair } = await signer("ES256");
  const signed = `${encodeJson({ alg: "HS256", kid, typ: "command" })}.${encodeBase64Url(payload)}`;
  const mac = createHmac("sha256", JSON.stringify(pair.publicKey.jwk)).update(signed).digest("base64url");
  assert.equal(await failure(`${signed}.${mac}`, keys), "wrong alg");
});

test("attack: the alg of the other curve in the header does not choose anything", async () => {
  const { key, keys, kid } = await signer("EdDSA");
  const jws = await signJws(testCrypto, { typ: "command", key, payload });
  assert.equal(await failure(withHeader(jws, { alg: "ES256", kid, typ: "command" }), keys), "wrong alg");
});

test("attack: another typ than the place asks for is refused", async () => {
  const { key, keys } = await signer("EdDSA");
  const report = await signJws(testCrypto, { typ: "subscribe", key, payload });
  assert.equal(await failure(report, keys), "wrong typ");
  assert.equal(await failure(report, keys, "subscribe"), "accepted");
});

test("attack: typ changed in the header no longer fits the signature", async () => {
  const { key, keys, kid } = await signer("EdDSA");
  const jws = await signJws(testCrypto, { typ: "subscribe", key, payload });
  assert.equal(await failure(withHeader(jws, { alg: "EdDSA", kid, typ: "command" }), keys), "bad signature");
});

test("attack: payload replaced, kid unknown, key of somebody else under a known kid", async () => {
  const { key, keys } = await signer("EdDSA");
  const other = await signer("EdDSA");
  const jws = await signJws(testCrypto, { typ: "command", key, payload });
  const [header, , signature] = jws.split(".");
  assert.equal(await failure(`${header}.${encodeJson({ v: "1.1" })}.${signature}`, keys), "bad signature");
  const stranger = await signJws(testCrypto, { typ: "command", key: other.key, payload });
  assert.equal(await failure(stranger, keys), "unknown kid");
  const forged = { kid: key.kid, key: other.key.key };
  assert.equal(
    await failure(await signJws(testCrypto, { typ: "command", key: forged, payload }), keys),
    "bad signature",
  );
});

test("RFC 7515 5.2: cut at every length, it is refused and nothing throws", async () => {
  const { key, keys } = await signer("EdDSA");
  const jws = await signJws(testCrypto, { typ: "command", key, payload });
  for (let length = 0; length < jws.length; length++)
    assert.notEqual(await failure(jws.slice(0, length), keys), "accepted", `first ${length} characters`);
});

test("RFC 7515 2, 7.1: padding, other characters, four parts, a header that is no object are malformed", async () => {
  const { key, keys } = await signer("EdDSA");
  const jws = await signJws(testCrypto, { typ: "command", key, payload });
  const [header, body, signature] = jws.split(".");
  const wrong = [
    "",
    "..",
    `${jws}=`,
    `${jws}.x`,
    `${header}.${body}.${signature}.`,
    `${header}+.${body}.${signature}`,
    `${encodeJson([])}.${body}.${signature}`,
    `${encodeJson("text")}.${body}.${signature}`,
    `${encodeBase64Url(encodeText("{"))}.${body}.${signature}`,
    withHeader(jws, { alg: "EdDSA", typ: "command" }),
    withHeader(jws, { alg: "EdDSA", kid: 1, typ: "command" }),
  ];
  for (const text of wrong) assert.equal(await failure(text, keys), "malformed", text.slice(0, 40));
});

test("RFC 7515 4.1.11: crit names an extension that is not understood: refused", async () => {
  const { key, keys, kid } = await signer("EdDSA");
  const jws = await signJws(testCrypto, { typ: "command", key, payload });
  const header = { alg: "EdDSA", kid, typ: "command", crit: ["b64"], b64: false };
  assert.equal(await failure(withHeader(jws, header), keys), "malformed");
});

test("parseJws reads without verifying", async () => {
  const { key, kid } = await signer("EdDSA");
  const parsed = parseJws(await signJws(testCrypto, { typ: "notify", key, payload }));
  assert.ok(parsed.ok);
  assert.deepEqual(
    { alg: parsed.value.alg, kid: parsed.value.kid, typ: parsed.value.typ, payload: parsed.value.payload },
    { alg: "EdDSA", kid, typ: "notify", payload },
  );
});
