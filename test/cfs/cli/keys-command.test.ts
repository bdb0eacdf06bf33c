// cfs keys new: where a private key may be written.
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { addKeysCommand } from "@liquid-ims/cfs/cli/keys-command";
import { readArguments } from "@liquid-ims/program/arguments";
import { ProgramError } from "@liquid-ims/program/exit";
import { newFolder } from "../../program/load-text.ts";

/** Runs the command in a folder; gives what it wrote. */
async function keys(folder: string, isTerminal: boolean, ...argv: string[]): Promise<string> {
  const written: string[] = [];
  const output = { isTerminal, write: (text: string) => void written.push(text) };
  const request = readArguments(["keys", "new", ...argv], {
    ...{ name: "cfs", summary: "a server", version: "1.2.3", prefix: "LIQUID_IMS_CFS_" },
    extend: (command, run) => addKeysCommand(command, run, () => folder, output),
  });
  assert.ok(request.kind === "command", JSON.stringify(request));
  await request.run();
  return written.join("");
}

test("a terminal is shown a private key only when it is asked for", async (context) => {
  const folder = newFolder(context);
  await assert.rejects(keys(folder, true), (error) => {
    assert.ok(error instanceof ProgramError);
    assert.equal(error.exitCode, 2);
    assert.match(error.message, /is a terminal.*--out FILE, or --out -/);
    return true;
  });
  assert.match(await keys(folder, true, "--out", "-"), /^\{"kty":.*"d":/);
});

test("what is no terminal is given it; a file is made for its owner only", async (context) => {
  const folder = newFolder(context);
  assert.match(await keys(folder, false), /^\{"kty":.*"d":/);
  assert.match(await keys(folder, true, "--out", "key.json"), /key\.json: key \S+; name it/);
  assert.equal(statSync(join(folder, "key.json")).mode & 0o777, 0o600);
  assert.equal(existsSync(join(folder, "-")), false);
});
