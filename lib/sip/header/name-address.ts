// name-addr and addr-spec with parameters: From, To, Contact, Route, Record-Route, Path, P-Asserted-Identity
// and their like. RFC 3261 20.10, 20.20, 20.39, 25.1.
import { formatParameters, type Parameters, scanParameters } from "./parameters.ts";
import { endOfQuoted, isTokenCode, quoteText, Scanner, trimSpace, unquote } from "./scanner.ts";

/** An address with what belongs to it. */
export interface NameAddress {
  /** Without quotes and escapes; null when there is none. */
  readonly displayName: string | null;
  /** As written, of any scheme, not yet understood. */
  readonly uri: string;
  /** Of the header field, not of the URI. */
  readonly parameters: Parameters;
}

const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:./;

/** True for `scheme:something` without white space, control characters, quotes or angle brackets. */
export function isUriText(text: string): boolean {
  if (!scheme.test(text)) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f || code === 0x22 || code === 0x3c || code === 0x3e) return false;
  }
  return true;
}

/** True for tokens with white space between; also for text beyond ASCII, which needs no quotes to be clear. */
function isPlainName(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128 && code !== 0x20 && code !== 0x09 && !isTokenCode(code)) return false;
  }
  return true;
}

/** Where the `<` is; -1 when the address is a bare addr-spec or a quoted name has no end. */
function findBracket(text: string): number {
  const first = text.search(/["<]/);
  if (first < 0 || text.charAt(first) === "<") return first;
  const end = endOfQuoted(text, first);
  return end < 0 ? -1 : text.indexOf("<", end);
}

function parseDisplayName(text: string): string | null | undefined {
  const name = trimSpace(text);
  if (name === "") return null;
  if (name.startsWith('"')) return endOfQuoted(name, 0) === name.length ? unquote(name) : undefined;
  return isPlainName(name) ? name : undefined;
}

/**
 * One address (lists are split by `Headers.values`). Null when it is none. Without angle brackets every
 * parameter belongs to the header field, and the URI may hold no `,` `;` `?` (RFC 3261 20).
 */
export function parseNameAddress(text: string): NameAddress | null {
  const bracket = findBracket(text);
  const scanner = new Scanner(text);
  let displayName: string | null = null;
  let uri: string;
  if (bracket >= 0) {
    const name = parseDisplayName(text.slice(0, bracket));
    const end = text.indexOf(">", bracket);
    if (name === undefined || end < 0) return null;
    displayName = name;
    uri = text.slice(bracket + 1, end);
    scanner.at = end + 1;
  } else {
    scanner.skipSpace();
    uri = scanner.until(';,"<>?');
  }
  if (!isUriText(uri)) return null;
  const parameters = scanParameters(scanner);
  scanner.skipSpace();
  return parameters === null || !scanner.done ? null : { displayName, uri, parameters };
}

/** With angle brackets always, so that the URI keeps its parameters. */
export function formatNameAddress(address: NameAddress): string {
  const name = address.displayName === null ? "" : `${quoteText(address.displayName)} `;
  return `${name}<${address.uri}>${formatParameters(address.parameters)}`;
}

/** The tag of a From or To value; null when it has none or is no address. */
export function tagOf(value: string): string | null {
  return parseNameAddress(value)?.parameters.get("tag") ?? null;
}

/** The URI of an address value; the value itself when it is no address. */
export function addressUri(value: string): string {
  return parseNameAddress(value)?.uri ?? trimSpace(value);
}
