// The transfer engine on the virtual clock: what becomes of users whose phones behave well and badly.
// Long because each order of the OSS/BSS is played to its end.
import assert from "node:assert/strict";
import test from "node:test";
import type { TransferResource } from "@liquid-ims/cfs/operations/operations";
import { Bench, impu, key, p1, p2, p3 } from "./bench.ts";
import type { ScriptedDialog } from "./phones.ts";

function reasons({ users }: TransferResource): Record<string, string> {
  return Object.fromEntries(
    users.map(({ user, state, reason }) => [user, reason === "" ? state : `${state}: ${reason}`]),
  );
}

function call(id: string, endsAt: number, changes: Partial<ScriptedDialog> = {}): ScriptedDialog {
  return { id, state: "confirmed", role: "uac", emergency: false, replaceable: true, endsAt, ...changes };
}

const half = { function: p1, load: 0.5, targets: [{ function: p2 }], reason: "overload" } as const;
const drain = { ...half, load: 0, reason: "removal" } as const;

test("system 3 P: half of the users move, and the records show it", async () => {
  const bench = new Bench();
  bench.users(1, 10);
  const begun = await bench.value(bench.operations.createTransfer(half));
  assert.equal(begun.state, "PROCESSING");
  const ended = await bench.end(begun.id);
  assert.equal(ended.state, "COMPLETED");
  assert.deepEqual(ended.counts, { planned: 5, moved: 5, left: 0 });
  const said = Object.entries(reasons(ended));
  assert.equal(said.length, 10);
  const places = bench.places();
  for (const [user, reason] of said) {
    const moved = reason === "done";
    assert.ok(moved || reason === "staying: within the load to leave", `${user}: ${reason}`);
    assert.equal(places[user], moved ? p2 : p1);
  }
  assert.ok(bench.phones.heard.every(({ command }) => command.command === "move" && command.if === "idle"));
});

test("system 6 order: who is in a call is moved after the idle ones, with its dialogs", async () => {
  const bench = new Bench();
  bench.users(1, 4);
  bench.phones.change(key(1), { dialogs: [call("d1", 60_000)] });
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  const ended = await bench.end(id);
  assert.deepEqual(ended.counts, { planned: 4, moved: 4, left: 0 });
  assert.deepEqual(ended.dialogs, { kept: 1, pinned: 0, lost: 0, endedMeanwhile: 0 });
  const commands = bench.phones.heard.map(({ registration, command }) => [
    registration === key(1),
    command.command === "move" ? command.if : command.command,
  ]);
  assert.deepEqual(
    commands.filter(([first]) => first).map(([, what]) => what),
    ["idle", "query", "replaceable"],
  );
  const moved = bench.phones.deeds
    .filter(({ what }) => what === "registered")
    .map(({ registration }) => registration);
  assert.equal(moved.at(-1), key(1));
});

test("system 6 order: a call that cannot be replaced is waited for, and named while it lasts", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { dialogs: [call("d1", 9_000, { replaceable: "no Replaces at the peer" })] });
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  await bench.simulation.run({ ms: 5_000 });
  const waiting = await bench.get(id);
  assert.equal(reasons(waiting)[impu(1)], "planned: not replaceable: d1 no Replaces at the peer");
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 2);
  const registered = bench.phones.deeds.find(
    ({ registration, what }) => registration === key(1) && what === "registered",
  );
  assert.ok(
    registered !== undefined && registered.at > 9_000 && registered.at < 11_500,
    String(registered?.at),
  );
});

test("system 6 order: a call that goes on at the deadline is the reason for a refusal", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { dialogs: [call("d1", 1e9, { emergency: true })] });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.4, deadline: 8 }));
  const ended = await bench.end(id);
  assert.equal(ended.state, "COMPLETED");
  assert.deepEqual(ended.counts, { planned: 1, moved: 0, left: 1 });
  assert.equal(reasons(ended)[impu(1)], "refused: emergency call: d1 emergency");
  assert.equal(bench.places()[impu(1)], p1);
});

test("system 6 order: after a failure those in calls go first, in any case", async () => {
  const bench = new Bench({ config: { pace: { mode: "fixed", usersPerSecond: 5 } } });
  bench.users(1, 6);
  bench.phones.change(key(5), { dialogs: [call("d5", 60_000, { replaceable: "early" })] });
  bench.phones.change(key(3), { dialogs: [call("d3", 60_000)] });
  const { id } = await bench.value(bench.operations.createTransfer({ ...drain, reason: "failure" }));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 6);
  const moves = bench.phones.heard.filter(({ command }) => command.command === "move");
  assert.ok(moves.every(({ command }) => command.command === "move" && command.if === "always"));
  assert.deepEqual(
    moves.map(({ registration }) => registration),
    [3, 5, 1, 2, 4, 6].map(key),
  );
});

