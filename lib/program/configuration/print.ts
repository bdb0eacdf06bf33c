// The effective configuration as YAML that reads back equal, each value with where it came from.
import { stringify } from "yaml";
import { hiddenSecret } from "./check.ts";
import type { Given, Origin } from "./given.ts";
import type { Shape } from "./shape.ts";

function originText(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return `${origin.file}:${origin.line}`;
    case "environment":
      return origin.variable;
    case "default":
      return "default";
  }
}

function scalarText(value: unknown): string {
  return stringify(value, { lineWidth: 0, blockQuote: false }).trimEnd();
}

function comment(origin: Origin, shape: Shape): string {
  return `# ${originText(origin)}${shape.unit === null ? "" : `; ${shape.unit}`}`;
}

function isEmpty(given: Given): boolean {
  return given.kind === "list"
    ? given.items.length === 0
    : given.kind === "group" && given.members.size === 0;
}

/** The value of a key or a place in a list: what stands in the same line, then the lines below. */
function print(
  given: Given,
  shape: Shape,
  indent: string,
): { readonly inline: string; readonly below: string[] } {
  if (given.kind === "scalar")
    return {
      inline: ` ${shape.secret ? scalarText(hiddenSecret) : scalarText(given.value)} ${comment(given.origin, shape)}`,
      below: [],
    };
  if (isEmpty(given))
    return { inline: ` ${given.kind === "list" ? "[]" : "{}"} ${comment(given.origin, shape)}`, below: [] };
  if (given.kind === "group" && shape.kind === "group") {
    const below = [...given.members].flatMap(([name, { value }]) => {
      const member = shape.members.get(name);
      if (member === undefined) return [];
      const printed = print(value, member, `${indent}  `);
      return [`${indent}${name}:${printed.inline}`, ...printed.below];
    });
    return { inline: "", below };
  }
  if (given.kind === "list" && shape.kind === "list") {
    const below = given.items.flatMap((item) => {
      const printed = print(item, shape.item, `${indent}  `);
      const [first, ...rest] = printed.below;
      if (first === undefined) return [`${indent}-${printed.inline}`];
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
    return { inline: "", below };
  }
  throw new TypeError(`configuration: a ${given.kind} where its schema has a ${shape.kind}`);
}

/** Lines of YAML, the last one ended. `head`: comment lines at the top. */
export function printConfiguration(effective: Given, shape: Shape, head: readonly string[]): string {
  const { below } = print(effective, shape, "");
  return `${[...head.map((line) => `# ${line}`), ...below].join("\n")}\n`;
}
