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

  constructor(document: Document.Parsed, originAt: (offset: number) => Origin) {
    this.#document = document;
    this.#originAt = originAt;
  }

  #placeOf(node: unknown, near: Origin): Origin {
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? near : this.#originAt(start);
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
    uniqueKeys: true,
    logLevel: "silent",
  });
  if (document.errors.length > 0) {
    const errors = document.errors.map(({ pos, message }) =>
      errorAt(originAt(pos[0]), "", `no YAML: ${message.split("\n")[0] ?? message}`),
    );
    return { ok: false, errors };
  }
  const top = document.contents;
  const start = originOf(1, 1);
  // A file of comments only.
  if (top === null || (isScalar(top) && top.value === null))
    return { ok: true, given: { kind: "group", members: new Map(), origin: start } };
  try {
    return { ok: true, given: new Reader(document, originAt).read(top, "", start, 0) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, errors: [error.error] };
    throw error;
  }
}
