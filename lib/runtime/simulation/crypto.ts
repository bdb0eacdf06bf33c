// Cryptography in virtual runs: node:crypto, synchronous, settled by a virtual event after a seeded delay. EdDSA
// only, whose signatures repeat byte for byte; ES256 can be verified, not made.
import { createPrivateKey } from "node:crypto";
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
import { hash, hmac } from "../nodejs/digests.ts";
import {
  exportKeyPair,
  importKeyPair,
  importPublicKey,
  pairOf,
  signWith,
  verifyWith,
} from "../nodejs/keys.ts";
import type { Random } from "../random.ts";
import { RuntimeError } from "../runtime-error.ts";
import { concatBytes } from "../text.ts";
import type { Owner } from "./agenda.ts";
import { unguarded } from "./guard.ts";
import type { Scheduler } from "./scheduler.ts";

/** PrivateKeyInfo of an Ed25519 key, all but the 32 bytes of the key itself (RFC 8410 7). */
const ed25519Prefix = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

function onlyEdDsa(algorithm: SignatureAlgorithm): void {
  if (algorithm !== "EdDSA")
    throw new RuntimeError(
      "bad-key",
      `${algorithm} in a virtual run: its signatures do not repeat, use EdDSA`,
    );
}

export class SimulatedCrypto implements Crypto {
  readonly #scheduler: Scheduler;
  readonly #owner: Owner;
  readonly #keys: Random;
  readonly #delays: Random;
  readonly preferredAlgorithm = "EdDSA";
  readonly hash = hash;
  readonly hmac = hmac;
  readonly aes128 = aes128;

  constructor(scheduler: Scheduler, owner: Owner, random: Random) {
    this.#scheduler = scheduler;
    this.#owner = owner;
    this.#keys = random.fork("keys");
    this.#delays = random.fork("crypto");
  }

  generateKey(algorithm: SignatureAlgorithm): Promise<KeyPair> {
    return this.#settle("generateKey", () => {
      onlyEdDsa(algorithm);
      const der = concatBytes([ed25519Prefix, this.#keys.bytes(32)]);
      return pairOf(algorithm, createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }));
    });
  }

  importKeyPair(jwk: PrivateJwk): Promise<KeyPair> {
    return this.#settle("importKeyPair", () => importKeyPair(jwk));
  }

  exportKeyPair(pair: KeyPair): Promise<PrivateJwk> {
    return this.#settle("exportKeyPair", () => exportKeyPair(pair));
  }

  importPublicKey(jwk: PublicJwk): Promise<PublicKey> {
    return this.#settle("importPublicKey", () => importPublicKey(jwk));
  }

  sign(key: PrivateKey, data: Uint8Array): Promise<Uint8Array> {
    const copy = new Uint8Array(data);
    return this.#settle("sign", () => {
      onlyEdDsa(key.algorithm);
      return signWith(key, copy);
    });
  }

  verify(key: PublicKey, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const copy = new Uint8Array(data);
    const copyOfSignature = new Uint8Array(signature);
    return this.#settle("verify", () => verifyWith(key, copy, copyOfSignature));
  }

  #settle<T>(label: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const delay = 0.03 + 0.3 * this.#delays.float();
      this.#scheduler.at(this.#scheduler.now + delay, this.#owner, `crypto ${label}`, null, () => {
        try {
          resolve(unguarded(work));
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
