// What the names in cfd.yaml must be: each refusal names the line, the value and the remedy.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { loadCfdConfiguration } from "@liquid-ims/cfd/cli/load-configuration";
import { linesOf, newFolder } from "../program/load-text.ts";

function errorsOf(context: TestContext, text: string): string[] {
  const folder = newFolder(context);
  writeFileSync(
    join(folder, "cfd.yaml"),
    `listen: [{ protocol: udp, host: 127.0.0.1, port: 7080 }]\nstore: { kind: memory }\n${text}\n`,
  );
  return linesOf(loadCfdConfiguration({ file: "cfd.yaml", folder, environment: {} }));
}

test("names of functions: host, host:port, an IPv6 address in brackets, a SIP URI", (context) => {
  const names = ["pcscf1.ims.test", "pcscf1.ims.test:4060", "[2001:db8::1]:4060", "sip:scscf1.ims.test:6060"];
  for (const name of names) {
    const text = `functions: [{ name: "${name}", addresses: [] }]\nsCscfs: [{ name: "${name}" }]`;
    assert.deepEqual(errorsOf(context, text), [], name);
  }
});

test("a name that no message can have is refused, where it stands", (context) => {
  for (const name of ["sip:", "pcscf1:99999", "pcscf1:0", "two words", "[2001:db8::1"])
    assert.deepEqual(errorsOf(context, `functions:\n  - name: a.test\n  - name: "${name}"`), [
      `cfd.yaml:5:11: functions[1].name: "${name}" is no name of a function; give host:port, or a SIP URI for an S-CSCF`,
    ]);
  assert.deepEqual(errorsOf(context, 'sCscfs: [{ name: "scscf1:x" }]'), [
    'cfd.yaml:3:18: sCscfs[0].name: "scscf1:x" is no name of a function; give host:port, or a SIP URI for an S-CSCF',
  ]);
});

test("the CFD's own identity is a SIP URI", (context) => {
  assert.deepEqual(errorsOf(context, 'regEvent: { identity: "sip:cfd.ims.test:7080" }'), []);
  assert.deepEqual(errorsOf(context, "regEvent: { identity: cfd.ims.test }"), [
    'cfd.yaml:3:23: regEvent.identity: "cfd.ims.test" is no SIP URI; give that of the application server, such as sip:cfd.ims.test:7080',
  ]);
});