test("system 6 order: both ends of a call register first, then the caller replaces it once", async () => {
  const bench = new Bench();
  bench.users(1, 3);
  bench.phones.change(key(1), { dialogs: [call("d", 60_000, { role: "uas" })] });
  bench.phones.change(key(2), { dialogs: [call("d", 60_000), call("other", 60_000)] });
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 3);
  assert.deepEqual(ended.dialogs, { kept: 2, pinned: 0, lost: 0, endedMeanwhile: 0 });
  const moves = bench.phones.heard.flatMap(({ registration, command }) =>
    command.command === "move" && command.if === "replaceable" ? [[registration, command.replace]] : [],
  );
  assert.deepEqual(moves.sort(), [
    [key(1), "wait"],
    [key(2), "wait"],
  ]);
  const replaced = bench.phones.deeds.filter(
    ({ what, dialogs }) => what === "replaced" && dialogs.length > 0,
  );
  assert.deepEqual(
    replaced.map(({ registration, dialogs }) => [registration, dialogs]),
    [
      [key(2), ["d", "other"]],
      [key(1), ["d"]],
    ],
  );
  const registered = bench.phones.deeds.filter(({ what }) => what === "registered").map(({ at }) => at);
  assert.ok(replaced.every(({ at }) => at > Math.max(...registered)));
});

test("cfs-ue 7: a refusal that does not pass is final, others move", async () => {
  const bench = new Bench();
  bench.users(1, 3);
  bench.phones.change(key(2), { refuses: "target not allowed" });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id);
  assert.deepEqual(ended.counts, { planned: 3, moved: 2, left: 1 });
  assert.equal(reasons(ended)[impu(2)], "refused: target not allowed");
});

test("cfs-ue 7: what may pass, and does not, is tried six times with longer and longer waits", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { refuses: "another P-CSCF serves" });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id, 120_000);
  assert.equal(reasons(ended)[impu(1)], "refused: another P-CSCF serves");
  const times = bench.phones.heard.map(({ at }) => at);
  const waits = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / 1000));
  assert.deepEqual(waits, [2, 4, 8, 16, 30]);
});

test("cfs-ue 7: a phone that never answers is commanded anew until its deadline, then cancelled", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { silent: true });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(1)], "timedOut: no answer");
  assert.deepEqual(ended.counts, { planned: 2, moved: 1, left: 1 });
  assert.equal(bench.cfs.node.channel.sequenceReached(key(1)), 4);
});

test("system 3 P 5: the record makes a user moved, not the phone's word", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { unrecorded: true });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  await bench.simulation.run({ ms: 10_000 });
  assert.equal(reasons(await bench.get(id))[impu(1)], "accepted");
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(1)], "timedOut: no registration on the target");
});

test("system 3 P 5: a record that comes after the deadline still makes the user moved", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { unrecorded: true });
  bench.phones.change(key(2), { dialogs: [call("d", 60_000, { replaceable: "no" })] });
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  await bench.simulation.run({ ms: 40_000 });
  assert.equal(reasons(await bench.get(id))[impu(1)], "timedOut: no registration on the target");
  bench.phones.place(key(1), p2);
  await bench.simulation.run({ ms: 10_000 });
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(1)], "done");
  assert.equal(ended.state, "COMPLETED");
});

test("system 6: a user who registers elsewhere is superseded", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { goesTo: p3 });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(1)], "superseded: registered elsewhere");
  assert.deepEqual(ended.counts, { planned: 2, moved: 1, left: 1 });
});

test("system 6: a phone that does not report its dialogs is done at the deadline, as moved", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { reportless: true });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(1)], "done: no report of the dialogs");
  assert.deepEqual(ended.counts, { planned: 1, moved: 1, left: 0 });
});

test("system 6 pace: a registration that meets overload is tried again, a forbidden one is not", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { fails: { status: 503, times: 2 } });
  bench.phones.change(key(2), { fails: { status: 403, times: 1 } });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id);
  assert.deepEqual(reasons(ended), { [impu(1)]: "done", [impu(2)]: "failed: registration refused: 1 x 403" });
  const rounds = bench.phones.heard.filter(({ registration }) => registration === key(1));
  assert.deepEqual(
    rounds.map(({ command }) => command.operation),
    [id, `${id}.2`, `${id}.3`],
  );
});

