// --print-config: the effective configuration reads back equal, and says where each value came from.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { cfsPrefix, cfsSchema } from "@liquid-ims/cfs/config-schema";
import { checkGiven } from "@liquid-ims/program/configuration/check";
import { formatConfigurationError, givenOf } from "@liquid-ims/program/configuration/given";
import { loadConfiguration } from "@liquid-ims/program/configuration/load";
import { printConfiguration } from "@liquid-ims/program/configuration/print";
import { shapeOf } from "@liquid-ims/program/configuration/shape";
import { parse } from "yaml";
import { linesOf, loadCfd, newFolder } from "./load-text.ts";

test("each value has its origin: file and line, variable, default", (context) => {
  const text = "# a comment\nlisten:\n  - { protocol: tcp, host: 127.0.0.1, port: 7080 }\n";
  const loaded = loadCfd(context, text, { LIQUID_IMS_CFD_HOME_DOMAIN: "ims.test" });
  assert.ok(loaded.ok);
  const lines = loaded.print().split("\n");
  for (const line of [
    "  - protocol: tcp # cfd.yaml:3",
    "homeDomain: ims.test # LIQUID_IMS_CFD_HOME_DOMAIN",
    "storeTimeout: 2000 # default; milliseconds",
    "sCscfs: [] # default",
    "  T1: 500 # default; milliseconds",
  ])
    assert.ok(lines.includes(line), `${line}\n${loaded.print()}`);
});

test("a group that is not given is a default, not a line of another key", (context) => {
  const folder = newFolder(context);
  const text = "# c\nlisten:\n  - { protocol: tcp, host: 127.0.0.1, port: 7080 }\nhomeDomain: ims.test\n";
  const load = (added: string) => {
    writeFileSync(join(folder, "cfs.yaml"), text + added);
    const loaded = loadConfiguration({
      ...{ schema: cfsSchema, prefix: cfsPrefix, file: "cfs.yaml", folder, environment: {} },
    });
    assert.ok(loaded.ok, linesOf(loaded).join("\n"));
    return loaded.print().split("\n");
  };
  assert.ok(load("").includes("keys: {} # default"), load("").join("\n"));
  assert.ok(load("keys: {}\n").includes("keys: {} # cfs.yaml:5"));
});

test("it reads back equal, with awkward texts too, from any folder", (context) => {
  const name = '"#: - {}[]&*!|>\'%@`\\ \\n \\t é \\u0007"';
  const text = `name: ${name}
listen:
  - { protocol: tcp, host: 127.0.0.1, port: 7080 }
  - { protocol: udp, host: "::1", port: 0 }
functions:
  - { name: "yes", addresses: [] }
  - { name: "123", addresses: ["::1"] }
  - { name: "null", addresses: [127.0.0.1, 127.0.0.2] }
impiRealm: "~"
store: { file: a b/c#d.db }
`;
  const first = loadCfd(context, text);
  assert.ok(first.ok, linesOf(first).join("\n"));
  const second = loadCfd(context, first.print());
  assert.ok(second.ok, `${linesOf(second).join("\n")}\n${first.print()}`);
  assert.deepEqual(second.value, first.value);
  assert.notEqual(second.folder, first.folder);
});

test("the examples of the documentation load, and read back equal", (context) => {
  const examples = join(import.meta.dirname, "../../docs/examples");
  const folder = newFolder(context);
  const cases = [
    { schema: cfdSchema, prefix: cfdPrefix, name: "cfd.yaml" },
    { schema: cfsSchema, prefix: cfsPrefix, name: "cfs.yaml" },
  ];
  for (const { schema, prefix, name } of cases) {
    const load = (from: string) =>
      loadConfiguration({ schema, prefix, file: name, folder: from, environment: {} });
    const first = load(examples);
    assert.ok(first.ok, linesOf(first).join("\n"));
    writeFileSync(join(folder, name), first.print());
    const second = load(folder);
    assert.ok(second.ok, linesOf(second).join("\n"));
    assert.deepEqual(second.value, first.value);
    assert.deepEqual(parse(first.print()), first.value);
  }
});

test("secrets are neither printed nor named in errors, and their placeholder is no value", () => {
  const shape = shapeOf({
    type: "object",
    required: ["key", "port"],
    properties: {
      key: { type: "string", minLength: 8, secret: true },
      port: { type: "integer" },
    },
  });
  assert.ok(shape.kind === "group");
  const check = (value: unknown) =>
    checkGiven(givenOf(value, { kind: "default" }), shape, { folder: "/", prefix: "X_" });
  const good = check({ key: "correct horse", port: 1 });
  assert.ok(good.effective !== null);
  const printed = printConfiguration(good.effective, shape, []);
  assert.doesNotMatch(printed, /horse/);
  const bad = check({ key: "hunter2", port: 1 }).errors.map(formatConfigurationError);
  assert.equal(bad.length, 1);
  assert.doesNotMatch(bad[0] ?? "", /hunter2/);
  const back = check(parse(printed)).errors.map(formatConfigurationError);
  assert.match(back[0] ?? "", /key: --print-config does not show secrets; put the value back/);
});
