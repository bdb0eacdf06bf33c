// The run folder of the real core: an earlier run's is emptied, nobody else's is touched.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { emptyRunFolder, RunFolderError } from "@liquid-ims/lab/kamailio-core/namespace";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a run folder that is missing is made, with those above it", (context) => {
  const folder = join(temporaryFolder(context), "out", "kamailio");
  emptyRunFolder(folder);
  assert.deepEqual(readdirSync(folder), []);
});

test("an earlier run's is emptied", (context) => {
  const folder = temporaryFolder(context);
  const resolver = "nameserver 127.0.1.53\noptions timeout:1 attempts:1\n";
  writeFileSync(join(folder, "resolv.conf"), resolver);
  mkdirSync(join(folder, "s-cscf-list"));
  writeFileSync(join(folder, "s-cscf-list", "s_cscf"), "1");
  emptyRunFolder(folder);
  assert.ok(existsSync(folder));
  assert.deepEqual(readdirSync(folder), []);
});

for (const [what, name, text] of [
  ["with a person's configuration", "kamailio.cfg", "request_route { exit; }\n"],
  ["with a machine's resolv.conf", "resolv.conf", "nameserver 192.0.2.1\n"],
] as const)
  test(`a folder ${what} is refused, with a remedy, and stays as it is`, (context) => {
    const folder = join(temporaryFolder(context), "kamailio");
    mkdirSync(folder);
    writeFileSync(join(folder, name), text);
    assert.throws(
      () => emptyRunFolder(folder),
      (error) =>
        error instanceof RunFolderError && error.message.includes(folder) && /--out/.test(error.message),
    );
    assert.equal(readFileSync(join(folder, name), "utf8"), text);
  });
