// Digest authentication, both sides. RFC 7616 3.4 (was RFC 2617 3.2.2); RFC 8760; RFC 3261 22.4; RFC 3310 3
// (AKAv1-MD5 is MD5 with RES, as bytes, for a password).
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { concatBytes, encodeHex, encodeText, equalBytes } from "@liquid-ims/runtime/text";
import type { Challenge } from "../header/challenge.ts";
import type { Credentials } from "../header/credentials.ts";

/** Spelled as the standards do. */
export type DigestAlgorithm = "MD5" | "MD5-sess" | "SHA-256" | "SHA-256-sess" | "AKAv1-MD5";
export type DigestQop = "auth" | "auth-int";

/** What the user knows: a password (text, or bytes for AKA), or HA1 in hexadecimal digits (without -sess). */
export type DigestSecret = { readonly password: string | Uint8Array } | { readonly ha1: string };

const hashes: ReadonlyMap<string, { algorithm: DigestAlgorithm; hash: "md5" | "sha256" }> = new Map([
  ["md5", { algorithm: "MD5", hash: "md5" }],
  ["md5-sess", { algorithm: "MD5-sess", hash: "md5" }],
  ["sha-256", { algorithm: "SHA-256", hash: "sha256" }],
  ["sha-256-sess", { algorithm: "SHA-256-sess", hash: "sha256" }],
  ["akav1-md5", { algorithm: "AKAv1-MD5", hash: "md5" }],
]);

/** The algorithm of that name, without regard to case; null for an unknown one. */
export function parseDigestAlgorithm(text: string): DigestAlgorithm | null {
  return hashes.get(text.toLowerCase())?.algorithm ?? null;
}

export interface DigestInput {
  readonly crypto: Crypto;
  readonly secret: DigestSecret;
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  /** The digest-uri, as in the credentials. */
  readonly uri: string;
  /** Default MD5. */
  readonly algorithm?: DigestAlgorithm;
  /** Null, also the default, for the form without qop (RFC 2069). */
  readonly qop?: DigestQop | null;
  /** Eight hexadecimal digits; needed with a qop. */
  readonly nonceCount?: string;
  /** Needed with a qop and for -sess. */
  readonly cnonce?: string;
  /** For auth-int; default empty. */
  readonly body?: Uint8Array;
}

/** The `response` parameter: hexadecimal digits in lower case. */
export function computeResponse(input: DigestInput): string {
  const { crypto, secret, username, realm, nonce, method, uri } = input;
  const { algorithm = "MD5", qop = null, nonceCount = "", cnonce = "" } = input;
  const hashName = algorithm.startsWith("SHA-256") ? "sha256" : "md5";
  const digest = (data: Uint8Array) => encodeHex(crypto.hash(hashName, data));
  const digestText = (...parts: string[]) => digest(encodeText(parts.join(":")));

  let ha1: string;
  if ("ha1" in secret) ha1 = secret.ha1.toLowerCase();
  else {
    const { password } = secret;
    const bytes = typeof password === "string" ? encodeText(password) : password;
    ha1 = digest(concatBytes([encodeText(`${username}:${realm}:`), bytes]));
  }
  if (algorithm.endsWith("-sess")) ha1 = digestText(ha1, nonce, cnonce);
  const ha2 =
    qop === "auth-int"
      ? digestText(method, uri, digest(input.body ?? new Uint8Array(0)))
      : digestText(method, uri);
  return qop === null ? digestText(ha1, nonce, ha2) : digestText(ha1, nonce, nonceCount, cnonce, qop, ha2);
}

/** A challenge for WWW-Authenticate or Proxy-Authenticate. */
export function challengeOf(options: {
  readonly realm: string;
  readonly nonce: string;
  /** Default MD5. */
  readonly algorithm?: DigestAlgorithm;
  /** Default: auth alone; an empty list leaves qop out (RFC 2069). */
  readonly qop?: readonly DigestQop[];
  /** Whether only the nonce of the last answer was too old; default false, and then not written. */
  readonly stale?: boolean;
  readonly opaque?: string;
}): Challenge {
  const { realm, nonce, algorithm = "MD5", qop = ["auth"], stale = false, opaque } = options;
  const parameters = new Map<string, string | null>([
    ["realm", realm],
    ["nonce", nonce],
  ]);
  if (opaque !== undefined) parameters.set("opaque", opaque);
  if (stale) parameters.set("stale", "true");
  parameters.set("algorithm", algorithm);
  if (qop.length > 0) parameters.set("qop", qop.join(","));
  return { scheme: "Digest", parameters };
}

/** True when the challenge says that only the nonce was too old. */
export function isStale(challenge: Challenge): boolean {
  return challenge.parameters.get("stale")?.toLowerCase() === "true";
}

/** The qop to answer with: auth before auth-int; null for a challenge without; undefined when it knows neither. */
function chooseQop(offered: string | null | undefined): DigestQop | null | undefined {
  if (offered === undefined || offered === null) return null;
  const names = offered.split(",").map((name) => name.trim().toLowerCase());
  if (names.includes("auth")) return "auth";
  return names.includes("auth-int") ? "auth-int" : undefined;
}

