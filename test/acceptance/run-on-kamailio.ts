// Runs a program of these tests that puts itself on a real core, in namespaces of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { assertInstalled } from "./kamailio-checks.ts";

/** Runs the file beside this one as `node <file> <a new folder>`; gives the lines that it printed, read as JSON. */
export async function runOnKamailio<Line>(context: TestContext, file: string): Promise<Line[]> {
  assertInstalled();
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [join(import.meta.dirname, file), folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  context.after(() => child.kill());
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  assert.equal(code, 0, errors);
  return output
    .trim()
    .split("\n")
    .map((line): Line => JSON.parse(line));
}
