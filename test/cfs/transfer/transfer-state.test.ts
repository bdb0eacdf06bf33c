// The per-user table: every cell, and what its rows do to a user.
import assert from "node:assert/strict";
import test from "node:test";
import type { Happening, Step, StepContext } from "@liquid-ims/cfs/transfer/happening";
import { verdictOf } from "@liquid-ims/cfs/transfer/outcome";
import { step } from "@liquid-ims/cfs/transfer/step";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import { userTable } from "@liquid-ims/cfs/transfer/transfer-state";
import { isMoved, type UserRow } from "@liquid-ims/cfs/transfer/user-row";
import { mutateTable } from "../../support/mutate-tables.ts";
import { expectations } from "./expected-rows.ts";
import { someUser } from "./some-user.ts";

test("system 6: every cell of the per-user table is as written down", () => {
  expectations(userTable);
});

test("system 6: each change of a row is noticed", (context) => {
  const count = mutateTable(userTable, expectations);
  context.diagnostic(`${count} changes of rows noticed`);
  assert.ok(count > 900);
});

test("outcome: a reason that a row gives has the state that it leads to as its outcome", () => {
  let checked = 0;
  for (const rows of Object.values(userTable)) {
    for (const row of Object.values(rows)) {
      for (const action of row?.actions ?? []) {
        if (typeof action === "string" || row === null) continue;
        const { outcome } = verdictOf(action.reason);
        assert.equal(outcome === "moved" ? isMoved(row.next) : outcome === row.next, true, action.reason);
        checked += 1;
      }
    }
  }
  assert.equal(checked, 15);
});

const context: StepContext = { at: 1_000_000, sequence: 7, times: defaultTimes, change: 0 };

const move = {
  command: "move",
  target: { pCscf: { name: "pcscf2.home", addresses: [], port: 4060 } },
  expected: {
    pCscf: { name: "pcscf1.home", addresses: [], port: 4060 },
    sCscf: { name: "scscf1.home", addresses: [], port: 6060 },
  },
  if: "idle",
  after: 0,
  replace: "now",
} as const;

/** Events in a row, each with a sequence of its own, 100 ms apart. */
function run(row: UserRow, ...happenings: readonly Happening[]): Step {
  let stepped: Step = { row, effects: [], expected: true };
  for (const [index, happening] of happenings.entries()) {
    stepped = step(stepped.row, happening, {
      ...context,
      at: context.at + 100 * index,
      sequence: context.sequence + index,
    });
  }
  return stepped;
}

test("step: a turn commands the move with the next sequence, its life and its deadline", () => {
  const { row, effects } = run(someUser(), { event: "slot", move });
  assert.equal(row.state, "commanded");
  assert.deepEqual(effects, [
    {
      effect: "send",
      operation: "t-1",
      command: { sequence: 7, expires: 1_010_000, content: { ...move, deadline: 1_030_000 } },
    },
  ]);
  assert.deepEqual([row.attempts, row.since, row.commandedAt, row.replace], [1, 7, 1_000_000, "now"]);
});

test("step: an unanswered move is commanded anew, equal but for sequence and life", () => {
  const { row, effects } = run(someUser(), { event: "slot", move }, { event: "unanswered" });
  assert.equal(row.command?.sequence, 8);
  assert.equal(row.command?.expires, 1_010_100);
  assert.deepEqual(row.command?.content, { ...move, deadline: 1_030_000 });
  assert.equal(row.since, 7, "an answer to the first one still counts");
  assert.equal(row.attempts, 1);
  assert.equal(effects.length, 1);
});

test("step: after a restart the newest command is sent as it was", () => {
  const { row, effects } = run(
    someUser(),
    { event: "slot", move },
    { event: "unanswered" },
    { event: "resume" },
  );
  assert.deepEqual(effects, [{ effect: "send", operation: "t-1", command: row.command }]);
  assert.equal(row.command?.sequence, 8);
});

test("step: one found in a call is taken in the second pass; a call that is still in the way then is waited for", () => {
  const dialogs = [
    { id: "d", state: "confirmed", role: "uac", emergency: false, replaceable: true },
  ] as const;
  const refused = { event: "refused, retry", reason: "not idle", detail: "", dialogs } as const;
  const slot = { event: "slot", move } as const;
  const { row, effects } = run(someUser(), slot, refused);
  assert.deepEqual([row.state, row.reason, row.notBefore], ["planned", "not idle", 1_000_100]);
  const again = run(row, slot, { ...refused, reason: "not replaceable" });
  assert.deepEqual(
    [again.row.state, again.row.reason, again.row.notBefore],
    ["planned", "not replaceable", 1_000_100 + defaultTimes.retry],
  );
  // Where calls are spared, the same refusal comes again: it must not be asked for without rest.
  assert.equal(run(row, slot, refused).row.notBefore, 1_000_100 + defaultTimes.retry);
  assert.deepEqual(row.dialogs, dialogs);
  assert.deepEqual(effects, []);
});

