// The header fields of a message. RFC 3261 7.3; compact names: 7.3.3, 20 and the extensions that define one.
import { endOfListValue, isToken, splitList, trimSpace } from "./header/scanner.ts";

/** A name and a value, to build from. */
export type HeaderPair = readonly [name: string, value: string];

/** One header field: its name as written, its value unfolded and trimmed. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** A field that came from the network: `line` is its whole text with folds and the final CRLF. */
export interface OriginalField extends HeaderField {
  readonly line: string;
}

interface Entry extends HeaderField {
  /** The name that all spellings of it share. */
  readonly key: string;
  /** The text it came with; null when it was written here. */
  readonly line: string | null;
}

/** What a compact name stands for (IANA registry of SIP header fields). */
export const compactNames: ReadonlyMap<string, string> = new Map([
  ["a", "accept-contact"],
  ["b", "referred-by"],
  ["c", "content-type"],
  ["d", "request-disposition"],
  ["e", "content-encoding"],
  ["f", "from"],
  ["i", "call-id"],
  ["j", "reject-contact"],
  ["k", "supported"],
  ["l", "content-length"],
  ["m", "contact"],
  ["n", "identity-info"],
  ["o", "event"],
  ["r", "refer-to"],
  ["s", "subject"],
  ["t", "to"],
  ["u", "allow-events"],
  ["v", "via"],
  ["x", "session-expires"],
  ["y", "identity"],
]);

function keyOf(name: string): string {
  const lower = name.toLowerCase();
  return lower.length > 1 ? lower : (compactNames.get(lower) ?? lower);
}

function entryOf(name: string, value: string): Entry {
  if (!isToken(name)) throw new TypeError(`header name ${JSON.stringify(name)}: must be a token`);
  // A line break in a value would become a header field of somebody else's making.
  if (value.includes("\r") || value.includes("\n"))
    throw new TypeError(
      `header ${name}: the value ${JSON.stringify(value)} has a line break, escape it first`,
    );
  return { name, value: trimSpace(value), key: keyOf(name), line: null };
}

/**
 * Header fields in their order. Names are compared without regard to case, compact names are the same as the
 * long ones. A field that nobody changes keeps the bytes it came with. Changing throws a TypeError for a name
 * that is no token and for a value with a line break.
 */
export class Headers implements Iterable<HeaderField> {
  #entries: Entry[] = [];

  /** From names and values, in this order. */
  static from(fields: Iterable<HeaderPair>): Headers {
    const headers = new Headers();
    for (const [name, value] of fields) headers.#entries.push(entryOf(name, value));
    return headers;
  }

  /** From the fields of a message that was received; each keeps its line. */
  static received(fields: Iterable<OriginalField>): Headers {
    const headers = new Headers();
    for (const { name, value, line } of fields)
      headers.#entries.push({ name, value, key: keyOf(name), line });
    return headers;
  }

  /** The first field's value. */
  get(name: string): string | undefined {
    const key = keyOf(name);
    for (const entry of this.#entries) if (entry.key === key) return entry.value;
    return undefined;
  }

  /** Each field's value, lists not split. */
  all(name: string): string[] {
    const key = keyOf(name);
    const values: string[] = [];
    for (const entry of this.#entries) if (entry.key === key) values.push(entry.value);
    return values;
  }

  /** The values of all fields of that name, lists split, in order. Not for names whose values hold commas. */
  values(name: string): string[] {
    const all = this.all(name);
    return all.length === 1 ? splitList(all[0] ?? "") : all.flatMap(splitList);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** How many fields of that name there are. */
  count(name: string): number {
    const key = keyOf(name);
    let count = 0;
    for (const entry of this.#entries) if (entry.key === key) count += 1;
    return count;
  }

  /** One field of that name, where the first was, else at the end. */
  set(name: string, value: string): void {
    const entry = entryOf(name, value);
    const first = this.#find(entry.key);
    if (first < 0) {
      this.#entries.push(entry);
      return;
    }
    if (this.#entries[first]?.value !== entry.value) this.#entries[first] = entry;
    if (this.count(name) > 1)
      this.#entries = this.#entries.filter((other, index) => index === first || other.key !== entry.key);
  }

  /** At the end. */
  add(name: string, value: string): void {
    this.#entries.push(entryOf(name, value));
  }

  /** Before the first of that name, else before all. */
  prepend(name: string, value: string): void {
    const entry = entryOf(name, value);
    this.#entries.splice(Math.max(0, this.#find(entry.key)), 0, entry);
  }

  /** All fields of that name; false when there was none. */
  remove(name: string): boolean {
    const key = keyOf(name);
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.key !== key);
    return this.#entries.length < before;
  }

  /** Takes out and gives the first value of a list (empty for an empty field); what stands after it stays. */
  removeFirst(name: string): string | undefined {
    const index = this.#find(keyOf(name));
    const entry = this.#entries[index];
    if (entry === undefined) return undefined;
    // Empty values are none (RFC 7230 7).
    let start = 0;
    while (start < entry.value.length && ", \t".includes(entry.value.charAt(start))) start += 1;
    const end = endOfListValue(entry.value, start);
    const first = trimSpace(entry.value.slice(start, end));
    const rest = trimSpace(entry.value.slice(end + 1));
    if (rest === "") this.#entries.splice(index, 1);
    else this.#entries[index] = { ...entry, value: rest, line: null };
    return first;
  }

  clone(): Headers {
    const copy = new Headers();
    copy.#entries = [...this.#entries];
    return copy;
  }

  /** Appends the fields of that name of another message, as they are. */
  copyFrom(other: Headers, name: string): void {
    const key = keyOf(name);
    for (const entry of other.#entries) if (entry.key === key) this.#entries.push(entry);
  }

  /** The lines of all fields, each with its CRLF. */
  format(): string {
    let text = "";
    for (const { name, value, line } of this.#entries) text += line ?? `${name}: ${value}\r\n`;
    return text;
  }

  [Symbol.iterator](): Iterator<HeaderField> {
    return this.#entries[Symbol.iterator]();
  }

  #find(key: string): number {
    return this.#entries.findIndex((entry) => entry.key === key);
  }
}
