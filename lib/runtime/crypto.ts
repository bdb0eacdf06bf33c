// Cryptography as a node sees it. Hashes and the AES block are synchronous (digest and AKA need them inside a
// state machine's step); signatures are not, because browsers have them only as promises.

/** Signature algorithms of cfs-ue: ES256 (RFC 7518 3.4) and EdDSA with Ed25519 (RFC 8037). */
export type SignatureAlgorithm = "ES256" | "EdDSA";

/** A public key as JWK members (RFC 7517), without private parts. */
export interface PublicJwk {
  readonly kty: "EC" | "OKP";
  readonly crv: "P-256" | "Ed25519";
  readonly x: string;
  readonly y?: string;
}

/** A key pair as JWK members; `d` is the private part. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** Opaque to all but the host that made it. */
export interface PublicKey {
  readonly algorithm: SignatureAlgorithm;
  readonly jwk: PublicJwk;
}

export interface PrivateKey {
  readonly algorithm: SignatureAlgorithm;
}

export interface KeyPair {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicKey;
}

/** The hashes that RFC 8945 6 has HMACs of; sha1 for old keys only. */
export type HmacHash = "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

export interface Crypto {
  hash(name: "md5" | "sha256", data: Uint8Array): Uint8Array;
  hmac(name: HmacHash, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** One block of AES-128 in ECB, as Milenage uses it (TS 35.206 5). */
  aes128(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** The algorithm this host prefers for keys of its own. */
  readonly preferredAlgorithm: SignatureAlgorithm;
  generateKey(algorithm: SignatureAlgorithm): Promise<KeyPair>;
  importKeyPair(jwk: PrivateJwk): Promise<KeyPair>;
  exportKeyPair(pair: KeyPair): Promise<PrivateJwk>;
  /** Rejects with a RuntimeError `bad-key` when the members are no key of a supported kind. */
  importPublicKey(jwk: PublicJwk): Promise<PublicKey>;
  sign(key: PrivateKey, data: Uint8Array): Promise<Uint8Array>;
  /** False for every signature that does not fit, also for one of the wrong length. */
  verify(key: PublicKey, data: Uint8Array, signature: Uint8Array): Promise<boolean>;
}
