// The configuration reference of the programs, from the schemas that they read their files with.
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { cfsPrefix, cfsSchema } from "@liquid-ims/cfs/config-schema";
import { environmentName } from "@liquid-ims/program/configuration/environment";
import { memberPath } from "@liquid-ims/program/configuration/given";
import { allowedOf, type GroupShape, type Shape, shapeOf } from "@liquid-ims/program/configuration/shape";
import { cell, generated, plain, table } from "./page.ts";

type Schema = Parameters<typeof shapeOf>[0];

interface Program {
  readonly title: string;
  readonly command: string;
  readonly source: string;
  readonly schema: Schema;
  readonly prefix: string;
}

const programs: readonly Program[] = [
  {
    title: "CFD",
    command: "npm run cfd -- --config cfd.yaml",
    source: "servers/cfd/config-schema.ts",
    schema: cfdSchema,
    prefix: cfdPrefix,
  },
  {
    title: "CFS",
    command: "npm run cfs -- --config cfs.yaml",
    source: "servers/cfs/config-schema.ts",
    schema: cfsSchema,
    prefix: cfsPrefix,
  },
];

/** A key with what the reader of the configuration knows of it, and the example that only the schema has. */
interface Key {
  /** `listen[].port`. */
  readonly path: string;
  /** The same with places: `listen[0].port`. */
  readonly place: string;
  readonly shape: Shape;
  readonly example: unknown;
}

function member(schema: unknown, name: string): unknown {
  return typeof schema === "object" && schema !== null
    ? Object.entries(schema).find(([key]) => key === name)?.[1]
    : undefined;
}

function exampleOf(schema: unknown): unknown {
  const examples = member(schema, "examples");
  return Array.isArray(examples) ? examples[0] : undefined;
}

/** YAML's flow style, which is JSON, with room between its parts. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${flow(inner)}`)
    .join(", ")} }`;
}

function valueText(value: unknown): string {
  if (value === undefined) return "";
  return `\`${typeof value === "string" && value !== "" ? value : flow(value)}\``;
}

/** Nothing of it need be given. */
function hasDefault(shape: Shape): boolean {
  if (shape.default !== undefined || shape.optional) return true;
  return shape.kind === "group" && [...shape.members.values()].every(hasDefault);
}

function defaultText({ shape }: Key): string {
  if (shape.default !== undefined) return valueText(shape.default);
  if (shape.otherwise !== null) return `none: ${cell(shape.otherwise)}`;
  if (shape.optional) return "none";
  return hasDefault(shape) ? "that of its keys" : "**required**";
}

/** A group, or a list of groups: its members stand in a table of their own. */
function groupOf(shape: Shape): GroupShape | null {
  if (shape.kind === "group") return shape;
  return shape.kind === "list" && shape.item.kind === "group" ? shape.item : null;
}

function allowedText(shape: Shape): string {
  if (shape.kind === "group") return "keys, see below";
  if (shape.kind !== "list") return allowedOf(shape);
  if (shape.item.kind === "group") return `${allowedOf(shape)}, each with keys, see below`;
  return `${allowedOf(shape)}, each ${allowedOf(shape.item)}`;
}

function membersOf(
  key: { readonly path: string; readonly place: string; readonly shape: Shape },
  schema: unknown,
): Key[] {
  const isList = key.shape.kind === "list";
  const group = groupOf(key.shape);
  const properties = member(isList ? member(schema, "items") : schema, "properties");
  return [...(group?.members ?? [])].map(([name, shape]) => ({
    path: memberPath(isList ? `${key.path}[]` : key.path, name),
    place: memberPath(isList ? `${key.place}[0]` : key.place, name),
    shape,
    example: exampleOf(member(properties, name)),
  }));
}

function schemaOf(schema: unknown, isList: boolean, name: string): unknown {
  return member(member(isList ? member(schema, "items") : schema, "properties"), name);
}

function keyTable(keys: readonly Key[], prefix: string): string {
  const rows = keys.map((key) => [
    `\`${key.path}\``,
    cell(allowedText(key.shape)),
    defaultText(key),
    `\`${prefix}${environmentName(key.place)}\``,
    cell(key.shape.description),
    cell(valueText(key.example)),
  ]);
  return table(["key", "allowed", "default", "environment", "meaning", "example"], rows);
}

/** A section for this group, and one for each group inside of it. */
function sections(key: Omit<Key, "example">, schema: unknown, prefix: string, level: number): string[] {
  const keys = membersOf(key, schema);
  const isList = key.shape.kind === "list";
  const name = isList ? `${key.path}[]` : key.path;
  const own = key.path === "" ? [] : [`${"#".repeat(level)} \`${name}\``, `${plain(key.shape.description)}.`];
  const inner = keys.flatMap((one) => {
    if (groupOf(one.shape) === null) return [];
    const last = one.path.split(".").at(-1) ?? "";
    return sections(one, schemaOf(schema, isList, last), prefix, Math.min(level + 1, 5));
  });
  return [...own, keyTable(keys, prefix), ...inner];
}

function chapter({ title, command, source, schema, prefix }: Program): string[] {
  const shape = shapeOf(schema);
  return [
    `## ${title}`,
    `\`${command}\` · [${source}](../${source}) · environment \`${prefix}…\``,
    ...sections({ path: "", place: "", shape }, schema, prefix, 2),
  ];
}

/** docs/configuration.md. */
export function configurationPage(): string {
  const parts = [
    generated(programs.map(({ source }) => source).join(" and ")),
    "# Configuration",
    "The programs read a YAML file and, over it, the environment. Every key has a variable: the program's prefix, then the " +
      "path of the key in capital letters, its words and its parts joined by `_`, places in a list counted from 0. A text " +
      "is taken as it is, everything else is read as YAML, so the variable of a list or a group may hold the whole of it. " +
      "A wrong key or value is named with its line, and nothing starts. `--print-config` shows what holds, and where each " +
      "value came from. Relative paths count from the folder of the file. How to start the programs: " +
      "[running.md](running.md).",
    ...programs.flatMap(chapter),
  ];
  return `${parts.join("\n\n")}\n`;
}
