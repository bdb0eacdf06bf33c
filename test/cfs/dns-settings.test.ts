// `dns.update` in the CFS's configuration: what holds, and what is wrong named by its key.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { cfsConfigOf } from "@liquid-ims/cfs/cfs-settings";
import { cfsRules } from "@liquid-ims/cfs/config-rules";
import { cfsPrefix, cfsSchema } from "@liquid-ims/cfs/config-schema";
import { TsigKey } from "@liquid-ims/dns/tsig-key";
import { formatConfigurationError } from "@liquid-ims/program/configuration/given";
import { loadConfiguration } from "@liquid-ims/program/configuration/load";
import { temporaryFolder } from "../support/temporary-folder.ts";

const head =
  "homeDomain: ims.test\nlisten:\n  - { protocol: udp, host: 127.0.0.1, port: 5060 }\ndns:\n  update:\n";
const server = "    server: { host: 127.0.1.53 }\n";
const key = '    key: { name: cfs-key, secret: "c2VjcmV0" }\n';

function load(context: TestContext, update: string) {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "cfs.yaml"), head + update);
  return loadConfiguration({
    ...{ schema: cfsSchema, prefix: cfsPrefix, file: "cfs.yaml", folder, environment: {} },
    rules: cfsRules,
  });
}

test("dns.update with its defaults: the home domain's zone, a TTL of 30 s, deadlines", (context) => {
  const loaded = load(context, server + key);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(cfsConfigOf(loaded.value).dns, {
    server: { host: "127.0.1.53", port: 53 },
    zone: "ims.test",
    key: { name: "cfs-key", algorithm: "hmac-sha256", secret: "c2VjcmV0" },
    ttl: 30,
    timeoutMs: 5_000,
    deadline: 600_000,
    firstRetry: 1_000,
    longestRetry: 60_000,
    margin: 1_000,
  });
});

test("a key of a file is the program's to read; without it such a configuration changes no zone", (context) => {
  const loaded = load(context, `${server}    keyFile: zone.key\n`);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.match(loaded.value.dns.update?.keyFile ?? "", /^\/.*\/zone\.key$/);
  assert.equal(cfsConfigOf(loaded.value).dns, undefined);
  const read = new TsigKey("cfs-key", "hmac-sha256", Uint8Array.of(1));
  assert.equal(cfsConfigOf(loaded.value, read).dns?.key, read);
});

test("what is wrong is named with its line", (context) => {
  const errors = (update: string): string[] => {
    const loaded = load(context, update);
    if (loaded.ok) return [];
    return loaded.errors.map(formatConfigurationError);
  };
  assert.match(
    errors(server)[0] ?? "",
    /^cfs\.yaml:6:5: dns\.update\.key: there is none; give dns\.update\.key, or/,
  );
  assert.match(
    errors(`${server}${key}    keyFile: zone.key\n`)[0] ?? "",
    /^cfs\.yaml:8:\d+: dns\.update\.keyFile: there is a key already/,
  );
  assert.match(
    errors(`${server}${key}    zone: other.test\n`)[0] ?? "",
    /^cfs\.yaml:8:\d+: dns\.update\.zone: ims\.test \(iCscfService\) is no name of the zone other\.test/,
  );
  assert.match(
    errors(`${server}${key}    cfdService: cfd.other.test\n`)[0] ?? "",
    /dns\.update\.cfdService: cfd\.other\.test \(cfdService\) is no name/,
  );
  assert.match(
    errors(`${server}${key}    firstRetry: 70000\n`)[0] ?? "",
    /firstRetry: 70000 is longer than dns\.update\.longestRetry \(60000\)/,
  );
  const secret = errors(`${server}    key: { name: cfs-key, secret: "no base64!" }\n`);
  assert.match(secret[0] ?? "", /dns\.update\.key\.secret: this value is no base64/);
  assert.ok(!secret.join().includes("no base64!"), "a secret is never shown");
  assert.match(
    errors(`${server}    key: { name: a..b, secret: c2VjcmV0 }\n`)[0] ?? "",
    /key\.name: "a\.\.b" is no domain name/,
  );
  assert.match(errors(`${server}${key}    useKey: a\n`)[0] ?? "", /useKey: chooses from a file/);
});