/** What there is to answer in a challenge. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** The one to answer with; null for a challenge without. */
  readonly qop: DigestQop | null;
}

/** Null when it is no Digest challenge, or of an algorithm or qop unknown here. */
export function readDigestChallenge({ scheme, parameters }: Challenge): DigestChallenge | null {
  const realm = parameters.get("realm") ?? null;
  const nonce = parameters.get("nonce") ?? null;
  const algorithm = parseDigestAlgorithm(parameters.get("algorithm") ?? "MD5");
  const qop = chooseQop(parameters.get("qop"));
  if (scheme.toLowerCase() !== "digest" || algorithm === null || qop === undefined) return null;
  return realm === null || nonce === null ? null : { realm, nonce, algorithm, qop };
}

/** Credentials with an empty response: they say that the challenge was invalid (TS 24.229 5.1.1.5.3). */
export function refuseChallenge(options: {
  readonly challenge: Challenge;
  readonly username: string;
  /** The Request-URI. */
  readonly uri: string;
}): Credentials {
  const { challenge, username, uri } = options;
  const parameters = new Map<string, string | null>([["username", username]]);
  for (const name of ["realm", "nonce"]) parameters.set(name, challenge.parameters.get(name) ?? "");
  parameters.set("uri", uri).set("response", "");
  for (const name of ["algorithm", "opaque"]) {
    const value = challenge.parameters.get(name);
    if (value !== undefined) parameters.set(name, value);
  }
  return { scheme: "Digest", parameters };
}

/**
 * Credentials that answer a challenge; null when it is no Digest challenge, or of an algorithm or qop unknown
 * here. For AKA the password is RES as bytes, or empty together with `auts` for a re-synchronisation.
 */
export function answerChallenge(options: {
  readonly crypto: Crypto;
  readonly challenge: Challenge;
  readonly username: string;
  readonly secret: DigestSecret;
  readonly method: string;
  /** The Request-URI. */
  readonly uri: string;
  /** Random text of the client's own. */
  readonly cnonce: string;
  /** How often this nonce has been used, with this time; default 1. */
  readonly nonceCount?: number;
  readonly body?: Uint8Array;
  /** Base64 (RFC 3310 3.4). */
  readonly auts?: string;
}): Credentials | null {
  const { crypto, challenge, username, secret, method, uri, cnonce, nonceCount = 1, body, auts } = options;
  const read = readDigestChallenge(challenge);
  if (read === null) return null;
  const { realm, nonce, algorithm, qop } = read;

  const count = nonceCount.toString(16).padStart(8, "0");
  const input: DigestInput = {
    ...{ crypto, secret, username, realm, nonce, method, uri, algorithm, qop, cnonce, nonceCount: count },
    ...(body === undefined ? {} : { body }),
  };
  const parameters = new Map<string, string | null>([
    ["username", username],
    ["realm", realm],
    ["nonce", nonce],
    ["uri", uri],
    ["response", computeResponse(input)],
  ]);
  if (challenge.parameters.has("algorithm")) parameters.set("algorithm", algorithm);
  if (qop !== null || algorithm.endsWith("-sess")) parameters.set("cnonce", cnonce);
  if (qop !== null) parameters.set("qop", qop).set("nc", count);
  const opaque = challenge.parameters.get("opaque");
  if (opaque !== undefined) parameters.set("opaque", opaque);
  if (auts !== undefined) parameters.set("auts", auts);
  return { scheme: "Digest", parameters };
}

/**
 * True when the response in the credentials is the one that this secret gives. Whether nonce, count, realm and
 * digest-uri are those expected is for the caller. False also for credentials that lack something.
 */
export function verifyResponse(options: {
  readonly crypto: Crypto;
  readonly credentials: Credentials;
  readonly secret: DigestSecret;
  readonly method: string;
  /** The algorithm of the challenge, which the credentials must not change; default MD5. */
  readonly algorithm?: DigestAlgorithm;
  readonly body?: Uint8Array;
}): boolean {
  const { crypto, credentials, secret, method, algorithm = "MD5", body } = options;
  const text = (name: string) => credentials.parameters.get(name) ?? "";
  const named = credentials.parameters.get("algorithm");
  if (credentials.scheme.toLowerCase() !== "digest") return false;
  if (named !== undefined && parseDigestAlgorithm(named ?? "") !== algorithm) return false;
  const written = credentials.parameters.get("qop");
  const qop = chooseQop(written);
  if (qop === undefined) return false;
  const nonceCount = text("nc");
  const cnonce = text("cnonce");
  if (qop !== null && (!/^[0-9a-fA-F]{8}$/.test(nonceCount) || cnonce === "")) return false;
  const expected = computeResponse({
    ...{ crypto, secret, method, algorithm, qop, nonceCount, cnonce },
    username: text("username"),
    realm: text("realm"),
    nonce: text("nonce"),
    uri: text("uri"),
    ...(body === undefined ? {} : { body }),
  });
  return equalBytes(encodeText(expected), encodeText(text("response").toLowerCase()));
}
