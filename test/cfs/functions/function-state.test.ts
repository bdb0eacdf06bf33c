// The table of a function operation, row by row, and what its actions do. Rows are written by hand.
import assert from "node:assert/strict";
import test from "node:test";
import {
  type FunctionOperationRow,
  type FunctionState,
  operationCodec,
} from "@liquid-ims/cfs/functions/function-row";
import { type FunctionEvent, functionTable } from "@liquid-ims/cfs/functions/function-state";
import { backOff, type FunctionHappening, stepFunction } from "@liquid-ims/cfs/functions/function-step";
import type { Change } from "@liquid-ims/dns/update";
import type { ProblemDetails } from "@liquid-ims/reference-points/os-cfs";

/** `event -> next: actions`; what is not listed cannot happen. */
const expected: Record<FunctionState, readonly string[]> = {
  accepted: [
    "begin -> reading: read",
    "resume -> reading: read",
    "asked again -> accepted: ",
    "has failed -> accepted: note failed",
  ],
  reading: [
    "resume -> reading: read",
    "as ordered -> completed: forget problem, end",
    "gone, not everywhere -> waiting: note TTL, forget problem, wait for resolvers",
    "to change -> writing: note change, write",
    "impossible -> failed: note problem, end",
    "overtaken -> failed: note problem, end",
    "trouble -> retrying: note problem, back off",
    "trouble, no time left -> given up: note problem",
    "asked again -> reading: begin anew",
    "has failed -> reading: begin anew, note failed",
  ],
  writing: [
    "resume -> reading: read",
    "written -> verifying: note written, read",
    "outdated -> reading: note unsent, read",
    "lost a race -> reading: note race, read",
    "trouble -> retrying: note problem, back off",
    "trouble, no time left -> given up: note problem",
    "asked again -> writing: begin anew",
    "has failed -> writing: begin anew, note failed",
  ],
  verifying: [
    "resume -> verifying: read",
    "as ordered -> completed: forget problem, end",
    "gone, not everywhere -> waiting: note TTL, forget problem, wait for resolvers",
    "to change -> writing: note change, write",
    "impossible -> failed: note problem, end",
    "not yet -> verifying: note look, read later",
    "overtaken -> failed: note problem, end",
    "trouble -> retrying: note problem, back off",
    "trouble, no time left -> given up: note problem",
    "time -> verifying: read",
    "asked again -> verifying: ",
    "has failed -> verifying: note failed",
  ],
  waiting: [
    "resume -> waiting: set timer",
    "time -> verifying: new deadline, read",
    "asked again -> waiting: ",
    "has failed -> completed: note failed, end",
    "superseded -> failed: note problem, end",
  ],
  retrying: [
    "resume -> retrying: set timer",
    "time -> reading: read",
    "asked again -> reading: begin anew, read",
    "has failed -> reading: begin anew, note failed, read",
    "superseded -> failed: note problem, end",
  ],
  "given up": [
    "asked again -> reading: begin anew, read",
    "has failed -> reading: begin anew, note failed, read",
    "superseded -> failed: note problem, end",
  ],
  completed: [],
  failed: [],
};

for (const [state, rows] of Object.entries(functionTable))
  test(`RFC 2136: a function operation that is ${state}`, () => {
    const found = Object.entries(rows).flatMap(([event, row]) =>
      row === null ? [] : [`${event} -> ${row.next}: ${row.actions.join(", ")}`],
    );
    const wanted = Object.entries(expected).find(([name]) => name === state)?.[1];
    assert.deepEqual([...found].sort(), [...(wanted ?? [])].sort());
    assert.equal(Object.keys(rows).length, 17, "every event has a cell");
  });

const times = { deadline: 600_000, firstRetry: 1_000, longestRetry: 60_000, margin: 1_000 };
const context = { at: 50_000, times };

const row: FunctionOperationRow = {
  id: "f-1",
  action: "remove",
  function: "icscf1.home",
  kind: "I-CSCF",
  request: null,
  failed: false,
  force: false,
  knownGone: null,
  state: "reading",
  turn: 4,
  startedAt: 10_000,
  endedAt: null,
  deadlineAt: 610_000,
  changes: [],
  updates: 0,
  changedAt: null,
  ttl: 0,
  waitUntil: null,
  goneAt: null,
  version: null,
  retryAt: null,
  failures: 0,
  races: 0,
  looks: 0,
  problem: null,
};

