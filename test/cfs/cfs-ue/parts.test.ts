// The small parts of the notifier: asserted identities, agreement with records, rates, nonces, order of tasks.
import assert from "node:assert/strict";
import test from "node:test";
import { assertedIdentities, isSameIdentity } from "@liquid-ims/cfs/cfs-ue/identity";
import { NonceMemory } from "@liquid-ims/cfs/cfs-ue/nonce-memory";
import { Rate } from "@liquid-ims/cfs/cfs-ue/rate";
import { compareWithRecords, type HelloClaim } from "@liquid-ims/cfs/cfs-ue/record-agreement";
import { SerialQueue } from "@liquid-ims/cfs/cfs-ue/serial-queue";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationContent } from "@liquid-ims/location-service/record";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { Headers } from "@liquid-ims/sip/headers";
import { alice, aliceContact, aliceInstance, record } from "../../support/cfs-ue-world.ts";

function asserted(...values: string[]) {
  return assertedIdentities(Headers.from(values.map((value) => ["P-Asserted-Identity", value] as const)));
}

test("6: one SIP and one tel value, together or alone, in one header or two", () => {
  for (const values of [
    ['"A" <sip:a@h>'],
    ["<tel:+1-555>"],
    ["<sip:a@h>, <tel:+1555>"],
    ["<tel:+1555>", "<sip:a@h>"],
  ])
    assert.ok(asserted(...values).ok, values.join(" | "));
  const both = asserted("<tel:+1555>", "<sip:a@h>");
  assert.deepEqual(both.ok && both.identities, ["sip:a@h", "tel:+1555"]);
});

test("6: more than that, none, or what is no identity is refused", () => {
  for (const values of [
    [],
    ["<sip:a@h>, <sip:b@h>"],
    ["<sip:a@h>", "<sip:a@h>"],
    ["<tel:+1>", "<tel:+2>", "<sip:a@h>"],
    ["<http://h/>"],
    ["<sip:a@h>, nonsense <"],
  ])
    assert.equal(asserted(...values).ok, false, values.join(" | "));
});

test("3966 4: identities compare without separators, port and parameters", () => {
  assert.ok(isSameIdentity("tel:+1-555-0001", "tel:+15550001"));
  assert.ok(isSameIdentity("sip:alice@Open-IMS.test:5060;user=phone", alice));
  assert.equal(isSameIdentity("sip:Alice@open-ims.test", alice), false);
  assert.equal(isSameIdentity("sip:bob@open-ims.test", alice), false);
});

const table = createFunctionTable([{ name: "pcscf1.open-ims.test:4060", addresses: ["127.0.1.1"] }]);
const claim: HelloClaim = {
  asserted: [alice],
  identity: alice,
  instance: aliceInstance,
  contact: aliceContact,
  pCscf: "127.0.1.1:4060",
};

function compare(changes: Partial<LocationContent>, claimed: Partial<HelloClaim> = {}) {
  const records = [{ ...record(changes), version: 1, change: 1 }];
  return compareWithRecords({ ...claim, ...claimed }, records, table);
}

test("6: identity, Contact, instance and P-CSCF agree with the record", () => {
  assert.ok(compare({}).agrees);
  assert.ok(compare({}, { identity: "tel:+1-555-0001" }).agrees);
  assert.ok(compare({ contact: null, instance: null }).agrees, "a core that shows neither");
  assert.ok(compare({ instance: aliceInstance.slice(1, -1).toUpperCase() }).agrees, "written otherwise");
});

test("6: what disagrees is named with both values", () => {
  const cases: [Partial<LocationContent>, Partial<HelloClaim>, RegExp][] = [
    [{ state: "left" }, {}, /has left/],
    [{}, { asserted: ["sip:bob@open-ims.test"] }, /asserted sip:bob.*record has sip:alice/],
    [{}, { identity: "sip:bob@open-ims.test" }, /identity sip:bob/],
    [{}, { contact: "sip:ue@127.0.9.9:4060" }, /Contact sip:ue@127.0.9.9:4060, the record has/],
    [{}, { instance: "<urn:uuid:other>" }, /instance <urn:uuid:other>/],
    [{}, { instance: null }, /instance none/],
    [{ pCscf: null }, {}, /P-CSCF is unknown/],
    [{ pCscf: "pcscf2.open-ims.test:4060" }, {}, /Record-Route of 127.0.1.1:4060, the record has pcscf2/],
    [{}, { pCscf: "127.0.1.1:5060" }, /Record-Route of 127.0.1.1:5060/],
  ];
  for (const [changes, claimed, words] of cases) {
    const found = compare(changes, claimed);
    assert.ok(!found.agrees);
    assert.match(found.detail, words);
  }
  assert.match(JSON.stringify(compareWithRecords(claim, [], table)), /no location record of sip:alice/);
});

test("6: of several records the one that agrees counts", () => {
  const other = { ...record({ contact: "sip:ue@127.0.9.9" }), version: 1, change: 1 };
  const own = { ...record(), version: 1, change: 2 };
  const found = compareWithRecords(claim, [other, own], table);
  assert.equal(found.agrees && found.record.change, 2);
});

test("5: 1 a second for each key, without saving up", () => {
  const rate = new Rate({ perSecond: 1 });
  assert.ok(rate.take("a", 0));
  assert.ok(!rate.take("a", 999));
  assert.ok(rate.take("b", 999));
  assert.ok(rate.take("a", 1000));
  assert.ok(!rate.take("a", 1001));
  assert.ok(rate.take("a", 60_000));
  assert.ok(!rate.take("a", 60_000));
});

test("5: 50 a second, and keys that are full again are forgotten", () => {
  const rate = new Rate({ perSecond: 50, maximumKeys: 2 });
  let taken = 0;
  for (let at = 0; at < 2000; at += 5) if (rate.take("p", at)) taken += 1;
  assert.ok(taken >= 148 && taken <= 150, String(taken));
  for (const key of ["a", "b", "c"]) assert.ok(rate.take(key, 9000));
  for (let count = 0; count < 49; count++) assert.ok(rate.take("a", 9000));
  assert.ok(!rate.take("a", 9000));
});

test("6: a nonce counts once in 60 s", () => {
  const nonces = new NonceMemory(60_000);
  assert.ok(nonces.add("n", 0));
  assert.ok(!nonces.add("n", 59_999));
  assert.ok(nonces.has("n", 59_999));
  assert.ok(!nonces.has("n", 60_000));
  assert.ok(nonces.add("n", 60_000));
});

test("7: tasks of one key run one after the other, those of others meanwhile", async () => {
  const simulation = new Simulation({ seed: 1 });
  const done: string[] = [];
  simulation.addHost("h", {
    addresses: ["127.0.0.9"],
    program: (host) => {
      const queue = new SerialQueue(host);
      const task = (name: string, ms: number) => async () => {
        await host.clock.sleep(ms, name);
        done.push(name);
      };
      queue.add("a", "task", task("a1", 20));
      queue.add("a", "task", task("a2", 1));
      queue.add("b", "task", task("b1", 5));
      host.clock.after(100, () => queue.add("a", "task", task("a3", 1)), "later");
    },
  });
  await simulation.run({ ms: 200 });
  assert.deepEqual(done, ["b1", "a1", "a2", "a3"]);
});
