// Folders of reports: one that cannot be made is refused at once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { makeFolder } from "@liquid-ims/lab/make-folder";

test("a folder is made with those above it, and one that is there is taken", () => {
  const top = mkdtempSync(join(tmpdir(), "folder-"));
  const folder = join(top, "a", "b");
  makeFolder(folder);
  makeFolder(folder);
  assert.ok(existsSync(folder));
  rmSync(top, { recursive: true });
});

test("--out below /proc: one line and exit code 3, without waiting", {
  skip: !existsSync("/proc/self"),
}, () => {
  const argv = ["run.mjs", "lab/main.ts", "p-cscf-overload", "--virtual", "--out", "/proc/none/x"];
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 20_000 });
  assert.equal(status, 3, stderr);
  assert.match(stderr, /^lab: ENOENT.*\/proc\/none'\n$/);
});
