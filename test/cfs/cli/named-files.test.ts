// What the CFS's configuration names is read before the CFS starts: its keys, and whether its stores can be had.
import assert from "node:assert/strict";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { writeKeyFile } from "@liquid-ims/cfs/cli/key-file";
import { loadCfsConfiguration } from "@liquid-ims/cfs/cli/load-configuration";
import { readCfsFiles } from "@liquid-ims/cfs/cli/named-files";
import type { CfsSettings } from "@liquid-ims/cfs/config-schema";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { ProgramError } from "@liquid-ims/program/exit";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const crypto = new NodejsCrypto();
const zoneKey = 'key "cfs.ims.test" {\n\talgorithm hmac-sha256;\n\tsecret "c2VjcmV0";\n};\n';

function load(context: TestContext, more: string): { folder: string; settings: CfsSettings } {
  const folder = temporaryFolder(context);
  const common = "homeDomain: ims.test\nlisten: [{ protocol: tcp, host: 127.0.0.1, port: 0 }]\n";
  writeFileSync(join(folder, "cfs.yaml"), common + more);
  const loaded = loadCfsConfiguration({ file: "cfs.yaml", folder, environment: {} });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return { folder, settings: loaded.value };
}

const dns = "dns: { update: { server: { host: 127.0.0.1 }, keyFile: zone.key } }\n";

/** Exit code and text of each error, files without their folder. */
async function refusals(folder: string, settings: CfsSettings): Promise<string[]> {
  const error: unknown = await readCfsFiles(crypto, settings).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AggregateError, String(error));
  return error.errors.map((one: unknown) => {
    assert.ok(one instanceof ProgramError, String(one));
    return `${one.exitCode} ${one.message.replaceAll(`${folder}/`, "")}`;
  });
}

test("keys that are there are read; stores that are not are not made", async (context) => {
  const { folder, settings } = load(context, `keys: { file: key.json }\n${dns}`);
  const kid = await writeKeyFile(crypto, join(folder, "key.json"));
  writeFileSync(join(folder, "zone.key"), zoneKey, { mode: 0o600 });
  const files = await readCfsFiles(crypto, settings);
  assert.deepEqual([files.keys?.signing.kid, files.zoneKey?.name], [kid, "cfs.ims.test"]);
  assert.deepEqual(readdirSync(folder).sort(), ["cfs.yaml", "key.json", "zone.key"]);
});

test("a configuration without files has none", async (context) => {
  const { settings } = load(
    context,
    "location: { kind: memory }\nstore: { kind: memory, file: none/cfs.db }\n",
  );
  assert.deepEqual(await readCfsFiles(crypto, settings), { keys: null, zoneKey: null });
});

test("all that is wrong at once, each with key, file and remedy, and no secret", async (context) => {
  const stores = "store: { file: none/cfs.db }\nlocation: { file: garbage.db }\n";
  const { folder, settings } = load(context, `keys: { file: key.json }\n${dns}${stores}`);
  writeFileSync(join(folder, "garbage.db"), "no database".repeat(20));
  writeFileSync(join(folder, "zone.key"), zoneKey);
  chmodSync(join(folder, "zone.key"), 0o644);
  const found = await refusals(folder, settings);
  assert.deepEqual(found.slice(0, 2), [
    "2 keys.file: key.json: ENOENT: make it with: cfs keys new --out key.json",
    "2 dns.update.keyFile: zone.key: others may read it; chmod o= zone.key",
  ]);
  assert.match(
    found[2] ?? "",
    /^3 location\.file: garbage\.db: it is no readable database; put a sound copy/,
  );
  assert.match(found[3] ?? "", /^3 store\.file: none\/cfs\.db: it cannot be opened; is its folder there/);
  assert.equal(found.length, 4);
  assert.ok(!found.join().includes("c2VjcmV0"));
});

test("the location service's file as the CFS's own store", async (context) => {
  const { folder, settings } = load(context, "location: { file: a.db }\nstore: { file: b.db }\n");

  await (await openSqliteLocationStore({ file: join(folder, "b.db"), driver: "inline" })).close();
  assert.deepEqual(await refusals(folder, settings), [
    "3 store.file: b.db: is another program's database, no CFS store; name another file",
  ]);
});
