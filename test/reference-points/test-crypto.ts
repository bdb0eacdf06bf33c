// The host's cryptography over node:crypto, without a host.
import { createHash, createHmac, generateKeyPairSync } from "node:crypto";
import type { Crypto, SignatureAlgorithm } from "@liquid-ims/runtime/crypto";
import {
  exportKeyPair,
  importKeyPair,
  importPublicKey,
  pairOf,
  signWith,
  verifyWith,
} from "@liquid-ims/runtime/nodejs/keys";

function newKey(algorithm: SignatureAlgorithm) {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519").privateKey;
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

export const testCrypto: Crypto = {
  hash: (name, data) => new Uint8Array(createHash(name).update(data).digest()),
  hmac: (name, key, data) => new Uint8Array(createHmac(name, key).update(data).digest()),
  aes128: () => {
    throw new Error("not used here");
  },
  preferredAlgorithm: "ES256",
  generateKey: async (algorithm) => pairOf(algorithm, newKey(algorithm)),
  importKeyPair: async (jwk) => importKeyPair(jwk),
  exportKeyPair: async (pair) => exportKeyPair(pair),
  importPublicKey: async (jwk) => importPublicKey(jwk),
  sign: async (key, data) => signWith(key, data),
  verify: async (key, data, signature) => verifyWith(key, data, signature),
};
