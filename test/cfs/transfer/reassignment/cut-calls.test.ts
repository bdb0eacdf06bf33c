// Calls that the network cuts when the S-CSCF of their users changes (T4): what one transfer has seen holds for those after it,
// over a restart, too. system 3 S.
import assert from "node:assert/strict";
import test from "node:test";
import { s2 } from "../bench.ts";
import { agree, cx, leave, lineOf, openSBench, type SBench } from "./s-bench.ts";
import type { Device } from "./s-world.ts";
import type { ScriptedDialog, UeBehaviour } from "./scripted-lcf.ts";

/** Two users at S-CSCF 1 who are in a call with each other. */
function call({ world }: SBench, n: number): readonly [Device, Device] {
  const end = (role: "uac" | "uas"): UeBehaviour => {
    const common = { id: `d${n}`, state: "confirmed", emergency: false, replaceable: true } as const;
    const dialogs: readonly ScriptedDialog[] = [{ ...common, role }];
    return { callsAreCut: true, dialogs };
  };
  return [world.add(n, { behaviour: end("uac") }), world.add(n + 1, { behaviour: end("uas") })];
}

async function begin({ bench }: SBench, devices: readonly Device[], to: string): Promise<string> {
  const users = devices.map(({ impu }) => impu);
  const request = { users, targets: [{ function: to }], reason: "maintenance" } as const;
  return (await bench.value(bench.operations.createTransfer(request))).id;
}

async function cutOnce(
  cancelsOldServer?: false,
): Promise<{ made: SBench; id: string; others: readonly [Device, Device] }> {
  const made = openSBench(1, {
    cx: { ...cx, ...(cancelsOldServer === undefined ? {} : { cancelsOldServer }) },
  });
  const first = call(made, 1);
  const id = await begin(made, first, s2);
  const ended = await made.bench.end(id);
  assert.equal(ended.problem?.title, "calls were cut");
  assert.equal(ended.dialogs.endedMeanwhile, 1);
  for (const device of first) device.behaviour = {};
  return { made, id, others: call(made, 3) };
}

for (const restarts of [false, true]) {
  test(`T4: what one transfer has seen for certain, the next one knows${restarts ? ", in the CFS's next life, too" : ""}`, async () => {
    const { made, id, others } = await cutOnce();
    const { bench, world } = made;
    if (restarts) {
      bench.cfs.kill();
      bench.cfs.restart();
      world.redeliver();
    }
    const mars = world.hss.mars.length;
    const idle = world.add(5);
    const next = await begin(made, [...others, idle], s2);
    await bench.simulation.run({ ms: 10_000 });
    agree(made, idle, s2);
    assert.equal(world.hss.mars.length, mars + 1, "nobody is tried whose call goes on");
    const waiting = await bench.get(next);
    for (const device of others) assert.match(lineOf(waiting, device).reason, /^not idle/);
    assert.equal(waiting.problem?.title, "calls were cut");
    assert.match(
      waiting.problem?.detail ?? "",
      new RegExp(`^1 of 1 calls .*\\(${id}\\): users in calls stay`),
    );
    for (const device of others) device.behaviour = {};
    const ended = await bench.end(next);
    assert.equal(ended.counts.moved, 3);
    assert.equal(ended.problem, undefined);
  });
}

test("T4: after a failure users are moved all the same, and their calls are said to be at risk", async () => {
  const { made, others } = await cutOnce();
  const { bench } = made;
  const request = { ...leave, reason: "failure" } as const;
  const { id } = await bench.value(bench.operations.createTransfer(request));
  const ended = await bench.end(id);
  for (const device of others) assert.match(lineOf(ended, device).reason, /^1 call at risk/);
});

test("T4: `cx.cancelsOldServer: false`: what earlier transfers have seen does not count any more", async () => {
  const { made, others } = await cutOnce(false);
  for (const device of others) device.behaviour = { ...device.behaviour, callsAreCut: false };
  const ended = await made.bench.end(await begin(made, others, s2));
  assert.deepEqual([ended.counts.moved, ended.dialogs.kept, ended.problem], [2, 1, undefined]);
});
