// RTR and PPR that the HSS sends to the CFS, because it has written the S-CSCF's name, passed on to a real Kamailio S-CSCF
// over the connection that its cdp has opened to the CFS.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { assertInstalled } from "./kamailio-checks.ts";
import type { SeenPushes } from "./pushes-on-kamailio.ts";

test("TS 29.228 6.1.3, 6.1.5 on Kamailio: its cdp calls the CFS, takes RTR and PPR from it, and its answers go back", async (context) => {
  assertInstalled();
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(import.meta.dirname, "pushes-on-kamailio.ts");
  const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "pipe"] });
  context.after(() => child.kill());
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.err += text;
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  assert.equal(code, 0, output.err);
  const seen: SeenPushes = JSON.parse(output.out);
  assert.equal(seen.peer, "R-Open", "Kamailio has called the CFS");
  assert.deepEqual([seen.mar, seen.diameterHost], [true, "cfs.open-ims.test"]);
  // Kamailio 5.6.3 answers no PPR, whoever sends it: the CFS says that it could not be done, before the HSS gives up.
  const { profile } = seen;
  assert.ok(profile?.kind === "answered");
  assert.ok([2001, 5012].includes(profile.result.code), JSON.stringify(profile));
  assert.deepEqual(seen.termination, {
    kind: "answered",
    result: { kind: "Result-Code", code: 2001 },
  });
  assert.equal(seen.state, "not registered");
});
