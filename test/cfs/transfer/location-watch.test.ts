// The watch over the location service, where what was taken out lies behind several pages of changes.
import assert from "node:assert/strict";
import test from "node:test";
import { LocationWatch } from "@liquid-ims/cfs/transfer/location-watch";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { LocationStore, RecordChange } from "@liquid-ims/location-service/store";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { methodsOf } from "../../cfd/world.ts";
import { sampleRecord } from "../../compliance/location-store.ts";

const pCscf = "pcscf1.open-ims.test:4060";

function newcomers(count: number): RecordChange[] {
  return Array.from({ length: count }, (_, number) => {
    const impu = `sip:user${number}@open-ims.test`;
    return { record: sampleRecord({ impu, implicitSet: [impu] }), expect: "absent" };
  });
}

test("records taken out are compared after the last page, once, and again when the reading failed", async () => {
  const simulation = new Simulation({ seed: 1 });
  const memory = new MemoryLocationStore();
  const alice = sampleRecord();
  await memory.upsert([{ record: alice, expect: "absent" }]);
  const { change, records } = await memory.changesSince(0);
  await memory.remove([{ key: alice, expect: records[0]?.version ?? 0 }]);
  await memory.upsert(newcomers(2_500));
  let failures = 1;
  const location: LocationStore = {
    ...methodsOf(memory),
    byFunction: async (filter) => {
      failures -= 1;
      if (failures === 0) throw new Error("locked");
      return memory.byFunction(filter);
    },
  };
  const { node: host } = simulation.addHost("cfs", { addresses: ["127.0.0.9"], program: (own) => own });
  const told: number[] = [];
  const compared: number[] = [];
  const watch = new LocationWatch({
    host,
    location,
    changed: (some) => told.push(some.length),
    functions: () => [{ name: pCscf, filter: { pCscf } }],
    reread: (_watched, some) => compared.push(some.length),
    looked: () => 100,
  });
  watch.wake(change);
  await simulation.run({ ms: 5_000 });
  assert.deepEqual(compared, [2_500]);
  assert.ok(told.length > 10, "it goes on looking");
  assert.deepEqual(
    told.filter((count) => count > 0),
    [1_000, 1_000, 500, 500],
    "the last page is told again after the failure",
  );
  watch.stop();
  await simulation.run({ ms: 200 });
});
