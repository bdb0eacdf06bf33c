// The whole CFS as a program: dialogs with LCFs, transfers, operations, over SIP on the simulation.
import assert from "node:assert/strict";
import test from "node:test";
import { createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import { allowedTargets } from "@liquid-ims/cfs/config";
import type { OperationResult, TransferResource } from "@liquid-ims/cfs/operations/operations";
import { openLogStore } from "@liquid-ims/cfs/store/log-store";
import type { Change } from "@liquid-ims/cfs/store/store";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { Answer, Command, Report } from "@liquid-ims/reference-points/cfs-ue";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addAlice, alice, aliceContact, cfsTarget, record } from "../support/cfs-ue-world.ts";
import type { FakeDialog } from "../support/fake-lcf.ts";

const p1 = "pcscf1.open-ims.test:4060";
const p2 = "pcscf2.open-ims.test:4060";

const config: CfsConfig = {
  listen: [cfsTarget, { ...cfsTarget, protocol: "tcp" }],
  homeDomain: "open-ims.test",
  contact: `sip:${cfsTarget.address.host}:${cfsTarget.address.port}`,
  functions: [
    { kind: "P-CSCF", name: p1, addresses: ["127.0.1.1"] },
    { kind: "P-CSCF", name: p2, addresses: ["127.0.1.2"] },
    { kind: "S-CSCF", name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21"] },
  ],
};

async function start() {
  const simulation = new Simulation({ seed: 5 });
  const location = new MemoryLocationStore();
  await location.upsert([{ record: record(), expect: "absent" }]);
  const disk = simulation.disk<readonly Change[]>("cfs store", { kind: "remote" });
  const cfs = simulation.addHost("cfs", {
    addresses: [cfsTarget.address.host],
    program: (host) => createCfs({ location, store: openLogStore(disk.mount(host)), config })(host),
  });
  const lcf = addAlice(simulation, { contact: aliceContact });
  let isReady = false;
  void cfs.node.ready.then(() => {
    isReady = true;
  });
  await simulation.run({ ms: 5000, when: () => isReady && lcf.node.ready });
  const dialog = lcf.node.subscribe();
  await simulation.run({ ms: 5000, when: () => cfs.node.reachable() === 1 });
  assert.equal(cfs.node.reachable(), 1);
  return { simulation, location, cfs, lcf, dialog };
}

type World = Awaited<ReturnType<typeof start>>;

async function call<Value>(world: World, operation: Promise<OperationResult<Value>>): Promise<Value> {
  const answers: OperationResult<Value>[] = [];
  void operation.then((answer) => answers.push(answer));
  await world.simulation.run({ when: () => answers.length > 0 });
  const [answer] = answers;
  assert.ok(answer?.ok, JSON.stringify(answer));
  return answer.value;
}

function commandsOf(dialog: FakeDialog): readonly Command[] {
  return dialog.notifies.flatMap(({ commands }) => commands);
}

/** Alice's UE registers through the other P-CSCF, and the CFD hears of it. */
async function registerAtP2({ location }: World): Promise<void> {
  const [known] = await location.get(alice);
  await location.upsert([{ record: record({ pCscf: p2 }), expect: known?.version ?? "absent" }]);
}

async function begin(world: World): Promise<{ transfer: TransferResource; move: Command }> {
  const transfer = await call(
    world,
    world.cfs.node.operations.createTransfer({
      function: p1,
      load: 0,
      targets: [{ function: p2 }],
      reason: "removal",
    }),
  );
  await world.simulation.run({ ms: 2000, when: () => commandsOf(world.dialog).length > 0 });
  const [move] = commandsOf(world.dialog);
  assert.ok(move?.command === "move");
  return { transfer, move };
}

function words(move: Command): { accepted: Answer; registered: Answer; report: Report } {
  const head = { operation: move.operation, sequence: move.sequence };
  return {
    accepted: { ...head, id: "a1", answer: "accepted", armed: false, dialogs: [] },
    registered: {
      ...head,
      id: "a2",
      answer: "registered",
      path: [],
      serviceRoute: [],
      trouble: [],
      dialogs: [],
    },
    report: { ...head, id: "r1", final: true, dialogs: [] },
  };
}

test("system 3 P: a user is moved by a signed command over its subscription", async () => {
  const world = await start();
  const { transfer, move } = await begin(world);
  assert.ok(move.command === "move");
  assert.deepEqual(
    { target: move.target, expected: move.expected, if: move.if, replace: move.replace, after: move.after },
    {
      target: { pCscf: { name: "pcscf2.open-ims.test", port: 4060, addresses: ["127.0.1.2"] } },
      expected: {
        pCscf: { name: "pcscf1.open-ims.test", port: 4060, addresses: ["127.0.1.1"] },
        sCscf: { name: "scscf1.open-ims.test", port: 6060, addresses: ["127.0.1.21"] },
      },
      if: "idle",
      replace: "now",
      after: 0,
    },
  );
  const { accepted, registered, report } = words(move);
  world.lcf.node.say(world.dialog, [accepted], []);
  await world.simulation.run({ ms: 50 });
  await registerAtP2(world);
  world.lcf.node.say(world.dialog, [registered], [report]);
  await world.simulation.run({ ms: 6000 });
  const ended = await call(world, world.cfs.node.operations.getTransfer(transfer.id));
  assert.deepEqual([ended.state, ended.counts], ["COMPLETED", { planned: 1, moved: 1, left: 0 }]);
  assert.equal(commandsOf(world.dialog).length, 1);
  await world.cfs.node.stop();
});

test("system 6: a CFS that is killed after the command goes on where it was", async () => {
  const world = await start();
  const { transfer, move } = await begin(world);
  world.cfs.kill();
  await world.simulation.run({ ms: 20 });
  world.cfs.restart();
  await world.simulation.run({ ms: 500 });
  assert.equal(world.cfs.node.reachable(), 1, "its dialogs are in the store");
  const { accepted, registered, report } = words(move);
  world.lcf.node.say(world.dialog, [accepted, registered], [report]);
  await world.simulation.run({ ms: 50 });
  await registerAtP2(world);
  await world.simulation.run({ ms: 6000 });
  const ended = await call(world, world.cfs.node.operations.getTransfer(transfer.id));
  assert.deepEqual([ended.state, ended.counts.moved], ["COMPLETED", 1]);
  assert.equal(new Set(commandsOf(world.dialog).map(({ sequence }) => sequence)).size, 1);
  const line = ended.users[0];
  assert.deepEqual([line?.user, line?.to, line?.state], [alice, p2, "done"]);
});

test("config: LCFs may be sent to the known P-CSCFs and S-CSCFs only, unless said otherwise", () => {
  assert.deepEqual(allowedTargets(config), {
    pCscf: ["pcscf1.open-ims.test", "127.0.1.1", "pcscf2.open-ims.test", "127.0.1.2"],
    sCscf: ["scscf1.open-ims.test", "127.0.1.21"],
  });
  const allowed = { pCscf: ["*.visited.test"], sCscf: [] };
  assert.equal(allowedTargets({ ...config, allowed }), allowed);
});

test("an address that cannot be had rejects `ready` with the network's error", async () => {
  const simulation = new Simulation({ seed: 1 });
  const location = new MemoryLocationStore();
  const disk = simulation.disk<readonly Change[]>("cfs store");
  const errors: unknown[] = [];
  simulation.addHost("cfs", {
    addresses: [cfsTarget.address.host],
    program: (host) => {
      const elsewhere = { protocol: "udp", address: { host: "192.0.2.77", port: 7090 } } as const;
      const store = openLogStore(disk.mount(host));
      const node = createCfs({ location, store, config: { ...config, listen: [elsewhere] } })(host);
      node.ready.catch((error: unknown) => errors.push(error));
    },
  });
  await simulation.run({ ms: 1000 });
  const [error] = errors;
  assert.ok(error instanceof RuntimeError, String(error));
  assert.equal(error.code, "bad-address");
});
