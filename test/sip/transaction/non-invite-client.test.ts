// Non-INVITE client transaction: every cell. RFC 3261 17.1.2.2 and figure 6.
import assert from "node:assert/strict";
import test from "node:test";
import { nonInviteClient } from "@liquid-ims/sip/transaction/non-invite-client";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";
import { type ExpectedRow, expectRows } from "./expected-rows.ts";

const states = ["Trying", "Proceeding", "Completed", "Terminated"];
const events = ["timerE", "timerE-T2", "timerF", "timerK", "1xx", "200-699", "transport error"];

const expected: readonly ExpectedRow[] = [
  ["(begin)", "request from TU", "Trying", "send request", "start timerE", "start timerF"],

  ["Trying", "timerE", "Trying", "send request", "start timerE"],
  ["Trying", "timerF", "Terminated", "inform timeout"],
  ["Trying", "1xx", "Proceeding", "pass response"],
  ["Trying", "200-699", "Completed", "cancel timerE", "cancel timerF", "start timerK", "pass response"],
  ["Trying", "transport error", "Terminated", "inform transport error"],

  ["Proceeding", "timerE", "Proceeding", "send request", "start timerE-T2"],
  ["Proceeding", "timerE-T2", "Proceeding", "send request", "start timerE-T2"],
  ["Proceeding", "timerF", "Terminated", "inform timeout"],
  ["Proceeding", "1xx", "Proceeding", "pass response"],
  [
    "Proceeding",
    "200-699",
    "Completed",
    ...["cancel timerE", "cancel timerE-T2", "cancel timerF", "start timerK", "pass response"],
  ],
  ["Proceeding", "transport error", "Terminated", "inform transport error"],

  ["Completed", "timerK", "Terminated"],
  ["Completed", "1xx", "Completed"],
  ["Completed", "200-699", "Completed"],
  ["Completed", "transport error", "Completed"],
];

const table: AnyTable = {
  ...nonInviteClient.table,
  "(begin)": { "request from TU": nonInviteClient.start },
};
const expectations = (candidate: AnyTable) => expectRows(candidate, states, events, expected);

test("RFC 3261 17.1.2.2: every cell of the non-INVITE client transaction", () => {
  expectations(table);
});

test("17.1.2: each change of a row of the non-INVITE client transaction is noticed", () => {
  assert.ok(mutateTable(table, expectations) > 80);
});
