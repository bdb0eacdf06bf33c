// Keys by environment. One rule: the prefix, then the path of the key, its words in capital letters and joined by `_`,
// places in a list by their number from 0: `sCscfs[0].name` is LIQUID_IMS_CFD_S_CSCFS_0_NAME. A text is taken as it
// is, everything else is read as YAML; so the variable of a list or a group can hold the whole of it.
import { type ConfigurationError, errorAt, type Given, memberPath, type Origin } from "./given.ts";
import { nearest } from "./nearest.ts";
import { readYaml } from "./read-yaml.ts";
import { allowedOf, type GroupShape, type Shape } from "./shape.ts";

/** `sCscfs` as `S_CSCFS`. */
export function environmentWord(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}

/** `listen[0].port` as `LISTEN_0_PORT`, to be put after the prefix. */
export function environmentName(path: string): string {
  return path
    .split(/[.[\]]/)
    .filter((part) => part !== "")
    .map(environmentWord)
    .join("_");
}

type Step = string | number;

interface Target {
  readonly steps: readonly Step[];
  readonly shape: Shape;
}

/** Every place in the configuration that a name can mean; more than one would be a fault of the schema. */
function targetsOf(shape: Shape, rest: string, steps: readonly Step[]): Target[] {
  if (rest === "") return [{ steps, shape }];
  if (shape.kind === "group")
    return [...shape.members].flatMap(([name, member]) => {
      const word = environmentWord(name);
      if (rest === word) return [{ steps: [...steps, name], shape: member }];
      return rest.startsWith(`${word}_`)
        ? targetsOf(member, rest.slice(word.length + 1), [...steps, name])
        : [];
    });
  if (shape.kind === "list") {
    const match = /^(\d{1,5})(?:_(.+))?$/.exec(rest);
    if (match !== null) return targetsOf(shape.item, match[2] ?? "", [...steps, Number(match[1])]);
  }
  return [];
}

/** All names, lists with the place 0. */
export function environmentNames(shape: Shape, path = ""): string[] {
  const own = path === "" ? [] : [environmentName(path)];
  if (shape.kind === "group")
    return [
      ...own,
      ...[...shape.members].flatMap(([name, member]) => environmentNames(member, memberPath(path, name))),
    ];
  return shape.kind === "list" ? [...own, ...environmentNames(shape.item, `${path}[0]`)] : own;
}

function pathOf(steps: readonly Step[]): string {
  return steps.reduce<string>(
    (path, step) => (typeof step === "number" ? `${path}[${step}]` : memberPath(path, step)),
    "",
  );
}

/** Puts a value in its place. Null: done; else what is in the way. */
function put(top: Given, steps: readonly Step[], value: Given, origin: Origin): string | null {
  let place = top;
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    const empty = (): Given =>
      typeof steps[index + 1] === "number"
        ? { kind: "list", items: [], origin }
        : { kind: "group", members: new Map(), origin };
    if (typeof step === "number") {
      // The file has something else there: that is named when the whole is checked.
      if (place.kind !== "list") return null;
      if (step > place.items.length)
        return `the next place in the list ${pathOf(steps.slice(0, index))} is ${place.items.length}`;
      const next = isLast ? value : (place.items[step] ?? empty());
      place.items[step] = next;
      place = next;
    } else {
      if (place.kind !== "group") return null;
      const known = place.members.get(step);
      const isNothing = known?.value.kind === "scalar" && known.value.value === null;
      const next = isLast ? value : known === undefined || isNothing ? empty() : known.value;
      place.members.set(step, { origin, value: next });
      place = next;
    }
  }
  return null;
}

function readVariable(text: string, shape: Shape, path: string, origin: Origin): Given | ConfigurationError {
  if (shape.kind === "text" || shape.kind === "choice") return { kind: "scalar", value: text, origin };
  const read = readYaml(text, () => origin);
  if (!read.ok)
    return errorAt(
      origin,
      path,
      `${read.errors[0]?.message ?? "no YAML"}; give ${allowedOf(shape)}, as YAML`,
    );
  return read.given;
}

/** Texts in the order of their names, numbers in them by value, shorter ones first: the whole before its parts. */
function inOrder(a: string, b: string): number {
  const first = a.split("_");
  const second = b.split("_");
  for (const [index, word] of first.entries()) {
    const other = second[index];
    if (other === undefined) return 1;
    if (word === other) continue;
    const difference = Number(word) - Number(other);
    if (!Number.isNaN(difference) && difference !== 0) return difference;
    return word < other ? -1 : 1;
  }
  return first.length - second.length;
}

/** Writes into `given` what the environment says; gives what it says wrongly. */
export function applyEnvironment(
  given: Given,
  shape: GroupShape,
  environment: Readonly<Record<string, string | undefined>>,
  options: { readonly prefix: string; readonly reserved: readonly string[] },
): ConfigurationError[] {
  const { prefix, reserved } = options;
  const errors: ConfigurationError[] = [];
  const names = Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !reserved.includes(name))
    .sort(inOrder);
  for (const name of names) {
    const text = environment[name];
    if (text === undefined) continue;
    const origin: Origin = { kind: "environment", variable: name };
    const rest = name.slice(prefix.length);
    const [target] = rest === "" ? [] : targetsOf(shape, rest, []);
    if (target === undefined) {
      const near = nearest(rest.replace(/\d+/g, "0"), environmentNames(shape));
      const hint = near === null ? "" : `did you mean ${prefix}${near}? `;
      errors.push(
        errorAt(
          origin,
          "",
          `no key of the configuration has this name; ${hint}--print-config shows the keys`,
        ),
      );
      continue;
    }
    const path = pathOf(target.steps);
    const value = readVariable(text, target.shape, path, origin);
    if ("message" in value) {
      errors.push(value);
      continue;
    }
    const obstacle = put(given, target.steps, value, origin);
    if (obstacle !== null) errors.push(errorAt(origin, path, obstacle));
  }
  return errors;
}
