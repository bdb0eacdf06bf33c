// What the settings of Cx ask of each other, and of the functions.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { cfsRules } from "@liquid-ims/cfs/config-rules";
import { cfsPrefix, cfsSchema } from "@liquid-ims/cfs/config-schema";
import { loadConfiguration } from "@liquid-ims/program/configuration/load";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hss = "{ host: hss.ims.test, address: { host: 127.0.1.30 } }";

/** Lines under `cx`, after those that it must have. */
function messages(context: TestContext, lines: readonly string[], peers = hss): string[] {
  const text = [
    "listen: [{ protocol: udp, host: 127.0.0.1, port: 5070 }]",
    "homeDomain: ims.test",
    "functions:",
    '  - { kind: P-CSCF, name: "pcscf1.ims.test:4060", addresses: [127.0.1.1] }',
    '  - { kind: S-CSCF, name: "sip:scscf1.ims.test:6060", addresses: [127.0.1.21] }',
    "location: { kind: memory }",
    "store: { kind: memory }",
    "cx:",
    ...["originHost: cfs.ims.test", "originRealm: ims.test", "destinationRealm: ims.test"].map(
      (l) => `  ${l}`,
    ),
    `  peers: [${peers}]`,
    ...lines.map((line) => `  ${line}`),
  ].join("\n");
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "cfs.yaml"), text);
  const loaded = loadConfiguration({
    ...{ schema: cfsSchema, prefix: cfsPrefix, file: "cfs.yaml", folder, environment: {} },
    rules: cfsRules,
  });
  return loaded.ok ? [] : loaded.errors.map(({ path, message }) => `${path}: ${message}`);
}

test("cx.serving: S-CSCFs of functions, in whatever spelling, that can be called or can call", (context) => {
  const address = "address: { host: 127.0.1.21 }";
  assert.deepEqual(messages(context, [`serving: [{ server: "sip:SCSCF1.ims.test:6060", ${address} }]`]), []);
  const listen = "listen: { host: 127.0.2.21, port: 3868 }";
  assert.deepEqual(messages(context, ['serving: [{ server: "sip:scscf1.ims.test:6060" }]', listen]), []);
  assert.deepEqual(messages(context, [`serving: [{ server: "sip:scscf9.ims.test:6060", ${address} }]`]), [
    "cx.serving[0].server: sip:scscf9.ims.test:6060 is no S-CSCF of functions; give one of sip:scscf1.ims.test:6060",
  ]);
  assert.deepEqual(messages(context, [`serving: [{ server: "pcscf1.ims.test:4060", ${address} }]`]), [
    "cx.serving[0].server: pcscf1.ims.test:4060 is no S-CSCF of functions; give one of sip:scscf1.ims.test:6060",
  ]);
  assert.deepEqual(messages(context, ['serving: [{ server: "sip:scscf1.ims.test:6060" }]']), [
    "cx.serving[0]: sip:scscf1.ims.test:6060 can neither be called nor call; give cx.serving[0].address, or cx.listen",
  ]);
});

test("cx.peers: each once, and not the CFS itself, whatever the case (RFC 6733 4.3.1)", (context) => {
  assert.deepEqual(messages(context, [], `${hss}, ${hss.replace("hss", "HSS")}`), [
    "cx.peers[1].host: HSS.ims.test is there already; give each peer once",
  ]);
  assert.deepEqual(messages(context, [], hss.replace("hss", "CFS")), [
    "cx.peers[0].host: CFS.ims.test is this CFS itself (cx.originHost); give the HSS's identity",
  ]);
});
