// What a wrong configuration file is told: file, line, column, path, value, what is allowed, the nearest right key.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { loopbackRule } from "@liquid-ims/program/admin";
import { loadConfiguration } from "@liquid-ims/program/configuration/load";
import { editDistance, nearest } from "@liquid-ims/program/configuration/nearest";
import { linesOf, loadCfd, newFolder } from "./load-text.ts";

const right = `listen:
  - { protocol: tcp, host: 127.0.0.1, port: 7080 }
sCscfs:
  - name: sip:scscf1.ims.test:6060
    addresses: [127.0.1.21]
`;

test("a small file loads; what it leaves out has its default", (context) => {
  const loaded = loadCfd(context, right);
  assert.deepEqual(linesOf(loaded), []);
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.value.listen, [{ protocol: "tcp", host: "127.0.0.1", port: 7080 }]);
  assert.equal(loaded.value.storeTimeout, 2000);
  assert.equal(loaded.value.admin.host, "127.0.0.1");
  assert.equal("homeDomain" in loaded.value, false);
});

test("a wrong key: its place, the nearest right one, what is allowed there", (context) => {
  const [line, ...more] = linesOf(loadCfd(context, `${right}storeTimout: 3000\n`));
  assert.deepEqual(more, []);
  assert.match(
    line ?? "",
    /^cfd\.yaml:6:1: storeTimout: no such key; did you mean storeTimeout\? Allowed here: name, listen, /,
  );
});

test("a wrong key deep inside, and one that is near nothing", (context) => {
  const text = `${right}    adresses: [127.0.1.22]\nadmin:\n  wholly-other: 1\n`;
  assert.deepEqual(linesOf(loadCfd(context, text)), [
    "cfd.yaml:6:5: sCscfs[0].adresses: no such key; did you mean addresses? Allowed here: name, addresses, answersRegEvent",
    "cfd.yaml:8:3: admin.wholly-other: no such key; allowed here: enabled, host, port, allowRemote",
  ]);
});

test("wrong values: all of them at once, each with its place and what is allowed", (context) => {
  const text = `listen:
  - protocol: sctp
    host: cfd.ims.test
    port: 70800
storeTimeout: soon
trustLoopback: yes
expiryGrace: 1.5
homeDomain:
retryAfter: -1
log: { level: loud }
name: 123
sCscfs: scscf1
dns: []
`;
  assert.deepEqual(linesOf(loadCfd(context, text)), [
    'cfd.yaml:2:15: listen[0].protocol: "sctp" is not allowed; give udp or tcp',
    'cfd.yaml:3:11: listen[0].host: "cfd.ims.test" is not allowed; give an IP address, IPv6 without brackets',
    "cfd.yaml:4:11: listen[0].port: 70800 is not allowed; give a whole number from 0 to 65535",
    'cfd.yaml:5:15: storeTimeout: "soon" is not allowed; give a whole number from 1 to 86400000 (milliseconds)',
    'cfd.yaml:6:16: trustLoopback: "yes" is not allowed; give true or false',
    "cfd.yaml:7:14: expiryGrace: 1.5 is not allowed; give a whole number from 0 to 86400000 (milliseconds)",
    "cfd.yaml:8:12: homeDomain: has no value; give a text, or leave the key out",
    "cfd.yaml:9:13: retryAfter: -1 is not allowed; give a whole number from 0 to 3600 (seconds)",
    'cfd.yaml:10:15: log.level: "loud" is not allowed; give debug or info or warn or error',
    "cfd.yaml:11:7: name: 123 is no text; put it in quotes",
    "cfd.yaml:12:9: sCscfs: must be a list",
    "cfd.yaml:13:6: dns: must be keys with values: servers, timeoutMs, rounds, maximumTtl, cacheSize",
  ]);
});

