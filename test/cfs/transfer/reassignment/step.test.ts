// What the rows of a change of S-CSCF do to a user and to his subscription.
import assert from "node:assert/strict";
import test from "node:test";
import type { Happening, Step, StepContext } from "@liquid-ims/cfs/transfer/happening";
import { notReassigned } from "@liquid-ims/cfs/transfer/new-user";
import { stepSubscription } from "@liquid-ims/cfs/transfer/reassignment/subscription";
import { step } from "@liquid-ims/cfs/transfer/step";
import { dueFor } from "@liquid-ims/cfs/transfer/timers";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import type { Reassignment, UserRow } from "@liquid-ims/cfs/transfer/user-row";
import { someUser } from "../some-user.ts";

const s1 = "sip:scscf1.home:6060";
const s2 = "sip:scscf2.home:6060";
const begin = 1_000_000;
const user = { privateIdentity: "a@home", publicIdentity: "sip:a@home" };

const move = {
  command: "move",
  target: { sCscf: s2 },
  expected: {
    pCscf: { name: "pcscf1.home", addresses: [], port: 4060 },
    sCscf: { name: "scscf1.home", addresses: [], port: 6060 },
  },
  if: "idle",
  after: 0,
  replace: "wait",
} as const;

function sUser(changes: Partial<UserRow> = {}, reassignment: Partial<Reassignment> = {}): UserRow {
  return someUser({
    from: s1,
    target: s2,
    sCscf: s1,
    reassignment: {
      subscription: "a@home",
      impi: "a@home",
      pCscf: "pcscf1.home:4060",
      ...notReassigned,
      ...reassignment,
    },
    ...changes,
  });
}

function contextAt(at: number, sequence = 7): StepContext {
  return { at, sequence, times: defaultTimes, change: 0 };
}

/** Events in a row, 100 ms apart. */
function run(row: UserRow, ...happenings: readonly Happening[]): Step {
  let stepped: Step = { row, effects: [], expected: true };
  for (const [index, happening] of happenings.entries())
    stepped = step(stepped.row, happening, contextAt(begin + 100 * index, 7 + index));
  return stepped;
}

const toMar = [
  { event: "slot", move },
  { event: "accepted", dialogs: [] },
  { event: "reassign" },
] as const satisfies readonly Happening[];

test("cfs-ue 8 step 1: a turn arms the LCF with 500 ms, holding its dialogs back", () => {
  const { row, effects } = run(sUser(), { event: "slot", move });
  const armed = { ...move, after: 500, deadline: begin + 30_000 };
  assert.deepEqual(effects, [
    { effect: "send", operation: "t-1", command: { sequence: 7, expires: begin + 10_000, content: armed } },
  ]);
  assert.deepEqual([row.state, row.replace, row.reassignment?.armedAt], ["commanded", "wait", begin]);
});

test("cfs-ue 8 step 1: armed anew is the same move with the next sequence, and a time of its own", () => {
  const { row } = run(sUser(), { event: "slot", move }, { event: "accepted late", dialogs: [] });
  assert.deepEqual(
    [row.command?.sequence, row.command?.content.command, row.reassignment?.armedAt, row.attempts],
    [8, "move", begin + 100, 1],
  );
});

test("cfs-ue 8 step 2: MAR with the target's name, verbatim, then the same operation with `after: 0`", () => {
  const asked = run(sUser(), ...toMar);
  assert.deepEqual(asked.effects, [{ effect: "reassign", user, server: s2, timeoutMs: 8_000 }]);
  const { reassignedAt, commitAt, nameDueAt } = asked.row.reassignment ?? {};
  assert.deepEqual([reassignedAt, commitAt, nameDueAt], [begin + 200, begin + 8_200, begin + 1_200]);
  const { row, effects } = run(sUser(), ...toMar, { event: "MAA", replace: "now" });
  assert.deepEqual(row.command?.content, { ...move, after: 0, replace: "now", deadline: begin + 30_000 });
  assert.equal(
    row.reassignment?.nameDueAt,
    begin + 600,
    "the name is read back unless the record comes before",
  );
  assert.equal(effects.length, 1);
  const unproven = run(sUser(), ...toMar, { event: "MAA", replace: "now", readNow: true });
  assert.deepEqual(
    unproven.effects.map(({ effect }) => effect),
    ["read name", "send"],
    "along with `after: 0`",
  );
});

