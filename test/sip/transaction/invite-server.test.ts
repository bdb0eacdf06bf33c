// INVITE server transaction: every cell. RFC 3261 17.2.1 and figure 7, RFC 6026 7.1, 8.5 to 8.8.
import assert from "node:assert/strict";
import test from "node:test";
import { inviteServer } from "@liquid-ims/sip/transaction/invite-server";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";
import { type ExpectedRow, expectRows } from "./expected-rows.ts";

const states = ["Proceeding", "Accepted", "Completed", "Confirmed", "Terminated"];
const events = [
  ...["timer100", "timerG", "timerH", "timerI", "timerL", "INVITE", "ACK"],
  ...["1xx from TU", "2xx from TU", "300-699 from TU", "transport error"],
];

const expected: readonly ExpectedRow[] = [
  ["(begin)", "INVITE", "Proceeding", "start timer100", "pass request"],

  ["Proceeding", "timer100", "Proceeding", "send 100"],
  ["Proceeding", "INVITE", "Proceeding", "send response"],
  ["Proceeding", "ACK", "Proceeding"],
  ["Proceeding", "1xx from TU", "Proceeding", "cancel timer100", "send response"],
  ["Proceeding", "2xx from TU", "Accepted", "cancel timer100", "send response", "start timerL"],
  [
    "Proceeding",
    "300-699 from TU",
    "Completed",
    ...["cancel timer100", "send response", "start timerG", "start timerH"],
  ],
  ["Proceeding", "transport error", "Proceeding", "inform transport error"],

  ["Accepted", "timerL", "Terminated"],
  ["Accepted", "INVITE", "Accepted"],
  ["Accepted", "ACK", "Accepted", "pass ACK"],
  ["Accepted", "1xx from TU", "Accepted"],
  ["Accepted", "2xx from TU", "Accepted", "send response"],
  ["Accepted", "300-699 from TU", "Accepted"],
  ["Accepted", "transport error", "Accepted", "inform transport error"],

  ["Completed", "timerG", "Completed", "send response", "start timerG"],
  ["Completed", "timerH", "Terminated", "inform timeout"],
  ["Completed", "INVITE", "Completed", "send response"],
  ["Completed", "ACK", "Confirmed", "cancel timerG", "cancel timerH", "start timerI"],
  ["Completed", "1xx from TU", "Completed"],
  ["Completed", "2xx from TU", "Completed"],
  ["Completed", "300-699 from TU", "Completed"],
  ["Completed", "transport error", "Completed", "inform transport error"],

  ["Confirmed", "timerI", "Terminated"],
  ["Confirmed", "INVITE", "Confirmed"],
  ["Confirmed", "ACK", "Confirmed"],
  ["Confirmed", "1xx from TU", "Confirmed"],
  ["Confirmed", "2xx from TU", "Confirmed"],
  ["Confirmed", "300-699 from TU", "Confirmed"],
  ["Confirmed", "transport error", "Confirmed"],
];

const table: AnyTable = { ...inviteServer.table, "(begin)": { INVITE: inviteServer.start } };
const expectations = (candidate: AnyTable) => expectRows(candidate, states, events, expected);

test("RFC 3261 17.2.1, RFC 6026 7.1: every cell of the INVITE server transaction", () => {
  expectations(table);
});

test("17.2.1: each change of a row of the INVITE server transaction is noticed", () => {
  assert.ok(mutateTable(table, expectations) > 130);
});
