// The change of S-CSCF when something goes wrong: each failure of cfs-ue 8, and where everybody is in the end.
// Long because each failure is played to its end.
import assert from "node:assert/strict";
import test from "node:test";
import type { CommandBody } from "@liquid-ims/reference-points/cfs-ue";
import { s1, s2 } from "../bench.ts";
import { agree, leave, lineOf, openSBench, type SBench } from "./s-bench.ts";
import type { Device } from "./s-world.ts";

function isNow(command: CommandBody): boolean {
  return command.command === "move" && command.after === 0;
}

/** `move 500`, `move 0`, `cancel`, as they reached a device. */
function heard({ world }: SBench, device: Device): string[] {
  return world.heard
    .filter(({ key }) => key === device.key)
    .map(({ command }) => (command.command === "move" ? `move ${command.after}` : command.command));
}

function marsOf({ world }: SBench): string[] {
  return world.hss.mars.map(({ server }) => server);
}

async function play(made: SBench, device: Device, limitMs = 90_000) {
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  const ended = await made.bench.end(id, limitMs);
  return { id, ended, line: lineOf(ended, device) };
}

test("cfs-ue 8 step 1: accepted later than 250 ms after the command: armed anew, and no MAR before", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.answerDelay = 300;
  const first = made.world.heard;
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  await made.bench.simulation.run({ ms: 5_000, when: () => first.length === 2 });
  assert.deepEqual(heard(made, alice), ["move 500", "move 500"]);
  assert.deepEqual(marsOf(made), []);
  made.world.answerDelay = 3;
  const line = lineOf(await made.bench.end(id), alice);
  assert.equal(line.state, "done");
  // The second answer was on its way already.
  assert.deepEqual(heard(made, alice), ["move 500", "move 500", "move 500", "move 0"]);
  agree(made, alice, s2);
});

test("cfs-ue 8 step 1: a device that never accepts in time is not moved, and told to stop", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.answerDelay = 300;
  const { line } = await play(made, alice);
  assert.deepEqual([line.state, line.reason, line.reassignedAt], ["timedOut", "no answer", null]);
  assert.equal(heard(made, alice).at(-1), "cancel");
  assert.deepEqual(marsOf(made), []);
  agree(made, alice, s1);
});

test("cfs-ue 8 step 2: `after: 0` is lost: the armed registration lands at the new S-CSCF", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.drops = (_key, command) => isNow(command);
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.deepEqual(heard(made, alice)[0], "move 500");
  const window = (line.registeredAt ?? 0) - (line.reassignedAt ?? 0);
  assert.ok(window > 400 && window < 700, `${window} ms`);
  agree(made, alice, s2);
});

test("cfs-ue 8 step 3: the HSS executes late: the armed refresh goes to the old one, the MAA is followed by `after: 0`", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.behaviour = { executeMs: 1_500 };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.deepEqual(heard(made, alice), ["move 500", "move 0"]);
  assert.ok(made.world.registrations.some(({ sCscf }) => sCscf === s1));
  agree(made, alice, s2);
});

test("cfs-ue 8 step 3: the MAA is late, the armed registration has landed: one more follows while the dialogs wait", async () => {
  const made = openSBench();
  const alice = made.world.add(1, {
    behaviour: {
      dialogs: [{ id: "d", state: "confirmed", role: "uac", emergency: false, replaceable: true }],
    },
  });
  made.world.hss.behaviour = { answerMs: 900 };
  const { line, ended } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.deepEqual(ended.dialogs, { kept: 1, pinned: 0, lost: 0, endedMeanwhile: 0 });
  agree(made, alice, s2);
});

test("cfs-ue 8 step 3: no MAA, executed: the armed registration lands, nothing else is sent", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.behaviour = { answerMs: null };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.deepEqual(heard(made, alice), ["move 500"]);
  assert.deepEqual(made.world.hss.reads, []);
  agree(made, alice, s2);
});