test("system 6: an LCF that is away is waited for, then the user is unreachable", async () => {
  const bench = new Bench();
  bench.users(1, 3);
  bench.phones.change(key(1), { lcf: { reachable: false, reason: "dialog failed" } });
  bench.phones.change(key(2), { lcf: { reachable: false, reason: "suspect" } });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  await bench.simulation.run({ ms: 5_000 });
  bench.phones.change(key(2), {});
  const ended = await bench.end(id);
  assert.deepEqual(reasons(ended), {
    [impu(1)]: "unreachable: LCF cannot be reached: dialog failed",
    [impu(2)]: "done",
    [impu(3)]: "done",
  });
});

test("system 6 guard: too many failures stop new moves, those under way end", async () => {
  const bench = new Bench({ config: { pace: { mode: "fixed", usersPerSecond: 10 } } });
  bench.users(1, 30, p1, { fails: { status: 403, times: 1 } });
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  const ended = await bench.end(id);
  assert.equal(ended.state, "FAILED");
  assert.match(ended.problem?.detail ?? "", /commanded users failed/);
  const states = new Set(ended.users.map(({ state }) => state));
  assert.deepEqual(states, new Set(["failed", "aborted"]));
  assert.ok(bench.phones.heard.length < 6);
  assert.equal(ended.standing, false);
});

test("os-cfs: a cancelled transfer lets those under way end and is FAILED", async () => {
  const bench = new Bench({ config: { pace: { mode: "fixed", usersPerSecond: 10 } } });
  bench.users(1, 20);
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  await bench.simulation.run({ ms: 1_000 });
  await bench.value(bench.operations.cancelTransfer(id));
  const ended = await bench.end(id);
  assert.equal(ended.state, "FAILED");
  assert.ok(ended.counts.moved >= 9 && ended.counts.moved <= 12, String(ended.counts.moved));
  assert.equal(ended.counts.moved + ended.counts.left, 20);
});

test("system 3 drain: latecomers are moved until the standing order ends", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  await bench.simulation.run({ ms: 3_000 });
  assert.equal((await bench.get(id)).state, "PROCESSING", "the quiet time is not over");
  bench.users(3, 3);
  const first = await bench.end(id);
  assert.equal(first.state, "COMPLETED");
  assert.ok(first.standing);
  assert.ok(bench.now > 8_000, "the latecomer began the quiet time anew");
  assert.deepEqual(first.counts, { planned: 3, moved: 3, left: 0 });
  bench.users(4, 4);
  bench.phones.place(key(1), p1);
  await bench.simulation.run({ ms: 2_000 });
  assert.deepEqual(Object.values(bench.places()), [p2, p2, p2, p2]);
  const removable = await bench.value(bench.operations.canRemove(p1));
  assert.equal(removable.canRemove, true);
  assert.deepEqual(removable.inflow.map(({ user }) => user).sort(), [impu(1), impu(3), impu(4)]);
  const over = await bench.value(bench.operations.endDrain(p1));
  assert.deepEqual([over.state, over.standing], ["COMPLETED", false]);
  bench.users(5, 5);
  await bench.simulation.run({ ms: 5_000 });
  assert.equal(bench.places()[impu(5)], p1);
  assert.equal((await bench.value(bench.operations.getFunction(p1))).drain, null);
});

test("system 3 drain: a latecomer whose LCF shows itself after its record is moved, too", async () => {
  const bench = new Bench();
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  bench.users(1, 1, p1, { lcf: { reachable: false, reason: "no LCF" } });
  await bench.simulation.run({ ms: 1_000 });
  assert.equal(reasons(await bench.get(id))[impu(1)], "skipped: no LCF");
  bench.phones.change(key(1), {});
  await bench.simulation.run({ ms: 1_000 });
  assert.equal(reasons(await bench.get(id))[impu(1)], "done");
});

test("system 3 drain: an empty function is drained at once", async () => {
  const bench = new Bench();
  const begun = await bench.value(bench.operations.createTransfer(drain));
  assert.equal(begun.state, "COMPLETED");
  assert.deepEqual(begun.counts, { planned: 0, moved: 0, left: 0 });
  assert.ok(begun.standing);
});