test("cfs-ue 8 step 2: after the MAA the name is read back at once, after 300 and 900 ms; the record ends that", () => {
  let { row } = run(sUser(), ...toMar, { event: "MAA", replace: "now", readNow: true });
  const read: number[] = [];
  for (let at = begin + 300; at < begin + 2_000; at += 10) {
    const due = dueFor(row, at, defaultTimes);
    if (due === null) continue;
    assert.equal(due.event, "name due");
    read.push(at - begin - 300);
    row = step(row, due, contextAt(at)).row;
  }
  assert.deepEqual(read, [300, 900]);
  const there = step(row, { event: "record shows target" }, contextAt(begin + 2_000)).row;
  assert.equal(there.reassignment?.nameDueAt, null);
});

test("real-cores: the old name after a MAA ends it: refused, and told to register once more, nothing restored", () => {
  const reason = "HSS does not move users on MAR";
  const { row, effects } = run(sUser(), ...toMar, { event: "MAA" }, { event: "name is kept", reason });
  assert.deepEqual([row.state, row.reason], ["refused", reason]);
  assert.deepEqual(row.command?.content, { command: "cancel", reRegister: true });
  assert.deepEqual(
    effects.map(({ effect }) => effect),
    ["send"],
  );
});

const toRecord = [...toMar, { event: "MAA", replace: "now" }, { event: "record shows target" }] as const;

test("T3: the HSS is asked a second after the record; who has reported is done when it holds him, not before", () => {
  const told = run(sUser(), ...toRecord, { event: "reported", results: [] }).row;
  assert.deepEqual([told.state, told.reported, told.reason], ["registered", true, "moved"]);
  const due = dueFor(told, begin + 1_400, defaultTimes);
  assert.equal(dueFor(told, begin + 1_390, defaultTimes), null);
  assert.ok(due !== null);
  const asked = step(told, due, contextAt(begin + 1_400));
  assert.deepEqual(asked.effects, [{ effect: "check", user }]);
  assert.equal(step(asked.row, { event: "held" }, contextAt(begin + 1_402)).row.state, "done");
});

test("T3: who is not held registers again, by the move that is open or, when that is over, by a cancel", () => {
  const open = run(sUser(), ...toRecord, { event: "check due" }, { event: "not held", detail: "why" });
  assert.ok(open.row.command?.content.command === "move" && open.row.command.content.after === 0);
  assert.equal(open.row.state, "registered");
  const over = run(
    sUser(),
    ...toRecord,
    { event: "reported", results: [] },
    { event: "not held", detail: "why" },
  );
  assert.deepEqual(over.row.command?.content, { command: "cancel", reRegister: true });
  assert.deepEqual([over.row.reassignment?.repairs, over.row.detail], [1, "why"]);
  const reason = "not registered at the HSS";
  const given = step(over.row, { event: "not held, over", reason }, contextAt(begin + 9_000)).row;
  assert.deepEqual([given.state, given.reason], ["failed", reason]);
  const back = step(given, { event: "record shows target" }, contextAt(begin + 99_000)).row;
  assert.deepEqual([back.state, back.reassignment?.checkDueAt], ["registered", begin + 100_000]);
});

test("T3: an HSS that says nothing is asked after 1, 2, 4, 8, 16 s; then the user counts as moved, which is said", () => {
  let row = run(sUser(), ...toRecord, { event: "reported", results: [] }).row;
  const asked: number[] = [];
  for (let at = begin + 400; row.state === "registered"; at += 10) {
    const due = dueFor(row, at, defaultTimes);
    if (due === null) continue;
    if (due.event === "check due") asked.push((at - begin - 400) / 1_000);
    row = step(row, due, contextAt(at)).row;
  }
  assert.deepEqual(asked, [1, 2, 4, 8, 16]);
  assert.deepEqual([row.state, row.reason], ["done", "moved"]);
  assert.match(row.detail, /did not say/);
});

