// The table of a watched user: every cell, and what its rows do.
import assert from "node:assert/strict";
import test from "node:test";
import { type CareRow, careStates } from "@liquid-ims/cfs/transfer/aftercare/care-row";
import {
  type CareContext,
  type CareEvent,
  type CareStep,
  careTable,
  firstLook,
  stepCare,
} from "@liquid-ims/cfs/transfer/aftercare/care-state";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import { type AnyTable, mutateTable } from "../../../support/mutate-tables.ts";
import { compareRows, type Expected } from "../expected-rows.ts";

const events: readonly CareEvent[] = [
  ...(["due", "taken", "gone", "held", "not held", "name is wrong", "not held, over"] as const),
  ...(["unanswered", "named", "registered", "refused"] as const),
];

/** Written by hand from system 6 (aftercare) and cfs-ue 8. */
const expected: Expected = {
  watching: `
    due -> asking: ask
    taken -> watching: wait
    gone -> watching: end`,
  asking: `
    due -> asking: ask
    taken -> watching: wait
    gone -> watching: end
    held -> watching: next look
    not held -> repairing: tell
    name is wrong -> naming: write name
    not held, over -> watching: give up
    unanswered -> watching: back off`,
  naming: `
    due -> asking: ask
    taken -> watching: wait
    gone -> watching: end
    unanswered -> watching: back off
    named -> repairing: tell`,
  repairing: `
    due -> watching: forget, back off
    taken -> watching: forget, wait
    gone -> watching: forget, end
    registered -> watching: forget, look soon
    refused -> watching: forget, back off`,
};

const check = (table: AnyTable) => compareRows(table, expected, careStates, events);

test("system 6 aftercare: every cell of the table is as written down", () => check(careTable));

test("system 6 aftercare: each change of a row is noticed", (context) => {
  const count = mutateTable(careTable, check);
  context.diagnostic(`${count} changes of rows noticed`);
  assert.ok(count > 60, String(count));
});

const expiry = 2_000_000;
const row: CareRow = {
  ...{ transfer: "t-1", registration: "a@home 1", user: "sip:a@home", impi: "a@home", from: "sip:s1" },
  ...{ state: "watching", expiresAt: expiry, dueAt: expiry + 15_000, looks: 0, repairs: 0, unanswered: 0 },
  command: null,
};

function run(begin: number, happened: readonly CareEvent[], from = row): CareStep {
  let step: CareStep = { row: from, effects: [], fate: null };
  for (const [index, event] of happened.entries()) {
    const context: CareContext = {
      ...{ at: begin + 100 * index, sequence: 7 + index, operation: `care-${index}`, times: defaultTimes },
    };
    assert.ok(step.row !== null);
    step = stepCare(step.row, event, context);
  }
  return step;
}

const at = expiry + 15_000;

test("system 6 aftercare: held twice at some distance ends it", () => {
  const first = run(at, ["due", "held"]);
  assert.deepEqual([first.row?.looks, first.row?.dueAt, first.fate], [1, expiry + 120_000, null]);
  const second = run(at, ["due", "held", "due", "held"]);
  assert.deepEqual([second.row, second.fate], [null, "held"]);
});

test("real-cores: OpenIMSCore's record is 120 s late: there is a look as if it were, where that is still to come", () => {
  const before = (ms: number) => firstLook(expiry, { at: expiry - ms, times: defaultTimes });
  assert.deepEqual(before(105_001), { dueAt: expiry - 105_000, looks: -1 });
  assert.deepEqual(before(105_000), { dueAt: expiry + 15_000, looks: 0 });
  const early: CareRow = { ...row, ...before(600_000) };
  const held = run(expiry - 105_000, ["due", "held"], early);
  assert.deepEqual([held.row?.looks, held.row?.dueAt, held.fate], [0, expiry + 15_000, null]);
  const repaired = run(expiry - 105_000, ["due", "not held", "registered", "due", "held"], early);
  assert.deepEqual([repaired.row?.looks, repaired.row?.dueAt], [0, expiry + 15_000]);
  assert.equal(repaired.fate, "repaired");
});

test("T1: who is not held is told to register, as an operation of its own, and looked at a second later", () => {
  const told = run(at, ["due", "not held"]);
  assert.deepEqual(told.effects, ["send"]);
  assert.deepEqual(told.row?.command, {
    ...{ operation: "care-1", sequence: 8, expires: at + 100 + 10_000 },
    content: { command: "cancel", reRegister: true },
  });
  const registered = run(at, ["due", "not held", "registered"]);
  assert.deepEqual(registered.effects, [{ forget: "care-1" }]);
  assert.equal(registered.row?.dueAt, at + 200 + 1_000);
  const held = run(at, ["due", "not held", "registered", "due", "held"]);
  assert.deepEqual([held.fate, held.row?.repairs], ["repaired", 0]);
});

test("T1: a name that is missing is written first", () => {
  assert.deepEqual(run(at, ["due", "name is wrong"]).effects, ["write name"]);
  assert.deepEqual(run(at, ["due", "name is wrong", "named"]).effects, ["send"]);
});

test("system 6 aftercare: repairs that do not help, and an HSS that is silent, are tried later each time", () => {
  const waits = (...happened: readonly CareEvent[]) => {
    const { row: after } = run(at, happened);
    return (after?.dueAt ?? 0) - at - 100 * (happened.length - 1);
  };
  assert.equal(waits("due", "unanswered"), 5_000);
  assert.equal(waits("due", "unanswered", "due", "unanswered"), 10_000);
  assert.equal(waits("due", "not held", "refused"), 5_000);
  assert.equal(waits("due", "not held", "due", "due", "not held", "due"), 10_000);
  assert.equal(run(at, ["due", "not held, over"]).fate, "given up");
});