const problem: ProblemDetails = { type: "about:blank", title: "t", status: 502, detail: "d" };

function step(change: Partial<FunctionOperationRow>, happening: FunctionHappening | FunctionEvent) {
  const event = typeof happening === "string" ? { event: happening } : happening;
  return stepFunction({ ...row, ...change }, event, context) ?? assert.fail("it cannot happen");
}

test("an UPDATE is remembered with its changes and their TTL before it is sent", () => {
  const changes: readonly Change[] = [
    { kind: "delete-record", name: "icscf1.home", record: { type: "A", data: "192.0.2.31" } },
  ];
  const stepped = step({ ttl: 5 }, { event: "to change", change: { update: { changes }, ttl: 20 } });
  assert.deepEqual(stepped.effect, { effect: "write", update: { changes } });
  const { state, updates, ttl, turn, changes: texts } = stepped.row;
  assert.deepEqual([state, updates, ttl, turn], ["writing", 1, 20, 5]);
  assert.deepEqual(texts, ["update delete icscf1.home. A 192.0.2.31"]);
});

test("what was seen of the TTL once is never forgotten: the longest counts", () => {
  const change = { update: { changes: [] }, ttl: 10 };
  assert.equal(step({ ttl: 300 }, { event: "to change", change }).row.ttl, 300);
  assert.equal(step({ ttl: 300 }, { event: "gone, not everywhere", ttl: 5 }).row.ttl, 300);
});

test("the wait is counted from the confirmation, or from now where none came", () => {
  const confirmed = step({ state: "verifying", ttl: 20, changedAt: 45_000 }, "gone, not everywhere");
  assert.deepEqual(confirmed.effect, { effect: "timer", at: 45_000 + 20_000 + 1_000 });
  const unconfirmed = step({ ttl: 20 }, "gone, not everywhere");
  assert.equal(unconfirmed.row.waitUntil, 50_000 + 20_000 + 1_000);
});

test("each failure doubles the wait, up to the longest", () => {
  const failed = step({ failures: 3, races: 2 }, { event: "trouble", problem });
  assert.deepEqual(failed.effect, { effect: "timer", at: 58_000 });
  assert.deepEqual([failed.row.failures, failed.row.races, failed.row.problem], [4, 0, problem]);
  assert.deepEqual(
    [0, 1, 5, 6, 1_000].map((failures) => backOff(failures, times)),
    [1_000, 2_000, 32_000, 60_000, 60_000],
  );
});

test("the same order again counts its deadline from now, and no failure of before", () => {
  const { row: again, effect } = step(
    { state: "given up", failures: 9, changedAt: 20_000, deadlineAt: 40_000 },
    { event: "asked again", deadline: 7_000 },
  );
  assert.deepEqual(effect, { effect: "read" });
  assert.deepEqual([again.deadlineAt, again.failures, again.changedAt], [57_000, 0, null]);
  assert.equal(step({ state: "retrying" }, "asked again").row.deadlineAt, 650_000);
});

test("without an effect the turn stays, so that an answer on its way still counts", () => {
  assert.equal(step({ state: "writing" }, "has failed").row.turn, 4);
  assert.equal(step({ state: "retrying" }, "time").row.turn, 5);
});

test("looks at a zone that does not show its change yet are 200, 400 and 800 ms apart", () => {
  const waits = [0, 1, 2].map((looks) => step({ state: "verifying", looks }, "not yet").effect);
  assert.deepEqual(
    waits,
    [50_200, 50_400, 50_800].map((at) => ({ effect: "timer", at })),
  );
});

test("what cannot happen changes nothing", () => {
  assert.equal(stepFunction({ ...row, state: "completed" }, { event: "time" }, context), null);
  assert.equal(stepFunction({ ...row, state: "writing" }, { event: "superseded" }, context), null);
});

test("a row of an earlier version has the members that came later", () => {
  const { goneAt: _goneAt, version: _version, ...older } = row;
  assert.deepEqual(operationCodec.decode(JSON.stringify(older)), row);
  assert.throws(() => operationCodec.decode('{"id":"f-1"}'), /a row of table function-operation is none/);
});
