// What every host's cryptography owes: published vectors, and signatures both ways.
import assert from "node:assert/strict";
import test from "node:test";
import type { Crypto, PublicJwk, SignatureAlgorithm } from "@liquid-ims/runtime/crypto";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeBase64Url, decodeHex, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../support/virtual-hosts.ts";

type Run = <T>(use: (crypto: Crypto) => Promise<T>) => Promise<T>;

const runs: Record<string, { algorithms: readonly SignatureAlgorithm[]; run: Run }> = {
  simulated: {
    algorithms: ["EdDSA"],
    run(use) {
      const simulation = new Simulation({ seed: 1 });
      return simulation.settle(use(addBareHost(simulation, "a", "10.0.0.1").node.crypto));
    },
  },
  real: {
    algorithms: ["ES256", "EdDSA"],
    async run(use) {
      const host = createNodejsHost({ name: "a", log: silentLog });
      try {
        return await use(host.crypto);
      } finally {
        await host.close();
      }
    },
  },
};

function bytes(text: string): Uint8Array {
  const data = decodeHex(text) ?? decodeBase64Url(text);
  assert.ok(data !== null);
  return data;
}

const hmacs = [
  ["sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  ["sha224", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"],
  ["sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
  [
    "sha384",
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
  ],
  [
    "sha512",
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
      "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  ],
] as const;

for (const [name, { algorithms, run }] of Object.entries(runs)) {
  test(`${name} host: RFC 1321 A.5, FIPS 180, RFC 2202 3, RFC 4231 4.3 and FIPS 197 C.1`, () =>
    run(async (crypto) => {
      assert.equal(encodeHex(crypto.hash("md5", encodeText("abc"))), "900150983cd24fb0d6963f7d28e17f72");
      assert.equal(
        encodeHex(crypto.hash("sha256", encodeText("abc"))),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      );
      for (const [name, expected] of hmacs)
        assert.equal(
          encodeHex(crypto.hmac(name, encodeText("Jefe"), encodeText("what do ya want for nothing?"))),
          expected,
        );
      const key = bytes("000102030405060708090a0b0c0d0e0f");
      const block = bytes("00112233445566778899aabbccddeeff");
      assert.equal(encodeHex(crypto.aes128(key, block)), "69c4e0d86a7b0430d8cdb78070b4c55a");
      assert.throws(() => crypto.aes128(key, block.subarray(1)), /AES block of 15 bytes: give 16/);
      assert.throws(() => crypto.aes128(key.subarray(1), block), /AES-128 key of 15 bytes: give 16/);
    }));

  test(`${name} host: RFC 8037 A.4, an Ed25519 signature made and verified`, () =>
    run(async (crypto) => {
      const pair = await crypto.importKeyPair({
        kty: "OKP",
        crv: "Ed25519",
        d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      });
      const data = encodeText("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
      const signature = await crypto.sign(pair.privateKey, data);
      const expected =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
      assert.deepEqual(signature, bytes(expected));
      assert.equal(await crypto.verify(pair.publicKey, data, signature), true);
      assert.deepEqual(Object.keys(pair.publicKey.jwk).sort(), ["crv", "kty", "x"]);
    }));

  test(`${name} host: RFC 7515 A.3, an ES256 signature verified`, () =>
    run(async (crypto) => {
      const key = await crypto.importPublicKey({
        kty: "EC",
        crv: "P-256",
        x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      });
      const data = encodeText(
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
      );
      const signature = bytes(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
      );
      assert.equal(await crypto.verify(key, data, signature), true);
      assert.equal(await crypto.verify(key, encodeText("something else"), signature), false);
    }));

  for (const algorithm of algorithms)
    test(`${name} host: ${algorithm} keys are made, exported, imported; a signature fits nothing else`, () =>
      run(async (crypto) => {
        const pair = await crypto.generateKey(algorithm);
        assert.equal(pair.publicKey.algorithm, algorithm);
        const data = encodeText("command");
        const signature = await crypto.sign(pair.privateKey, data);
        assert.equal(signature.length, 64);
        const again = await crypto.importKeyPair(await crypto.exportKeyPair(pair));
        const publicKey = await crypto.importPublicKey(pair.publicKey.jwk);
        assert.equal(await crypto.verify(again.publicKey, data, signature), true);
        assert.equal(await crypto.verify(publicKey, data, signature), true);
        const changed = signature.slice();
        changed[10] = (changed[10] ?? 0) ^ 1;
        assert.equal(await crypto.verify(publicKey, data, changed), false);
        for (const length of [0, 63, 65])
          assert.equal(await crypto.verify(publicKey, data, new Uint8Array(length)), false);
        const other = await crypto.generateKey(algorithm);
        assert.equal(await crypto.verify(other.publicKey, data, signature), false);
        assert.notDeepEqual(other.publicKey.jwk, pair.publicKey.jwk);
      }));

  test(`${name} host: what is no key is refused with bad-key`, () =>
    run(async (crypto) => {
      const wrong: PublicJwk[] = [
        { kty: "OKP", crv: "Ed25519", x: "short" },
        { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU" },
        { kty: "EC", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
      ];
      for (const jwk of wrong) await assert.rejects(crypto.importPublicKey(jwk), { code: "bad-key" });
      await assert.rejects(crypto.importKeyPair({ kty: "OKP", crv: "Ed25519", x: "a", d: "b" }), {
        code: "bad-key",
      });
    }));
}

test("simulated host: ES256 is not made, since its signatures do not repeat", async () => {
  await assert.rejects(
    runs["simulated"]?.run((crypto) => crypto.generateKey("ES256")) ?? Promise.resolve(),
    /ES256 in a virtual run: its signatures do not repeat, use EdDSA/,
  );
});

test("simulated host: keys repeat by seed", async () => {
  const keyOf = (seed: number) => {
    const simulation = new Simulation({ seed });
    return simulation.settle(addBareHost(simulation, "a", "10.0.0.1").node.crypto.generateKey("EdDSA"));
  };
  const [one, same, other] = [await keyOf(1), await keyOf(1), await keyOf(2)];
  assert.equal(one.publicKey.jwk.x, same.publicKey.jwk.x);
  assert.notEqual(one.publicKey.jwk.x, other.publicKey.jwk.x);
});
