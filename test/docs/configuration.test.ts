// The configuration reference is true: every variable on it is read, and every example and default is taken.
import assert from "node:assert/strict";
import test from "node:test";
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { cfsPrefix, cfsSchema } from "@liquid-ims/cfs/config-schema";
import { configurationPage } from "@liquid-ims/docs/generate/configuration";
import { type LoadOptions, loadConfiguration } from "@liquid-ims/program/configuration/load";

interface Row {
  readonly key: string;
  readonly variable: string;
  readonly fallback: string;
  readonly example: string;
}

/** The rows of all tables of keys. */
function rows(): Row[] {
  const code = (cell: string | undefined) => (cell ?? "").trim().replace(/^`|`$/g, "");
  return configurationPage()
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const cells = line.slice(2, -2).split(" | ");
      assert.equal(cells.length, 6, line);
      const [key, , fallback, variable, , example] = cells;
      return {
        key: code(key),
        fallback: (fallback ?? "").trim(),
        variable: code(variable),
        example: code(example),
      };
    });
}

/** What is said of that variable when it has that value and nothing else is given. */
function complaints(prefix: string, variable: string, value: string): string[] {
  const schema: LoadOptions<typeof cfdSchema | typeof cfsSchema>["schema"] =
    prefix === cfdPrefix ? cfdSchema : cfsSchema;
  const loaded = loadConfiguration({ schema, file: null, environment: { [variable]: value }, prefix });
  // Other keys of the same place in a list may be missing: only what is said of this one counts.
  return loaded.ok
    ? []
    : loaded.errors
        .filter(({ source, message }) => source === variable && !message.startsWith("is missing"))
        .map(({ message }) => message);
}

for (const [title, prefix] of [
  ["CFD", cfdPrefix],
  ["CFS", cfsPrefix],
] as const) {
  const own = rows().filter(({ variable }) => variable.startsWith(prefix));

  test(`${title}: every key has a description, an example and a variable of its own`, () => {
    assert.ok(own.length > 30, `${own.length} keys`);
    assert.equal(new Set(own.map(({ variable }) => variable)).size, own.length);
    for (const { variable } of own) assert.match(variable, /^[A-Z][A-Z0-9_]+$/);
  });

  test(`${title}: every example is taken by its variable, nonsense is refused by it`, () => {
    for (const { key, variable, example } of own) {
      if (example === "") continue;
      assert.deepEqual(complaints(prefix, variable, example), [], `${key}: ${variable}=${example}`);
    }
    const wrong = own.filter(({ variable }) => complaints(prefix, variable, "[{}, 1]").length === 0);
    assert.deepEqual(
      wrong.filter(({ example }) => /^(?:true|false|[\d.]+)$/.test(example)).map(({ key }) => key),
      [],
      "numbers and flags take no lists",
    );
  });

  test(`${title}: every default is what its key takes`, () => {
    for (const { key, variable, fallback } of own) {
      const value = /^`(.*)`$/.exec(fallback)?.[1];
      if (value === undefined) continue;
      assert.deepEqual(complaints(prefix, variable, value), [], `${key}: ${value}`);
    }
  });
}
