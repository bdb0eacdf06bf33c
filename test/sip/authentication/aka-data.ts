// The Milenage sets of TS 35.208, from the test data, as bytes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeHex } from "@liquid-ims/runtime/text";
import { readJson, testData } from "../../support/test-data.ts";

/** Sets that the data has. */
export const setCount = 8;

/** One set: hexadecimal text by name (`k`, `rand`, `f1star`, ...). */
export type MilenageSet = ReadonlyMap<string, string>;

/** Null where the data is absent. */
export function milenageSets(): readonly MilenageSet[] | null {
  const folder = testData("aka");
  if (folder === null) return null;
  const json = readJson(join(folder, "milenage-ts35208.json"));
  assert.ok(typeof json === "object" && json !== null && "sets" in json && Array.isArray(json.sets));
  assert.equal(json.sets.length, setCount);
  return json.sets.map((set: Record<string, unknown>) => {
    const texts = Object.entries(set).map(([name, value]): [string, string] => [name, String(value)]);
    return new Map(texts);
  });
}

export function bytes(hex: string | undefined): Uint8Array {
  return decodeHex(hex ?? "none") ?? assert.fail(`no hexadecimal digits: ${hex}`);
}