test("what is missing: the place where it belongs, and the variable that can give it", (context) => {
  assert.deepEqual(linesOf(loadCfd(context, "listen:\n  - protocol: udp\n    host: 127.0.0.1\nname: x\n")), [
    "cfd.yaml:2:5: listen[0].port: is missing; give a whole number from 0 to 65535, here or as LIQUID_IMS_CFD_LISTEN_0_PORT",
  ]);
  assert.deepEqual(linesOf(loadCfd(context, null)), [
    "configuration: listen: is missing; give a list of at least 1, here or as LIQUID_IMS_CFD_LISTEN",
  ]);
  assert.deepEqual(linesOf(loadCfd(context, "# only a comment\n")), [
    "cfd.yaml:1:1: listen: is missing; give a list of at least 1, here or as LIQUID_IMS_CFD_LISTEN",
  ]);
});

test("lists: too short, entries twice", (context) => {
  assert.deepEqual(linesOf(loadCfd(context, `listen: []\n`)), [
    "cfd.yaml:1:9: listen: has 0 entries; give 1 to 10000",
  ]);
  const twice = `${right}functions:\n  - name: p\n    addresses: [::1, 127.0.0.1, "::1"]\n`;
  assert.deepEqual(linesOf(loadCfd(context, twice)), [
    'cfd.yaml:8:33: functions[0].addresses[2]: "::1" is there already; give it once',
  ]);
});

test("what is no YAML is named with its place", (context) => {
  assert.match(linesOf(loadCfd(context, "listen: [\n"))[0] ?? "", /^cfd\.yaml:\d+:\d+: no YAML: /);
  assert.match(linesOf(loadCfd(context, "a: b: c\n"))[0] ?? "", /^cfd\.yaml:1:\d+: no YAML: /);
  assert.deepEqual(
    linesOf(loadCfd(context, "just words\n"))[0]?.slice(0, 35),
    "cfd.yaml:1:1: must be keys with val",
  );
  assert.deepEqual(linesOf(loadCfd(context, "\0\u0001\u0002")), ["cfd.yaml:1:1: no text: give a YAML file"]);
});

test("a key given twice: its name, where it stood first, at any depth; each of them", (context) => {
  const text = `name: a\nadmin: { port: 1, "port": 2 }\nsCscfs:\n  - name: a\n    name: b\nname: b\n`;
  assert.deepEqual(linesOf(loadCfd(context, text)), [
    "cfd.yaml:2:19: admin.port: is given twice, first in line 2; keep one of them",
    "cfd.yaml:5:5: sCscfs[0].name: is given twice, first in line 4; keep one of them",
    "cfd.yaml:6:1: name: is given twice, first in line 1; keep one of them",
  ]);
  const variable = { LIQUID_IMS_CFD_ADMIN: "{ port: 1, port: 2 }" };
  assert.match(
    linesOf(loadCfd(context, right, variable))[0] ?? "",
    /^LIQUID_IMS_CFD_ADMIN: admin: is given twice; keep one of them; give keys with values/,
  );
});

test("a second document is an error with its line; one that is only begun and ended is none", (context) => {
  const second = /^cfd\.yaml:6:1: a second document; a configuration is one/;
  assert.match(linesOf(loadCfd(context, `${right}---\nname: b\n`))[0] ?? "", second);
  assert.match(linesOf(loadCfd(context, `${right}---\n`))[0] ?? "", second);
  assert.deepEqual(linesOf(loadCfd(context, `---\n${right}...\n# the end\n`)), []);
  const variable = { LIQUID_IMS_CFD_ADMIN: "{ port: 1 }\n---\n{ port: 2 }" };
  assert.match(
    linesOf(loadCfd(context, right, variable))[0] ?? "",
    /^LIQUID_IMS_CFD_ADMIN: .*a second document/,
  );
});

test("aliases may be used, but not to make a small file endless", (context) => {
  const shared = `x: &p [127.0.1.21]\n`;
  const text = `listen: &l\n  - { protocol: tcp, host: 127.0.0.1, port: 1 }\nsCscfs:\n  - { name: a, addresses: &p [127.0.1.21] }\n  - { name: b, addresses: *p }\n`;
  const loaded = loadCfd(context, text);
  assert.ok(loaded.ok, linesOf(loaded).join());
  assert.deepEqual(loaded.value.sCscfs[1]?.addresses, ["127.0.1.21"]);
  assert.match(linesOf(loadCfd(context, shared))[0] ?? "", /^cfd\.yaml:1:1: x: no such key/);
  let bomb = 'a0: &a0 ["x","x","x","x","x","x","x","x","x"]\n';
  for (let level = 1; level < 9; level++)
    bomb += `a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join()}]\n`;
  assert.match(linesOf(loadCfd(context, bomb))[0] ?? "", /too large/);
  assert.match(linesOf(loadCfd(context, "a: &a [*a]\n"))[0] ?? "", /too large|names nothing/);
});

