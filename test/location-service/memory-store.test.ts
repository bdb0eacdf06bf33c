// What the memory store does besides what every store must do.
import assert from "node:assert/strict";
import test from "node:test";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { registrationKey, registrationKeyOf } from "@liquid-ims/location-service/record";
import { sampleRecord } from "../compliance/location-store.ts";

test("rows outlive the store that has them open, and others see them", async () => {
  const first = new MemoryLocationStore();
  await first.upsert([{ record: sampleRecord(), expect: "absent" }]);
  const second = new MemoryLocationStore({ rows: first.rows });
  await first.close();
  assert.equal((await second.get("tel:+15551234")).length, 1);
  await assert.rejects(first.get("tel:+15551234"), /closed; open another one/);
});

test("an answer waits for settle before and after: a write may be done and its writer not know", async () => {
  const waiting: (() => void)[] = [];
  const settle = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  const store = new MemoryLocationStore({ settle });
  const reader = new MemoryLocationStore({ rows: store.rows });
  const done: string[] = [];
  const write = store
    .upsert([{ record: sampleRecord(), expect: "absent" }])
    .then((result) => done.push(result));
  assert.equal((await reader.byFunction({})).length, 0, "not yet there");
  waiting.shift()?.();
  assert.equal((await reader.byFunction({})).length, 1, "there");
  assert.deepEqual(done, [], "not yet told");
  await Promise.resolve();
  waiting.shift()?.();
  await write;
  assert.deepEqual(done, ["done"]);
});

test("a settle that rejects is a store that is down", async () => {
  const store = new MemoryLocationStore({
    settle: async () => {
      throw new Error("no disk");
    },
  });
  await assert.rejects(store.get("sip:a@b"), /no disk/);
});

test("a registration is the private identity with instance-id, else contact", () => {
  const { impi, instance } = sampleRecord();
  assert.equal(registrationKeyOf(sampleRecord()), `${impi} ${instance}`);
  const moved = sampleRecord({ contact: "sip:alice@127.0.3.77" });
  assert.equal(registrationKeyOf(moved), registrationKeyOf(sampleRecord()), "the instance names the device");
  assert.equal(registrationKey({ impi: "a@b", instance: null, contact: "sip:a@c" }), "a@b sip:a@c");
  assert.equal(registrationKey({ impi: "a@b", instance: null, contact: null }), "a@b *");
});
