// Every reason that a user's line may give is explained to whoever runs the CFS.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { isReason, verdicts } from "@liquid-ims/cfs/transfer/outcome";

const page = readFileSync(join(import.meta.dirname, "../../../docs/running.md"), "utf8");
const part = /### Why a user was not moved\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
const rows = part.split("\n").filter((line) => line.startsWith("| `"));
const named = rows.flatMap((row) =>
  [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name),
);

test("docs/running.md: every reason is in the table, once, and no other", () => {
  assert.deepEqual([...named].sort(), Object.keys(verdicts).sort());
  assert.ok(named.every(isReason));
});
