// --check says of the files that a configuration names what the start would say, and touches nothing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { cfdBin, cfsBin, newFolder, root, sCscfs, writeConfig } from "./run-server.ts";

interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly errors: readonly string[];
}

function run(
  [program = "", ...argv]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Said {
  const { status, stdout, stderr } = spawnSync(program, argv, {
    ...{ cwd: root, encoding: "utf8" },
    env: { ...process.env, ...environment },
  });
  return { status, out: stdout, errors: stderr.trimEnd().split("\n") };
}

const keys = "keys: { file: key.json }\n";
const zone = { LIQUID_IMS_CFS_DNS_UPDATE: "{ server: { host: 127.0.0.1 }, keyFile: zone.key }" };

test("cfs --check: keys that are missing, each with key, file and remedy; the start says the same", (context) => {
  const folder = newFolder(context);
  const file = writeConfig(folder, "cfs.yaml", keys);
  const checked = run(cfsBin("--config", file, "--check"), zone);
  assert.deepEqual(checked, {
    ...{ status: 2, out: "" },
    errors: [
      `cfs: keys.file: ${folder}/key.json: ENOENT: make it with: cfs keys new --out ${folder}/key.json`,
      `cfs: dns.update.keyFile: ${folder}/zone.key: ENOENT: make it with: tsig-keygen cfs-key > ${folder}/zone.key, and give it to the name server`,
    ],
  });
  assert.deepEqual(run(cfsBin("--config", file), zone), checked);
  assert.equal(run(cfsBin("--config", file, "--print-config"), zone).status, 0);
});

test("cfs --check: with its keys it is right, and no store is made; a secret is never shown", (context) => {
  const folder = newFolder(context);
  const file = writeConfig(folder, "cfs.yaml", keys);
  const secret = "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgLi4uLi4=";
  const zoneKey = (word: string) => `key "k" { algorithm hmac-sha256; ${word} "${secret}"; };\n`;
  assert.equal(run(cfsBin("keys", "new", "--out", join(folder, "key.json"))).status, 0);
  writeFileSync(join(folder, "zone.key"), zoneKey("secret"), { mode: 0o600 });
  assert.deepEqual(run(cfsBin("--config", file, "--check"), zone), {
    ...{ status: 0, out: "cfs: the configuration is right\n", errors: [""] },
  });
  assert.deepEqual(readdirSync(folder).sort(), ["cfs.yaml", "key.json", "zone.key"]);
  writeFileSync(join(folder, "zone.key"), zoneKey("secrte"));
  const wrong = run(cfsBin("--config", file, "--check"), zone);
  assert.equal(wrong.status, 2);
  assert.match(wrong.errors.join(), /^cfs: dns\.update\.keyFile: \S+zone\.key:1: /);
  assert.ok(!wrong.errors.join().includes(secret));
});

test("cfd --check: a store in a folder that is not there, or that is no database: 3, as at the start", (context) => {
  const folder = newFolder(context);
  const file = writeConfig(folder, "cfd.yaml", sCscfs);
  writeFileSync(join(folder, "garbage.db"), "no database".repeat(20));
  for (const [name, says] of [
    [
      "none/location.db",
      /^cfd: store\.file: \S+none\/location\.db: it cannot be opened; is its folder there/,
    ],
    ["garbage.db", /^cfd: store\.file: \S+garbage\.db: it is no readable database; put a sound copy/],
  ] as const) {
    const environment = { LIQUID_IMS_CFD_STORE_FILE: join(folder, name) };
    const checked = run(cfdBin("--config", file, "--check"), environment);
    assert.deepEqual([checked.status, checked.errors.length], [3, 1]);
    assert.match(checked.errors[0] ?? "", says);
    assert.deepEqual(run(cfdBin("--config", file), environment), checked);
  }
  assert.deepEqual(readdirSync(folder).sort(), ["cfd.yaml", "garbage.db"]);
});
