// cfs keys new, and the file that keys.file names.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { newKeyText, readKeyFile, writeKeyFile } from "@liquid-ims/cfs/cli/key-file";
import { ProgramError } from "@liquid-ims/program/exit";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";

const crypto = new NodejsCrypto();

function fileIn(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "key.json");
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProgramError, String(error));
  assert.equal(error.exitCode, 2);
  return error.message;
}

test("a new key file: for its owner only, read back under the same name, never written over", async (context) => {
  const file = fileIn(context);
  const kid = await writeKeyFile(crypto, file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const keys = await readKeyFile(crypto, file);
  assert.equal(keys.signing.kid, kid);
  assert.deepEqual(
    keys.published.map((key) => key.kid),
    [kid],
  );
  assert.equal("d" in (keys.published[0]?.jwk ?? {}), false);
  const before = readFileSync(file, "utf8");
  assert.match(
    await failureOf(writeKeyFile(crypto, file)),
    /key\.json: is there already and is not written over/,
  );
  assert.equal(readFileSync(file, "utf8"), before);
});

test("keys are not alike", async () => {
  assert.notEqual(await newKeyText(crypto), await newKeyText(crypto));
});

test("a key file that is missing, open to others, or no key: said with the remedy, never with the key", async (context) => {
  const file = fileIn(context);
  assert.match(await failureOf(readKeyFile(crypto, file)), /ENOENT: make it with: cfs keys new --out/);
  await writeKeyFile(crypto, file);
  chmodSync(file, 0o640);
  assert.match(await failureOf(readKeyFile(crypto, file)), /others may read it; chmod 600 /);
  chmodSync(file, 0o600);
  const { d, ...half } = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...half, d: 5 }));
  assert.match(await failureOf(readKeyFile(crypto, file)), /is no private JWK/);
  writeFileSync(file, JSON.stringify({ ...half, d: `${d}`.slice(0, 10) }));
  const wrong = await failureOf(readKeyFile(crypto, file));
  assert.equal(wrong.includes(`${d}`.slice(0, 10)), false);
  writeFileSync(file, "secret words");
  const garbage = await failureOf(readKeyFile(crypto, file));
  assert.match(garbage, /is no JSON/);
  assert.equal(garbage.includes("secret words"), false);
});
