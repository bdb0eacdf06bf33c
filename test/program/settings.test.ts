// The schemas themselves: every key is described, its example is allowed, and its default is the one of the code.
import assert from "node:assert/strict";
import test from "node:test";
import { cfdConfigOf } from "@liquid-ims/cfd/cfd-settings";
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { cfsConfigOf } from "@liquid-ims/cfs/cfs-settings";
import { defaultPace } from "@liquid-ims/cfs/config";
import { cfsRules } from "@liquid-ims/cfs/config-rules";
import { cfsPrefix, cfsSchema } from "@liquid-ims/cfs/config-schema";
import { defaultLimits } from "@liquid-ims/cfs/transfer/guard";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import { loadConfiguration } from "@liquid-ims/program/configuration/load";
import { defaultTimers } from "@liquid-ims/sip/timers";

interface Key {
  readonly path: string;
  readonly schema: ReadonlyMap<string, unknown>;
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

/** Every key, also those inside of lists. */
function keysOf(schema: unknown, path = ""): Key[] {
  const raw = entriesOf(schema);
  if (raw.get("type") === "array") return keysOf(raw.get("items"), `${path}[0]`);
  return [...entriesOf(raw.get("properties"))].flatMap(([name, member]) => {
    const inner = path === "" ? name : `${path}.${name}`;
    return [{ path: inner, schema: entriesOf(member) }, ...keysOf(member, inner)];
  });
}

test("every key has a description and an example", () => {
  for (const schema of [cfdSchema, cfsSchema])
    for (const { path, schema: key } of keysOf(schema)) {
      const description = key.get("description");
      assert.ok(typeof description === "string" && description.length > 2, `${path}: description`);
      const examples = key.get("examples");
      const isPart = path.endsWith(".address");
      assert.ok(isPart || (Array.isArray(examples) && examples.length > 0), `${path}: examples`);
    }
});

test("every group refuses unknown keys", () => {
  const groups = [cfdSchema, cfsSchema].flatMap((schema) =>
    keysOf(schema).filter(({ schema: key }) => key.get("type") === "object"),
  );
  assert.ok(groups.length > 15);
  for (const { path, schema } of groups) assert.equal(schema.get("additionalProperties"), false, path);
});

test("an optional key says what holds without it", () => {
  for (const schema of [cfdSchema, cfsSchema])
    for (const { path, schema: key } of keysOf(schema)) {
      const isOptional = "~optional" in Object.fromEntries(key);
      if (isOptional) assert.equal(typeof key.get("otherwise"), "string", path);
    }
});

test("the example of every key of the first level is allowed", () => {
  const cases = [
    { schema: cfdSchema, prefix: cfdPrefix },
    { schema: cfsSchema, prefix: cfsPrefix },
  ];
  const needed = { listen: [{ protocol: "udp", host: "127.0.0.1", port: 5060 }], homeDomain: "ims.test" };
  for (const { schema, prefix } of cases)
    for (const { path, schema: key } of keysOf(schema).filter(({ path }) => !/[.[]/.test(path))) {
      const examples = key.get("examples");
      for (const example of Array.isArray(examples) ? examples : []) {
        const environment = Object.fromEntries(
          Object.entries({ ...needed, [path]: example }).map(([name, value]) => [
            `${prefix}${name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase()}`,
            typeof value === "string" ? value : JSON.stringify(value),
          ]),
        );
        const loaded = loadConfiguration({ schema, prefix, file: null, folder: "/", environment });
        assert.ok(loaded.ok, `${path}: ${JSON.stringify(loaded)}`);
      }
    }
});

const least = {
  LISTEN: "[{ protocol: udp, host: 127.0.0.1, port: 5060 }]",
  HOME_DOMAIN: "ims.test",
};

function named(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

test("the CFD's defaults are those of its code", () => {
  const loaded = loadConfiguration({
    ...{ schema: cfdSchema, prefix: cfdPrefix, file: null, folder: "/srv" },
    environment: named(cfdPrefix, least),
  });
  assert.ok(loaded.ok);
  assert.deepEqual(cfdConfigOf(loaded.value), {
    listen: [{ protocol: "udp", address: { host: "127.0.0.1", port: 5060 } }],
    sCscfs: [],
    trustLoopback: false,
    functions: [],
    homeDomain: "ims.test",
    expiryGrace: 2_000,
    storeTimeout: 2_000,
    queueLimit: 1_000,
    retryAfter: 5,
    regEvent: { askAll: false, atOnce: 20, mostWaiting: 1_000, timeout: 5_000 },
    timers: defaultTimers,
  });
  assert.deepEqual(loaded.value.store, { kind: "sqlite", file: "/srv/location.db", driver: "worker" });
});

test("the CFS's defaults are those of its code; CFD and CFS share the location service's file", () => {
  const loaded = loadConfiguration({
    ...{ schema: cfsSchema, prefix: cfsPrefix, file: null, folder: "/srv" },
    environment: named(cfsPrefix, least),
  });
  assert.ok(loaded.ok);
  const { lcf, ...config } = cfsConfigOf(loaded.value);
  assert.deepEqual(config, {
    listen: [{ protocol: "udp", address: { host: "127.0.0.1", port: 5060 } }],
    homeDomain: "ims.test",
    functions: [],
    directFlow: [],
    pace: defaultPace,
    times: defaultTimes,
    guard: defaultLimits,
    replaceDialogs: true,
    keepTransfers: 100,
    timers: defaultTimers,
  });
  assert.equal(lcf?.longestExpires, 3_500);
  assert.equal(loaded.value.location.file, "/srv/location.db");
  assert.equal(loaded.value.store.file, "/srv/cfs.db");
});

test("Cx as the CFS takes it", () => {
  const cx =
    "{ originHost: cfs.ims.test, originRealm: ims.test, destinationRealm: ims.test, peers: [{ host: hss.ims.test, address: { host: 127.0.1.30 } }] }";
  const loaded = loadConfiguration({
    ...{ schema: cfsSchema, prefix: cfsPrefix, file: null, folder: "/srv" },
    environment: named(cfsPrefix, { ...least, CX: cx }),
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(cfsConfigOf(loaded.value).cx?.peers, [
    { host: "hss.ims.test", address: { host: "127.0.1.30", port: 3868 } },
  ]);
});

test("what one key of the CFS asks of another", () => {
  const environment = named(cfsPrefix, {
    ...least,
    LCF_SHORTEST_EXPIRES: "4000",
    STORE_FILE: "location.db",
    DIRECT_FLOW: "[{ host: cfs.ims.test, port: 5061, transport: tls }]",
  });
  const loaded = loadConfiguration({
    ...{ schema: cfsSchema, prefix: cfsPrefix, file: null, folder: "/srv", environment },
    rules: cfsRules,
  });
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.errors.map(({ source, path }) => [source, path]),
    [
      ["LIQUID_IMS_CFS_LCF_SHORTEST_EXPIRES", "lcf.shortestExpires"],
      ["LIQUID_IMS_CFS_STORE_FILE", "store.file"],
      ["LIQUID_IMS_CFS_DIRECT_FLOW", "directFlow[0]"],
    ],
  );
});
