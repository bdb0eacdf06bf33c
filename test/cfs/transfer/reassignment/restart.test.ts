// A CFS that is killed anywhere in a change of S-CSCF goes on from its store: nobody is lost, and HSS, record and device
// agree in the end.
import assert from "node:assert/strict";
import test from "node:test";
import type { TransferResource } from "@liquid-ims/cfs/operations/operations";
import { s1, s2 } from "../bench.ts";
import { agree, leave, openSBench, type SBench } from "./s-bench.ts";
import type { Device } from "./s-world.ts";

interface Killing {
  readonly seed: number;
  /** Events after the beginning of the transfer; none: nobody is killed. */
  readonly kills: readonly number[];
  /** How long the CFS is away, ms. Default 0.5. */
  readonly awayMs?: number;
  readonly users: number;
  readonly prepare?: (made: SBench, devices: readonly Device[]) => void;
}

interface Outcome {
  readonly made: SBench;
  readonly devices: readonly Device[];
  readonly ended: TransferResource;
  readonly eventsUsed: number;
}

async function transferWithKills(killing: Killing): Promise<Outcome> {
  const { seed, kills, users, awayMs = 0.5, prepare } = killing;
  const made = openSBench(seed);
  const { bench, world } = made;
  const devices = Array.from({ length: users }, (_, n) => world.add(n + 1));
  // The first user has two devices, the last two are in a call with each other.
  devices.push(world.add(1, { device: 2 }));
  const call = { id: "d", state: "confirmed", emergency: false, replaceable: true } as const;
  const [caller, callee] = [devices[users - 2], devices[users - 1]];
  if (caller !== undefined && callee !== undefined && users > 2) {
    caller.behaviour = { dialogs: [{ ...call, role: "uac" }] };
    callee.behaviour = { dialogs: [{ ...call, role: "uas" }] };
  }
  prepare?.(made, devices);
  await bench.simulation.run({ ms: 20 });
  const start = bench.simulation.events;
  const options = { idempotencyKey: "k" };
  void bench.operations.createTransfer(leave, options);
  for (const kill of kills) {
    await bench.simulation.run({ event: Math.max(start + kill, bench.simulation.events) });
    bench.cfs.kill();
    await bench.simulation.run({ ms: awayMs });
    bench.cfs.restart();
    world.redeliver();
  }
  await bench.simulation.run({ ms: 10 });
  const { id } = await bench.value(bench.operations.createTransfer(leave, options));
  await bench.end(id, 180_000);
  const eventsUsed = bench.simulation.events - start;
  await bench.simulation.run({ ms: 2_000 });
  return { made, devices, ended: await bench.get(id), eventsUsed };
}

function allMoved({ made, devices, ended }: Omit<Outcome, "eventsUsed">, what: string): void {
  assert.deepEqual(ended.counts, { planned: devices.length, moved: devices.length, left: 0 }, what);
  assert.ok(
    ended.users.every(({ state }) => state === "done"),
    `${what}: ${JSON.stringify(ended.users)}`,
  );
  for (const device of devices) agree(made, device, s2, what);
  assert.equal(made.bench.cfs.node.controller.list().length, 1, what);
}

test("system 6: 3 users with 4 devices, the CFS killed at every event and restarted: all move", async (context) => {
  const whole = await transferWithKills({ seed: 3, users: 3, kills: [] });
  allMoved(whole, "without a kill");
  for (let event = 1; event < whole.eventsUsed; event++)
    allMoved(await transferWithKills({ seed: 3, users: 3, kills: [event] }), `killed at event ${event}`);
  context.diagnostic(`${whole.eventsUsed} crash points`);
  assert.ok(whole.eventsUsed > 150, String(whole.eventsUsed));
});

test("system 6: killed twice in short order, all move", async () => {
  for (let event = 5; event < 170; event += 4)
    allMoved(
      await transferWithKills({ seed: event, users: 3, kills: [event, event + 11] }),
      `killed at ${event} and again`,
    );
});

test("system 6: away for 3 s and for 20 s: all move, with the name read before anything is sent", async () => {
  for (const awayMs of [3_000, 20_000])
    for (let event = 5; event < 170; event += 7)
      allMoved(
        await transferWithKills({ seed: event, users: 3, kills: [event], awayMs }),
        `killed at ${event} for ${awayMs} ms`,
      );
});

test("cfs-ue 8 step 5: killed anywhere while it rolls back: everybody is where the HSS says", async (context) => {
  const prepare = ({ world }: SBench) => {
    for (const device of world.devices.values())
      device.behaviour = { ...device.behaviour, registrationFails: (sCscf) => sCscf === s2 };
  };
  const first = await transferWithKills({ seed: 4, users: 1, kills: [], prepare });
  assert.ok(first.ended.users.every(({ state }) => state === "rolledBack"));
  let points = 0;
  // Between lies the commit time, in which nothing happens.
  const begins = Array.from({ length: 40 }, (_, index) => 20 + 4 * index);
  const returns = Array.from({ length: 40 }, (_, index) => first.eventsUsed - 5 * index - 1);
  for (const event of [...begins, ...returns]) {
    const outcome = await transferWithKills({ seed: 4, users: 1, kills: [event], prepare });
    const what = `killed at event ${event}`;
    assert.ok(
      outcome.ended.users.every(({ state }) => state === "rolledBack"),
      `${what}: ${JSON.stringify(outcome.ended.users)}`,
    );
    for (const device of outcome.devices) agree(outcome.made, device, s1, what);
    points += 1;
  }
  context.diagnostic(`${points} crash points`);
});
