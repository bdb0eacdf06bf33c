// Disks of the simulation: what is there after a kill, after a loss of power, and when two write.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../../support/virtual-hosts.ts";

const numbers = Array.from({ length: 10 }, (_, index) => index);

/** Appends 0 to 9, one each ms, and ends the host after `ms`; gives what was acknowledged and what is there. */
async function appendUntil(kind: "local" | "remote", end: "kill" | "powerOff", ms: number, seed: number) {
  const simulation = new Simulation({ seed });
  const host = addBareHost(simulation, "a", "10.0.0.1");
  const disk = simulation.disk<number>("store", { kind });
  const { clock, spawn } = host.node;
  const mounted = disk.mount(host.node);
  const acknowledged: number[] = [];
  for (const number of numbers)
    clock.after(
      number,
      () =>
        spawn("append", async () => {
          assert.equal(await mounted.append(number), "done");
          acknowledged.push(number);
        }),
      "append",
    );
  await simulation.run({ ms });
  host[end]();
  const atOnce = disk.batches;
  const now = [...atOnce];
  await simulation.run({ ms: 100 });
  const restarted = disk.mount(host.restart()).batches();
  return { acknowledged, now, restarted };
}

const isPrefix = (batches: readonly number[]) => batches.every((batch, index) => batch === index);

for (const end of ["kill", "powerOff"] as const)
  test(`local disk, ${end}: a prefix survives, with everything that was acknowledged`, async () => {
    let unacknowledged = 0;
    let lost = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { acknowledged, now, restarted } = await appendUntil("local", end, 8.5, seed);
      assert.ok(isPrefix(restarted), String(restarted));
      assert.ok(restarted.length >= acknowledged.length);
      assert.deepEqual(restarted, now, "nothing arrives afterwards");
      unacknowledged += restarted.length - acknowledged.length;
      lost += 9 - restarted.length;
    }
    assert.ok(unacknowledged > 0, "some were there and not acknowledged");
    assert.ok(lost > 0, "some were lost");
  });

test("local disk, powerOff: what was written and not synced can be lost", async () => {
  let written = 0;
  let kept = 0;
  for (let seed = 0; seed < 60; seed++) {
    written += (await appendUntil("local", "kill", 8.5, seed)).restarted.length;
    kept += (await appendUntil("local", "powerOff", 8.5, seed)).restarted.length;
  }
  assert.ok(kept < written, `${kept} of ${written}`);
});

test("remote disk: what was not acknowledged may be there, or arrive after the end", async () => {
  let late = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { acknowledged, now, restarted } = await appendUntil("remote", "powerOff", 8.5, seed);
    for (const number of acknowledged) assert.ok(restarted.includes(number));
    assert.deepEqual(restarted.slice(0, now.length), now);
    late += restarted.length - now.length;
  }
  assert.ok(late > 0);
});

test("two writers compare what is there at the moment of writing: one of them has a conflict", async () => {
  const winners = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const simulation = new Simulation({ seed });
    const disk = simulation.disk<string>("shared", { kind: "remote" });
    const results = await simulation.settle(
      Promise.all(
        ["a", "b"].map((name, index) => {
          const { node } = addBareHost(simulation, name, `10.0.0.${index + 1}`);
          return disk.mount(node).append(name, (batches) => batches.length === 0);
        }),
      ),
    );
    assert.deepEqual([...results].sort(), ["conflict", "done"]);
    assert.deepEqual(disk.batches, [results[0] === "done" ? "a" : "b"]);
    winners.add(disk.batches.join());
  }
  assert.deepEqual([...winners].sort(), ["a", "b"], "either may be first");
});

test("who mounts a disk hears of every batch, and no more after its end", async () => {
  const simulation = new Simulation({ seed: 1 });
  const disk = simulation.disk<string>("shared");
  const [writer, reader] = [
    addBareHost(simulation, "w", "10.0.0.1"),
    addBareHost(simulation, "r", "10.0.0.2"),
  ];
  const heard: string[] = [];
  disk.mount(reader.node).onAppend((batch) => heard.push(batch));
  const mounted = disk.mount(writer.node);
  await simulation.settle(mounted.append("one"));
  await simulation.run({ ms: 10 });
  reader.kill();
  await simulation.settle(mounted.append("two"));
  await simulation.run({ ms: 10 });
  assert.deepEqual(heard, ["one"]);
  const stranger = addBareHost(new Simulation({ seed: 1 }), "s", "10.0.0.1");
  assert.throws(() => disk.mount(stranger.node), /of another simulation/);
});
