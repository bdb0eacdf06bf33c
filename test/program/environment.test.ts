// Every key by environment: one rule for names, lists by number, what is wrong named by its variable.
import assert from "node:assert/strict";
import test from "node:test";
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { cfsSchema } from "@liquid-ims/cfs/config-schema";
import { environmentName, environmentNames } from "@liquid-ims/program/configuration/environment";
import { shapeOf } from "@liquid-ims/program/configuration/shape";
import { linesOf, loadCfd } from "./load-text.ts";

const file = `listen:
  - { protocol: tcp, host: 127.0.0.1, port: 7080 }
homeDomain: ims.test
`;

function variables(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${cfdPrefix}${name}`, value]));
}

test("names: the words of the path in capital letters, joined by _", () => {
  assert.equal(environmentName("homeDomain"), "HOME_DOMAIN");
  assert.equal(environmentName("sCscfs[0].name"), "S_CSCFS_0_NAME");
  assert.equal(environmentName("timers.T1"), "TIMERS_T1");
  assert.equal(environmentName("cx.peers[1].address.port"), "CX_PEERS_1_ADDRESS_PORT");
});

test("no two keys of a schema have the same name", () => {
  for (const schema of [cfdSchema, cfsSchema]) {
    const names = environmentNames(shapeOf(schema));
    assert.ok(names.length > 40);
    assert.equal(new Set(names).size, names.length);
  }
});

test("the environment is over the file, and works without one", (context) => {
  const over = loadCfd(context, file, variables({ HOME_DOMAIN: "other.test", STORE_TIMEOUT: "3000" }));
  assert.ok(over.ok);
  assert.equal(over.value.homeDomain, "other.test");
  assert.equal(over.value.storeTimeout, 3000);
  const alone = loadCfd(
    context,
    null,
    variables({
      LISTEN_0_PROTOCOL: "udp",
      LISTEN_0_HOST: "::1",
      LISTEN_0_PORT: "7080",
      LISTEN_1: "{ protocol: tcp, host: 127.0.0.1, port: 7081 }",
      S_CSCFS_0_NAME: "sip:scscf1.ims.test",
      S_CSCFS_0_ADDRESSES_0: "127.0.1.21",
      S_CSCFS_0_ADDRESSES_1: "127.0.1.22",
      TRUST_LOOPBACK: "true",
      STORE: "{ kind: memory }",
    }),
  );
  assert.deepEqual(linesOf(alone), []);
  assert.ok(alone.ok);
  assert.deepEqual(alone.value.listen, [
    { protocol: "udp", host: "::1", port: 7080 },
    { protocol: "tcp", host: "127.0.0.1", port: 7081 },
  ]);
  assert.deepEqual(alone.value.sCscfs, [
    { name: "sip:scscf1.ims.test", addresses: ["127.0.1.21", "127.0.1.22"], answersRegEvent: false },
  ]);
  assert.equal(alone.value.trustLoopback, true);
  assert.equal(alone.value.store.kind, "memory");
  assert.equal(alone.value.store.driver, "worker");
});

test("lists: one entry changed, one added, the whole one replaced and then changed", (context) => {
  const changed = loadCfd(
    context,
    file,
    variables({ LISTEN_0_PORT: "1", LISTEN_1: "{protocol: udp, host: 127.0.0.1, port: 2}" }),
  );
  assert.ok(changed.ok);
  assert.deepEqual(
    changed.value.listen.map(({ protocol, port }) => [protocol, port]),
    [
      ["tcp", 1],
      ["udp", 2],
    ],
  );
  const whole = loadCfd(
    context,
    file,
    variables({ LISTEN_0_PORT: "5", LISTEN: "[{protocol: udp, host: 127.0.0.1, port: 2}]" }),
  );
  assert.ok(whole.ok);
  assert.deepEqual(whole.value.listen, [{ protocol: "udp", host: "127.0.0.1", port: 5 }]);
});

test("the tenth entry of a list comes after the second", (context) => {
  const addresses = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`S_CSCFS_0_ADDRESSES_${index}`, `127.0.1.${index}`]),
  );
  const loaded = loadCfd(context, file, variables({ S_CSCFS_0_NAME: "s", ...addresses }));
  assert.ok(loaded.ok, linesOf(loaded).join());
  assert.equal(loaded.value.sCscfs[0]?.addresses[10], "127.0.1.10");
});

test("a text is taken as it is: no quotes, no YAML in it", (context) => {
  for (const text of ["123", "true", "a: b # c", "null", "'x'"]) {
    const loaded = loadCfd(context, file, variables({ HOME_DOMAIN: text }));
    assert.ok(loaded.ok);
    assert.equal(loaded.value.homeDomain, text);
  }
});

test("what is wrong is named by its variable, all at once, beside what is wrong in the file", (context) => {
  const wrong = variables({
    LISTN_0_PORT: "1",
    LISTEN_3_PORT: "1",
    RETRY_AFTER: "soon",
    STORE: "{ kind: [",
    STORE_KIND: "postgres",
    ZZZ: "1",
  });
  const lines = linesOf(loadCfd(context, `${file}nmae: x\n`, wrong));
  assert.deepEqual(lines.map((line) => line.split(";")[0]).sort(), [
    "LIQUID_IMS_CFD_LISTEN_3_PORT: listen[3].port: the next place in the list listen is 1",
    "LIQUID_IMS_CFD_LISTN_0_PORT: no key of the configuration has this name",
    'LIQUID_IMS_CFD_RETRY_AFTER: retryAfter: "soon" is not allowed',
    "LIQUID_IMS_CFD_STORE: store: no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    'LIQUID_IMS_CFD_STORE_KIND: store.kind: "postgres" is not allowed',
    "LIQUID_IMS_CFD_ZZZ: no key of the configuration has this name",
    "cfd.yaml:4:1: nmae: no such key",
  ]);
  assert.ok(lines.some((line) => line.includes("did you mean LIQUID_IMS_CFD_LISTEN_0_PORT?")));
});

test("variables of other programs are none of its business", (context) => {
  assert.ok(loadCfd(context, file, { LIQUID_IMS_CFS_NAME: "x", PATH: "/bin", LIQUID_IMS_FOLDER: "/" }).ok);
});
