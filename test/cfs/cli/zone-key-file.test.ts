// The TSIG key's file, as tsig-keygen writes it: what is wrong is named with file, line and remedy.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { readZoneKeyFile } from "@liquid-ims/cfs/cli/zone-key-file";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const key = (name: string) => `key "${name}" {\n\talgorithm hmac-sha256;\n\tsecret "c2VjcmV0";\n};\n`;

function write(context: TestContext, text: string, mode = 0o640): string {
  const file = join(temporaryFolder(context), "zone.key");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function refusal(file: string, useKey?: string): string {
  try {
    readZoneKeyFile(file, useKey);
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "ProgramError");
    return error.message.replaceAll(file, "F");
  }
  return "it was taken";
}

test("nsupdate -k: the only key of a file, or the named one of several", (context) => {
  const { name, algorithm } = readZoneKeyFile(write(context, key("cfs.ims.test")));
  assert.deepEqual([name, algorithm], ["cfs.ims.test", "hmac-sha256"]);
  const several = write(context, key("a") + key("b"));
  assert.equal(readZoneKeyFile(several, "B.").name, "b");
  assert.match(
    refusal(several),
    /^dns\.update\.keyFile: F: has several keys \(a, b\); choose one with dns\.update\.useKey/,
  );
  assert.match(refusal(several, "c"), /F: has no key c \(dns\.update\.useKey\), but a, b/);
});

test("a file that is not there, that others may read, or that has no key", (context) => {
  assert.match(
    refusal(join(temporaryFolder(context), "none")),
    /ENOENT: make it with: tsig-keygen cfs-key > /,
  );
  assert.match(refusal(write(context, key("a"), 0o644)), /F: others may read it; chmod o= F/);
  assert.match(
    refusal(write(context, `${key("a")}key "b" {\n\talgorithm md5;\n};`)),
    /^dns\.update\.keyFile: F:5: key "b" has no secret/,
  );
});
