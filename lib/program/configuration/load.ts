// The configuration of a program: a YAML file, over it the environment, under both the defaults of the schema.
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Static, TObject } from "typebox";
import { Check } from "typebox/value";
import { checkGiven } from "./check.ts";
import { applyEnvironment } from "./environment.ts";
import { type ConfigurationError, errorAt, type Given, type Origin } from "./given.ts";
import { printConfiguration } from "./print.ts";
import { readYaml, type YamlResult } from "./read-yaml.ts";
import { shapeOf } from "./shape.ts";

/** A rule between several keys: the path that is at fault, and what is wrong with it. */
export interface RuleError {
  readonly path: string;
  readonly message: string;
}

export interface LoadOptions<Schema extends TObject> {
  readonly schema: Schema;
  /** YAML; null: environment and defaults alone. Relative to `folder`. */
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the variables that belong to this program; others are not looked at. */
  readonly prefix: string;
  /** Variables with the prefix that are no keys. Default none. */
  readonly reserved?: readonly string[];
  /** What one key forbids another. Called when every key is right by itself. */
  readonly rules?: (value: Static<Schema>) => readonly RuleError[];
  /** Where relative paths begin: of the file, and without one those inside the configuration. Default: the working directory. */
  readonly folder?: string;
}

export type LoadResult<Value> =
  | {
      readonly ok: true;
      readonly value: Value;
      /** As YAML that reads back equal, with where each value came from. */
      print(): string;
      /** Where a key stands (`cx.peers[0].host`); of one that is left out, the nearest one around it. */
      origin(path: string): Origin;
    }
  | { readonly ok: false; readonly errors: readonly ConfigurationError[] };

function readFile(path: string, shown: string): YamlResult {
  const top: Origin = { kind: "file", file: shown, line: 1, column: 1 };
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const remedy = reason === "ENOENT" ? "there is no such file" : "it cannot be read";
    return {
      ok: false,
      errors: [{ source: shown, line: null, column: null, path: "", message: `${remedy} (${reason})` }],
    };
  }
  if (text.includes("\0")) return { ok: false, errors: [errorAt(top, "", "no text: give a YAML file")] };
  return readYaml(text, (line, column) => ({ kind: "file", file: shown, line, column }));
}

function plainOf(given: Given): unknown {
  switch (given.kind) {
    case "scalar":
      return given.value;
    case "list":
      return given.items.map(plainOf);
    case "group":
      return Object.fromEntries([...given.members].map(([name, { value }]) => [name, plainOf(value)]));
  }
}

/** Where a path of a rule stands; as near as there is something. */
function originOf(given: Given, path: string): Origin {
  let place = given;
  for (const step of path.split(/[.[\]]/).filter((part) => part !== "")) {
    const next = place.kind === "group" ? place.members.get(step)?.value : undefined;
    const item = place.kind === "list" ? place.items[Number(step)] : next;
    if (item === undefined) break;
    place = item;
  }
  return place.origin;
}

/** Where a key stands; of what is not there, or was put in as a default, the nearest key around it that was given. */
function keyOriginOf(given: Given, path: string): Origin {
  let place = given;
  let origin = given.origin;
  for (const step of path.split(/[.[\]]/).filter((part) => part !== "")) {
    const member = place.kind === "group" ? place.members.get(step) : undefined;
    const item = place.kind === "list" ? place.items[Number(step)] : undefined;
    const next = member?.value ?? item;
    const near = member?.origin ?? item?.origin;
    if (next === undefined || near === undefined || near.kind === "default") break;
    place = next;
    origin = near;
  }
  return origin;
}

/** As they stand in the file, then by variable. */
function inOrder(a: ConfigurationError, b: ConfigurationError): number {
  const last = Number.POSITIVE_INFINITY;
  const byLine = (a.line ?? last) === (b.line ?? last) ? 0 : (a.line ?? last) - (b.line ?? last);
  return byLine === 0 ? (a.column ?? 0) - (b.column ?? 0) : byLine;
}

/** Never throws for what a person wrote; throws TypeError for a schema that it cannot read. */
export function loadConfiguration<Schema extends TObject>(
  options: LoadOptions<Schema>,
): LoadResult<Static<Schema>> {
  const { schema, environment, prefix, reserved = [], rules = () => [] } = options;
  const shape = shapeOf(schema);
  if (shape.kind !== "group") throw new TypeError("schema: the configuration is a group of keys");
  const start = options.folder ?? process.cwd();
  const path = options.file === null ? null : resolve(start, options.file);
  // As short as it can be said from where the person stands.
  const name = path === null ? null : relative(start, path).startsWith("..") ? path : relative(start, path);
  const read: YamlResult =
    path === null || name === null
      ? { ok: true, given: { kind: "group", members: new Map(), origin: { kind: "default" } } }
      : readFile(path, name);
  if (!read.ok) return read;
  const folder = path === null ? start : dirname(path);
  const wrongVariables = applyEnvironment(read.given, shape, environment, { prefix, reserved });
  const { effective, errors } = checkGiven(read.given, shape, { folder, prefix });
  if (effective === null || wrongVariables.length > 0)
    return { ok: false, errors: [...errors, ...wrongVariables].sort(inOrder) };
  const value = plainOf(effective);
  if (!Check(schema, value)) throw new TypeError("schema: typebox refuses what was checked against it");
  const broken = rules(value).map((rule) => errorAt(originOf(effective, rule.path), rule.path, rule.message));
  if (broken.length > 0) return { ok: false, errors: broken };
  return {
    ok: true,
    value,
    print: () =>
      printConfiguration(effective, shape, [
        `Effective configuration${name === null ? "" : ` of ${name}`}; each value with where it came from.`,
      ]),
    origin: (wanted) => keyOriginOf(effective, wanted),
  };
}