test("cfs-ue 8 step 3: no MAA, executed late: the name is read after 1, 2, 4 s, and `after: 0` follows when it is new", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.behaviour = { executeMs: 2_500, answerMs: null };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  const since = made.world.hss.reads.map(
    ({ at }) => Math.round((at - (line.reassignedAt ?? 0) + epochOf(made)) / 100) / 10,
  );
  assert.deepEqual(since, [1, 2, 4]);
  assert.deepEqual(heard(made, alice), ["move 500", "move 0"]);
  agree(made, alice, s2);
});

function epochOf({ bench }: SBench): number {
  return bench.cfs.host.clock.wall() - bench.now;
}

test("cfs-ue 8 step 4: a 200 that names the old S-CSCF still: one more registration in 500 ms", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.behaviour = { visibleMs: 300 };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.deepEqual(
    made.world.registrations.map(({ sCscf }) => sCscf),
    [s1, s2],
  );
  agree(made, alice, s2);
});

test("real-cores: an HSS that ignores Server-Name: one user finds it out, nobody else is armed, all are told why", async () => {
  const made = openSBench();
  const devices = Array.from({ length: 12 }, (_, n) => made.world.add(n + 1));
  made.world.hss.behaviour = { ignores: true };
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  const ended = await made.bench.end(id);
  assert.equal(ended.state, "COMPLETED");
  assert.deepEqual(ended.counts, { planned: 12, moved: 0, left: 12 });
  for (const { state, reason } of ended.users) {
    assert.equal(state, "refused");
    assert.match(
      reason,
      /^HSS does not move users on MAR: MAR was answered with success, UAR still says sip:scscf1/,
    );
  }
  assert.ok((ended.endedAt ?? 0) - ended.startedAt < 1_500, "not only after the commit time");
  assert.equal(made.world.hss.reads.length, 3);
  const touched = new Set(made.world.heard.map(({ key }) => key));
  assert.equal(touched.size, 1, "one user is armed");
  await made.bench.simulation.run({ ms: 2_000 });
  for (const device of devices) agree(made, device, s1);
  // Another order tries again, with one: the HSS may be another one now.
  made.world.hss.behaviour = {};
  const { id: next } = await made.bench.value(made.bench.operations.createTransfer(leave));
  assert.equal((await made.bench.end(next)).counts.moved, 12);
});

test("real-cores: a drain where the HSS moves nobody says so at once, and not at its deadline", async () => {
  const { bench, world } = openSBench();
  world.add(1);
  world.add(2);
  world.hss.behaviour = { ignores: true };
  const { id } = await bench.value(bench.operations.createTransfer({ ...leave, load: 0 }));
  const ended = await bench.end(id);
  assert.deepEqual([ended.state, ended.standing, ended.counts.left], ["FAILED_TEMP", true, 2]);
  assert.equal(ended.problem?.title, "HSS does not move users on MAR");
  assert.match(
    ended.problem?.detail ?? "",
    /^2 registrations and 0 dialogs are still on sip:scscf1\.home:6060: MAR was .*; give cx\.adapter .*; then end this order with DELETE/,
  );
});

test("real-cores: while nobody knows whether the HSS moves users, one goes first; then all at once", async () => {
  const made = openSBench();
  for (let n = 1; n <= 12; n++) made.world.add(n);
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  const ended = await made.bench.end(id);
  assert.equal(ended.counts.moved, 12);
  const armed = made.world.heard.flatMap(({ at, command }) =>
    command.command === "move" && command.after > 0 ? [at] : [],
  );
  const [first = 0, second = 0, ...others] = armed;
  const [mar] = made.world.hss.mars;
  assert.ok(mar !== undefined && first < mar.at && second > mar.at);
  assert.ok(
    others.slice(0, 8).every((at) => at - second < 50),
    "the others together, ten in flight",
  );
  const { reads } = made.world.hss;
  assert.equal(reads.length, 1, "the name is read back for the first; for the others the record came first");
  assert.equal(made.world.hss.checks.length, 12);
});

