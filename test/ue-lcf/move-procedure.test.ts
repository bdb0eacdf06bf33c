// Every cell of the move procedure's table, written by hand from procedures P and S and from cfs-ue 7 and 8.
import assert from "node:assert/strict";
import test from "node:test";
import { type MoveEvent, type MoveState, moveTable, stepMove } from "@liquid-ims/ue-lcf/move-procedure";
import { type AnyTable, mutateTable } from "../support/mutate-tables.ts";

/** Next state, actions; an event that is not here does nothing. */
type Cells = Partial<Record<MoveEvent, readonly [MoveState, ...string[]]>>;

const events: readonly MoveEvent[] = [
  "move",
  "move armed",
  "amend now",
  "amend armed",
  "amend only",
  "replace",
  "cancel",
  "cancel, re-register",
  "rest over",
  "registered",
  "registered, wait",
  "registered, old S-CSCF",
  "registered, still old",
  "registered, again",
  "failed",
  "all told",
  "deadline",
  "emergency",
  "unregistered",
];

/** After the 200 of the wanted registration: dialogs are replaced, or wait for that. */
const afterRegistration: Cells = {
  "amend now": ["Registering", "amend", "hold", "answer accepted", "register"],
  "amend armed": ["Armed", "amend", "hold", "answer accepted", "start rest"],
  replace: ["Replacing", "amend", "answer accepted", "replace"],
  cancel: ["Settling", "amend", "answer cancelled", "pin the rest", "start rest of 500 ms"],
  "cancel, re-register": ["Returning", "amend", "answer cancelled", "re-register"],
  "all told": ["Idle", "report", "close"],
  deadline: ["Settling", "pin the rest", "start rest of 500 ms"],
  unregistered: ["Settling", "pin the rest", "start rest of 500 ms"],
};

const returned = ["Idle", "tell registered", "release", "report", "close"] as const;
const ended = ["Idle", "tell registered", "report", "close"] as const;

const expected: Record<MoveState, Cells> = {
  Idle: {
    move: ["Registering", "open", "hold", "answer accepted", "register"],
    "move armed": ["Armed", "open", "hold", "answer accepted", "start rest"],
    cancel: ["Idle", "answer cancelled"],
    "cancel, re-register": ["Returning", "open", "answer cancelled", "re-register"],
  },
  Armed: {
    "amend now": ["Registering", "amend", "stop rest", "answer accepted", "register"],
    "amend armed": ["Armed", "amend", "stop rest", "answer accepted", "start rest"],
    "amend only": ["Armed", "amend", "answer accepted"],
    replace: ["Armed", "amend", "answer accepted"],
    cancel: ["Idle", "amend", "stop rest", "release", "answer cancelled", "close"],
    "cancel, re-register": ["Returning", "amend", "stop rest", "answer cancelled", "re-register"],
    "rest over": ["Registering", "register"],
    deadline: ["Idle", "stop rest", "release", "tell deadline", "close"],
    emergency: ["Idle", "stop rest", "release", "tell emergency", "close"],
    unregistered: ["Idle", "stop rest", "release", "tell unregistered", "close"],
  },
  Registering: {
    // `after: 0`: a registration that begins after its arrival, whatever is under way (cfs-ue 8 step 2).
    "amend now": ["Registering", "amend", "answer accepted", "register again"],
    "amend armed": ["Registering", "amend", "answer accepted"],
    "amend only": ["Registering", "amend", "answer accepted"],
    replace: ["Registering", "amend", "answer accepted"],
    cancel: ["Ending", "amend", "release", "answer cancelled"],
    "cancel, re-register": ["Returning", "amend", "answer cancelled", "re-register again"],
    registered: ["Replacing", "tell registered", "release", "replace"],
    "registered, wait": ["Waiting", "tell registered", "hold back", "release"],
    // Step 4.
    "registered, old S-CSCF": ["Armed", "tell registered", "start rest of 500 ms"],
    "registered, still old": ["Waiting", "tell registered", "release"],
    "registered, again": ["Registering", "register"],
    failed: ["Idle", "release", "tell failed", "close"],
    deadline: ["Ending", "release", "tell deadline"],
    emergency: ["Ending", "release", "tell emergency"],
  },
  Waiting: { ...afterRegistration, "amend only": ["Waiting", "amend", "answer accepted"] },
  Replacing: { ...afterRegistration, "amend only": ["Replacing", "amend", "answer accepted"] },
  Settling: {
    cancel: ["Settling", "amend", "answer cancelled"],
    "cancel, re-register": ["Returning", "amend", "stop rest", "answer cancelled", "re-register"],
    "rest over": ["Idle", "report", "close"],
    "all told": ["Idle", "stop rest", "report", "close"],
  },
  Returning: {
    "amend now": ["Registering", "amend", "hold", "answer accepted", "register again"],
    "amend armed": ["Returning", "amend", "answer accepted"],
    "amend only": ["Returning", "amend", "answer accepted"],
    replace: ["Returning", "amend", "answer accepted"],
    cancel: ["Returning", "amend", "answer cancelled"],
    "cancel, re-register": ["Returning", "amend", "answer cancelled"],
    registered: returned,
    "registered, wait": returned,
    "registered, old S-CSCF": returned,
    "registered, still old": returned,
    "registered, again": ["Returning", "re-register"],
    failed: ["Idle", "release", "tell failed", "close"],
  },
  Ending: {
    cancel: ["Ending", "amend", "answer cancelled"],
    "cancel, re-register": ["Returning", "amend", "answer cancelled", "re-register again"],
    registered: ended,
    "registered, wait": ended,
    "registered, old S-CSCF": ended,
    "registered, still old": ended,
    "registered, again": ended,
    failed: ["Idle", "close"],
  },
};

function expectations(table: AnyTable): void {
  for (const [state, cells] of Object.entries(expected)) {
    for (const event of events) {
      const cell = cells[event];
      const row = cell === undefined ? null : { next: cell[0], actions: cell.slice(1) };
      assert.deepEqual(table[state]?.[event] ?? null, row, `${state} / ${event}`);
    }
    assert.equal(Object.keys(table[state] ?? {}).length, events.length, state);
  }
  assert.equal(Object.keys(table).length, Object.keys(expected).length);
}

test("cfs-ue 7, 8: every cell of the move procedure's table", () => expectations(moveTable));

test("no change of the table goes unnoticed", () => {
  assert.ok(mutateTable(moveTable, expectations) > 400);
});

test("what cannot happen in a state changes nothing", () => {
  assert.deepEqual(stepMove("Idle", "rest over"), { next: "Idle", actions: [] });
});

test("whoever holds new requests back lets them go on every way out to Idle", () => {
  // An S move: held on the way into it, until something releases.
  for (const [state, rows] of Object.entries<
    Record<string, { next: string; actions: readonly string[] } | null>
  >(moveTable)) {
    if (state !== "Armed" && state !== "Registering") continue;
    for (const [event, row] of Object.entries(rows)) {
      if (row === null || row.next === "Armed" || row.next === "Registering") continue;
      const isReleased = row.actions.includes("release") || row.next === "Returning";
      assert.ok(isReleased, `${state} / ${event} ends the hold`);
    }
  }
});