test("system 3 drain: who cannot be moved makes it FAILED_TEMP at the deadline, COMPLETED when gone", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { lcf: { reachable: false, reason: "no LCF" } });
  const { id } = await bench.value(bench.operations.createTransfer({ ...drain, deadline: 20 }));
  const stuck = await bench.end(id);
  assert.equal(stuck.state, "FAILED_TEMP");
  assert.match(
    stuck.problem?.detail ?? "",
    /^1 registrations \(1 no LCF\) and 0 dialogs are still on pcscf1/,
  );
  // Not before: who has no LCF may show one, or leave.
  assert.ok(bench.cfs.host.clock.wall() - stuck.startedAt >= 20_000);
  assert.equal((await bench.value(bench.operations.canRemove(p1))).canRemove, false);
  bench.phones.place(key(1), p3);
  await bench.simulation.run({ ms: 6_000 });
  assert.equal((await bench.get(id)).state, "COMPLETED");
});

test("system 3 drain: a pinned dialog keeps it open until its time is over", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { dialogs: [call("d", 60_000)], result: "pinned" });
  const { id } = await bench.value(bench.operations.createTransfer({ ...drain, deadline: 20 }));
  const stuck = await bench.end(id);
  assert.equal(stuck.state, "FAILED_TEMP");
  assert.match(stuck.problem?.detail ?? "", /0 registrations and 1 dialogs/);
});

test("system 3: moves without their dialogs never ask for a replacement", async () => {
  const bench = new Bench({ config: { replaceDialogs: false } });
  bench.users(1, 2, p1, { dialogs: [call("d", 60_000)] });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 2);
  assert.ok(bench.phones.heard.every(({ command }) => command.command === "move" && command.if === "always"));
  assert.ok(bench.phones.deeds.every(({ what }) => what === "registered"));
});

test("cfs-ue 7: never two operations open for one registration", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { reportless: true });
  const first = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  await bench.simulation.run({ ms: 1_000 });
  const second = await bench.value(
    bench.operations.createTransfer({ users: [impu(1)], targets: [{ function: p3 }], reason: "maintenance" }),
  );
  await bench.simulation.run({ ms: 1_000 });
  assert.equal(reasons(await bench.get(second.id))[impu(1)], "planned");
  await bench.end(first.id);
  await bench.end(second.id, 120_000);
  const operations = bench.phones.heard.map(({ command }) => command.operation);
  assert.deepEqual([...new Set(operations)], [first.id, second.id]);
  assert.equal(bench.places()[impu(1)], p3);
});

test("system 6: transfers of several functions go on at once", async () => {
  const bench = new Bench();
  bench.users(1, 3, p1);
  bench.users(4, 6, p2);
  const target = [{ function: p3 }];
  const one = await bench.value(bench.operations.createTransfer({ ...drain, targets: target }));
  const two = await bench.value(bench.operations.createTransfer({ ...drain, function: p2, targets: target }));
  const ends = [await bench.end(one.id), await bench.end(two.id)];
  assert.deepEqual(
    ends.map(({ counts }) => counts.moved),
    [3, 3],
  );
});

test("system 6: a location service that is down for a while holds a transfer up, no more", async () => {
  const bench = new Bench({ config: { pace: { mode: "fixed", usersPerSecond: 10 } } });
  bench.users(1, 10);
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  const honest = bench.rows.changesSince;
  bench.rows.changesSince = () => {
    throw new Error("down");
  };
  await bench.simulation.run({ ms: 3_000 });
  bench.rows.changesSince = honest;
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 10);
});

test("location service: a record that was taken out unseen is no longer on the function", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.phones.change(key(1), { lcf: { reachable: false, reason: "no LCF" } });
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  await bench.simulation.run({ ms: 3_000 });
  const [record] = bench.rows.get(impu(1));
  assert.ok(record !== undefined);
  assert.equal(bench.rows.remove([{ key: record, expect: record.version }]), "done");
  await bench.simulation.run({ ms: 6_000 });
  assert.equal((await bench.get(id)).state, "COMPLETED");
});

test("location service: a user who is planned and de-registers is superseded", async () => {
  const bench = new Bench({ config: { pace: { mode: "fixed", usersPerSecond: 1 } } });
  bench.users(1, 4);
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  await bench.simulation.run({ ms: 100 });
  bench.phones.place(key(4), p1, { state: "left", leftAt: 1 });
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(4)], "superseded: no longer registered");
  assert.deepEqual(ended.counts, { planned: 4, moved: 3, left: 1 });
});

test("cfs-ue 8: a de-registration while a move is under way is not believed", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { unrecorded: true });
  const { id } = await bench.value(bench.operations.createTransfer({ ...half, load: 0.01 }));
  await bench.simulation.run({ ms: 1_000 });
  bench.phones.place(key(1), p1, { state: "left", leftAt: 1 });
  await bench.simulation.run({ ms: 1_000 });
  bench.phones.place(key(1), p2);
  const ended = await bench.end(id);
  assert.equal(reasons(ended)[impu(1)], "done");
});
