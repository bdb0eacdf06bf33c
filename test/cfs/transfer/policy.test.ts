// Pace, guard, order, pairs, dialogs: the small pure parts of a transfer.
import assert from "node:assert/strict";
import test from "node:test";
import { countDialogs, pinnedDialogs } from "@liquid-ims/cfs/transfer/dialogs";
import { defaultLimits, guard } from "@liquid-ims/cfs/transfer/guard";
import { registrationReason, verdictOf } from "@liquid-ims/cfs/transfer/outcome";
import { createPacer } from "@liquid-ims/cfs/transfer/pace";
import { pairsOf, type Surroundings } from "@liquid-ims/cfs/transfer/pairs";
import { blockersOf, conditionOf, turns } from "@liquid-ims/cfs/transfer/policy/order";
import { choose } from "@liquid-ims/cfs/transfer/policy/selection";
import { releaseOf } from "@liquid-ims/cfs/transfer/release";
import { dueFor } from "@liquid-ims/cfs/transfer/timers";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import type { UserRow } from "@liquid-ims/cfs/transfer/user-row";
import { functionAddress, happeningOf } from "@liquid-ims/cfs/transfer/wire";
import type { DialogDescription } from "@liquid-ims/reference-points/cfs-ue";
import { Bench, key, p1, p2 } from "./bench.ts";
import { someUser } from "./some-user.ts";

/** Times at which a pacer that is asked every 20 ms lets users begin. */
function starts(pacer: ReturnType<typeof createPacer>, until: number, from = 0): number[] {
  const times: number[] = [];
  for (let now = from; now <= until; now += 20) {
    const count = pacer.allowance(now, 0);
    if (count === 0) continue;
    pacer.began(now, count);
    times.push(...Array.from({ length: count }, () => now));
  }
  return times;
}

test("pace: fixed gives the first turn at once, then one every 1,000/rate ms", () => {
  assert.deepEqual(
    starts(createPacer({ mode: "fixed", usersPerSecond: 5 }), 1000),
    [0, 200, 400, 600, 800, 1000],
  );
  assert.deepEqual(starts(createPacer({ mode: "fixed" }), 400), [0, 200, 400]);
  assert.deepEqual(starts(createPacer({ mode: "fixed", usersPerSecond: 0.5 }), 4000), [0, 2000, 4000]);
});

test("pace: a rate that does not divide by the looks is kept on average", () => {
  for (const rate of [3, 7, 33, 120, 499])
    assert.ok(
      Math.abs(starts(createPacer({ mode: "fixed", usersPerSecond: rate }), 10_000).length - rate * 10) <= 1,
    );
});

test("pace: turns that nobody took are not made up for", () => {
  const pacer = createPacer({ mode: "fixed", usersPerSecond: 5 });
  starts(pacer, 400);
  assert.deepEqual(starts(pacer, 10_400, 10_000), [10_000, 10_100, 10_300]);
});

test("pace: never more users in flight than asked for", () => {
  const fixed = createPacer({ mode: "fixed", usersPerSecond: 1000, usersInFlight: 4 });
  assert.equal(fixed.allowance(0, 4), 0);
  const parallel = createPacer({ mode: "parallel", usersInFlight: 4 });
  assert.deepEqual([parallel.allowance(0, 0), parallel.allowance(0, 3), parallel.allowance(0, 9)], [4, 1, 0]);
  assert.equal(createPacer({ mode: "parallel" }).allowance(0, 1000), Number.POSITIVE_INFINITY);
});

test("pace: in a transfer, commands go out at the rate, in virtual time", async () => {
  const bench = new Bench({ config: { pace: { mode: "fixed", usersPerSecond: 5 } } });
  bench.users(1, 12);
  const targets = [{ function: p2 }];
  const { id } = await bench.value(
    bench.operations.createTransfer({ function: p1, load: 0.01, targets, reason: "overload" }),
  );
  const { startedAt, users } = await bench.end(id);
  const times = users.map(({ commandedAt }) => (commandedAt ?? 0) - startedAt);
  for (const [index, time] of times.entries())
    assert.ok(time >= index * 200 && time <= index * 200 + 110, `${index}: ${time}`);
});

