// The look at the S-CSCF that settles a doubt. RFC 3680.
import assert from "node:assert/strict";
import test from "node:test";
import {
  type RegistrationAnswer,
  type RegistrationQuestion,
  settleDoubt,
} from "@liquid-ims/cfd/registration-state";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { LocationContent } from "@liquid-ims/location-service/record";
import { sampleRecord } from "../compliance/location-store.ts";
import { table } from "./messages.ts";

const question: RegistrationQuestion = {
  identities: ["sip:alice@open-ims.test"],
  sCscf: "sip:scscf1.open-ims.test:6060",
  target: { protocol: "udp", address: { host: "127.0.1.21", port: 6060 } },
  server: "sip:cfd.open-ims.test",
};

const now = () => 9_000;
const contactsAre = (...contacts: readonly string[]): RegistrationAnswer => ({ kind: "contacts", contacts });

const four: readonly Partial<LocationContent>[] = [
  { contact: "sip:a@1", doubtful: true },
  { contact: "sip:a@2", doubtful: false },
  { contact: null, doubtful: true },
  { contact: "sip:a@3", doubtful: true, sCscf: "sip:scscf2.open-ims.test:6060" },
];

async function storeOf(records: readonly Partial<LocationContent>[]): Promise<MemoryLocationStore> {
  const store = new MemoryLocationStore();
  await store.upsert(records.map((record) => ({ record: sampleRecord(record), expect: "absent" })));
  return store;
}

async function linesOf(store: MemoryLocationStore): Promise<string[]> {
  const records = await store.get("sip:alice@open-ims.test");
  const lines = records.map(
    ({ contact, state, doubtful }) => `${contact ?? "*"} ${doubtful ? "doubtful" : state}`,
  );
  return lines.sort();
}

async function settled(answer: RegistrationAnswer) {
  const store = await storeOf(four);
  const port = { ask: async () => answer };
  const end = await settleDoubt(question, { store, port, table, now, left: null });
  return [end, ...(await linesOf(store))];
}

test("RFC 3680: nobody is registered: what was doubtful at that S-CSCF leaves, nothing else", async () => {
  assert.deepEqual(await settled(contactsAre()), [
    "settled",
    "* left",
    "sip:a@1 left",
    "sip:a@2 registered",
    "sip:a@3 doubtful",
  ]);
});

test("RFC 3680: contacts that are registered stay, an unknown one stays with any", async () => {
  assert.deepEqual(await settled(contactsAre("sip:a@1")), [
    "settled",
    "* registered",
    "sip:a@1 registered",
    "sip:a@2 registered",
    "sip:a@3 doubtful",
  ]);
  assert.deepEqual((await settled(contactsAre("sip:a@9"))).slice(1, 3), ["* registered", "sip:a@1 left"]);
});

test("RFC 3261 19.1.4: contacts compare as URIs", async () => {
  assert.deepEqual((await settled(contactsAre("SIP:a@1;ob"))).slice(2, 3), ["sip:a@1 registered"]);
  assert.deepEqual((await settled(contactsAre("sip:a@1;transport=tcp"))).slice(2, 3), ["sip:a@1 left"]);
});

test("RFC 3680: an S-CSCF that does not say leaves the doubt, and why it did not is told", async () => {
  for (const kind of ["silence", "refused", "unusable"] as const)
    assert.deepEqual((await settled({ kind, detail: "" })).slice(0, 3), [
      kind,
      "* doubtful",
      "sip:a@1 doubtful",
    ]);
});

test("a record that was written while the S-CSCF was asked is newer than its answer", async () => {
  const store = await storeOf(four);
  const port = {
    ask: async () => {
      const [one] = await store.get("sip:alice@open-ims.test");
      assert.ok(one !== undefined && one.contact === "sip:a@1");
      const { version, change: _change, ...content } = one;
      await store.upsert([{ record: { ...content, doubtful: false }, expect: version }]);
      return contactsAre();
    },
  };
  assert.equal(await settleDoubt(question, { store, port, table, now, left: null }), "settled");
  assert.deepEqual((await linesOf(store)).slice(0, 2), ["* left", "sip:a@1 registered"]);
});