test("T3: a call in the window leaves the user unregistered at the HSS: told to register again, and so reported", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  // The new S-CSCF's SAR UNREGISTERED_USER comes after that of the registration.
  let times = 0;
  made.world.hss.registered = (impi) => {
    times += 1;
    if (times <= 2) made.world.hss.of(impi).unregistered = true;
  };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.match(line.reason, /^registered at the HSS after 2 registrations more$/);
  assert.equal(made.world.registrations.length, 3);
  assert.equal(made.world.hss.of(alice.impi).unregistered, false);
  agree(made, alice, s2);
});

test("T3: bounded: whoever is not held after three more registrations is reported so, not as moved", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.registered = (impi) => {
    made.world.hss.of(impi).unregistered = true;
  };
  const { line, ended } = await play(made, alice);
  assert.deepEqual([line.state, ended.counts.moved], ["failed", 0]);
  assert.match(
    line.reason,
    /^not registered at the HSS: the HSS has him as unregistered after 3 registrations more$/,
  );
  assert.equal(made.world.registrations.length, 4);
});

test("T7: the old S-CSCF has taken the user back at the HSS after the record: the name is written again", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  let isTaken = false;
  made.world.hss.registered = (impi) => {
    if (isTaken) return;
    isTaken = true;
    made.world.hss.subscriptions.set(impi, { server: s1, pending: false, unregistered: true });
  };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.deepEqual(marsOf(made), [s2, s2]);
  agree(made, alice, s2);
});

test("T3: who has left by himself before the HSS was asked is neither repaired nor failed", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  await made.bench.simulation.run({ ms: 5_000, when: () => alice.sCscf === s2 });
  await made.bench.simulation.run({ ms: 500 });
  made.world.hss.subscriptions.delete(alice.impi);
  made.world.record(alice, { state: "left", leftAt: made.bench.cfs.host.clock.wall() });
  const line = lineOf(await made.bench.end(id), alice);
  assert.equal(line.state, "done");
  assert.equal(made.world.registrations.length, 1);
});

test("cfs-ue 8 step 5: the LCF is killed after accepting: the old name is restored, reported as pending", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.overwritten = (_impi, server) => {
    if (server === s2) alice.lcf?.kill();
  };
  const { id, line } = await play(made, alice);
  assert.equal(line.state, "rolledBack");
  assert.match(line.reason, /^pending/);
  assert.deepEqual(marsOf(made), [s2, s1]);
  assert.equal(made.world.hss.of(alice.impi).server, s1);
  assert.equal(made.bench.rows.get(alice.impu)[0]?.sCscf, s1);
  // It comes back by itself: where the HSS says.
  alice.lcf?.restart();
  alice.lcf?.node.refresh();
  await made.bench.simulation.run({ ms: 1_000 });
  agree(made, alice, s1);
  assert.equal(lineOf(await made.bench.get(id), alice).state, "rolledBack");
});

test("cfs-ue 8 step 5: the LCF is restarted after accepting: it registers where the HSS says, and counts as moved", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.overwritten = () => {
    made.world.hss.overwritten = () => undefined;
    alice.lcf?.restart();
    alice.lcf?.node.refresh();
  };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  agree(made, alice, s2);
});

test("cfs-ue 8 step 5: the registration at the new S-CSCF fails: rolled back at once", async () => {
  const made = openSBench();
  const alice = made.world.add(1, { behaviour: { registrationFails: (sCscf) => sCscf === s2 } });
  const { ended, line } = await play(made, alice);
  assert.ok((ended.endedAt ?? 0) - ended.startedAt < 2_000);
  assert.equal(line.state, "rolledBack");
  assert.match(line.reason, /^returned to the old S-CSCF: /);
  agree(made, alice, s1);
});

test("cfs-ue 8 step 5: the HSS is gone after the MAR: restored when it is back, whoever has waited for it", async () => {
  const made = openSBench();
  const alice = made.world.add(1, { behaviour: { registrationFails: (sCscf) => sCscf === s2 } });
  made.world.hss.overwritten = () => {
    made.world.hss.isDown = true;
  };
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  await made.bench.simulation.run({ ms: 20_000 });
  assert.equal(lineOf(await made.bench.get(id), alice).state, "rolledBack");
  assert.deepEqual(marsOf(made), [s2]);
  made.world.hss.overwritten = () => undefined;
  made.world.hss.isDown = false;
  await made.bench.end(id);
  await made.bench.simulation.run({ ms: 1_000 });
  assert.deepEqual(marsOf(made), [s2, s1]);
  agree(made, alice, s1);
});

