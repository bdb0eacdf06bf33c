// Virtual time: order of events, timers, and how far a run goes.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import fc from "fast-check";
import { addBareHost } from "../../support/virtual-hosts.ts";

test("timers fire by time, those of one time in the order in which they were started; cancelled ones do not", async () => {
  const start = fc.record({
    at: fc.integer({ min: 0, max: 20 }),
    ms: fc.integer({ min: 0, max: 8 }),
    cancelled: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(start, { maxLength: 60 }), async (starts) => {
      const simulation = new Simulation({ seed: 1 });
      const { clock } = addBareHost(simulation, "a", "10.0.0.1").node;
      const fired: number[] = [];
      starts.forEach(({ at, ms, cancelled }, index) => {
        clock.after(
          at,
          () => {
            const timer = clock.after(ms, () => fired.push(index), "inner");
            if (cancelled) timer.cancel();
          },
          "outer",
        );
      });
      await simulation.run({});
      const expected = starts
        .map((entry, index) => ({ ...entry, index }))
        .sort((a, b) => a.at + a.ms - (b.at + b.ms) || a.at - b.at || a.index - b.index)
        .filter(({ cancelled }) => !cancelled)
        .map(({ index }) => index);
      assert.deepEqual(fired, expected);
    }),
    { numRuns: 100 },
  );
});

test("a timer that is cancelled late, or twice, or after it fired, is harmless", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { clock } = addBareHost(simulation, "a", "10.0.0.1").node;
  const fired: string[] = [];
  const first = clock.after(5, () => fired.push("first"), "first");
  const second = clock.after(5, () => fired.push("second"), "second");
  clock.after(5, () => fired.push("third"), "third");
  clock.after(4, () => second.cancel(), "cancel");
  await simulation.run({});
  first.cancel();
  second.cancel();
  second.cancel();
  assert.deepEqual(fired, ["first", "third"]);
  assert.throws(() => clock.after(Number.NaN, () => undefined, "wrong"), /timer "wrong": NaN/);
});

test("microtasks and nextticks of an event are done before the next event", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { clock } = addBareHost(simulation, "a", "10.0.0.1").node;
  const order: string[] = [];
  clock.after(
    1,
    () => {
      void (async () => {
        for (let step = 0; step < 1000; step++) await null;
        await new Promise<void>((resolve) => process.nextTick(resolve));
        order.push("first");
      })();
    },
    "first",
  );
  clock.after(1, () => order.push("second"), "second");
  await simulation.run({});
  assert.deepEqual(order, ["first", "second"]);
});

test("the wall clock is the epoch plus virtual time plus the host's skew", async () => {
  const simulation = new Simulation({ seed: 1, epoch: 1_000_000 });
  const plain = addBareHost(simulation, "plain", "10.0.0.1").node;
  const skewed = simulation.addHost("skewed", {
    addresses: ["10.0.0.2"],
    program: (host) => host,
    skewMs: -250,
  }).node;
  await simulation.run({ ms: 1234.5 });
  assert.equal(simulation.now, 1234.5);
  assert.equal(plain.clock.now(), 1234.5);
  assert.equal(plain.clock.wall(), 1_001_234);
  assert.equal(skewed.clock.wall(), 1_000_984);
});

test("run: so many ms from now, up to an event's number, or until something holds", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { clock } = addBareHost(simulation, "a", "10.0.0.1").node;
  const fired: number[] = [];
  for (const ms of [10, 20, 30, 40]) clock.after(ms, () => fired.push(ms), "timer");
  await simulation.run({ ms: 20 });
  assert.deepEqual(fired, [10, 20]);
  assert.equal(simulation.now, 20);
  await simulation.run({ event: 3 });
  assert.deepEqual(fired, [10, 20, 30]);
  assert.equal(simulation.events, 3);
  await simulation.run({ when: () => fired.length === 4 });
  assert.equal(simulation.now, 40);
  await simulation.run({ ms: 60 });
  assert.equal(simulation.now, 100, "time passes also where nothing happens");
  await simulation.run({});
  await assert.rejects(simulation.run({ when: () => false }), /nothing is left to happen at 100 ms/);
  await assert.rejects(simulation.settle(new Promise(() => undefined), 50), /has not settled by 150 ms/);
});

test("a second run of the same simulation has to wait for the first", async () => {
  const simulation = new Simulation({ seed: 1 });
  const first = simulation.run({ ms: 1 });
  await assert.rejects(simulation.run({ ms: 1 }), /running already/);
  await first;
});
