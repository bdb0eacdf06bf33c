// An S-CSCF that had a REGISTER in hands when the MAR came sends its own MAR for it, and takes the user back: TS 29.228
// 6.3.1 gives the name to whoever wrote last. A refresh, or the armed registration where the HSS is slow, can cross so.
import assert from "node:assert/strict";
import test from "node:test";
import { s1, s2 } from "../bench.ts";
import { agree, leave, lineOf, openSBench, type SBench } from "./s-bench.ts";
import type { Device } from "./s-world.ts";

/** The old S-CSCF takes this device's user back so many ms after each of the first `times` MARs of the CFS. */
function takesBack({ world }: SBench, device: Device, ms: number, times: number): void {
  let left = times;
  world.hss.overwritten = (impi, server) => {
    if (impi !== device.impi || server !== s2 || left === 0) return;
    left -= 1;
    world.happens(ms, "MAR of the old S-CSCF", () => {
      Object.assign(world.hss.of(impi), { server: s1, pending: true });
    });
  };
}

function marsOf({ world }: SBench, { impi }: Device): string[] {
  return world.hss.mars.filter((mar) => mar.impi === impi).map(({ server }) => server);
}

for (const [when, ms] of [
  ["before the name is read back", 20],
  ["after the name was read back", 350],
] as const)
  test(`TS 29.228 6.3.1: the old S-CSCF takes a user back ${when}: it is written again, and the others are moved`, async () => {
    const made = openSBench();
    const [first, taken, ...others] = Array.from({ length: 6 }, (_, n) => made.world.add(n + 1));
    assert.ok(first !== undefined && taken !== undefined);
    taken.behaviour = { registerMs: ms + 50 };
    takesBack(made, taken, ms, 1);
    const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
    const ended = await made.bench.end(id);
    assert.deepEqual(ended.counts, { planned: 6, moved: 6, left: 0 });
    assert.deepEqual(marsOf(made, taken), [s2, s2]);
    assert.ok(made.world.registrations.some(({ key, sCscf }) => key === taken.key && sCscf === s1));
    for (const device of [first, taken, ...others]) agree(made, device, s2);
  });

test("TS 29.228 6.3.1: bounded: one who is taken back each time is given back, and the others are moved", async () => {
  const made = openSBench();
  const devices = Array.from({ length: 6 }, (_, n) => made.world.add(n + 1));
  const [, taken] = devices;
  assert.ok(taken !== undefined);
  taken.behaviour = { registerMs: 70 };
  takesBack(made, taken, 20, Number.POSITIVE_INFINITY);
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  const ended = await made.bench.end(id);
  assert.deepEqual([ended.state, ended.counts], ["COMPLETED", { planned: 6, moved: 5, left: 1 }]);
  const line = lineOf(ended, taken);
  assert.equal(line.state, "rolledBack");
  assert.match(
    line.reason,
    /^returned to the old S-CSCF: the HSS took sip:scscf2.* and has sip:scscf1.* since/,
  );
  assert.deepEqual(marsOf(made, taken), [s2, s2, s2, s2, s1]);
  await made.bench.simulation.run({ ms: 2_000 });
  for (const device of devices) agree(made, device, device === taken ? s1 : s2);
});