test("a doubt that is over before it is asked about is not asked about", async () => {
  const store = await storeOf([{ contact: "sip:a@2", doubtful: false }]);
  const port = {
    ask: async () => {
      throw new Error("asked");
    },
  };
  assert.equal(await settleDoubt(question, { store, port, table, now, left: null }), "overtaken");
});

test("unknown contact, two P-CSCFs, one contact left: the P-CSCF that was named is the one that was left", async () => {
  const [first, second] = ["pcscf1.open-ims.test:4060", "pcscf2.open-ims.test:4060"];
  const doubtful = {
    ...{ contact: null, doubtful: true, ambiguous: true, pCscf: first, path: ["sip:term@pcscf1"] },
    others: [
      { pCscf: first, expiresAt: 20_000, returns: 0 },
      { pCscf: second, expiresAt: 20_000, returns: 3 },
    ],
  };
  const rows = [
    // T0: Kamailio's Path and OpenIMSCore's icid-generated-at name the P-CSCF that is left.
    { left: first, contacts: ["sip:a@1"], after: [second, false, []] },
    { left: second, contacts: ["sip:a@1"], after: [first, false, ["sip:term@pcscf1"]] },
    { left: null, contacts: ["sip:a@1"], after: [first, false, ["sip:term@pcscf1"]] },
    { left: first, contacts: ["sip:a@1", "sip:a@2"], after: [first, true, ["sip:term@pcscf1"]] },
  ];
  for (const { left, contacts, after } of rows) {
    const store = await storeOf([doubtful]);
    const port = { ask: async () => contactsAre(...contacts) };
    await settleDoubt(question, { store, port, table, now, left });
    const [record] = await store.get("sip:alice@open-ims.test");
    assert.deepEqual([record?.pCscf, record?.ambiguous, record?.path], after);
    assert.equal(record?.doubtful, false);
  }
});

test("unknown contact, three P-CSCFs: nobody is behind the one that was named where fewer contacts are left", async () => {
  const [first, second, third] = [1, 2, 3].map((number) => `pcscf${number}.open-ims.test:4060`);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const doubtful = {
    ...{ contact: null, doubtful: true, ambiguous: false, pCscf: third, path: ["sip:term@pcscf3"] },
    expiresAt: 25_000,
    others: [
      { pCscf: first, expiresAt: 30_000, returns: 0 },
      { pCscf: second, expiresAt: 20_000, returns: 0 },
    ],
  };
  const one = ["sip:a@1"];
  const two = [...one, "sip:a@2"];
  const rows = [
    // Two devices, or one: they are not behind the third, and which of the others it is nobody says.
    { left: third, contacts: two, after: [first, true, [second, first], []] },
    { left: third, contacts: one, after: [first, true, [second, first], []] },
    // The third may be that of another device.
    {
      left: third,
      contacts: [...two, "sip:a@3"],
      after: [third, false, [first, second], ["sip:term@pcscf3"]],
    },
    // The present one stays; what was named is over.
    { left: second, contacts: two, after: [third, false, [first], ["sip:term@pcscf3"]] },
    { left: second, contacts: one, after: [third, false, [], ["sip:term@pcscf3"]] },
    { left: null, contacts: two, after: [third, false, [first, second], ["sip:term@pcscf3"]] },
  ];
  for (const { left, contacts, after } of rows) {
    const store = await storeOf([doubtful]);
    const port = { ask: async () => contactsAre(...contacts) };
    await settleDoubt(question, { store, port, table, now, left });
    const [record] = await store.get("sip:alice@open-ims.test");
    const others = record?.others.map(({ pCscf }) => pCscf);
    // How long a registration lasts goes with its P-CSCF.
    assert.equal(record?.expiresAt, after[0] === first ? 30_000 : 25_000);
    assert.deepEqual([record?.pCscf, record?.ambiguous, others, record?.path], after);
    assert.equal(record?.doubtful, false);
  }
});