test("a file that is not there, or is a folder", (context) => {
  const folder = newFolder(context);
  const load = (file: string) =>
    linesOf(loadConfiguration({ schema: cfdSchema, file, folder, environment: {}, prefix: cfdPrefix }));
  assert.deepEqual(load("none.yaml"), ["none.yaml: there is no such file (ENOENT)"]);
  assert.match(load(".")[0] ?? "", /it cannot be read \(EISDIR\)/);
});

test("relative files count from the folder of the configuration file", (context) => {
  const loaded = loadCfd(context, `${right}store: { file: data/location.db }\n`);
  assert.ok(loaded.ok);
  assert.equal(loaded.value.store.file, join(loaded.folder, "data/location.db"));
});

test("a rule between keys names the key's place", (context) => {
  const folder = newFolder(context);
  writeFileSync(join(folder, "cfd.yaml"), `${right}admin:\n  host: 0.0.0.0\n`);
  const load = (environment: Record<string, string>) =>
    loadConfiguration({
      ...{ schema: cfdSchema, file: "cfd.yaml", folder, environment, prefix: cfdPrefix },
      rules: ({ admin }) => loopbackRule("admin", admin),
    });
  assert.deepEqual(linesOf(load({})), [
    "cfd.yaml:7:9: admin.host: 0.0.0.0:9090 can be reached by others and has no password; give 127.0.0.1, or set admin.allowRemote: true",
  ]);
  assert.ok(load({ LIQUID_IMS_CFD_ADMIN_ALLOW_REMOTE: "true" }).ok);
  assert.ok(load({ LIQUID_IMS_CFD_ADMIN_ENABLED: "false" }).ok);
  assert.ok(load({ LIQUID_IMS_CFD_ADMIN_HOST: "::1" }).ok);
});

test("where a key stands: its own line, that of the group around it, the variable that gave it", (context) => {
  const loaded = loadCfd(context, `${right}admin: { port: 9099 }\n`, {
    LIQUID_IMS_CFD_HOME_DOMAIN: "ims.test",
  });
  assert.ok(loaded.ok);
  const at = (path: string) => loaded.origin(path);
  assert.deepEqual(at("sCscfs"), { kind: "file", file: "cfd.yaml", line: 3, column: 1 });
  assert.deepEqual(at("sCscfs[0].addresses"), { kind: "file", file: "cfd.yaml", line: 5, column: 5 });
  assert.deepEqual(at("sCscfs[0].addresses[0]"), { kind: "file", file: "cfd.yaml", line: 5, column: 17 });
  assert.deepEqual(at("admin.port"), { kind: "file", file: "cfd.yaml", line: 6, column: 10 });
  // Left out: the group that it would stand in.
  assert.deepEqual(at("admin.host"), { kind: "file", file: "cfd.yaml", line: 6, column: 1 });
  assert.deepEqual(at("store.file"), { kind: "file", file: "cfd.yaml", line: 1, column: 1 });
  assert.deepEqual(at("homeDomain"), { kind: "environment", variable: "LIQUID_IMS_CFD_HOME_DOMAIN" });
});

test("the nearest word: a letter more, less, another, two swapped; never a far one", () => {
  assert.equal(editDistance("listen", "listen"), 0);
  assert.equal(editDistance("lsiten", "listen"), 1);
  assert.equal(editDistance("liste", "listen"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
  const words = ["storeTimeout", "store", "stop"];
  assert.equal(nearest("store_timeout", words), "storeTimeout");
  assert.equal(nearest("sotre", words), "store");
  assert.equal(nearest("zebra", words), null);
});
