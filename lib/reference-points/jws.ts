// Compact JWS over the host's cryptography. RFC 7515 3.1, 5; RFC 7518 3.4 (ES256), RFC 8037 3.1 (EdDSA).
import type { Crypto, PrivateKey, PublicJwk, PublicKey } from "@liquid-ims/runtime/crypto";
import { decodeBase64Url, decodeText, encodeBase64Url, encodeText } from "@liquid-ims/runtime/text";

/** A private key with the name under which others know its public half. */
export interface SigningKey {
  readonly kid: string;
  readonly key: PrivateKey;
}

/** Which public key a `kid` means; undefined when none is known. */
export type KeyLookup = (kid: string) => PublicKey | undefined;

export interface ParsedJws {
  readonly alg: string;
  readonly kid: string;
  readonly typ: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** What the signature covers. */
  readonly signed: Uint8Array;
}

/** Why a JWS was refused. */
export type JwsFailure = "malformed" | "wrong typ" | "unknown kid" | "wrong alg" | "bad signature";

export interface JwsRefusal {
  readonly ok: false;
  readonly failure: JwsFailure;
  readonly detail: string;
}

export type JwsResult =
  | { readonly ok: true; readonly kid: string; readonly payload: Uint8Array }
  | JwsRefusal;

/** The name of a key: its RFC 7638 thumbprint (SHA-256) in base64url. */
export function thumbprint(crypto: Crypto, jwk: PublicJwk): string {
  const members =
    jwk.kty === "EC"
      ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y ?? "" }
      : { crv: jwk.crv, kty: jwk.kty, x: jwk.x };
  return encodeBase64Url(crypto.hash("sha256", encodeText(JSON.stringify(members))));
}

/** Signs; `alg` is that of the key, `typ` says what the payload is. */
export async function signJws(
  crypto: Crypto,
  options: { readonly typ: string; readonly key: SigningKey; readonly payload: Uint8Array },
): Promise<string> {
  const { typ, key, payload } = options;
  const header = JSON.stringify({ alg: key.key.algorithm, kid: key.kid, typ });
  const signed = `${encodeBase64Url(encodeText(header))}.${encodeBase64Url(payload)}`;
  const signature = await crypto.sign(key.key, encodeText(signed));
  return `${signed}.${encodeBase64Url(signature)}`;
}

function malformed(detail: string): JwsRefusal {
  return { ok: false, failure: "malformed", detail };
}

function parseObject(data: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(decodeText(data));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return value as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Reads without verifying. For a first ticket or hello, which carries the key that proves it: take the key out,
 * then verify with it.
 */
export function parseJws(text: string): { readonly ok: true; readonly value: ParsedJws } | JwsRefusal {
  const parts = text.split(".");
  const [first, second, third] = parts;
  if (parts.length !== 3 || first === undefined || second === undefined || third === undefined)
    return malformed(`${parts.length} parts; a compact JWS has three with dots between them`);
  const header = decodeBase64Url(first);
  const payload = decodeBase64Url(second);
  const signature = decodeBase64Url(third);
  if (header === null || payload === null || signature === null)
    return malformed("a part is not base64url without padding");
  const members = parseObject(header);
  if (members === null) return malformed("the header is no JSON object");
  // RFC 7515 4.1.11: an extension that must be understood and is not.
  if ("crit" in members) return malformed("the header has crit; no extension is supported, leave it out");
  const { alg, kid, typ } = members;
  if (typeof alg !== "string" || typeof kid !== "string" || typeof typ !== "string")
    return malformed("the header needs alg, kid and typ as strings");
  const signed = encodeText(`${first}.${second}`);
  return { ok: true, value: { alg, kid, typ, payload, signature, signed } };
}

/**
 * Verifies with the key that `kid` names, by that key's own algorithm. `alg` of the header chooses nothing: it is
 * only compared, so that `none` and HMAC with a public key get nowhere.
 */
export async function verifyJws(
  crypto: Crypto,
  text: string,
  options: { readonly typ: string; readonly keys: KeyLookup },
): Promise<JwsResult> {
  const parsed = parseJws(text);
  if (!parsed.ok) return parsed;
  const { alg, kid, typ, payload, signature, signed } = parsed.value;
  if (typ !== options.typ)
    return { ok: false, failure: "wrong typ", detail: `typ is "${typ}", expected "${options.typ}"` };
  const key = options.keys(kid);
  if (key === undefined) return { ok: false, failure: "unknown kid", detail: `no key is named "${kid}"` };
  if (alg !== key.algorithm)
    return {
      ok: false,
      failure: "wrong alg",
      detail: `alg is "${alg}", key ${kid} signs by ${key.algorithm}`,
    };
  if (!(await crypto.verify(key, signed, signature)))
    return { ok: false, failure: "bad signature", detail: `the signature is not that of key ${kid}` };
  return { ok: true, kid, payload };
}
