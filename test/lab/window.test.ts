// The window of a change of S-CSCF, as the report measures it from the trace.
import assert from "node:assert/strict";
import test from "node:test";
import { measureWindows, userWindows } from "@liquid-ims/lab/report/window";
import { writtenNames } from "@liquid-ims/lab/report/written-names";
import type { TraceEntry } from "@liquid-ims/lab/trace";
import type { PlacedCall } from "@liquid-ims/lab/ue/fleet";

const origins = new Map(["sip:a@x", "sip:b@x", "sip:c@x"].map((user) => [user, "sip:scscf2.x:6060"]));

function mar(at: number, user: string, server: string, from = "cfs"): TraceEntry {
  const message = `Multimedia-Auth-Request\nPublic-Identity: ${user}\nServer-Name: sip:${server}.x:6060`;
  return { at, from, to: "hss", protocol: "cx", message };
}

function registered(at: number, user: string, server: string, to = "ue01"): TraceEntry {
  const head = [
    "Via: SIP/2.0/UDP h",
    `To: <${user}>;tag=2`,
    `From: <${user}>;tag=1`,
    "Call-ID: r",
    "CSeq: 2 REGISTER",
  ];
  const lines = ["SIP/2.0 200 OK", ...head, `Service-Route: <sip:orig@${server}.x:6060;lr>`, "", ""];
  return { at, from: "pcscf1", to, protocol: "sip/udp", message: lines.join("\r\n") };
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

test("a window reaches from the CFS's MAR to the first 200 at the UE that names the new S-CSCF", () => {
  const trace = [
    registered(990, "sip:a@x", "scscf1"),
    mar(1000, "sip:a@x", "scscf1"),
    mar(1001, "sip:b@x", "scscf1", "scscf1"),
    mar(1002, "sip:c@x", "scscf1"),
    mar(1003, "sip:a@x", "scscf1"),
    registered(1005, "sip:a@x", "scscf2"),
    registered(1019, "sip:a@x", "scscf1", "pcscf1"),
    registered(1020, "sip:a@x", "scscf1"),
    registered(1500, "sip:a@x", "scscf1"),
    mar(9000, "sip:c@x", "scscf2"),
  ];
  assert.deepEqual(userWindows(trace, origins, "cfs"), [
    { user: "sip:a@x", from: 1000, to: 1020, backAt: null },
    { user: "sip:c@x", from: 1002, to: null, backAt: null },
  ]);
});

test("a change that is taken back ends the window when the old name is written; the next change has a window of its own", () => {
  const named = (at: number, server: string): TraceEntry[] => {
    const asked = mar(at, "sip:a@x", server);
    const message = `Multimedia-Auth-Answer success\nSession-Id: ${at}`;
    return [
      { ...asked, message: `${asked.message}\nSession-Id: ${at}` },
      { ...asked, at: at + 2, from: "hss", to: "cfs", message },
    ];
  };
  const trace = [
    ...named(1000, "scscf1"),
    ...named(9000, "scscf2"),
    ...named(20_000, "scscf1"),
    registered(20_030, "sip:a@x", "scscf1"),
  ];
  const windows = userWindows(trace, origins, "cfs");
  assert.deepEqual(windows, [
    { user: "sip:a@x", from: 1000, to: null, backAt: 9002 },
    { user: "sip:a@x", from: 20_000, to: 20_030, backAt: null },
  ]);
  const later = [call("x", "sip:a@x", 9010, 9020), call("x", "sip:a@x", 9001, 9020)];
  const { window, outside } = measureWindows(windows, later, 0);
  assert.deepEqual([window?.callsLost, window?.medianMilliseconds, outside.length], [1, 30, 1]);
});

/** What CFS and HSS say to each other over PyHSS's interface. */
function http(at: number, from: string, start: string, body: object | null): TraceEntry {
  const text = body === null ? "" : JSON.stringify(body);
  const message = `${start}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  return { at, from, to: from === "cfs" ? "hss" : "cfs", protocol: "http", message };
}

test("with PyHSS a window begins with the PATCH; one that writes the old name back opens none", () => {
  const user = "sip:a@open-ims.test";
  const said = (scscf: string) => ({ ims_subscriber_id: 7, imsi: "a", scscf: `sip:${scscf}.x:6060` });
  const patch = (at: number, scscf: string) =>
    http(at, "cfs", "PATCH /ims_subscriber/7 HTTP/1.1", { scscf: `sip:${scscf}.x:6060` });
  const trace = [
    // Of somebody of whom nothing was said before.
    http(990, "cfs", "PATCH /ims_subscriber/8 HTTP/1.1", { scscf: "sip:scscf1.x:6060" }),
    http(998, "cfs", "GET /ims_subscriber/ims_subscriber_imsi/a HTTP/1.1", null),
    http(999, "hss", "HTTP/1.1 200 OK", said("scscf2")),
    patch(1000, "scscf1"),
    // Asked before, and told late.
    http(1001, "hss", "HTTP/1.1 200 OK", said("scscf2")),
    http(1003, "hss", "HTTP/1.1 200 OK", said("scscf1")),
    registered(1020, user, "scscf1"),
    patch(2000, "scscf2"),
    http(2001, "hss", "HTTP/1.1 200 OK", said("scscf2")),
  ];
  assert.deepEqual(userWindows(trace, new Map([[user, "sip:scscf2.x:6060"]]), "cfs"), [
    { user, from: 1000, to: 1020, backAt: null },
  ]);
  assert.deepEqual(
    writtenNames(trace, "cfs").map(({ askedAt, writtenAt }) => [askedAt, writtenAt]),
    [
      [1000, 1003],
      [2000, 2001],
    ],
  );
});

test("no S-CSCF was changed: there is no window, and every failed call lies outside", () => {
  const { window, outside } = measureWindows([], [call("a", "b", 1, 2), call("a", "b", 1, 2, false)], 0);
  assert.equal(window, null);
  assert.equal(outside.length, 1);
});

test("nobody came to another S-CSCF and nobody was called in vain: that is no window of 0 ms", () => {
  const open = [{ user: "a", from: 1000, to: null, backAt: null }];
  assert.equal(measureWindows(open, [call("x", "y", 1100, 1200)], 0).window, null);
  assert.equal(measureWindows(open, [call("x", "a", 1100, 1200)], 0).window?.callsLost, 1);
});

test("a call to or from a user that failed while his window was open is lost in it, others are not", () => {
  const windows = [
    { user: "a", from: 1000, to: 1020, backAt: null },
    { user: "c", from: 2000, to: 2041, backAt: null },
  ];
  const zero = 50_000;
  const later = (one: PlacedCall): PlacedCall => ({
    ...one,
    placedAt: one.placedAt + zero,
    endedAt: one.endedAt === null ? null : one.endedAt + zero,
  });
  const inside = [call("x", "a", 990, 1000), call("a", "x", 1020, 1300), call("x", "c", 2010, null)].map(
    later,
  );
  const outside = [call("x", "a", 1021, 1300), call("x", "a", 900, 999), call("x", "y", 1000, 1020)].map(
    later,
  );
  const answered = later(call("x", "a", 1001, 1002, false));
  const measured = measureWindows(windows, [...inside, ...outside, answered], zero);
  assert.deepEqual(measured.window, { medianMilliseconds: 30.5, maxMilliseconds: 41, callsLost: 3 });
  assert.deepEqual(measured.outside, outside);
});
