// The signing keys of the CFS: made once, kept in its store, named by their RFC 7638 thumbprint.
import type { NamedKey } from "@liquid-ims/reference-points/cfs-ue";
import { type SigningKey, thumbprint } from "@liquid-ims/reference-points/jws";
import type { Crypto, KeyPair, PrivateJwk, PublicJwk } from "@liquid-ims/runtime/crypto";
import type { Host } from "@liquid-ims/runtime/host";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import type { CfsStore } from "./store/store.ts";

/** The first signs; tickets name them all. */
export interface CfsKeys {
  readonly signing: SigningKey;
  readonly published: readonly NamedKey[];
}

const prefix = "signing-key/";

function namedKey(crypto: Crypto, jwk: PublicJwk): NamedKey {
  return { kid: thumbprint(crypto, jwk), jwk };
}

function readPrivateJwk(value: unknown): PrivateJwk | null {
  if (typeof value !== "object" || value === null) return null;
  const members = new Map<string, unknown>(Object.entries(value));
  const [kty, crv, x, y, d] = ["kty", "crv", "x", "y", "d"].map((name) => members.get(name));
  if (typeof x !== "string" || typeof d !== "string") return null;
  if (kty === "EC" && crv === "P-256" && typeof y === "string") return { kty, crv, x, y, d };
  return kty === "OKP" && crv === "Ed25519" ? { kty, crv, x, d } : null;
}

/** A new pair by the host's preferred algorithm. */
export function generateSigningKey(crypto: Crypto): Promise<KeyPair> {
  return crypto.generateKey(crypto.preferredAlgorithm);
}

/** The pair as text, private part included: for the store, or a file that only the CFS can read. */
export async function exportSigningKey(crypto: Crypto, pair: KeyPair): Promise<string> {
  return JSON.stringify(await crypto.exportKeyPair(pair));
}

/** Reads what `exportSigningKey` wrote; throws RuntimeError `bad-key` when it is something else. */
export async function importSigningKey(crypto: Crypto, text: string): Promise<KeyPair> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError("bad-key", "signing key: is no JSON; give a private JWK (RFC 7517)", { cause });
  }
  const jwk = readPrivateJwk(value);
  if (jwk === null)
    throw new RuntimeError("bad-key", "signing key: is no private JWK of P-256 or Ed25519; make one anew");
  return crypto.importKeyPair(jwk);
}

/** The keys of a CFS out of pairs, the signing one first. */
export function cfsKeys(crypto: Crypto, first: KeyPair, ...others: readonly KeyPair[]): CfsKeys {
  const published = [first, ...others].map((pair) => namedKey(crypto, pair.publicKey.jwk));
  return {
    signing: { kid: thumbprint(crypto, first.publicKey.jwk), key: first.privateKey },
    published,
  };
}

/**
 * The keys in the store, the newest signing; makes the first one when there is none. Of two instances that start on
 * an empty store at once, both use the same key: the second write is refused and what is there is read.
 */
export async function loadSigningKeys(host: Host, store: CfsStore): Promise<CfsKeys> {
  const { crypto } = host;
  for (;;) {
    const rows = (await store.scan(prefix, 100)).filter((row) => row.key.startsWith(prefix));
    const pairs: KeyPair[] = [];
    for (const row of rows) pairs.push(await importSigningKey(crypto, row.value));
    const newest = pairs.at(-1);
    if (newest !== undefined) return cfsKeys(crypto, newest, ...pairs.slice(0, -1).reverse());
    const value = await exportSigningKey(crypto, await generateSigningKey(crypto));
    await store.commit([{ key: `${prefix}00000001`, expect: "absent", value }]);
  }
}

const usedKey = "signing-key-used";

/**
 * Notes in the store which key signs. True when the life before signed with another one: UEs hold tickets of that,
 * and believe nothing that is signed now until they have a new one.
 */
export async function noteSigningKey(host: Host, store: CfsStore, { signing }: CfsKeys): Promise<boolean> {
  for (;;) {
    const [noted] = await store.read([usedKey]);
    if (noted?.value === signing.kid) return false;
    const stored = (await store.scan(prefix, 100)).filter((row) => row.key.startsWith(prefix)).at(-1);
    // Before there was a note, only a key of the store can have signed.
    const before =
      noted?.value ??
      (stored === undefined
        ? null
        : cfsKeys(host.crypto, await importSigningKey(host.crypto, stored.value)).signing.kid);
    const expect = noted?.version ?? "absent";
    if ((await store.commit([{ key: usedKey, expect, value: signing.kid }])) === "done")
      return before !== null && before !== signing.kid;
  }
}
