// A subscription has one S-CSCF: all its devices move together, with one MAR, or none does. Who is in a call; drains.
// Long because each order of the OSS/BSS is played to its end.
import assert from "node:assert/strict";
import test from "node:test";
import { subscriptionsOf } from "@liquid-ims/cfs/transfer/reassignment/subscriptions";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { s1, s2 } from "../bench.ts";
import { agree, cx, leave, lineOf, openSBench } from "./s-bench.ts";
import type { ScriptedDialog } from "./scripted-lcf.ts";

function dialog(id: string, role: "uac" | "uas"): ScriptedDialog {
  return { id, state: "confirmed", role, emergency: false, replaceable: true };
}

const drain = { ...leave, load: 0 } as const;

test("cfs-ue 8 step 1: several devices: all accept, then one MAR, and each gets `after: 0`", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const devices = [1, 2, 3].map((device) => world.add(1, { device }));
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.deepEqual(ended.counts, { planned: 3, moved: 3, left: 0 });
  assert.equal(world.hss.mars.length, 1);
  for (const device of devices) agree(made, device, s2);
});

test("system 3 S: a subscription with a device without LCF is skipped, all of it", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const phone = world.add(1);
  world.add(1, { device: 2, lcf: false });
  const other = world.add(2);
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  const reasons = ended.users
    .filter(({ user }) => user === phone.impu)
    .map(({ state, reason }) => [state, reason]);
  assert.deepEqual(reasons, [
    ["skipped", "device without LCF"],
    ["skipped", "device without LCF"],
  ]);
  assert.equal(lineOf(ended, other).state, "done");
  assert.deepEqual(
    world.hss.mars.map(({ impi }) => impi),
    [other.impi],
  );
  agree(made, phone, s1);
});

test("cfs-ue 8 step 1: one device refuses: cancel to the other, no MAR; together when it may", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const first = world.add(1, { device: 1 });
  const second = world.add(1, { device: 2, behaviour: { refuses: true } });
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  await bench.simulation.run({ ms: 1_000 });
  assert.deepEqual(world.hss.mars, []);
  const commands = world.heard.filter(({ key }) => key === first.key).map(({ command }) => command.command);
  assert.deepEqual(commands, ["move", "cancel"]);
  const waiting = (await bench.get(id)).users;
  assert.ok(waiting.every(({ state, reason }) => state === "planned" && reason.startsWith("emergency call")));
  second.behaviour = {};
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 2);
  assert.equal(world.hss.mars.length, 1);
  for (const device of [first, second]) agree(made, device, s2);
});

test("cfs-ue 8 step 1: one device answers too late, three times: cancel to all, nobody moves", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const first = world.add(1, { device: 1 });
  const second = world.add(1, { device: 2 });
  world.delay = (key) => (key === second.key ? 300 : 2);
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id, 120_000);
  assert.deepEqual(world.hss.mars, []);
  assert.deepEqual(ended.counts, { planned: 2, moved: 0, left: 2 });
  assert.ok(
    ended.users.every(({ state }) => state === "refused"),
    JSON.stringify(ended.users),
  );
  for (const device of [first, second]) agree(made, device, s1);
});

test("cfs-ue 8 step 5: one of two devices dies after accepting: the name stays with the one that has moved", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const first = world.add(1, { device: 1 });
  const second = world.add(1, { device: 2 });
  world.hss.overwritten = () => second.lcf?.kill();
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.deepEqual(ended.users.map(({ state }) => state).sort(), ["done", "timedOut"]);
  assert.deepEqual(
    world.hss.mars.map(({ server }) => server),
    [s2],
  );
  agree(made, first, s2);
  // When it is back it goes where its subscription is.
  second.lcf?.restart();
  second.lcf?.node.refresh();
  await bench.simulation.run({ ms: 500 });
  agree(made, second, s2);
});

test("cfs-ue 8 step 5: neither of two devices comes to the new S-CSCF: one restoring MAR, both return", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const registrationFails = (sCscf: string) => sCscf === s2;
  const devices = [1, 2].map((device) => world.add(1, { device, behaviour: { registrationFails } }));
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.ok(
    ended.users.every(({ state }) => state === "rolledBack"),
    JSON.stringify(ended.users),
  );
  assert.deepEqual(
    world.hss.mars.map(({ server }) => server),
    [s2, s1],
  );
  for (const device of devices) agree(made, device, s1);
});

test("system 6 pairs: both ends of a call register first, then the one that has placed it replaces", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const caller = world.add(1, { behaviour: { dialogs: [dialog("d", "uac")] } });
  const callee = world.add(2, { behaviour: { dialogs: [dialog("d", "uas")] } });
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 2);
  assert.deepEqual(ended.dialogs, { kept: 1, pinned: 0, lost: 0, endedMeanwhile: 0 });
  assert.deepEqual(world.replaced, [{ key: caller.key, dialog: "d" }]);
  const last = Math.max(...world.registrations.map(({ at }) => at));
  const replace = world.heard.filter(({ command }) => command.command === "replace");
  assert.ok(replace.every(({ at }) => at > last) && replace.length > 0);
  for (const device of [caller, callee]) agree(made, device, s2);
});

test("system 6 order: who is idle first, then those in calls; nobody is asked before", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const busy = world.add(1, { behaviour: { dialogs: [dialog("d", "uac")] } });
  const idle = [2, 3].map((n) => world.add(n));
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 3);
  const order = world.hss.mars.map(({ impi }) => impi);
  assert.equal(order.at(-1), busy.impi);
  assert.ok(world.heard.every(({ command }) => command.command !== "query"));
  assert.deepEqual(world.replaced, [{ key: busy.key, dialog: "d" }]);
  for (const device of [busy, ...idle]) agree(made, device, s2);
});