test("pace: usersInFlight holds a transfer back", async () => {
  const bench = new Bench({ config: { pace: { mode: "parallel", usersInFlight: 2 } } });
  bench.users(1, 6, p1, { reportless: true });
  const targets = [{ function: p2 }];
  const { id } = await bench.value(
    bench.operations.createTransfer({ function: p1, load: 0.01, targets, reason: "overload" }),
  );
  await bench.simulation.run({ ms: 5_000 });
  assert.equal(new Set(bench.phones.heard.map(({ registration }) => registration)).size, 2);
  assert.equal((await bench.end(id, 200_000)).counts.moved, 6);
});

test("guard: a limit is passed by number and share together", () => {
  const figures = { commanded: 100, failures: 0, dialogs: 100, lostDialogs: 0 };
  const planned = { failure: false };
  assert.equal(guard(defaultLimits, { ...figures, failures: 10 }, planned), null);
  assert.match(
    guard(defaultLimits, { ...figures, failures: 11 }, planned) ?? "",
    /11 of 100 commanded users failed/,
  );
  assert.equal(
    guard(defaultLimits, { ...figures, commanded: 2, failures: 2 }, planned),
    null,
    "one or two phones",
  );
  assert.match(
    guard(defaultLimits, { ...figures, lostDialogs: 6 }, planned) ?? "",
    /6 of 100 dialogs were lost/,
  );
  assert.equal(guard(defaultLimits, { ...figures, lostDialogs: 60 }, { failure: true }), null);
});

const dialog: DialogDescription = {
  id: "d",
  state: "confirmed",
  role: "uac",
  emergency: false,
  replaceable: true,
};

test("order: the condition follows from the reason of the transfer and the user's call", () => {
  const planned = { reason: "overload", replaceDialogs: true } as const;
  assert.equal(conditionOf(someUser(), planned), "idle");
  assert.equal(conditionOf(someUser({ reason: "not idle" }), planned), "replaceable");
  assert.equal(conditionOf(someUser({ reason: "expired" }), planned), "idle");
  assert.equal(conditionOf(someUser(), { ...planned, reason: "failure" }), "always");
  const without = { ...planned, replaceDialogs: false };
  assert.equal(conditionOf(someUser(), without), "always");
  // Calls that a move would cut are waited for, whether they are replaced or not.
  for (const policy of [planned, without]) {
    assert.equal(conditionOf(someUser({ reason: "not idle" }), { ...policy, sparesCalls: true }), "idle");
    assert.equal(conditionOf(someUser(), { ...policy, sparesCalls: true, reason: "failure" }), "always");
  }
});

test("order: those in calls wait for the first pass to be over, answers included", () => {
  const planned = { reason: "removal", replaceDialogs: true } as const;
  const idle = someUser({ registration: "a" });
  const inCall = someUser({ registration: "b", reason: "not idle" });
  const asked = someUser({ registration: "c", reason: "not idle", askedAt: 1 });
  assert.deepEqual(turns([inCall, idle, asked], [inCall, idle, asked], planned), { ask: [], go: [idle] });
  const content = { command: "move", if: "idle" };
  const trying = {
    ...someUser({ state: "commanded" }),
    command: { sequence: 1, expires: 1, content },
  } as UserRow;
  assert.deepEqual(turns([inCall], [inCall, trying], planned), { ask: [], go: [] });
  assert.deepEqual(turns([inCall, asked], [inCall, asked], planned), { ask: [inCall], go: [asked] });
});

test("order: a dialog is in the way when it is an emergency call or cannot be replaced", () => {
  assert.equal(blockersOf([dialog]), null);
  assert.deepEqual(blockersOf([dialog, { ...dialog, id: "e", replaceable: "early" }]), {
    reason: "not replaceable",
    detail: "e early",
  });
  assert.equal(blockersOf([{ ...dialog, emergency: true }])?.reason, "emergency call");
});

function surroundings(rows: readonly UserRow[], at: number, isBusy = () => false): Surroundings {
  return { at, times: defaultTimes, everybody: rows, pairs: pairsOf(rows), isBusy };
}

test("pairs: after its time one end replaces alone", () => {
  const waiting = someUser({
    registration: "a",
    state: "registered",
    replace: "wait",
    registeredAt: 1000,
    dialogs: [dialog],
  });
  const partner = someUser({ registration: "b", state: "accepted", dialogs: [{ ...dialog, role: "uas" }] });
  const at = (now: number, other: UserRow, row = waiting) => releaseOf(row, surroundings([row, other], now));
  assert.equal(at(2000, partner), null);
  assert.equal(at(6000, partner), "all");
  assert.equal(at(2000, { ...partner, state: "timedOut" }), "all", "the other end does not come any more");
  assert.equal(at(2000, { ...partner, state: "registered" }), "all", "the caller's end replaces");
});

