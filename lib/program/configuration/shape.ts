// A schema as the configuration reader sees it: the few kinds of JSON Schema that a configuration file needs.
import type { TSchema } from "typebox";

interface Words {
  readonly description: string;
  /** Text such as "milliseconds"; null: none. */
  readonly unit: string | null;
  /** What holds where an optional key is left out. */
  readonly otherwise: string | null;
  /** Never shown. */
  readonly secret: boolean;
  /** Undefined: there is none. */
  readonly default: unknown;
  readonly optional: boolean;
}

export type Shape = Words &
  (
    | { readonly kind: "group"; readonly members: ReadonlyMap<string, Shape> }
    | {
        readonly kind: "list";
        readonly item: Shape;
        readonly least: number;
        readonly most: number;
        readonly unique: boolean;
      }
    | { readonly kind: "choice"; readonly choices: readonly string[] }
    | {
        readonly kind: "text";
        readonly least: number;
        readonly most: number;
        readonly pattern: RegExp | null;
        readonly format: "ip" | "file" | null;
      }
    | {
        readonly kind: "number";
        readonly whole: boolean;
        readonly least: number;
        readonly above: number;
        readonly most: number;
      }
    | { readonly kind: "flag" }
  );

export type GroupShape = Extract<Shape, { kind: "group" }>;

type Raw = ReadonlyMap<string, unknown>;

function rawOf(value: unknown): Raw {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function textOf(raw: Raw, name: string): string | null {
  const value = raw.get(name);
  return typeof value === "string" ? value : null;
}

function numberOf(raw: Raw, name: string, otherwise: number): number {
  const value = raw.get(name);
  return typeof value === "number" ? value : otherwise;
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function formatOf(raw: Raw, path: string): "ip" | "file" | null {
  const format = textOf(raw, "format");
  if (format === null || format === "ip" || format === "file") return format;
  throw new TypeError(`schema: ${path} has the format ${format}; use ip or file`);
}

/** Reads a schema; throws TypeError for what this reader does not know. */
export function shapeOf(schema: TSchema, path = "configuration", optional = false): Shape {
  const raw = rawOf(schema);
  const words: Words = {
    description: textOf(raw, "description") ?? "",
    unit: textOf(raw, "unit"),
    otherwise: textOf(raw, "otherwise"),
    secret: raw.get("secret") === true,
    default: raw.get("default"),
    optional,
  };
  if (Array.isArray(raw.get("enum")))
    return { ...words, kind: "choice", choices: stringsOf(raw.get("enum")) };
  switch (raw.get("type")) {
    case "object": {
      const required = new Set(stringsOf(raw.get("required")));
      const members = new Map<string, Shape>();
      for (const [name, member] of rawOf(raw.get("properties")))
        members.set(
          name,
          shapeOf(rawSchema(member, `${path}.${name}`), `${path}.${name}`, !required.has(name)),
        );
      return { ...words, kind: "group", members };
    }
    case "array":
      return {
        ...words,
        kind: "list",
        item: shapeOf(rawSchema(raw.get("items"), `${path}[]`), `${path}[]`),
        least: numberOf(raw, "minItems", 0),
        most: numberOf(raw, "maxItems", 10_000),
        unique: raw.get("uniqueItems") === true,
      };
    case "string": {
      const pattern = textOf(raw, "pattern");
      return {
        ...words,
        kind: "text",
        least: numberOf(raw, "minLength", 0),
        most: numberOf(raw, "maxLength", 10_000),
        pattern: pattern === null ? null : new RegExp(pattern, "u"),
        format: formatOf(raw, path),
      };
    }
    case "integer":
    case "number":
      return {
        ...words,
        kind: "number",
        whole: raw.get("type") === "integer",
        least: numberOf(raw, "minimum", Number.NEGATIVE_INFINITY),
        above: numberOf(raw, "exclusiveMinimum", Number.NEGATIVE_INFINITY),
        most: numberOf(raw, "maximum", Number.POSITIVE_INFINITY),
      };
    case "boolean":
      return { ...words, kind: "flag" };
    default:
      throw new TypeError(`schema: ${path} is of the type ${String(raw.get("type"))}, which no reader knows`);
  }
}

function rawSchema(value: unknown, path: string): TSchema {
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(`schema: ${path} is none`);
}

/** What may be given, for people: "a whole number from 0 to 65535". */
export function allowedOf(shape: Shape): string {
  switch (shape.kind) {
    case "group":
      return `keys with values: ${[...shape.members.keys()].join(", ")}`;
    case "list":
      return shape.least > 0 ? `a list of at least ${shape.least}` : "a list";
    case "choice":
      return shape.choices.join(" or ");
    case "flag":
      return "true or false";
    case "text":
      if (shape.format === "ip") return "an IP address, IPv6 without brackets";
      if (shape.format === "file") return "the path of a file";
      return shape.pattern === null ? "a text" : `a text like ${shape.pattern.source}`;
    case "number": {
      const number = shape.whole ? "a whole number" : "a number";
      const from =
        shape.above > Number.NEGATIVE_INFINITY
          ? ` above ${shape.above}`
          : shape.least > Number.NEGATIVE_INFINITY
            ? ` from ${shape.least}`
            : "";
      const to = shape.most < Number.POSITIVE_INFINITY ? ` to ${shape.most}` : "";
      return `${number}${from}${to}${shape.unit === null ? "" : ` (${shape.unit})`}`;
    }
  }
}
