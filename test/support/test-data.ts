// Data from outside the project, read at run time: LIQUID_IMS_TEST_DATA names a folder with data/ and reference/,
// else ../shared beside the repository is it. Where it is absent, tests say how much they left out.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";

const root = resolve(
  process.env["LIQUID_IMS_TEST_DATA"] ?? join(import.meta.dirname, "..", "..", "..", "shared"),
);

function folder(...names: string[]): string | null {
  const path = join(root, ...names);
  return existsSync(path) ? path : null;
}

/** The folder `data/<name>`, or null when it is absent. */
export function testData(name: string): string | null {
  return folder("data", name);
}

/** The folder `reference/<name>`, or null when it is absent. */
export function testReference(name: string): string | null {
  return folder("reference", name);
}

/** Says in the report that data was absent and how many vectors were left out for it. */
export function leftOut(context: TestContext, count: number, what: string): void {
  context.diagnostic(`left out: ${count} ${what}, no test data in ${root}`);
}

/** The rows of a file with tabs, by the names in its first line. */
export function readTable(path: string): Map<string, string>[] {
  const [header = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  const names = header.split("\t");
  return lines.map((line) => {
    const cells = line.split("\t");
    return new Map(names.map((name, index) => [name, cells[index] ?? ""]));
  });
}

/** A parsed JSON file. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** A file's bytes. */
export function readBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

/** All files in a folder and those below it, in alphabetical order. */
export function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
