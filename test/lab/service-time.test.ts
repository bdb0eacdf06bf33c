// Service time and queue of the lab's elements, on the virtual clock.
import assert from "node:assert/strict";
import test from "node:test";
import { type Capacity, createServiceQueue } from "@liquid-ims/lab/ims-core/service-time";
import { Simulation } from "@liquid-ims/runtime/simulation";

/** Offers ten requests at once; when each was served, and how many were refused. */
async function offerTen(capacity: Capacity): Promise<{ served: number[]; refused: number; counted: number }> {
  const simulation = new Simulation({ seed: 1 });
  const served: number[] = [];
  let refused = 0;
  const { host } = simulation.addHost("element", {
    addresses: ["10.0.0.1"],
    program: (owner) => {
      const queue = createServiceQueue(owner, capacity);
      for (let count = 0; count < 10; count++) {
        if (!queue.admit(() => served.push(simulation.now), "serve")) refused += 1;
      }
    },
  });
  await simulation.run({ ms: 1000 });
  const counted =
    host.metrics.samples().find((sample) => sample.name === "service_refused_total")?.value ?? 0;
  return { served, refused, counted };
}

test("one at a time, first come first served; what would wait too long is refused and counted", async () => {
  assert.deepEqual(await offerTen({ msPerMessage: 10, queueMs: 35 }), {
    served: [10, 20, 30, 40],
    refused: 6,
    counted: 6,
  });
});

test("without a service time everything is served at once", async () => {
  const { served, refused } = await offerTen({ msPerMessage: 0, queueMs: 0 });
  assert.deepEqual([served.length, refused, Math.max(...served)], [10, 0, 0]);
});
