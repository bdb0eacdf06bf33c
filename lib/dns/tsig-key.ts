// A key shared with a name server, and the files in which keys are kept. RFC 8945 6, BIND's `key` statement.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { decodeBase64 } from "@liquid-ims/runtime/text";
import { encodeName, plainName } from "./name.ts";

/** RFC 8945 6: those with their whole output; hmac-md5 must not be used, hmac-sha1 should not. */
const algorithms = {
  "hmac-sha1": { hash: "sha1", macLength: 20 },
  "hmac-sha224": { hash: "sha224", macLength: 28 },
  "hmac-sha256": { hash: "sha256", macLength: 32 },
  "hmac-sha384": { hash: "sha384", macLength: 48 },
  "hmac-sha512": { hash: "sha512", macLength: 64 },
} as const;

export type TsigAlgorithm = keyof typeof algorithms;

function isAlgorithm(name: string): name is TsigAlgorithm {
  return Object.hasOwn(algorithms, name);
}

/** Null for a name that is no algorithm of ours. */
export function tsigAlgorithm(name: string): TsigAlgorithm | null {
  const wanted = plainName(name);
  return isAlgorithm(wanted) ? wanted : null;
}

/** A name, an algorithm and a secret. The secret cannot be read, printed or logged; it only makes MACs. */
export class TsigKey {
  /** Lower case, without a dot at the end. */
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly #secret: Uint8Array;

  /** Throws DnsDataError when the name is no domain name. */
  constructor(name: string, algorithm: TsigAlgorithm, secret: Uint8Array) {
    encodeName(name);
    this.name = plainName(name);
    this.algorithm = algorithm;
    this.#secret = secret.slice();
  }

  /** Bytes of a whole MAC. */
  get macLength(): number {
    return algorithms[this.algorithm].macLength;
  }

  mac(crypto: Crypto, data: Uint8Array): Uint8Array {
    return crypto.hmac(algorithms[this.algorithm].hash, this.#secret, data);
  }
}

/** A file of keys says what it has, or what is wrong in which line; never what a secret is. */
export type TsigKeyFile =
  | { readonly ok: true; readonly keys: readonly TsigKey[] }
  | { readonly ok: false; readonly line: number; readonly detail: string };

const example = 'key "name" { algorithm hmac-sha256; secret "..."; };';

/** A word that somebody has to find again; not what may be a secret at a wrong place, such as nsupdate -y's argument. */
function shown(word: string | undefined): string {
  return word !== undefined && /^[a-z][a-z\d-]{0,19}$/i.test(word) ? `"${word}"` : "this";
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted: boolean;
}

/** Null in place of the tokens when a comment or a string does not end; `line`: where it began. */
function tokenise(
  text: string,
): { readonly tokens: Token[] } | { readonly line: number; readonly detail: string } {
  const tokens: Token[] = [];
  const pattern = /\s+|\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|"([^"\n]*)"|[{};]|[^\s{};"#/][^\s{};"]*/y;
  let line = 1;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      const isComment = text.startsWith("/*", at);
      return { line, detail: isComment ? "a comment without its */" : 'a string without its closing "' };
    }
    const [whole, quoted] = match;
    if (quoted !== undefined || !/^(?:\s|#|\/[/*])/.test(whole))
      tokens.push({ text: quoted ?? whole, line, quoted: quoted !== undefined });
    line += whole.split("\n").length - 1;
    at = pattern.lastIndex;
  }
  return { tokens };
}

/** Reads `key` statements, as tsig-keygen, rndc-confgen and ddns-confgen write them; `options` and others are skipped. */
export function parseTsigKeyFile(text: string): TsigKeyFile {
  const read = tokenise(text);
  if (!("tokens" in read)) return { ok: false, ...read };
  const { tokens } = read;
  const lastLine = text.split("\n").length;
  const keys: TsigKey[] = [];
  let at = 0;
  const fail = (token: Token | undefined, detail: string): TsigKeyFile => ({
    ok: false,
    line: token?.line ?? lastLine,
    detail,
  });
  const isMark = (token: Token | undefined, mark: string) => token?.quoted === false && token.text === mark;

  /** Goes over a statement that is no key; false when it does not end. */
  function skipStatement(): boolean {
    let depth = 0;
    for (; at < tokens.length; at++) {
      if (isMark(tokens[at], "{")) depth += 1;
      if (isMark(tokens[at], "}")) depth -= 1;
      if (depth === 0 && isMark(tokens[at], ";")) {
        at += 1;
        return true;
      }
    }
    return false;
  }

  while (at < tokens.length) {
    const start = tokens[at];
    const [name, open] = [tokens[at + 1], tokens[at + 2]];
    if (!isMark(start, "key") || !isMark(open, "{")) {
      if (!skipStatement())
        return fail(start, `${shown(start?.text)}: a statement without its ;, where a key is ${example}`);
      continue;
    }
    at += 3;
    const members = new Map<string, Token>();
    while (!isMark(tokens[at], "}")) {
      const [member, value, end] = tokens.slice(at, at + 3);
      if (member === undefined) return fail(start, `key "${name?.text}" without its }`);
      if (member.text !== "algorithm" && member.text !== "secret")
        return fail(member, `key "${name?.text}": "algorithm" or "secret" expected here`);
      if (value === undefined || !isMark(end, ";"))
        return fail(member, `key "${name?.text}": ${member.text} without its value or ;`);
      members.set(member.text, value);
      at += 3;
    }
    at += 1;
    if (!isMark(tokens[at], ";")) return fail(tokens[at] ?? start, `key "${name?.text}": no ; behind its }`);
    at += 1;
    const key = readKey(name?.text ?? "", members);
    if (typeof key === "string") return fail(start, key);
    keys.push(key);
  }
  return keys.length > 0 ? { ok: true, keys } : fail(undefined, `no key: write ${example}`);
}

/** What is wrong with a key, in place of one. */
function readKey(name: string, members: ReadonlyMap<string, Token>): TsigKey | string {
  const algorithmName = members.get("algorithm")?.text;
  const secretText = members.get("secret")?.text;
  if (algorithmName === undefined) return `key "${name}" has no algorithm: write algorithm hmac-sha256;`;
  if (secretText === undefined) return `key "${name}" has no secret: write secret "..."; in base64`;
  const algorithm = tsigAlgorithm(algorithmName);
  if (algorithm === null)
    return `key "${name}": algorithm ${shown(algorithmName)} is not one of ${Object.keys(algorithms).join(", ")}`;
  const secret = decodeBase64(secretText);
  if (secret === null || secret.length === 0) return `key "${name}": its secret is no base64`;
  if (name.length > 253 || !/^(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?$/.test(name))
    return `key "${name}": a key's name is a domain name`;
  return new TsigKey(name, algorithm, secret);
}
