// INVITE client transaction: every cell. RFC 3261 17.1.1.2 and figure 5, RFC 6026 7.2 and 8.4, RFC 3261 9.1.
import assert from "node:assert/strict";
import test from "node:test";
import { inviteClient } from "@liquid-ims/sip/transaction/invite-client";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";
import { type ExpectedRow, expectRows } from "./expected-rows.ts";

const states = ["Calling", "Proceeding", "Accepted", "Completed", "Terminated"];
const events = [
  ...["timerA", "timerB", "timerD", "timerM"],
  ...["1xx", "2xx", "300-699", "transport error", "cancel expired"],
];

const expected: readonly ExpectedRow[] = [
  ["(begin)", "INVITE from TU", "Calling", "send request", "start timerA", "start timerB"],

  ["Calling", "timerA", "Calling", "send request", "start timerA"],
  ["Calling", "timerB", "Terminated", "inform timeout"],
  ["Calling", "1xx", "Proceeding", "cancel timerA", "cancel timerB", "pass response"],
  ["Calling", "2xx", "Accepted", "cancel timerA", "cancel timerB", "start timerM", "pass response"],
  [
    "Calling",
    "300-699",
    "Completed",
    ...["cancel timerA", "cancel timerB", "send ACK", "start timerD", "pass response"],
  ],
  ["Calling", "transport error", "Terminated", "inform transport error"],

  ["Proceeding", "1xx", "Proceeding", "pass response"],
  ["Proceeding", "2xx", "Accepted", "start timerM", "pass response"],
  ["Proceeding", "300-699", "Completed", "send ACK", "start timerD", "pass response"],
  ["Proceeding", "transport error", "Proceeding"],
  ["Proceeding", "cancel expired", "Terminated", "inform timeout"],

  ["Accepted", "timerM", "Terminated"],
  ["Accepted", "1xx", "Accepted"],
  ["Accepted", "2xx", "Accepted", "pass response"],
  ["Accepted", "300-699", "Accepted"],
  ["Accepted", "transport error", "Accepted"],
  ["Accepted", "cancel expired", "Accepted"],

  ["Completed", "timerD", "Terminated"],
  ["Completed", "1xx", "Completed"],
  ["Completed", "2xx", "Completed"],
  ["Completed", "300-699", "Completed", "send ACK"],
  ["Completed", "transport error", "Terminated", "inform transport error"],
  ["Completed", "cancel expired", "Completed"],
];

const table: AnyTable = { ...inviteClient.table, "(begin)": { "INVITE from TU": inviteClient.start } };
const expectations = (candidate: AnyTable) => expectRows(candidate, states, events, expected);

test("RFC 3261 17.1.1.2, RFC 6026 8.4: every cell of the INVITE client transaction", () => {
  expectations(table);
});

test("17.1.1: each change of a row of the INVITE client transaction is noticed", () => {
  assert.ok(mutateTable(table, expectations) > 100);
});
