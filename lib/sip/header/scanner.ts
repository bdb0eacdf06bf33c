// Reads a header's value from left to right. The basic rules of RFC 3261 25.1; values are unfolded before,
// so linear white space is SP and HTAB only.

function classOf(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    if (/[0-9A-Za-z]/.test(character) || characters.includes(character)) table[code] = 1;
  }
  return table;
}

const tokenClass = classOf("-.!%*_+`'~");
const hostClass = classOf("-._");

/** True for a character code of `token` (RFC 3261 25.1). */
export function isTokenCode(code: number): boolean {
  return code < 128 && tokenClass[code] === 1;
}

/** True for one or more characters of `token`. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isTokenCode(text.charCodeAt(at))) return false;
  return text.length > 0;
}

const space = 0x20;
const tab = 0x09;
const quote = 0x22;
const backslash = 0x5c;

/** A position in a text. Each method moves it past what it read, or leaves it where it was. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The code at the position; -1 at the end. */
  get next(): number {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  /** Past white space; true when there was some. */
  skipSpace(): boolean {
    const start = this.at;
    while (this.at < this.text.length) {
      if (!isSpace(this.text.charCodeAt(this.at))) break;
      this.at += 1;
    }
    return this.at > start;
  }

  /** Past this one character, with white space around it (COLON, SEMI, EQUAL, SLASH of RFC 3261 25.1). */
  eat(character: string): boolean {
    const start = this.at;
    this.skipSpace();
    if (this.text.charAt(this.at) !== character) {
      this.at = start;
      return false;
    }
    this.at += 1;
    this.skipSpace();
    return true;
  }

  /** A token; empty when none is here. */
  token(): string {
    const start = this.at;
    while (this.at < this.text.length && isTokenCode(this.text.charCodeAt(this.at))) this.at += 1;
    return this.text.slice(start, this.at);
  }

  /** Decimal digits; empty when none are here. */
  digits(): string {
    const start = this.at;
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code < 0x30 || code > 0x39) break;
      this.at += 1;
    }
    return this.text.slice(start, this.at);
  }

  /** A quoted string as written, with its quotes; null when none is here or it has no end. */
  quoted(): string | null {
    if (this.next !== quote) return null;
    const end = endOfQuoted(this.text, this.at);
    if (end < 0) return null;
    const start = this.at;
    this.at = end;
    return this.text.slice(start, end);
  }

  /** A host name, an IPv4 address, or an IPv6 address in brackets, as written; empty when none is here. */
  host(): string {
    const start = this.at;
    if (this.text.charAt(this.at) === "[") {
      const end = this.text.indexOf("]", this.at);
      if (end < 0) return "";
      this.at = end + 1;
      return this.text.slice(start, this.at);
    }
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code >= 128 || hostClass[code] !== 1) break;
      this.at += 1;
    }
    return this.text.slice(start, this.at);
  }

  /** Up to a character of `stops`, white space or the end. */
  until(stops: string): string {
    const start = this.at;
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (isSpace(code) || stops.includes(this.text.charAt(this.at))) break;
      this.at += 1;
    }
    return this.text.slice(start, this.at);
  }
}

/** The position behind a quoted string that begins at `start`; -1 when it has no end. */
export function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) return at + 1;
  }
  return -1;
}

/** Without SP and HTAB at both ends; `trim` would also take U+00A0 and others, which are content. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === space || code === tab;
}

/** The content of a quoted string; any other text as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== quote || text.charCodeAt(text.length - 1) !== quote)
    return text;
  const inner = text.slice(1, -1);
  if (!inner.includes("\\")) return inner;
  let plain = "";
  for (let at = 0; at < inner.length; at++) {
    if (inner.charCodeAt(at) === backslash && at + 1 < inner.length) at += 1;
    plain += inner.charAt(at);
  }
  return plain;
}

/** A quoted string with this content. */
export function quoteText(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * The values of a comma-separated list, trimmed, in order; empty ones are left out. Commas in quoted strings,
 * between angle brackets and in comments do not separate (RFC 3261 7.3.1).
 */
export function splitList(text: string): string[] {
  if (!text.includes(",")) {
    const only = trimSpace(text);
    return only === "" ? [] : [only];
  }
  const values: string[] = [];
  let start = 0;
  while (start <= text.length) {
    const end = endOfListValue(text, start);
    const value = trimSpace(text.slice(start, end));
    if (value !== "") values.push(value);
    start = end + 1;
  }
  return values;
}

/** The position of the comma that ends the list value which begins at `start`, else the text's length. */
export function endOfListValue(text: string, start: number): number {
  let bracket = false;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"' && !bracket) {
      const end = endOfQuoted(text, at);
      if (end < 0) return text.length;
      at = end - 1;
    } else if (character === "<") bracket = true;
    else if (character === ">") bracket = false;
    else if (character === "," && !bracket) return at;
  }
  return text.length;
}