test("cfs-ue 8 step 5: a record that shows the new S-CSCF wins over the rollback, and the HSS gets its name again", async () => {
  const made = openSBench();
  const alice = made.world.add(1, { behaviour: { recordMs: 8_040 } });
  made.world.hss.overwritten = (_impi, server) => {
    // The device has registered; its record comes while the old name is being restored.
    if (server === s1) alice.behaviour = {};
  };
  made.world.hss.behaviour = { only: s1, executeMs: 20, answerMs: 200 };
  const { line } = await play(made, alice);
  await made.bench.simulation.run({ ms: 2_000 });
  assert.equal(line.state, "done");
  assert.deepEqual(marsOf(made), [s2, s1, s2]);
  agree(made, alice, s2);
});

test("cfs-ue 8 step 6: RTR to the old S-CSCF first: the record is gone for a while, the user moves all the same", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.overwritten = () => {
    const leftAt = made.bench.cfs.host.clock.wall();
    made.world.record(alice, { state: "left", leftAt });
  };
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  agree(made, alice, s2);
});

test("cfs-ue 8 step 6: RTR, and the device is gone, too: only the commit time ends it", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.overwritten = (_impi, server) => {
    if (server !== s2) return;
    alice.lcf?.kill();
    made.world.record(alice, { state: "left", leftAt: made.bench.cfs.host.clock.wall() });
  };
  const { line, ended } = await play(made, alice);
  assert.equal(line.state, "rolledBack");
  assert.ok((ended.endedAt ?? 0) - ended.startedAt >= 8_000);
  assert.equal(made.world.hss.of(alice.impi).server, s1);
});

test("cfs-ue 8: a refresh that falls due in between lands at the new S-CSCF, and that counts", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.drops = (_key, command) => isNow(command);
  made.world.hss.overwritten = () => alice.lcf?.node.refresh();
  const { line } = await play(made, alice);
  assert.equal(line.state, "done");
  assert.ok((line.recordSeenAt ?? 0) - (line.reassignedAt ?? 0) < 100);
  agree(made, alice, s2);
});

test("cfs-ue 8: an emergency call cancels the move: rolled back when the MAR had left, else tried when it is over", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.overwritten = (_impi, server) => {
    if (server === s2) alice.lcf?.node.driver.emergency();
  };
  made.world.delay = (_key, command) => (isNow(command) ? 600 : 2);
  const { line } = await play(made, alice);
  await made.bench.simulation.run({ ms: 1_000 });
  assert.ok(line.state === "rolledBack" || line.state === "done", line.state);
  agree(made, alice, line.state === "done" ? s2 : s1);
});

test("cfs-ue 7: an emergency call pins its user", async () => {
  const made = openSBench();
  const alice = made.world.add(1, { behaviour: { refuses: true } });
  const { id } = await made.bench.value(made.bench.operations.createTransfer({ ...leave, deadline: 5 }));
  const line = lineOf(await made.bench.end(id), alice);
  assert.equal(line.state, "refused");
  assert.match(line.reason, /^emergency call/);
  assert.deepEqual(marsOf(made), []);
  agree(made, alice, s1);
});

test("system 6 pace: 3004 rests the transfer, and the user is tried again", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.behaviour = { refuses: "HSS too busy" };
  const { id } = await made.bench.value(made.bench.operations.createTransfer(leave));
  await made.bench.simulation.run({ ms: 300 });
  const waiting = lineOf(await made.bench.get(id), alice);
  assert.deepEqual([waiting.state, waiting.reason], ["planned", "HSS too busy: by the script"]);
  made.world.hss.behaviour = {};
  const line = lineOf(await made.bench.end(id), alice);
  assert.equal(line.state, "done");
  assert.deepEqual(heard(made, alice).slice(0, 2), ["move 500", "cancel"]);
  agree(made, alice, s2);
});

