// Keys and signatures over node:crypto, synchronous: the hosts make promises of them, each in its way.
import type { KeyObject } from "node:crypto";
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyPair, PrivateJwk, PrivateKey, PublicJwk, PublicKey, SignatureAlgorithm } from "../crypto.ts";
import { RuntimeError } from "../runtime-error.ts";

/** A private key of a Node host. */
export class NodePrivateKey implements PrivateKey {
  readonly algorithm: SignatureAlgorithm;
  readonly object: KeyObject;

  constructor(algorithm: SignatureAlgorithm, object: KeyObject) {
    this.algorithm = algorithm;
    this.object = object;
  }
}

/** A public key of a Node host. */
export class NodePublicKey implements PublicKey {
  readonly algorithm: SignatureAlgorithm;
  readonly jwk: PublicJwk;
  readonly object: KeyObject;

  constructor(algorithm: SignatureAlgorithm, jwk: PublicJwk, object: KeyObject) {
    this.algorithm = algorithm;
    this.jwk = jwk;
    this.object = object;
  }
}

export interface NodeKeyPair extends KeyPair {
  readonly privateKey: NodePrivateKey;
  readonly publicKey: NodePublicKey;
}

function algorithmOf(jwk: PublicJwk): SignatureAlgorithm {
  if (jwk.kty === "EC" && jwk.crv === "P-256") return "ES256";
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") return "EdDSA";
  throw new RuntimeError(
    "bad-key",
    `key of kty ${jwk.kty}, crv ${jwk.crv}: use EC with P-256 or OKP with Ed25519`,
  );
}

/** Only the public members, whatever else the object holds. */
function publicMembers(jwk: PublicJwk): PublicJwk {
  const { kty, crv, x, y } = jwk;
  return y === undefined || kty === "OKP" ? { kty, crv, x } : { kty, crv, x, y };
}

function parse<T>(kind: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new RuntimeError("bad-key", `${kind} key: the JWK members are no key of this kind`, {
      cause: error,
    });
  }
}

/** Throws RuntimeError `bad-key`. */
export function importPublicKey(jwk: PublicJwk): NodePublicKey {
  const algorithm = algorithmOf(jwk);
  const members = publicMembers(jwk);
  const object = parse("public", () => createPublicKey({ key: { ...members }, format: "jwk" }));
  return new NodePublicKey(algorithm, members, object);
}

/** Throws RuntimeError `bad-key`. */
export function importKeyPair(jwk: PrivateJwk): NodeKeyPair {
  const algorithm = algorithmOf(jwk);
  const object = parse("private", () =>
    createPrivateKey({ key: { ...publicMembers(jwk), d: jwk.d }, format: "jwk" }),
  );
  return pairOf(algorithm, object);
}

export function pairOf(algorithm: SignatureAlgorithm, object: KeyObject): NodeKeyPair {
  const publicObject = createPublicKey(object);
  return {
    privateKey: new NodePrivateKey(algorithm, object),
    publicKey: new NodePublicKey(algorithm, publicJwkOf(publicObject), publicObject),
  };
}

function publicJwkOf(object: KeyObject): PublicJwk {
  const { kty, crv, x, y } = object.export({ format: "jwk" });
  if (typeof x !== "string") throw new RuntimeError("bad-key", "public key without member x");
  if (kty === "EC" && crv === "P-256" && typeof y === "string") return { kty, crv, x, y };
  if (kty === "OKP" && crv === "Ed25519") return { kty, crv, x };
  throw new RuntimeError("bad-key", `key of kty ${kty}, crv ${crv}: use EC with P-256 or OKP with Ed25519`);
}

/** Throws RuntimeError `bad-key` for a pair that was made by another kind of host. */
export function exportKeyPair(pair: KeyPair): PrivateJwk {
  const { d } = nodePrivateKey(pair.privateKey).object.export({ format: "jwk" });
  if (typeof d !== "string") throw new RuntimeError("bad-key", "private key without member d");
  return { ...pair.publicKey.jwk, d };
}

export function nodePrivateKey(key: PrivateKey): NodePrivateKey {
  if (key instanceof NodePrivateKey) return key;
  throw new RuntimeError("bad-key", "this key was made by another kind of host: export and import it");
}

function nodePublicKey(key: PublicKey): NodePublicKey {
  return key instanceof NodePublicKey ? key : importPublicKey(key.jwk);
}

/** ES256: 64 bytes r and s (RFC 7518 3.4); EdDSA: 64 bytes (RFC 8037 3.1). */
export function signWith(key: PrivateKey, data: Uint8Array): Uint8Array {
  const { algorithm, object } = nodePrivateKey(key);
  const signature =
    algorithm === "ES256"
      ? sign("sha256", data, { key: object, dsaEncoding: "ieee-p1363" })
      : sign(null, data, object);
  return new Uint8Array(signature.buffer, signature.byteOffset, signature.byteLength);
}

export function verifyWith(key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const { algorithm, object } = nodePublicKey(key);
  return algorithm === "ES256"
    ? verify("sha256", data, { key: object, dsaEncoding: "ieee-p1363" }, signature)
    : verify(null, data, object, signature);
}
