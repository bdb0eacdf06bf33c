// BIND's nsupdate at the lab's zone server. RFC 2136, RFC 8945. Fails without BIND.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createAuthoritativeDns } from "@liquid-ims/lab/authoritative-dns";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { temporaryFolder } from "../support/temporary-folder.ts";

const zone = "open-ims.test";
const name = `i2.${zone}`;

test("RFC 2136, RFC 8945: nsupdate adds a name once, and reads what the lab says of wrong keys", async (context) => {
  const { error, stdout: keys } = spawnSync("tsig-keygen", ["cfs-key"], { encoding: "utf8" });
  assert.ok(error === undefined, "BIND 9 is not installed: apt-get install bind9 bind9-dnsutils (Debian)");
  const folder = temporaryFolder(context);
  const host = createNodejsHost({ name: "dns", log: silentLog });
  context.after(() => host.close());
  const listen = { host: "127.0.0.1", port: 0 };
  const lab = createAuthoritativeDns({ origin: zone, zone: [], listen, keys })(host);
  await lab.ready;
  const update = `prereq nxdomain ${name}\nupdate add ${name} 5 A 127.0.1.11\nsend\n`;
  /** What nsupdate complains of; nothing when it is content. */
  const run = (text: string, ...options: string[]) =>
    new Promise<string>((resolve) => {
      writeFileSync(join(folder, "key"), text);
      const all = [...options, "-k", join(folder, "key")];
      const nsupdate = spawn("nsupdate", all, { stdio: ["pipe", "ignore", "pipe"] });
      let said = "";
      nsupdate.stderr.on("data", (chunk) => {
        said += String(chunk);
      });
      nsupdate.once("close", () => resolve(said));
      nsupdate.stdin.end(`server 127.0.0.1 ${lab.local().port}\n${update}`);
    });
  assert.equal(await run(keys), "");
  assert.match(await run(keys), /^update failed: YXDOMAIN/);
  assert.match(await run(keys, "-v"), /^update failed: YXDOMAIN/, "over TCP");
  assert.match(await run(keys.replace(/secret "..../, 'secret "AAAA')), /BADSIG/);
  assert.match(await run(keys.replace("cfs-key", "no-key")), /BADKEY/);
  const record = { type: "A", data: "127.0.1.11" };
  assert.deepEqual(lab.records().at(-1), { name, ttl: 5, record });
  assert.equal(lab.serial(), 2);
});
