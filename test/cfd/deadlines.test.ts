// Many waits under one timer.
import assert from "node:assert/strict";
import test from "node:test";
import { Deadlines } from "@liquid-ims/cfd/deadlines";
import { Simulation } from "@liquid-ims/runtime/simulation";

function start() {
  const simulation = new Simulation({ seed: 1 });
  const { node: host } = simulation.addHost("h", { addresses: ["127.0.0.9"], program: (own) => own });
  const late: [string, number][] = [];
  const deadlines = new Deadlines(host.clock, 1_000, "wait");
  return {
    simulation,
    late,
    begin: (name: string) => deadlines.begin(() => late.push([name, simulation.now])),
  };
}

test("each wait is late at its own time, those that ended never", async () => {
  const { simulation, late, begin } = start();
  const first = begin("first");
  begin("second");
  await simulation.run({ ms: 300 });
  begin("third");
  const fourth = begin("fourth");
  await simulation.run({ ms: 100 });
  begin("fifth");
  first.end();
  fourth.end();
  await simulation.run({ ms: 5_000 });
  assert.deepEqual(late, [
    ["second", 1_000],
    ["third", 1_300],
    ["fifth", 1_400],
  ]);
});

test("with nothing open there is no timer, and a new wait has its whole time", async () => {
  const { simulation, late, begin } = start();
  begin("a").end();
  const events = simulation.events;
  await simulation.run({ ms: 900 });
  assert.equal(simulation.events, events);
  begin("b");
  await simulation.run({ ms: 5_000 });
  assert.deepEqual(late, [["b", 1_900]]);
});

test("thousands that end in any order", async () => {
  const { simulation, late, begin } = start();
  const waits = Array.from({ length: 5_000 }, (_, number) => begin(String(number)));
  for (let number = 0; number < 5_000; number += 1)
    if (number % 1_000 !== 7) waits[(number * 3) % 5_000]?.end();
  await simulation.run({ ms: 2_000 });
  const kept = [7, 1_007, 2_007, 3_007, 4_007].map((number) => String((number * 3) % 5_000));
  assert.deepEqual(
    late.map(([name]) => name),
    kept.sort((a, b) => Number(a) - Number(b)),
  );
});
