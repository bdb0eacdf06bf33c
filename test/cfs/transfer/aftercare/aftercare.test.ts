// Aftercare on the virtual clock: users who have moved S-CSCF, and an HSS that forgets them when the old registration
// expires.
import assert from "node:assert/strict";
import test from "node:test";
import { s1, s2 } from "../bench.ts";
import { agree, leave, openSBench, type SBench } from "../reassignment/s-bench.ts";
import type { Device } from "../reassignment/s-world.ts";

/** Registrations of the bench's records last ten minutes. */
const expiryMs = 600_000;

async function moved(made: SBench): Promise<void> {
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  await made.bench.end(id);
}

function results({ bench }: SBench): Record<string, number> {
  const samples = bench.cfs.host.metrics.samples().filter(({ name }) => name === "cfs_aftercare_total");
  return Object.fromEntries(samples.map(({ labels, value }) => [labels["result"], value]));
}

function watched({ bench }: SBench): number | undefined {
  return bench.cfs.host.metrics.samples().find(({ name }) => name === "cfs_aftercare_users")?.value;
}

function wipe({ world }: SBench, device: Device): void {
  world.hss.subscriptions.set(device.impi, { server: null, pending: false, unregistered: false });
}

test("T1: the HSS forgets a moved user at the old expiry: the name is written, he registers, and can be called", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  const bob = made.world.add(2);
  await moved(made);
  assert.equal(watched(made), 2);
  const before = made.world.registrations.length;
  await made.bench.simulation.run({ ms: expiryMs - 30_000 });
  assert.equal(made.world.registrations.length, before, "nothing is done before");
  // The old S-CSCF's registrar notices a few seconds after the expiry.
  await made.bench.simulation.run({ ms: 38_000 });
  wipe(made, alice);
  await made.bench.simulation.run({ ms: 20_000 });
  for (const device of [alice, bob]) agree(made, device, s2);
  assert.deepEqual(
    made.world.registrations.slice(before).map(({ key, sCscf }) => [key, sCscf]),
    [[alice.key, s2]],
    "only who was forgotten",
  );
  assert.equal(made.world.hss.mars.at(-1)?.server, s2);
  await made.bench.simulation.run({ ms: 300_000 });
  assert.deepEqual(results(made), { repaired: 1, held: 2 });
  assert.equal(watched(made), 0);
});

test("system 6 aftercare: a location service that fails for a while ends nothing; he is repaired when it answers", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  await moved(made);
  await made.bench.simulation.run({ ms: expiryMs - 30_000 });
  wipe(made, alice);
  made.bench.locationDown = true;
  await made.bench.simulation.run({ ms: 120_000 });
  assert.equal(made.world.hss.of(alice.impi).server, null);
  const push = { command: "RTR", privateIdentity: alice.impi, publicIdentities: [], reason: null } as const;
  assert.equal(await made.bench.simulation.settle(made.bench.cfs.node.controller.pushed(push)), "not now");
  made.bench.locationDown = false;
  await made.bench.simulation.run({ ms: 20_000 });
  agree(made, alice, s2);
});

test("T1: an old registration that ended 120 s before its record says so is noticed 15 s after its end", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  await moved(made);
  await made.bench.simulation.run({ ms: expiryMs - 130_000 });
  wipe(made, alice);
  await made.bench.simulation.run({ ms: 30_000 });
  agree(made, alice, s2);
  assert.deepEqual(results(made), { repaired: 1 });
  await made.bench.simulation.run({ ms: 400_000 });
  assert.deepEqual(results(made), { repaired: 1, held: 1 });
  assert.equal(watched(made), 0);
});

test("T1: without aftercare he stays forgotten", async () => {
  const made = openSBench(1, {
    cx: {
      ...{ originHost: "cfs.home", originRealm: "home", destinationRealm: "home", peers: [] },
      aftercare: false,
    },
  });
  const alice = made.world.add(1);
  await moved(made);
  assert.equal(watched(made), 0);
  wipe(made, alice);
  await made.bench.simulation.run({ ms: expiryMs + 300_000 });
  assert.equal(made.world.hss.of(alice.impi).server, null);
});

test("T3: one whom the HSS has as unregistered is only told to register", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  await moved(made);
  const mars = made.world.hss.mars.length;
  made.world.hss.of(alice.impi).unregistered = true;
  await made.bench.simulation.run({ ms: expiryMs + 30_000 });
  assert.equal(made.world.hss.of(alice.impi).unregistered, false);
  assert.equal(made.world.hss.mars.length, mars);
});

test("system 6 aftercare: a CFS that is killed goes on watching, and repairing", async () => {
  for (const killAt of [1_000, expiryMs + 20_500, expiryMs + 20_030, expiryMs + 20_010]) {
    const made = openSBench(3);
    const alice = made.world.add(1);
    await moved(made);
    wipe(made, alice);
    await made.bench.simulation.run({ ms: killAt });
    made.bench.cfs.kill();
    await made.bench.simulation.run({ ms: 2_000 });
    made.bench.cfs.restart();
    made.world.redeliver();
    await made.bench.simulation.run({ ms: expiryMs + 60_000 });
    agree(made, alice, s2, `killed after ${killAt} ms`);
  }
});

test("system 6 aftercare: nobody is touched who has left, or whom a transfer has moved on; that one is watched for both", async () => {
  const made = openSBench();
  const [alice, bob] = [made.world.add(1), made.world.add(2)];
  await moved(made);
  made.world.record(alice, { state: "left", leftAt: made.bench.cfs.host.clock.wall() });
  wipe(made, alice);
  const back = { ...leave, function: s2, targets: [{ function: s1 }] };
  const { id } = await made.bench.value(made.bench.operations.createTransfer(back));
  await made.bench.end(id);
  const before = made.world.registrations.length;
  await made.bench.simulation.run({ ms: expiryMs + 300_000 });
  assert.equal(made.world.registrations.length, before);
  assert.equal(made.world.hss.of(alice.impi).server, null);
  agree(made, bob, s1);
  assert.deepEqual(results(made), { gone: 1, held: 2 });
});

test("system 6 aftercare: many who were forgotten at once are repaired five a second", async () => {
  const made = openSBench();
  const devices = Array.from({ length: 30 }, (_, n) => made.world.add(n + 1));
  await moved(made);
  for (const device of devices) wipe(made, device);
  const before = made.world.registrations.length;
  await made.bench.simulation.run({ ms: expiryMs + 60_000 });
  for (const device of devices) agree(made, device, s2);
  const times = made.world.registrations.slice(before).map(({ at }) => at);
  assert.equal(times.length, 30);
  for (const at of times) assert.ok(times.filter((one) => one >= at && one < at + 900).length <= 5);
});

test("system 6 aftercare: an HSS that stays silent, and a user who cannot be repaired: later each time, then given up, said", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  await moved(made);
  made.world.hss.isDown = true;
  await made.bench.simulation.run({ ms: expiryMs + 120_000 });
  made.world.hss.isDown = false;
  made.world.hss.registered = (impi) => {
    made.world.hss.of(impi).unregistered = true;
  };
  made.world.hss.of(alice.impi).unregistered = true;
  const before = made.world.registrations.length;
  await made.bench.simulation.run({ ms: 1_800_000 });
  assert.equal(made.world.registrations.length - before, 6);
  assert.deepEqual(results(made), { "given up": 1 });
  assert.equal(watched(made), 0);
});
