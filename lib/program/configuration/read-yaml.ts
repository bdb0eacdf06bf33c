// YAML text to what was given, with the line and column of every key and value. YAML 1.2, core schema.
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import {
  type ConfigurationError,
  errorAt,
  type Given,
  type GivenMember,
  memberPath,
  type Origin,
} from "./given.ts";

export type YamlResult =
  | { readonly ok: true; readonly given: Given }
  | { readonly ok: false; readonly errors: readonly ConfigurationError[] };

/** Aliases of aliases grow without end (a file of a few lines can name millions of values). */
const mostValues = 20_000;
const deepest = 100;

/** Thrown and caught in here only. */
class Unreadable extends Error {
  readonly error: ConfigurationError;

  constructor(error: ConfigurationError) {
    super(error.message);
    this.error = error;
  }
}

class Reader {
  readonly #document: Document.Parsed;
  readonly #originAt: (offset: number) => Origin;
  #values = 0;
  /** By place: an alias reads what it names again. */
  readonly #twice = new Map<string, ConfigurationError>();

  constructor(document: Document.Parsed, originAt: (offset: number) => Origin) {
    this.#document = document;
    this.#originAt = originAt;
  }

  #placeOf(node: unknown, near: Origin): Origin {
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? near : this.#originAt(start);
  }

  /** Keys that are given twice. */
  get errors(): readonly ConfigurationError[] {
    return [...this.#twice.values()];
  }

  #refuseTwice(path: string, again: Origin, first: Origin): void {
    const where = first.kind === "file" ? `, first in line ${first.line}` : "";
    const error = errorAt(again, path, `is given twice${where}; keep one of them`);
    this.#twice.set(JSON.stringify([error.line, error.column, path]), error);
  }

  read(node: unknown, path: string, near: Origin, depth: number): Given {
    this.#values += 1;
    const origin = this.#placeOf(node, near);
    if (this.#values > mostValues || depth > deepest)
      throw new Unreadable(errorAt(origin, path, "too large: aliases name more than can be meant"));
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined || isAlias(target))
        throw new Unreadable(errorAt(origin, path, `the alias *${node.source} names nothing`));
      return { ...this.read(target, path, origin, depth + 1), origin };
    }
    if (isMap(node)) {
      const members = new Map<string, GivenMember>();
      for (const { key, value } of node.items) {
        const keyOrigin = this.#placeOf(key, origin);
        if (!isScalar(key) || typeof key.value === "object")
          throw new Unreadable(errorAt(keyOrigin, path, "a key must be a word"));
        const name = String(key.value);
        const first = members.get(name);
        if (first !== undefined) this.#refuseTwice(memberPath(path, name), keyOrigin, first.origin);
        members.set(name, {
          origin: keyOrigin,
          value: this.read(value, memberPath(path, name), keyOrigin, depth + 1),
        });
      }
      return { kind: "group", members, origin };
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item, `${path}[${index}]`, origin, depth + 1));
      return { kind: "list", items, origin };
    }
    const value = isScalar(node) ? node.value : null;
    if (
      value === null ||
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    )
      return { kind: "scalar", value, origin };
    return { kind: "scalar", value: String(value), origin };
  }
}

/** Reads one document. `originOf` names the place of a line and column, both from 1. */
export function readYaml(text: string, originOf: (line: number, column: number) => Origin): YamlResult {
  const lines = new LineCounter();
  const originAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return originOf(Math.max(1, line), Math.max(1, col));
  };
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // The reader knows what the key is called, and where it stood first.
    uniqueKeys: false,
    // Nothing is logged; "silent" would pass over a second document.
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    const errors = document.errors.map(({ code, pos, message }) =>
      errorAt(
        originAt(pos[0]),
        "",
        code === "MULTIPLE_DOCS"
          ? "a second document; a configuration is one, so leave the line --- and all after it out"
          : `no YAML: ${message.split("\n")[0] ?? message}`,
      ),
    );
    return { ok: false, errors };
  }
  const top = document.contents;
  const start = originOf(1, 1);
  // A file of comments only.
  if (top === null || (isScalar(top) && top.value === null))
    return { ok: true, given: { kind: "group", members: new Map(), origin: start } };
  try {
    const reader = new Reader(document, originAt);
    const given = reader.read(top, "", start, 0);
    return reader.errors.length === 0 ? { ok: true, given } : { ok: false, errors: reader.errors };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, errors: [error.error] };
    throw error;
  }
}
