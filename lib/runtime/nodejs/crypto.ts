// Cryptography of the real host: node:crypto.
import { generateKeyPairSync } from "node:crypto";
import { aes128 } from "../aes128.ts";
import type {
  Crypto,
  KeyPair,
  PrivateJwk,
  PrivateKey,
  PublicJwk,
  PublicKey,
  SignatureAlgorithm,
} from "../crypto.ts";
import { hash, hmac } from "./digests.ts";
import { exportKeyPair, importKeyPair, importPublicKey, pairOf, signWith, verifyWith } from "./keys.ts";

/**
 * Signs and verifies on the spot, since one signature costs less than a turn through the thread pool, and promises
 * then settle in the order of the calls.
 */
export class NodejsCrypto implements Crypto {
  readonly preferredAlgorithm = "ES256";
  readonly hash = hash;
  readonly hmac = hmac;
  readonly aes128 = aes128;

  async generateKey(algorithm: SignatureAlgorithm): Promise<KeyPair> {
    const { privateKey } =
      algorithm === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("ed25519");
    return pairOf(algorithm, privateKey);
  }

  async importKeyPair(jwk: PrivateJwk): Promise<KeyPair> {
    return importKeyPair(jwk);
  }

  async exportKeyPair(pair: KeyPair): Promise<PrivateJwk> {
    return exportKeyPair(pair);
  }

  async importPublicKey(jwk: PublicJwk): Promise<PublicKey> {
    return importPublicKey(jwk);
  }

  async sign(key: PrivateKey, data: Uint8Array): Promise<Uint8Array> {
    return signWith(key, data);
  }

  async verify(key: PublicKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return verifyWith(key, data, signature);
  }
}