test("step: a registration that met overload waits longer each time, as a new operation of the LCF", () => {
  const failed = { event: "failed, retry", reason: "registration overloaded", detail: "1 x 503" } as const;
  const slot = { event: "slot", move } as const;
  const first = run(someUser(), slot, failed);
  assert.deepEqual(first.effects, [{ effect: "forget", operation: "t-1" }]);
  assert.equal(first.row.notBefore, 1_000_100 + 2_000);
  const second = run(first.row, slot, { event: "accepted", dialogs: [] }, failed);
  assert.deepEqual(second.effects, [{ effect: "forget", operation: "t-1.2" }]);
  assert.equal(second.row.notBefore, 1_000_200 + 4_000);
  const often = run({ ...second.row, attempts: 40 }, slot, failed);
  assert.equal(often.row.notBefore, 1_000_100 + 30_000);
  assert.equal(often.row.command, null);
});

test("step: a report before the record ends the wait when the record comes", () => {
  const results = [{ id: "d", result: "kept" }] as const;
  const early = run(
    someUser(),
    { event: "slot", move },
    { event: "accepted", dialogs: [] },
    { event: "reported", results },
  );
  assert.equal(early.row.state, "accepted");
  const { row, effects } = run(early.row, { event: "record shows target" });
  assert.deepEqual([row.state, row.reason, row.results], ["done", "moved", results]);
  assert.deepEqual(effects, [{ effect: "forget", operation: "t-1" }]);
  assert.equal(row.endedAt, context.at);
});

test("step: moves without their dialogs wait for no report", () => {
  const slot = { event: "slot", move: { ...move, replace: "wait" }, withoutReport: true } as const;
  const { row } = run(someUser(), slot, { event: "accepted", dialogs: [] }, { event: "record shows target" });
  assert.deepEqual([row.state, row.replace], ["done", "never"]);
});

test("step: the newer word on a dialog counts", () => {
  const { row } = run(
    someUser({ state: "registered" }),
    {
      event: "progress",
      results: [
        { id: "a", result: "waiting" },
        { id: "b", result: "kept" },
      ],
    },
    { event: "reported", results: [{ id: "a", result: "lost" }] },
  );
  assert.deepEqual(row.results, [
    { id: "a", result: "lost" },
    { id: "b", result: "kept" },
  ]);
});

test("step: some dialogs, then all, are set free", () => {
  const waiting = someUser({ state: "registered", replace: "wait" });
  const some = run(waiting, { event: "release", release: ["a"] });
  assert.deepEqual(
    [some.row.released, some.row.command?.content],
    ["some", { command: "replace", dialogs: ["a"] }],
  );
  const all = run(some.row, { event: "release", release: "all" });
  assert.deepEqual(
    [all.row.released, all.row.command?.content],
    ["all", { command: "replace", dialogs: "all" }],
  );
});

test("step: a deadline cancels what was commanded; only a cancel is repeated after that", () => {
  const slot = { event: "slot", move } as const;
  const { row } = run(someUser(), slot, { event: "deadline" });
  assert.deepEqual([row.state, row.reason], ["timedOut", "no answer"]);
  assert.deepEqual(row.command?.content, { command: "cancel", reRegister: false });
  assert.equal(run(row, { event: "resume" }).effects.length, 1);
  const superseded = run(
    someUser(),
    slot,
    { event: "record shows target" },
    { event: "record shows origin" },
  );
  assert.equal(superseded.row.state, "superseded");
  assert.deepEqual(run(superseded.row, { event: "resume" }).effects, []);
});

test("step: one who comes back begins a round of his own", () => {
  const done = someUser({ state: "done", reason: "moved", registeredAt: 5, command: null, endedAt: 9 });
  const { row } = run(done, { event: "returned", deadlineAt: 2_000_000, sCscf: "sip:scscf2.home:6060" });
  assert.deepEqual([row.state, row.round, row.reason, row.deadlineAt], ["planned", 2, null, 2_000_000]);
  assert.deepEqual(
    [row.sCscf, row.target, row.endedAt, row.commandedAt],
    ["sip:scscf2.home:6060", "pcscf2.home:4060", null, null],
  );
});

test("step: a null cell changes nothing and is told apart", () => {
  const row = someUser({ state: "done" });
  assert.deepEqual(step(row, { event: "slot", move }, context), { row, effects: [], expected: false });
});
