// The look at the S-CSCF that settles a doubt. RFC 3680.
import assert from "node:assert/strict";
import test from "node:test";
import { settleDoubt } from "@liquid-ims/cfd/registration-state";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { sampleRecord } from "../compliance/location-store.ts";
import { table } from "./messages.ts";

const impu = "sip:alice@open-ims.test";
const sCscf = "sip:scscf1.open-ims.test:6060";

async function settled(contacts: readonly string[] | null) {
  const store = new MemoryLocationStore();
  await store.upsert([
    { record: sampleRecord({ contact: "sip:a@1", doubtful: true }), expect: "absent" },
    { record: sampleRecord({ contact: "sip:a@2", doubtful: false }), expect: "absent" },
    { record: sampleRecord({ contact: null, doubtful: true }), expect: "absent" },
    {
      record: sampleRecord({ contact: "sip:a@3", doubtful: true, sCscf: "sip:scscf2.open-ims.test:6060" }),
      expect: "absent",
    },
  ]);
  const end = await settleDoubt(impu, sCscf, {
    store,
    port: { ask: async () => contacts },
    table,
    now: () => 9_000,
  });
  const records = await store.get(impu);
  const lines = records.map(
    ({ contact, state, doubtful }) => `${contact ?? "*"} ${doubtful ? "doubtful" : state}`,
  );
  return [end, ...lines.sort()];
}

test("RFC 3680: nobody is registered: what was doubtful at that S-CSCF leaves, nothing else", async () => {
  assert.deepEqual(await settled([]), [
    "settled",
    "* left",
    "sip:a@1 left",
    "sip:a@2 registered",
    "sip:a@3 doubtful",
  ]);
});

test("RFC 3680: contacts that are registered stay, an unknown one stays with any", async () => {
  assert.deepEqual(await settled(["sip:a@1"]), [
    "settled",
    "* registered",
    "sip:a@1 registered",
    "sip:a@2 registered",
    "sip:a@3 doubtful",
  ]);
  assert.deepEqual((await settled(["sip:a@9"])).slice(1, 3), ["* registered", "sip:a@1 left"]);
});

test("RFC 3680: no answer leaves the doubt", async () => {
  assert.deepEqual((await settled(null)).slice(0, 3), ["unanswered", "* doubtful", "sip:a@1 doubtful"]);
});
