// One seed, one run: whatever the programs do with promises, and whoever else runs in this process.
import assert from "node:assert/strict";
import test from "node:test";
import type { Program } from "@liquid-ims/runtime/host";
import type { DatagramSocket } from "@liquid-ims/runtime/network";
import { createSeededRandom, Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";

const hostCount = 6;
const addressOf = (index: number) => ({ host: `10.0.0.${index + 1}`, port: 5060 });

/** Gossips over UDP and TCP, with long chains of awaits, races, signatures and timers of many durations. */
function gossip(index: number): Program {
  return (host) => {
    let heard = 0;
    async function think(depth: number): Promise<void> {
      if (depth === 0) return;
      await null;
      await Promise.all([think(depth - 1), Promise.resolve().then(() => host.random.u32())]);
    }
    async function react(socket: DatagramSocket, data: Uint8Array): Promise<void> {
      heard += 1;
      await think(6);
      const pair = await host.crypto.generateKey("EdDSA");
      const signature = await host.crypto.sign(pair.privateKey, data);
      await Promise.race([host.clock.sleep(host.random.int(20), "nap"), host.clock.sleep(7, "nap")]);
      if (heard < 12) socket.send(signature, addressOf(host.random.int(hostCount)));
    }
    host.spawn("gossip", async () => {
      const socket = await host.network.udp(addressOf(index), (data) => {
        host.spawn("react", () => react(socket, data));
      });
      await host.network.listen(addressOf(index), (stream) => {
        stream.open({
          data: (chunk) => host.spawn("react", () => react(socket, chunk)),
          closed: () => undefined,
        });
      });
      await host.clock.sleep(1, "others start");
      const stream = await host.network.connect(addressOf((index + 1) % hostCount));
      stream.open({ data: () => undefined, closed: () => undefined });
      for (let count = 0; count < 5; count++) stream.write(encodeText(`${host.name} says ${count}`));
      socket.send(encodeText(host.name), addressOf((index + 2) % hostCount));
    });
  };
}

function start(seed: number, trace = false): Simulation {
  const simulation = new Simulation({ seed, trace });
  simulation.link("*", "*", { delayMs: 1, jitterMs: 3, loss: 0.05, duplicate: 0.05, reorder: 0.1 });
  for (let index = 0; index < hostCount; index++)
    simulation.addHost(`host${index}`, { addresses: [addressOf(index).host], program: gossip(index) });
  return simulation;
}

test("two runs of one seed are the same event by event, another seed differs", async () => {
  const first = start(7, true);
  await first.run({});
  const second = start(7, true);
  await second.run({});
  assert.ok(first.events > 500, `${first.events} events`);
  assert.deepEqual(second.trace, first.trace);
  assert.equal(second.traceHash, first.traceHash);
  const other = start(8);
  await other.run({});
  assert.notEqual(other.traceHash, first.traceHash);
});

test("two simulations in one process do not meet", async () => {
  const alone = start(7);
  await alone.run({});
  const [one, two] = [start(7), start(9)];
  const { signal, abort } = keepBusy();
  await Promise.all([one.run({}), two.run({})]);
  abort();
  await signal;
  assert.equal(one.traceHash, alone.traceHash);
  assert.equal(one.events, alone.events);
});

/** Other work of the process at the same time: its order among the simulation's turns must not matter. */
function keepBusy(): { signal: Promise<void>; abort: () => void } {
  let stop = false;
  const signal = (async () => {
    while (!stop) await new Promise((resolve) => setImmediate(resolve));
  })();
  return {
    signal,
    abort: () => {
      stop = true;
    },
  };
}

test("stopping on the way changes nothing", async () => {
  const whole = start(3);
  await whole.run({ ms: 200 });
  const pieces = start(3);
  while (pieces.now < 200) await pieces.run({ ms: Math.min(1.7, 200 - pieces.now) });
  assert.equal(pieces.traceHash, whole.traceHash);
});

test("one more host changes nobody else's draws", () => {
  const draws = (names: readonly string[]) => {
    const simulation = new Simulation({ seed: 5 });
    return new Map(
      names.map((name, index) => [
        name,
        simulation.addHost(name, {
          addresses: [`10.0.0.${index + 1}`],
          program: (host) => [host.random.u32(), host.random.fork("branch").u32()],
        }).node,
      ]),
    );
  };
  const few = draws(["a", "b"]);
  const more = draws(["x", "a", "b"]);
  assert.deepEqual(more.get("a"), few.get("a"));
  assert.deepEqual(more.get("b"), few.get("b"));
  assert.notDeepEqual(few.get("a"), few.get("b"));
});

test("a fork depends on its name alone, and the same name again is another stream", () => {
  const used = createSeededRandom(1);
  used.bytes(13);
  const [first, second] = [used.fork("branch"), used.fork("branch")];
  const drawn = first.u32();
  assert.equal(createSeededRandom(1).fork("branch").u32(), drawn);
  assert.notEqual(second.u32(), drawn);
});

test("draws are uniform", () => {
  const random = createSeededRandom(42);
  const counts = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) {
    const value = random.int(10);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, String(counts));
  const bits = new Array<number>(8).fill(0);
  for (const byte of random.bytes(80_001))
    for (let bit = 0; bit < 8; bit++) bits[bit] = (bits[bit] ?? 0) + ((byte >> bit) & 1);
  for (const count of bits) assert.ok(Math.abs(count - 40_000) < 1_000, String(bits));
});