test("T3: a registration that fails while the HSS is asked does not end the question", () => {
  const { row } = run(sUser(), ...toRecord, { event: "failed" });
  assert.deepEqual([row.state, row.reported, row.reason], ["registered", true, "no report of the dialogs"]);
  assert.equal(step(row, { event: "held" }, contextAt(begin + 2_000)).row.state, "done");
});

test("cfs-ue 8 step 2: moves without their dialogs never let them go", () => {
  const { row } = run(sUser(), { ...toMar[0], withoutReport: true }, toMar[1], toMar[2], {
    event: "MAA",
    replace: "now",
  });
  assert.deepEqual([row.replace, row.command?.content.command], ["never", "move"]);
  assert.ok(row.command?.content.command === "move" && row.command.content.replace === "wait");
});

test("cfs-ue 8 step 3: the name is read 1, 2, 4, 8 s after the MAR", () => {
  let { row } = run(sUser(), ...toMar);
  const read: number[] = [];
  for (let at = begin; at < begin + 8_000; at += 10) {
    const due = dueFor(row, at, defaultTimes);
    if (due?.event !== "name due") continue;
    read.push(at - begin - 200);
    const stepped = step(row, due, contextAt(at));
    assert.deepEqual(stepped.effects, [{ effect: "read name", user }]);
    row = stepped.row;
  }
  assert.deepEqual(read, [1_000, 2_000, 4_000]);
  assert.equal(row.reassignment?.nameDueAt, begin + 8_200);
  assert.equal(dueFor(row, begin + 8_200, defaultTimes)?.event, "commit over", "that comes first");
});

test("cfs-ue 8 step 5: the old name is restored after 8 s, again after 1, 2, 4, ... s, for a minute", () => {
  let { row, effects } = run(sUser(), ...toMar, { event: "commit over", detail: "why" });
  assert.deepEqual(effects, [{ effect: "restore", user, server: s1, timeoutMs: 60_000 }]);
  assert.deepEqual([row.state, row.reason, row.detail], ["restoring", "pending", "why"]);
  const first = begin + 300;
  const again: number[] = [];
  for (let at = first; ; at += 10) {
    const due = dueFor(row, at, defaultTimes);
    if (due?.event === "deadline") {
      assert.equal(at, first + 60_000);
      break;
    }
    if (due?.event !== "restore due") continue;
    again.push((at - first) / 1000);
    row = step(row, due, contextAt(at)).row;
  }
  assert.deepEqual(again, [1, 2, 4, 8, 16, 32]);
  const given = step(row, { event: "deadline" }, contextAt(first + 60_000));
  assert.deepEqual([given.row.state, given.row.reason, given.row.detail], ["rolledBack", "pending", "why"]);
  assert.deepEqual(given.row.command?.content, { command: "cancel", reRegister: true });
});

test("cfs-ue 8: a new life reads the name at once and begins the commit time again; not after the MAA", () => {
  const sent = run(sUser(), ...toMar, { event: "resume" }).row.reassignment;
  assert.deepEqual([sent?.mar, sent?.nameDueAt, sent?.commitAt], ["lost", begin + 300, begin + 8_300]);
  const answered = run(sUser(), ...toMar, { event: "MAA", replace: "now" }, { event: "resume" });
  const { mar, nameDueAt, commitAt } = answered.row.reassignment ?? {};
  assert.deepEqual([mar, nameDueAt, commitAt], ["answered", begin + 600, begin + 8_400]);
  assert.equal(answered.effects.length, 1, "`after: 0` once more, as it was");
});

test("cfs-ue 8 step 5: who is there while the name may have been restored is done when it was read", () => {
  const there = run(
    sUser(),
    ...toMar,
    { event: "reported", results: [] },
    { event: "commit over" },
    { event: "record shows target" },
  );
  assert.equal(there.row.state, "registered");
  assert.deepEqual(there.effects, [{ effect: "read name", user }]);
  const named = step(there.row, { event: "name is new" }, contextAt(begin + 900)).row;
  assert.equal(named.state, "registered", "and the HSS holds him");
  assert.equal(step(named, { event: "held" }, contextAt(begin + 1_900)).row.state, "done");
  const late = step(there.row, { event: "MAA", replace: "now" }, contextAt(begin + 900));
  assert.equal(late.row.state, "registered", "a MAA says nothing of the restoring MAR after it");
  const lost = step(there.row, { event: "name is old" }, contextAt(begin + 900));
  assert.equal(lost.row.state, "reassigned");
  assert.deepEqual(lost.effects, [{ effect: "reassign", user, server: s2, timeoutMs: 8_000 }]);
  const slow = step(
    step(there.row, { event: "name is new" }, contextAt(begin + 900)).row,
    { event: "restored" },
    contextAt(begin + 1_000),
  );
  assert.deepEqual([slow.row.state, slow.effects.length], ["registered", 1], "a restoring MAR that was slow");
});

