// What the CFS writes to its log about a move: every line names transfer, user or Call-ID.
import assert from "node:assert/strict";
import test from "node:test";
import { createCfs } from "@liquid-ims/cfs/cfs";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { Log, LogFields } from "@liquid-ims/runtime/log";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addAlice, alice, aliceContact, cfsTarget, record } from "../support/cfs-ue-world.ts";

interface Line extends LogFields {
  readonly event: string;
}

function recorder(lines: Line[]): Log {
  const write = (event: string, fields?: LogFields) => void lines.push({ ...fields, event });
  const log: Log = { debug: () => undefined, info: write, warn: write, error: write, child: () => log };
  return log;
}

test("log lines: the subscription and what is refused by user and Call-ID, a move by transfer and user", async () => {
  const lines: Line[] = [];
  const simulation = new Simulation({ seed: 5 });
  const location = new MemoryLocationStore();
  await location.upsert([{ record: record(), expect: "absent" }]);
  const cfs = simulation.addHost("cfs", {
    addresses: [cfsTarget.address.host],
    log: recorder(lines),
    program: createCfs({
      location,
      store: new MemoryCfsStore(),
      config: {
        listen: [cfsTarget],
        homeDomain: "open-ims.test",
        contact: `sip:${cfsTarget.address.host}:${cfsTarget.address.port}`,
        functions: ["1", "2"].map((digit) => ({
          kind: "P-CSCF",
          name: `pcscf${digit}.open-ims.test:4060`,
          addresses: [`127.0.1.${digit}`],
        })),
      },
    }),
  });
  const lcf = addAlice(simulation, { contact: aliceContact });
  await simulation.settle(cfs.node.ready);
  await simulation.run({ ms: 100, when: () => lcf.node.ready });
  const opened = lcf.node.subscribe();
  await simulation.run({ ms: 5_000, when: () => cfs.node.reachable() === 1 });
  const created = await simulation.settle(
    cfs.node.operations.createTransfer({
      function: "pcscf1.open-ims.test:4060",
      load: 0,
      reason: "maintenance",
      targets: [{ function: "pcscf2.open-ims.test:4060" }],
    }),
  );
  assert.ok(created.ok, JSON.stringify(created));
  const transfer = created.value.id;
  const garbage = lcf.node.subscribe({ text: "no jws" });
  await simulation.run({ ms: 500 });

  const accepted = lines.find(({ event }) => event === "transfer accepted");
  assert.deepEqual(accepted, {
    event: "transfer accepted",
    transfer,
    function: "pcscf1.open-ims.test:4060",
    reason: "maintenance",
    dryRun: false,
  });
  const commanded = lines.find(({ event, state }) => event === "user of a transfer" && state === "commanded");
  assert.equal(commanded?.["transfer"], transfer);
  assert.equal(commanded?.["user"], alice);
  assert.equal(commanded?.["target"], "pcscf2.open-ims.test:4060");
  const subscription = lines.find(({ event }) => event === "cfs-ue subscription");
  assert.deepEqual(
    [subscription?.["to"], subscription?.["user"], subscription?.["callId"]],
    ["active", alice, opened.callId],
  );
  const refused = lines.find(({ event }) => event === "cfs-ue refused");
  assert.deepEqual([refused?.["user"], refused?.["callId"]], [alice, garbage.callId]);
  assert.doesNotMatch(JSON.stringify(lines), /"d":|challenge/);
});
