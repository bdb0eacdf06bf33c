// Non-INVITE server transaction: every cell. RFC 3261 17.2.2 and figure 8, RFC 4320 4.1 and 4.2, RFC 6026 8.8.
import assert from "node:assert/strict";
import test from "node:test";
import { nonInviteServer } from "@liquid-ims/sip/transaction/non-invite-server";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";
import { type ExpectedRow, expectRows } from "./expected-rows.ts";

const states = ["Trying", "Proceeding", "Completed", "Terminated"];
const events = [
  ...["timer100", "timerExpiry", "timerJ", "request"],
  ...["100 from TU", "101-199 from TU", "200-699 from TU", "408 from TU", "transport error"],
];

const expected: readonly ExpectedRow[] = [
  ["(begin)", "request", "Trying", "start timer100", "start timerExpiry", "pass request"],

  ["Trying", "timer100", "Proceeding", "send 100"],
  ["Trying", "timerExpiry", "Terminated", "inform timeout"],
  ["Trying", "request", "Trying"],
  ["Trying", "100 from TU", "Trying"],
  ["Trying", "101-199 from TU", "Trying"],
  [
    "Trying",
    "200-699 from TU",
    "Completed",
    ...["cancel timer100", "cancel timerExpiry", "send response", "start timerJ"],
  ],
  ["Trying", "408 from TU", "Trying", "cancel timer100"],

  ["Proceeding", "timerExpiry", "Terminated", "inform timeout"],
  ["Proceeding", "request", "Proceeding", "send response"],
  ["Proceeding", "100 from TU", "Proceeding", "send response"],
  ["Proceeding", "101-199 from TU", "Proceeding"],
  ["Proceeding", "200-699 from TU", "Completed", "cancel timerExpiry", "send response", "start timerJ"],
  ["Proceeding", "408 from TU", "Proceeding"],
  ["Proceeding", "transport error", "Proceeding", "inform transport error"],

  ["Completed", "timerJ", "Terminated"],
  ["Completed", "request", "Completed", "send response"],
  ["Completed", "100 from TU", "Completed"],
  ["Completed", "101-199 from TU", "Completed"],
  ["Completed", "200-699 from TU", "Completed"],
  ["Completed", "408 from TU", "Completed"],
  ["Completed", "transport error", "Completed", "inform transport error"],
];

const table: AnyTable = { ...nonInviteServer.table, "(begin)": { request: nonInviteServer.start } };
const expectations = (candidate: AnyTable) => expectRows(candidate, states, events, expected);

test("RFC 3261 17.2.2, RFC 4320 4: every cell of the non-INVITE server transaction", () => {
  expectations(table);
});

test("17.2.2: each change of a row of the non-INVITE server transaction is noticed", () => {
  assert.ok(mutateTable(table, expectations) > 90);
});