test("system 3 S: where the HSS cancels the old S-CSCF, planned moves wait for the ends of calls", async () => {
  const made = openSBench(1, { cx: { ...cx, cancelsOldServer: true } });
  const { bench, world } = made;
  const busy = world.add(1, { behaviour: { dialogs: [dialog("d", "uac")] } });
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  await bench.simulation.run({ ms: 10_000 });
  assert.deepEqual(world.hss.mars, []);
  assert.match(lineOf(await bench.get(id), busy).reason, /^not idle/);
  busy.behaviour = {};
  assert.equal((await bench.end(id)).counts.moved, 1);
  agree(made, busy, s2);
});

test("system 3 S: they wait for that also where dialogs are not replaced; after a failure nobody waits", async () => {
  const config = { cx: { ...cx, cancelsOldServer: true }, replaceDialogs: false };
  const planned = openSBench(1, config);
  const busy = planned.world.add(1, { behaviour: { dialogs: [dialog("d", "uac")] } });
  const idle = planned.world.add(2);
  const { id } = await planned.bench.value(planned.bench.operations.createTransfer(leave));
  await planned.bench.simulation.run({ ms: 10_000 });
  agree(planned, idle, s2);
  assert.match(lineOf(await planned.bench.get(id), busy).reason, /^not idle/);
  busy.behaviour = {};
  assert.equal((await planned.bench.end(id)).counts.moved, 2);
  agree(planned, busy, s2);
  assert.deepEqual(planned.world.replaced, []);

  const failed = openSBench(1, config);
  const caller = failed.world.add(1, { behaviour: { dialogs: [dialog("d", "uac")] } });
  const request = { ...leave, reason: "failure" } as const;
  const moved = await failed.bench.value(failed.bench.operations.createTransfer(request));
  const ended = await failed.bench.end(moved.id);
  assert.equal(ended.counts.moved, 1);
  assert.match(lineOf(ended, caller).reason, /^1 call at risk/);
});

test("system 6 order: a failure moves those in calls first, whatever they do", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const idle = world.add(1);
  const busy = world.add(2, {
    behaviour: { dialogs: [{ ...dialog("d", "uac"), replaceable: "no Replaces at the peer" }] },
  });
  const request = { ...leave, reason: "failure", pace: { mode: "fixed", usersPerSecond: 2 } } as const;
  const { id } = await bench.value(bench.operations.createTransfer(request));
  await bench.end(id);
  assert.deepEqual(
    world.hss.mars.map(({ impi }) => impi),
    [busy.impi, idle.impi],
  );
});

test("system 6: a drain of an S-CSCF stands: who registers there later is moved, and it can be removed", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const devices = [world.add(1), world.add(2)];
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.standing, ended.counts.moved], ["COMPLETED", true, 2]);
  const free = await bench.value(bench.operations.canRemove(s1));
  assert.deepEqual([free.canRemove, free.blockers], [true, []]);
  const late = world.add(3);
  await bench.simulation.run({ ms: 3_000 });
  for (const device of [...devices, late]) agree(made, device, s2);
  const inflow = await bench.value(bench.operations.canRemove(s1));
  assert.deepEqual(
    inflow.inflow.map(({ user }) => user),
    [late.impu],
  );
  const other = await bench.value(bench.operations.canRemove(s2));
  assert.equal(other.canRemove, false);
});

test("system 6: one user is moved by hand, with all his devices", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const devices = [1, 2].map((device) => world.add(1, { device }));
  const other = world.add(2);
  const request = { users: ["sip:u01@home"], targets: [{ function: s2 }], reason: "maintenance" } as const;
  const { id } = await bench.value(bench.operations.createTransfer(request));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 2);
  for (const device of devices) agree(made, device, s2);
  agree(made, other, s1);
  const again = await bench.value(bench.operations.createTransfer(request));
  const there = await bench.end(again.id);
  assert.deepEqual(
    there.users.map(({ reason }) => reason),
    ["already on the target", "already on the target"],
  );
});

test("T2: at most 10 users are in flight unless the pace says otherwise", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const devices = Array.from({ length: 30 }, (_, n) => world.add(n + 1));
  const { id, request } = await bench.value(bench.operations.createTransfer(leave));
  assert.equal(request.pace, undefined);
  let most = 0;
  while ((await bench.get(id)).endedAt === null) {
    const pending = devices.filter(({ impi }) => world.hss.of(impi).pending).length;
    most = Math.max(most, pending);
    await bench.simulation.run({ ms: 5 });
  }
  assert.ok(most >= 5 && most <= 10, String(most));
  for (const device of devices) agree(made, device, s2);
});

function record(impi: string, implicitSet: readonly string[], instance: string): LocationRecord {
  return {
    ...{ impu: implicitSet[0] ?? "", contact: null, implicitSet, impi, instance, pCscf: null, path: [] },
    ...{ sCscf: s1, visitedNetwork: null, registeredAt: 0, refreshedAt: 0, expiresAt: 1, order: null },
    ...{ doubtful: false, ambiguous: false, others: [], state: "registered", leftAt: null },
    ...{ version: 1, change: 1 },
  };
}

test("TS 23.228 4.3.3.4: private identities that share a public one are one subscription", () => {
  const records = [
    record("c@home", ["sip:c@home", "sip:family@home"], "1"),
    record("a@home", ["sip:a@home"], "2"),
    record("b@home", ["sip:family@home"], "3"),
    record("b@home", ["sip:b@home"], "4"),
  ];
  assert.deepEqual(
    [...subscriptionsOf(records)],
    [
      ["c@home 1", "b@home"],
      ["a@home 2", "a@home"],
      ["b@home 3", "b@home"],
      ["b@home 4", "b@home"],
    ],
  );
});