test("TS 29.228 6.3: unknown to the HSS is an end of its own, and nothing has happened to the user", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.behaviour = { refuses: "unknown to the HSS" };
  const { line } = await play(made, alice);
  assert.deepEqual([line.state, line.reason], ["failed", "unknown to the HSS: by the script"]);
  assert.deepEqual(heard(made, alice), ["move 500", "cancel"]);
  agree(made, alice, s1);
});

test("an HSS that cannot be reached is tried again, then the reason", async () => {
  const made = openSBench();
  const alice = made.world.add(1);
  made.world.hss.isDown = true;
  const { line } = await play(made, alice, 300_000);
  assert.deepEqual([line.state, line.reason], ["failed", "HSS cannot be reached: by the script"]);
  const tries = heard(made, alice).filter((what) => what === "move 500").length;
  assert.equal(tries, 6);
  agree(made, alice, s1);
});

test("system 6 guard: users who were rolled back stop a transfer", async () => {
  const made = openSBench();
  const behaviour = { registrationFails: (sCscf: string) => sCscf === s2 };
  const devices = Array.from({ length: 12 }, (_, n) => made.world.add(n + 1, { behaviour }));
  const request = { ...leave, pace: { mode: "fixed", usersPerSecond: 20, usersInFlight: 4 } } as const;
  const { id } = await made.bench.value(made.bench.operations.createTransfer(request));
  const ended = await made.bench.end(id);
  assert.deepEqual([ended.state, ended.problem?.title], ["FAILED", "too many failures"]);
  await made.bench.simulation.run({ ms: 2_000 });
  for (const device of devices) agree(made, device, s1);
  assert.ok(ended.users.filter(({ state }) => state === "aborted").length >= 4);
});

/** The HSS's RTR, as soon as the CFS's name is on the user. */
async function terminated(reason: string) {
  const made = openSBench();
  const alice = made.world.add(1);
  const told: (readonly string[] | string | null)[] = [];
  made.world.hss.overwritten = (impi, server) => {
    if (server !== s2) return;
    const push = { command: "RTR", privateIdentity: impi, publicIdentities: [], reason } as const;
    void made.bench.cfs.node.controller.pushed(push).then((servers) => {
      told.push(servers);
      // What the HSS and the S-CSCF do then.
      if (reason === "NEW_SERVER_ASSIGNED") return;
      made.world.hss.subscriptions.delete(impi);
      made.world.record(alice, { state: "left", leftAt: made.bench.cfs.host.clock.wall() });
    });
  };
  made.world.drops = (_key, command) => isNow(command);
  const { line } = await play(made, alice);
  await made.bench.simulation.run({ ms: 20_000 });
  return { made, alice, line, told };
}

test("TS 29.228 6.1.3: an RTR for a user in the middle of his move ends it: no name is written any more, no registration asked for", async () => {
  for (const reason of ["PERMANENT_TERMINATION", "SERVER_CHANGE"]) {
    const { made, alice, line, told } = await terminated(reason);
    assert.deepEqual([line.state, line.reason], ["superseded", "ended by the HSS"], reason);
    assert.deepEqual(told, [[s1]], "and it goes on to the S-CSCF of the record");
    assert.deepEqual(marsOf(made), [s2]);
    const last = made.world.heard.filter(({ key }) => key === alice.key).at(-1)?.command;
    assert.ok(last?.command === "cancel" && !last.reRegister, reason);
    assert.equal(made.world.registrations.length, 0);
  }
});

test("TS 29.228 8.1.1: an RTR that another S-CSCF was assigned goes on to the one that is left; the move goes on", async () => {
  const { made, alice, line, told } = await terminated("NEW_SERVER_ASSIGNED");
  assert.equal(line.state, "done");
  assert.deepEqual(told, [[s1]]);
  agree(made, alice, s2);
  // The one that he has moved to is not told that he has left.
  const push = { command: "RTR", privateIdentity: alice.impi, publicIdentities: [] } as const;
  const { controller } = made.bench.cfs.node;
  const late = controller.pushed({ ...push, reason: "NEW_SERVER_ASSIGNED" });
  assert.deepEqual(await made.bench.simulation.settle(late), []);
});
