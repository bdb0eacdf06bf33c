// The two tables of a peer against rows written by hand from the RFCs.
import assert from "node:assert/strict";
import test from "node:test";
import { peerState, winsElection } from "@liquid-ims/diameter/peer/peer-state";
import { initialWatchdog, stepWatchdog, watchdogTable } from "@liquid-ims/diameter/peer/watchdog";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";
import { expectedTable, peerEvents, peerRows, watchdogEvents, watchdogRows } from "./expected-tables.ts";

test("RFC 6733 5.6: the peer table is the RFC's, and every change of it is noticed", () => {
  const expected = expectedTable(peerRows, peerEvents);
  const count = mutateTable(peerState, (table: AnyTable) => assert.deepEqual(table, expected));
  assert.ok(count > 300, `${count} changes`);
});

test("RFC 3539 3.4.1: the watchdog table is the RFC's, and every change of it is noticed", () => {
  const expected = expectedTable(watchdogRows, watchdogEvents);
  const count = mutateTable(watchdogTable, (table: AnyTable) => assert.deepEqual(table, expected));
  assert.ok(count > 120, `${count} changes`);
});

test("RFC 6733 5.6.4: the higher identity wins, and case does not count", () => {
  assert.equal(winsElection("hss.ims.example", "cfs.ims.example"), true);
  assert.equal(winsElection("cfs.ims.example", "hss.ims.example"), false);
  assert.equal(winsElection("HSS.ims.example", "cfs.ims.example"), true);
  assert.equal(winsElection("cfs2.ims.example", "CFS.ims.example"), true, "2 is above the dot");
});

test("RFC 3539 3.4.1: a connection that came back is OKAY after three answers", () => {
  let { watchdog, effects } = stepWatchdog(initialWatchdog, "Connection up");
  assert.equal(watchdog.state, "OKAY");
  ({ watchdog, effects } = stepWatchdog(watchdog, "Connection down"));
  assert.deepEqual([watchdog.state, effects], ["DOWN", ["close", "failover", "set"]]);
  ({ watchdog, effects } = stepWatchdog(watchdog, "Connection up"));
  assert.deepEqual([watchdog.state, effects], ["REOPEN", ["send", "set"]]);
  for (const state of ["REOPEN", "REOPEN", "OKAY"]) {
    ({ watchdog } = stepWatchdog(watchdog, "Receive DWA"));
    assert.equal(watchdog.state, state);
    ({ watchdog, effects } = stepWatchdog(watchdog, "Timer expires"));
    assert.deepEqual(effects, ["send", "set"]);
  }
});

test("RFC 3539 3.4.1: two missed answers in REOPEN bring the connection down", () => {
  let watchdog = stepWatchdog({ ...initialWatchdog, state: "DOWN" }, "Connection up").watchdog;
  watchdog = stepWatchdog(watchdog, "Timer expires").watchdog;
  assert.deepEqual([watchdog.state, watchdog.numDwa], ["REOPEN", -1]);
  const { watchdog: after, effects } = stepWatchdog(watchdog, "Timer expires");
  assert.deepEqual([after.state, effects], ["DOWN", ["close", "set"]]);
});