test("pairs: the callee's end replaces what the other did not, when that has said so", () => {
  const callee = someUser({
    registration: "a",
    state: "registered",
    replace: "wait",
    registeredAt: 1000,
    dialogs: [
      { ...dialog, role: "uas" },
      { ...dialog, id: "alone" },
    ],
  });
  const caller = someUser({ registration: "b", state: "registered", dialogs: [dialog] });
  const at = (row: UserRow, other: UserRow, now = 2000) => releaseOf(row, surroundings([row, other], now));
  assert.deepEqual(at(callee, caller), ["alone"]);
  const some = { ...callee, released: "some" } as const;
  assert.equal(at(some, caller), null);
  assert.equal(at(some, { ...caller, results: [{ id: "d", result: "waiting" }] }), null);
  assert.equal(at(some, { ...caller, results: [{ id: "d", result: "pinned" }] }), "all");
  assert.equal(at(some, { ...caller, state: "done" }), "all");
  assert.equal(at(some, caller, 1000 + 2 * defaultTimes.pair), "all");
  assert.equal(at({ ...some, released: "all" }, caller), null);
});

test("dialogs: one call counts once, whoever reports it and however often it was replaced", () => {
  assert.deepEqual(
    countDialogs([
      { id: "a", result: "kept", newId: "b" },
      { id: "a", result: "lost" },
      { id: "b", result: "kept", newId: "c" },
      { id: "c", result: "ended" },
      { id: "x", result: "pinned", until: 500 },
      { id: "y", result: "waiting" },
      { id: "z", result: "lost" },
    ]),
    { kept: 0, pinned: 1, lost: 1, endedMeanwhile: 1 },
  );
  const pinned = [{ id: "x", result: "pinned", until: 500 }] as const;
  assert.deepEqual([pinnedDialogs(pinned, 499), pinnedDialogs(pinned, 500)], [1, 0]);
  assert.equal(pinnedDialogs([{ id: "x", result: "pinned" }], 1e12), 1);
});

test("dialogs: ids that take the place of each other in a ring do not hang", () => {
  const ring = [
    { id: "a", result: "kept", newId: "b" },
    { id: "b", result: "kept", newId: "a" },
    { id: "s", result: "kept", newId: "s" },
  ] as const;
  assert.deepEqual(countDialogs(ring).lost, 0);
});

test("outcome: what may pass is tried again, what does not is final", () => {
  const retried = [
    "expired",
    "another operation is open",
    "not registered",
    "not idle",
    "not replaceable",
  ] as const;
  for (const reason of retried) assert.deepEqual(verdictOf(reason), { outcome: "refused", retry: true });
  const final = [
    "not understood",
    "not for this device",
    "target not allowed",
    "no such operation",
    "other",
  ] as const;
  for (const reason of final) assert.deepEqual(verdictOf(reason), { outcome: "refused", retry: false });
  assert.deepEqual(verdictOf("registration overloaded"), { outcome: "failed", retry: true });
});

test("outcome: 401 without end, 408 and 5xx are overload, other answers are refusals", () => {
  for (const status of [401, 408, 500, 503, 504])
    assert.equal(
      registrationReason([
        { status: 403, count: 1 },
        { status, count: 1 },
      ]),
      "registration overloaded",
    );
  for (const status of [400, 403, 404, 423, 600, 603])
    assert.equal(registrationReason([{ status, count: 1 }]), "registration refused");
  assert.equal(registrationReason([]), "registration overloaded");
});

test("timers: each state has its deadline", () => {
  const command = { sequence: 1, expires: 11_000, content: { command: "query" } } as const;
  const row = (changes: Partial<UserRow>) =>
    someUser({ commandedAt: 1000, command, deadlineAt: 600_000, ...changes });
  const due = (changes: Partial<UserRow>, at: number) =>
    dueFor(row(changes), at, defaultTimes)?.event ?? null;
  assert.deepEqual([due({}, 599_999), due({}, 600_000)], [null, "deadline"]);
  assert.equal(due({ reason: "not idle" }, 600_000), "wait over");
  assert.equal(due({ reason: "registration overloaded" }, 600_000), "failed");
  assert.deepEqual(
    [due({ state: "asked" }, 10_999), due({ state: "asked" }, 11_000)],
    [null, "query unanswered"],
  );
  assert.deepEqual(
    [due({ state: "commanded" }, 10_999), due({ state: "commanded" }, 11_000)],
    [null, "unanswered"],
  );
  assert.equal(due({ state: "commanded" }, 31_000), "deadline");
  assert.deepEqual(
    [due({ state: "accepted" }, 30_999), due({ state: "accepted" }, 31_000)],
    [null, "deadline"],
  );
  assert.deepEqual(
    [due({ state: "registered" }, 35_999), due({ state: "registered" }, 36_000)],
    [null, "deadline"],
  );
  const idle = { state: "registered", registeredAt: 2000, dialogs: [] } as const;
  assert.deepEqual([due(idle, 6999), due(idle, 7000)], [null, "deadline"]);
  assert.equal(due({ state: "done" }, 1e15), null);
});

