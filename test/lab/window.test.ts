// The window of a change of S-CSCF, as the report measures it.
import assert from "node:assert/strict";
import test from "node:test";
import { measureWindows, userWindows } from "@liquid-ims/lab/report/window";
import type { PlacedCall, SeenRegistration } from "@liquid-ims/lab/ue/fleet";
import type { UserLine } from "@liquid-ims/reference-points/os-cfs";

const target = "sip:scscf1.x:6060";
const placeOf = ({ sCscf }: { readonly sCscf: string }) => `sip:${sCscf}`;

function line(user: string, reassignedAt: number | null): UserLine {
  return {
    ...{ user, from: "sip:scscf2.x:6060", to: target, state: "done", reason: "" },
    ...{ commandedAt: 900, reassignedAt, recordSeenAt: 1100, endedAt: 1200 },
  };
}

function registered(user: string, at: number, sCscf = "scscf1.x:6060"): SeenRegistration {
  const registration = { pCscf: "pcscf1.x:4060", sCscf };
  return { user, event: { kind: "registered", at, registration, cause: "command", status: 200 } };
}

function call(
  caller: string,
  callee: string,
  placedAt: number,
  endedAt: number | null,
  failed = true,
): PlacedCall {
  return { caller, callee, placedAt, endedAt, failed };
}

test("a window reaches from the MAR to the first registration at the target after it", () => {
  const windows = userWindows(
    [line("a", 1000), line("b", null), line("c", 1000)],
    [
      registered("a", 990),
      registered("a", 1005, "scscf2.x:6060"),
      registered("a", 1020),
      registered("a", 1500),
    ],
    placeOf,
  );
  assert.deepEqual(windows, [
    { user: "a", from: 1000, to: 1020 },
    { user: "c", from: 1000, to: null },
  ]);
});

test("no S-CSCF was changed: there is no window, and every failed call lies outside", () => {
  const { window, outside } = measureWindows([], [call("a", "b", 1, 2), call("a", "b", 1, 2, false)]);
  assert.equal(window, null);
  assert.equal(outside.length, 1);
});

test("a call to or from a user that failed while his window was open is lost in it, others are not", () => {
  const windows = [
    { user: "a", from: 1000, to: 1020 },
    { user: "c", from: 2000, to: 2041 },
  ];
  const inside = [call("x", "a", 990, 1000), call("a", "x", 1020, 1300), call("x", "c", 2010, null)];
  const outside = [call("x", "a", 1021, 1300), call("x", "a", 900, 999), call("x", "y", 1000, 1020)];
  const measured = measureWindows(windows, [...inside, ...outside, call("x", "a", 1001, 1002, false)]);
  assert.deepEqual(measured.window, { medianMilliseconds: 30.5, maxMilliseconds: 41, callsLost: 3 });
  assert.deepEqual(measured.outside, outside);
});
