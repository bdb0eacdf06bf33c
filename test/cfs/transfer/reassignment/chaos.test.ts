// Changes of S-CSCF under everything at once: a slow, deaf or forgetful HSS, lost and late commands, devices that die, a
// CFS that is killed. Seeded; in the end HSS, record and device agree, and the report says where everybody is.
import assert from "node:assert/strict";
import test from "node:test";
import { isOpen } from "@liquid-ims/cfs/transfer/user-row";
import type { Random } from "@liquid-ims/runtime/random";
import { s1, s2 } from "../bench.ts";
import { agree, leave, openSBench, type SBench } from "./s-bench.ts";
import type { Device } from "./s-world.ts";
import type { HssBehaviour } from "./scripted-hss.ts";

function pick<Item>(random: Random, items: readonly [Item, ...Item[]]): Item {
  return items[random.int(items.length)] ?? items[0];
}

function someHss(random: Random): HssBehaviour {
  return {
    executeMs: pick(random, [1, 5, 200, 600, 2_500, 7_900]),
    answerMs: pick(random, [1, 5, 500, 3_000, null]),
  };
}

interface Chaos extends SBench {
  readonly devices: readonly Device[];
}

/** A network in which everything goes wrong now and then. */
function chaos(seed: number): Chaos {
  const made = openSBench(seed);
  const { bench, world } = made;
  const random = bench.cfs.host.random.fork(`chaos ${seed}`);
  const devices = [world.add(1), world.add(2), world.add(2, { device: 2 }), world.add(3)];
  for (const device of devices) {
    const fails = pick(random, ["never", "never", "never", s2]);
    device.behaviour = {
      registerMs: pick(random, [5, 20, 80, 700]),
      recordMs: pick(random, [1, 3, 3, 50, 4_000]),
      registrationFails: (sCscf) => sCscf === fails,
    };
  }
  world.drops = (_key, command) => command.command === "move" && command.after === 0 && random.int(4) === 0;
  world.repeatMs = 4_000;
  world.delay = () => pick(random, [2, 2, 2, 40, 240]);
  // What a stalled HSS has before it, it does in order of arrival.
  world.hss.readsOvertake = false;
  // One in twelve never takes another name.
  world.hss.behaviour = random.int(12) === 0 ? { ignores: true, only: s2 } : someHss(random);
  // T3: a call in the window makes an S-CSCF say that the user is unregistered, now and then after his registration.
  let claims = 3;
  world.hss.registered = (impi) => {
    if (claims === 0 || random.int(5) !== 0) return;
    claims -= 1;
    const claim = () => {
      const subscription = world.hss.of(impi);
      if (subscription.server !== null) subscription.unregistered = true;
    };
    bench.cfs.host.clock.after(pick(random, [1, 5, 200]), claim, "SAR of a call");
  };
  world.hss.overwritten = (impi, server) => {
    world.hss.behaviour = someHss(random);
    // A REGISTER was under way when the MAR came: the old S-CSCF takes its user back, and ends what it has begun.
    if (server === s2 && random.int(8) === 0)
      world.happens(pick(random, [1, 20, 350]), "MAR and SAR of the old S-CSCF", () => {
        Object.assign(world.hss.of(impi), { server: s1, pending: false });
      });
    const victim = devices[random.int(12)];
    if (victim?.lcf?.alive === true) victim.lcf.kill();
  };
  return { ...made, devices };
}

async function play(seed: number): Promise<string[]> {
  const made = chaos(seed);
  const { bench, world, devices } = made;
  const { simulation } = bench;
  const random = bench.cfs.host.random.fork("kills");
  const kills = Array.from({ length: random.int(3) }, () => random.int(12_000)).sort((a, b) => a - b);
  const options = { idempotencyKey: "k" };
  const { id } = await bench.value(bench.operations.createTransfer(leave, options));
  const begun = simulation.now;
  for (const at of kills) {
    await simulation.run({ ms: Math.max(0, begun + at - simulation.now) });
    bench.cfs.kill();
    await simulation.run({ ms: random.int(2) === 0 ? 1 : 3_000 });
    bench.cfs.restart();
    world.redeliver();
  }
  await simulation.run({ ms: 10 });
  const ended = await bench.end(id, 900_000);
  await simulation.run({ ms: 30_000 });
  const what = `seed ${seed}: ${JSON.stringify(ended.users)}`;
  const states: string[] = [];
  for (const device of devices) {
    const isDead = device.lcf?.alive !== true;
    const row = bench.cfs.node.controller.usersOf(id).find(({ registration }) => registration === device.key);
    assert.ok(row !== undefined, what);
    states.push(row.state);
    assert.ok(!isOpen(row.state), what);
    if (isDead) continue;
    const { server } = world.hss.of(device.impi);
    assert.ok(server !== null, what);
    // One that cannot register where its other device is: named in the report.
    if (row.state === "timedOut" && device.behaviour.registrationFails?.(server) === true) continue;
    // Alive: wherever he ended, HSS, record and device name the same S-CSCF, and the HSS waits for nobody.
    // But that a MAR may have been executed after the registration that a late record shows, when no MAA came or the
    // LCF has not said that it registered since.
    const { pending } = world.hss.of(device.impi);
    const { mar, registeredAt } = row.reassignment ?? {};
    const isLate = row.state === "done" && (mar !== "answered" || registeredAt === null);
    agree(made, device, server, what, isLate && pending);
    if (row.state === "done" && !isLate) assert.equal(world.hss.of(device.impi).unregistered, false, what);
    if (row.state === "done") assert.equal(server, s2, what);
    else if (row.state === "rolledBack" || row.state === "failed") assert.equal(server, s1, what);
  }
  return states;
}

test("cfs-ue 8: whatever goes wrong, HSS, record and device agree in the end", async (context) => {
  const counts = new Map<string, number>();
  for (let seed = 1; seed <= 120; seed++)
    for (const state of await play(seed)) counts.set(state, (counts.get(state) ?? 0) + 1);
  context.diagnostic(JSON.stringify(Object.fromEntries([...counts].sort())));
  for (const state of ["done", "rolledBack"]) assert.ok((counts.get(state) ?? 0) > 20, state);
});
