// What is written for the programs of the real core.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { ElementSpecs } from "@liquid-ims/lab/element";
import { type CoreFiles, createCoreFiles } from "@liquid-ims/lab/kamailio-core/core-files";
import { createTopology, elementAt, type TopologyOptions } from "@liquid-ims/lab/topology";
import { createZone } from "@liquid-ims/lab/zone";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const key = (name: string) =>
  `key "${name}" { algorithm hmac-sha256; secret "bm90IGEgc2VjcmV0IGF0IGFsbCwgYnV0IGEgbmFtZQ=="; };\n`;

interface Written {
  readonly files: CoreFiles;
  readonly folder: string;
  read(name: string): string;
}

function createFiles(context: TestContext, topology: TopologyOptions = {}): Written {
  const folder = temporaryFolder(context);
  return {
    files: createCoreFiles({ folder, topology: createTopology(topology), debug: false }),
    folder,
    read: (name) => readFileSync(join(folder, name), "utf8"),
  };
}

function writeNameServer({ files, read }: Written, changes: Partial<ElementSpecs["dns"]>): string {
  const topology = createTopology();
  const spec = { zone: createZone(topology), listen: topology.dns.address, ...changes };
  return read(files.nameServer(topology.dns, spec));
}

test("RFC 2136, RFC 8945: who has one of the lab's keys may read the zone, and change it where he is an updater", (context) => {
  const written = createFiles(context);
  const keys = key("cfs.open-ims.test") + key("reader");
  const configuration = writeNameServer(written, { keys, updaters: ["cfs.open-ims.test"] });
  assert.match(configuration, /update-policy \{ grant "cfs\.open-ims\.test" zonesub ANY; \};/);
  assert.match(configuration, /allow-transfer \{ key "cfs\.open-ims\.test"; key "reader"; \};/);
  assert.match(configuration, new RegExp(`^include "${written.folder}/zone\\.key";$`, "m"));
  assert.equal(written.read("zone.key"), keys);
  assert.equal(statSync(join(written.folder, "zone.key")).mode & 0o777, 0o600);
});

test("without a key of the lab's the zone is changed by nobody who has none", (context) => {
  const written = createFiles(context);
  assert.match(writeNameServer(written, {}), /update-policy \{ grant "cfs-key" zonesub ANY; \};/);
  const secret = /secret "([^"]+)"/.exec(written.read("zone.key"))?.[1] ?? "";
  assert.equal(Buffer.from(secret, "base64").length, 32);
  const other = createFiles(context);
  writeNameServer(other, {});
  assert.notEqual(other.read("zone.key"), written.read("zone.key"));
});

test("a key file that cannot be read is named with its line", (context) => {
  const written = createFiles(context);
  assert.throws(() => writeNameServer(written, { keys: "key cfs-key {" }), /keys of the zone, line 1: /);
});

test("a second I-CSCF gets its own files, knows all S-CSCFs, and P-CSCFs take requests from it", (context) => {
  const { files, read } = createFiles(context, { second: "I-CSCF" });
  const topology = createTopology({ second: "I-CSCF" });
  files.cscf("i-cscf", elementAt(topology.iCscfs, 0));
  const second = elementAt(topology.iCscfs, 1);
  assert.match(read(files.cscf("i-cscf", second)), /^include_file "icscf2-common\.cfg"$/m);
  assert.match(read("icscf2-common.cfg"), /^listen=udp:127\.0\.1\.11:5060$/m);
  assert.match(read("icscf2-diameter.xml"), /FQDN="icscf2\.open-ims\.test"/);
  const listed = read("s-cscf-list/s_cscf").trim().split("\n").slice(1);
  assert.deepEqual(
    listed,
    [1, 2, 3].map((number) => `${number}:scscf${number}:sip\\:scscf${number}.open-ims.test\\:6060`),
  );
  assert.match(read(files.cscf("p-cscf", elementAt(topology.pCscfs, 0))), /127\[\.\]0\[\.\]1\[\.\]11/);
});

test("T6: a P-CSCF aliases contacts only where it is told to", (context) => {
  const { files, read } = createFiles(context);
  const element = elementAt(createTopology().pCscfs, 0);
  assert.doesNotMatch(read(files.cscf("p-cscf", element)), /^#!define/m);
  const aliasing = read(files.cscf("p-cscf", element, { addContactAlias: true }));
  assert.match(aliasing, /^#!define WITH_ALIAS$/m);
  // Its location is asked for the UE first of all, as without alias.
  assert.match(aliasing, /^route\[FROM_UE\] \{\n\tif \(!pcscf_is_registered\("location"\)\)/m);
});
