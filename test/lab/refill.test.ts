// A user who is to come to a drained function as a newcomer: he has to go away first.
import assert from "node:assert/strict";
import test from "node:test";
import { refill } from "@liquid-ims/lab/experiments/refill";
import { createTopology } from "@liquid-ims/lab/topology";
import type { RegisteredAfresh } from "@liquid-ims/lab/ue/fleet";
import { Simulation } from "@liquid-ims/runtime/simulation";

const functionName = "pcscf1.open-ims.test:4060";
const registration = { pCscf: functionName, sCscf: "scscf1.open-ims.test:6060" };

/** What a refill with one newcomer says, who ends up at another P-CSCF, unless he could not come. */
function refillWith(result: RegisteredAfresh): Promise<string[]> {
  const simulation = new Simulation({ seed: 1 });
  const { host } = simulation.addHost("script", { addresses: ["10.0.0.1"], program: () => undefined });
  const [drained] = createTopology({ addressing: "IPv4" }).pCscfs;
  assert.ok(drained !== undefined);
  const now = result.ok ? { ...registration, pCscf: "pcscf2.open-ims.test:4060" } : registration;
  const done = refill(host, {
    fleet: { registerAfresh: async () => result, registrations: () => new Map([["alice", now]]) },
    oss: { listUsers: async () => [] },
    ...{ drained, functionName, placeOf: ({ pCscf }: typeof registration) => pCscf, newcomers: ["alice"] },
  });
  return simulation.settle(done);
}

test("a newcomer who came and was moved: nothing to say", async () => {
  assert.deepEqual(await refillWith({ ok: true, registration }), []);
});

test("whom the network did not let go is no newcomer, though he is where he was to come: it is said", async () => {
  const [first] = await refillWith({ ok: false, problem: "could not be deregistered: 503" });
  assert.equal(
    first,
    "alice was to register at pcscf1.open-ims.test:4060 afresh, and could not be deregistered: 503",
  );
});
