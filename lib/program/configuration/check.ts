// What was given against the shape: every error at once, defaults put in, each value with where it came from.
import { isIP } from "node:net";
import { resolve } from "node:path";
import { environmentName } from "./environment.ts";
import {
  type ConfigurationError,
  errorAt,
  type Given,
  type GivenMember,
  givenOf,
  memberPath,
  type Origin,
} from "./given.ts";
import { nearest } from "./nearest.ts";
import { allowedOf, type GroupShape, type Shape } from "./shape.ts";

/** What stands for a secret where it is shown. */
export const hiddenSecret = "<secret, not shown>";

export interface CheckOptions {
  /** Relative files count from here. */
  readonly folder: string;
  readonly prefix: string;
}

/** The same tree complete and typed; null where it was wrong (then there are errors). */
export function checkGiven(
  given: Given,
  shape: GroupShape,
  options: CheckOptions,
): { readonly effective: Given | null; readonly errors: readonly ConfigurationError[] } {
  const checker = new Checker(options);
  const effective = checker.check(given, shape, "");
  return { effective: checker.errors.length === 0 ? effective : null, errors: checker.errors };
}

function shown(value: unknown, shape: Shape): string {
  if (shape.secret) return "this value";
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

class Checker {
  readonly errors: ConfigurationError[] = [];
  readonly #options: CheckOptions;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  #fail(origin: Origin, path: string, message: string): null {
    this.errors.push(errorAt(origin, path, message));
    return null;
  }

  check(given: Given, shape: Shape, path: string): Given | null {
    if (shape.kind === "group") return this.#group(given, shape, path);
    if (shape.kind === "list") return this.#list(given, shape, path);
    if (given.kind !== "scalar") {
      const what = given.kind === "list" ? "a list" : "a group of keys";
      return this.#fail(given.origin, path, `${what} is not allowed here; give ${allowedOf(shape)}`);
    }
    if (given.value === null)
      return this.#fail(given.origin, path, `has no value; give ${allowedOf(shape)}, or leave the key out`);
    return this.#scalar(given.value, given.origin, shape, path);
  }

  #group(given: Given, shape: GroupShape, path: string): Given | null {
    const isEmpty = given.kind === "scalar" && given.value === null;
    if (given.kind !== "group" && !isEmpty)
      return this.#fail(given.origin, path, `must be ${allowedOf(shape)}`);
    const members = given.kind === "group" ? given.members : new Map<string, GivenMember>();
    for (const [name, { origin }] of members)
      if (!shape.members.has(name)) {
        const near = nearest(name, shape.members.keys());
        const allowed = near === null ? "allowed here" : `did you mean ${near}? Allowed here`;
        const names = [...shape.members.keys()].join(", ");
        this.#fail(origin, memberPath(path, name), `no such key; ${allowed}: ${names}`);
      }
    const complete = new Map<string, GivenMember>();
    for (const [name, member] of shape.members) {
      const inner = memberPath(path, name);
      const present = members.get(name);
      if (present === undefined) {
        const value = this.#absent(member, inner, given.origin);
        if (value !== null) complete.set(name, { origin: value.origin, value });
        continue;
      }
      const value = this.check(present.value, member, inner);
      if (value !== null) complete.set(name, { origin: present.origin, value });
    }
    return { kind: "group", members: complete, origin: given.origin };
  }

  /** Null: nothing stands there, by leave or by mistake. */
  #absent(shape: Shape, path: string, near: Origin): Given | null {
    if (shape.default !== undefined)
      return this.check(givenOf(shape.default, { kind: "default" }), shape, path);
    if (shape.optional) return null;
    if (shape.kind === "group") {
      // Its own members say what is missing, near to where it would stand.
      const group = this.#group({ kind: "group", members: new Map(), origin: near }, shape, path);
      return group === null ? null : { ...group, origin: { kind: "default" } };
    }
    const variable = `${this.#options.prefix}${environmentName(path)}`;
    return this.#fail(near, path, `is missing; give ${allowedOf(shape)}, here or as ${variable}`);
  }

  #list(given: Given, shape: Extract<Shape, { kind: "list" }>, path: string): Given | null {
    if (given.kind !== "list") return this.#fail(given.origin, path, `must be ${allowedOf(shape)}`);
    const count = given.items.length;
    if (count < shape.least || count > shape.most)
      return this.#fail(given.origin, path, `has ${count} entries; give ${shape.least} to ${shape.most}`);
    const items: Given[] = [];
    const seen = new Set<string>();
    for (const [index, item] of given.items.entries()) {
      const checked = this.check(item, shape.item, `${path}[${index}]`);
      if (checked === null) continue;
      if (shape.unique && checked.kind === "scalar") {
        const key = JSON.stringify(checked.value);
        if (seen.has(key))
          this.#fail(item.origin, `${path}[${index}]`, `${key} is there already; give it once`);
        seen.add(key);
      }
      items.push(checked);
    }
    return { kind: "list", items, origin: given.origin };
  }

  #scalar(
    value: string | number | boolean,
    origin: Origin,
    shape: Exclude<Shape, { kind: "group" | "list" }>,
    path: string,
  ): Given | null {
    const refuse = () =>
      this.#fail(origin, path, `${shown(value, shape)} is not allowed; give ${allowedOf(shape)}`);
    switch (shape.kind) {
      case "flag":
        return typeof value === "boolean" ? { kind: "scalar", value, origin } : refuse();
      case "number": {
        if (typeof value !== "number" || !Number.isFinite(value)) return refuse();
        const fits = value >= shape.least && value > shape.above && value <= shape.most;
        return fits && (!shape.whole || Number.isSafeInteger(value))
          ? { kind: "scalar", value, origin }
          : refuse();
      }
      case "choice":
        return typeof value === "string" && shape.choices.includes(value)
          ? { kind: "scalar", value, origin }
          : refuse();
      case "text":
        return this.#text(value, origin, shape, path);
    }
  }

  #text(
    value: string | number | boolean,
    origin: Origin,
    shape: Extract<Shape, { kind: "text" }>,
    path: string,
  ): Given | null {
    if (typeof value !== "string")
      return this.#fail(origin, path, `${shown(value, shape)} is no text; put it in quotes`);
    if (shape.secret && value === hiddenSecret)
      return this.#fail(origin, path, "--print-config does not show secrets; put the value back");
    const fits =
      value.length >= shape.least &&
      value.length <= shape.most &&
      (shape.pattern === null || shape.pattern.test(value)) &&
      (shape.format !== "ip" || isIP(value) !== 0);
    if (!fits)
      return this.#fail(origin, path, `${shown(value, shape)} is not allowed; give ${allowedOf(shape)}`);
    const text = shape.format === "file" ? resolve(this.#options.folder, value) : value;
    return { kind: "scalar", value: text, origin };
  }
}