test("the LCF's word for its registration at the target counts, the first since the MAR", () => {
  const { row } = run(
    sUser(),
    ...toMar,
    { event: "registered", dialogs: [] },
    { event: "registered", dialogs: [], registeredAt: 5 },
    { event: "registered", dialogs: [], registeredAt: 9 },
  );
  assert.equal(row.reassignment?.registeredAt, 5);
});

test("the record names another P-CSCF: the next move expects that one", () => {
  const { row } = run(sUser(), { event: "record shows origin", sCscf: s1, pCscf: "pcscf2.home:4060" });
  assert.equal(row.reassignment?.pCscf, "pcscf2.home:4060");
});

function together(rows: readonly UserRow[], ...happenings: readonly (readonly [number, Happening])[]) {
  return stepSubscription(rows, new Map(happenings), () => contextAt(begin + 100));
}

const device = (name: string, changes: Partial<UserRow>, reassignment: Partial<Reassignment> = {}) =>
  sUser({ registration: `a@home ${name}`, ...changes }, reassignment);

test("cfs-ue 8 step 1: the last acceptance sends one MAR for all devices", () => {
  const rows = [device("1", { state: "accepted" }), device("2", { state: "commanded" })];
  const half = together(rows, [0, { event: "accepted", dialogs: [] }]);
  assert.deepEqual(half.effects, []);
  const { rows: after, effects } = together(rows, [1, { event: "accepted", dialogs: [] }]);
  assert.deepEqual(
    after.map(({ state }) => state),
    ["reassigned", "reassigned"],
  );
  assert.deepEqual(
    effects.map(({ effect }) => effect.effect),
    ["reassign"],
  );
});

test("cfs-ue 8 step 5: the name is not taken from a device that has moved; the others follow by registering", () => {
  const times = { mar: "answered", reassignedAt: begin } as const;
  const rows = [device("1", { state: "done" }, times), device("2", { state: "reassigned" }, times)];
  for (const event of ["commit over", "failed"] as const) {
    const { rows: after, effects } = together(rows, [1, { event }]);
    assert.equal(after[1]?.state, "timedOut");
    assert.deepEqual(after[1]?.command?.content, { command: "cancel", reRegister: true });
    assert.ok(effects.every(({ effect }) => effect.effect !== "restore"));
  }
});

test("cfs-ue 8 step 5: a device that moves after all takes the others along again", () => {
  const times = { mar: "answered", reassignedAt: begin } as const;
  const rows = [
    device("1", { state: "restoring" }, times),
    device("2", { state: "rolledBack", reason: "pending" }, times),
  ];
  const { rows: after } = together(rows, [0, { event: "record shows target" }]);
  assert.deepEqual(
    after.map(({ state }) => state),
    ["registered", "reassigned"],
  );
  assert.equal(after[1]?.reassignment?.nameDueAt, begin + 100);
});

test("cfs-ue 8 step 1: one that stays for good keeps the others; a row of a change of P-CSCF is alone", () => {
  const rows = [device("1", { state: "commanded" }), device("2", { state: "commanded" })];
  const { rows: after } = together(rows, [1, { event: "refused", reason: "target not allowed" }]);
  assert.deepEqual(
    after.map(({ state, reason }) => [state, reason]),
    [
      ["refused", "another device stays"],
      ["refused", "target not allowed"],
    ],
  );
  assert.deepEqual(after[0]?.command?.content, { command: "cancel", reRegister: false });
  const alone = together([someUser({ state: "commanded" })], [0, { event: "deadline" }]);
  assert.equal(alone.rows[0]?.state, "timedOut");
});