test("wire: functions are named by host, port and addresses", () => {
  const addressesOf = () => ["192.0.2.1"];
  assert.deepEqual(functionAddress("pcscf1.home:4060", addressesOf), {
    name: "pcscf1.home",
    port: 4060,
    addresses: ["192.0.2.1"],
  });
  assert.deepEqual(functionAddress("sip:scscf1.home:6060;lr", addressesOf).name, "scscf1.home");
  assert.equal(functionAddress("pcscf1.home", addressesOf).port, undefined);
});

const moment = { at: 1_000, times: defaultTimes };

test("wire: what is of another operation, or older than the present attempt, means nothing", () => {
  const command = { sequence: 5, expires: 1, content: { command: "query" } } as const;
  const row = someUser({ state: "asked", command, since: 5 });
  const accepted = {
    id: "m",
    operation: "t-1",
    sequence: 5,
    answer: "accepted",
    armed: false,
    dialogs: [],
  } as const;
  assert.equal(happeningOf(row, accepted, moment)?.event, "query answered");
  assert.equal(happeningOf(row, { ...accepted, operation: "t-2" }, moment), null);
  assert.equal(happeningOf(row, { ...accepted, sequence: 4 }, moment), null);
  assert.equal(happeningOf({ ...row, round: 2 }, accepted, moment), null);
  const report = { id: "r", operation: "t-1", sequence: 6, dialogs: [] } as const;
  assert.equal(happeningOf(row, { ...report, final: false }, moment)?.event, "progress");
  assert.equal(happeningOf(row, { ...report, final: true }, moment)?.event, "reported");
});

test("wire: a replace that is refused means that no more will be reported", () => {
  const command = { sequence: 5, expires: 1, content: { command: "replace", dialogs: "all" } } as const;
  const row = someUser({ state: "registered", command, since: 3 });
  const refused = {
    id: "m",
    operation: "t-1",
    answer: "refused",
    reason: "other",
    detail: "",
    dialogs: [],
  } as const;
  assert.equal(happeningOf(row, { ...refused, sequence: 5 }, moment)?.event, "reported");
  assert.equal(happeningOf(row, { ...refused, sequence: 4 }, moment), null);
});

test("system 6: a user keeps its target over retries", async () => {
  const bench = new Bench();
  bench.users(1, 1, p1, { fails: { status: 503, times: 3 } });
  const targets = [{ function: p2 }];
  const { id } = await bench.value(
    bench.operations.createTransfer({ function: p1, load: 0.01, targets, reason: "overload" }),
  );
  await bench.end(id);
  const names = bench.phones.heard
    .filter(({ registration }) => registration === key(1))
    .map(
      ({ command }) => command.command === "move" && "pCscf" in command.target && command.target.pCscf.name,
    );
  assert.deepEqual([...new Set(names)], ["pcscf2.home"]);
});

test("selection: the choice is the same each time, in the given order, and not the alphabet's", () => {
  const items = Array.from({ length: 1000 }, (_, index) => ({
    key: `user${String(index).padStart(4, "0")}@home *`,
    size: 1,
  }));
  const chosen = choose(items, 500);
  assert.deepEqual(choose([...items].reverse(), 500).reverse(), chosen);
  assert.equal(chosen.length, 500);
  const first = chosen.filter(({ key }) => key < "user0500").length;
  assert.ok(first > 200 && first < 300, `${first} of the first 500`);
  const even = chosen.filter(({ key }) => /[02468]@/.test(key)).length;
  assert.ok(even > 200 && even < 300, `${even} with an even number`);
  assert.deepEqual(choose(items, 0), []);
  assert.deepEqual(choose(items.slice(0, 3), 9), items.slice(0, 3));
});
