// Our updater at BIND 9. RFC 2136, RFC 8945. Fails without BIND.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parseTsigKeyFile, TsigKey } from "@liquid-ims/dns/tsig-key";
import { createUpdater, type UpdaterOptions, type ZoneUpdate } from "@liquid-ims/dns/updater";
import type { Host } from "@liquid-ims/runtime/host";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { temporaryFolder } from "../support/temporary-folder.ts";

const zone = "open-ims.test";
const name = `i2.${zone}`;
const srv = { priority: 10, weight: 50, port: 5060, target: name };
const uri = {
  order: 10,
  preference: 50,
  flags: "s",
  service: "SIP+D2U",
  regexp: "",
  replacement: "_sip._udp.t",
};
const records = [
  { name, record: { type: "A", data: "127.0.1.11" } },
  { name: `_sip._udp.${zone}`, record: { type: "SRV", data: srv } },
  { name: zone, record: { type: "NAPTR", data: uri } },
] as const;
const additions: ZoneUpdate = {
  prerequisites: [{ kind: "name-not-in-use", name }],
  changes: records.map((one) => ({ kind: "add", ttl: 5, ...one })),
};

test("RFC 2136, RFC 8945: BIND adds and removes, and each of its refusals has its name", async (context) => {
  const { error, stdout: keys } = spawnSync("tsig-keygen", ["cfs-key"], { encoding: "utf8" });
  assert.ok(error === undefined, "BIND 9 is not installed: apt-get install bind9 bind9-dnsutils (Debian)");
  const read = parseTsigKeyFile(keys);
  const key = (read.ok ? read.keys[0] : null) ?? assert.fail("tsig-keygen's file");
  const host = createNodejsHost({ name: "dns", log: silentLog });
  context.after(() => host.close());
  const free = await host.network.udp({ host: "127.0.0.1", port: 0 }, () => undefined);
  free.close();
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "zone"), "$TTL 5\n@ SOA ns root 1 1 1 1 5\n@ NS ns\nns A 127.0.0.1\n");
  const configuration = `${keys} controls { }; options { directory "${folder}"; pid-file none;
session-keyfile none; listen-on port ${free.local.port} { 127.0.0.1; }; listen-on-v6 { none; }; };
zone "${zone}" { type primary; file "zone"; update-policy { grant cfs-key zonesub A NAPTR SRV; }; };`;
  writeFileSync(join(folder, "named.conf"), configuration);
  const named = spawn("named", ["-g", "-c", join(folder, "named.conf")], { stdio: "pipe" });
  context.after(() => named.kill("SIGKILL"));
  await new Promise((resolve, reject) => {
    named.once("exit", (code) => reject(new Error(`named ended with ${code}`)));
    named.stderr.on("data", (chunk) => {
      if (/ running$/m.test(String(chunk))) resolve(null);
    });
  });
  const send = async (update: ZoneUpdate, options: Partial<UpdaterOptions> = {}, by: Host = host) => {
    const outcome = await createUpdater(by, { server: free.local, zone, key, ...options }).update(update);
    return outcome.kind === "refused" ? `${outcome.code} ${outcome.tsigError}` : outcome.kind;
  };
  const fake = (of: string) => ({ key: new TsigKey(of, "hmac-sha256", new Uint8Array(9)) });
  const clock: Host["clock"] = {
    now: () => host.clock.now(),
    wall: () => host.clock.wall() + 1_000_000,
    after: (ms, run, label) => host.clock.after(ms, run, label),
    sleep: (ms, label) => host.clock.sleep(ms, label),
  };
  assert.equal(await send(additions), "done");
  assert.equal(await send(additions, { transport: "tcp" }), "YXDOMAIN null");
  assert.equal(await send({ changes: [{ kind: "delete-rrset", name, type: "TXT" }] }), "REFUSED null");
  assert.equal(await send(additions, fake("nobody")), "NOTAUTH BADKEY");
  assert.equal(await send(additions, fake("cfs-key")), "NOTAUTH BADSIG");
  assert.equal(await send(additions, {}, { ...host, clock }), "NOTAUTH BADTIME");
  const removals = records.map((one) => ({ kind: "delete-record" as const, ...one }));
  const prerequisites = [{ kind: "rrset-is", name, records: [records[0].record] }] as const;
  assert.equal(await send({ prerequisites, changes: removals }), "done");
  assert.equal(await send({ prerequisites, changes: removals }), "NXRRSET null");
});
