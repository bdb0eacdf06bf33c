// What a window consists of, and what it is compared with.
import assert from "node:assert/strict";
import test from "node:test";
import { measureParts } from "@liquid-ims/lab/report/window-parts";
import type { TraceEntry } from "@liquid-ims/lab/trace";

const options = { cfs: "cfs", staying: new Set(["sip:s@x", "sip:t@x", "sip:u@x"]), from: 1000, to: 2000 };

function cx(at: number, from: string, to: string, text: string): TraceEntry {
  return { at, from, to, protocol: "cx", message: text };
}

function sip(at: number, from: string, to: string, start: string, user: string, method: string): TraceEntry {
  const head = [start, "Via: SIP/2.0/UDP h", "From: <sip:f@x>;tag=1", `To: <${user}>`, "Call-ID: c"];
  return {
    ...{ at, from, to, protocol: "sip/udp" },
    message: [...head, `CSeq: 1 ${method}`, "", ""].join("\r\n"),
  };
}

const register = (at: number, user: string, ue: string) =>
  sip(at, ue, "pcscf1", "REGISTER sip:x SIP/2.0", user, "REGISTER");
const answer = (at: number, user: string, ue: string, status: number) =>
  sip(at, "pcscf1", ue, `SIP/2.0 ${status} X`, user, "REGISTER");

/** A window whose parts are 3 ms, 2 ms, `command` ms and `registration` ms. */
function moved(user: string, from: number, command: number, registration: number): TraceEntry[] {
  const id = `Session-Id: ${user}\n`;
  const notify = (at: number) => sip(at, "cfs", "scscf2", `NOTIFY ${user} SIP/2.0`, user, "NOTIFY");
  const ready = from + 5 + command;
  return [
    cx(from, "cfs", "hss", `Multimedia-Auth-Request\n${id}Public-Identity: ${user}\n`),
    // Of the refresh before: it knows nothing of the answer.
    notify(from + 1),
    cx(from + 2, "hss", "cfs", "Multimedia-Auth-Answer success (2001)\nSession-Id: another\n"),
    cx(from + 3, "hss", "cfs", `Multimedia-Auth-Answer success (2001)\n${id}`),
    notify(from + 5),
    register(ready, user, "ue01"),
    answer(ready + 1, user, "ue01", 401),
    register(ready + 2, user, "ue01"),
    answer(ready + registration, user, "ue01", 200),
  ];
}

test("the parts of a window follow each other; the median of each is given", () => {
  const trace = [
    ...moved("sip:a@x", 1000, 3, 10),
    ...moved("sip:b@x", 1100, 4, 20),
    ...moved("sip:c@x", 1200, 8, 30),
  ];
  const windows = [
    { user: "sip:a@x", from: 1000, to: 1018, backAt: null },
    { user: "sip:b@x", from: 1100, to: 1129, backAt: null },
    { user: "sip:c@x", from: 1200, to: 1243, backAt: null },
    { user: "sip:d@x", from: 1300, to: null, backAt: null },
  ];
  assert.deepEqual(measureParts(trace, windows, options), {
    parts: {
      marMilliseconds: 3,
      orderMilliseconds: 2,
      commandMilliseconds: 4,
      registrationMilliseconds: 20,
    },
    baselineMilliseconds: null,
  });
});

const anew = (at: number, user: string, milliseconds: number, first = 401) => [
  register(at, user, "ue09"),
  answer(at + 1, user, "ue09", first),
  register(at + 2, user, "ue09"),
  answer(at + milliseconds, user, "ue09", 200),
];

test("the baseline: each window's order and command with a registration of who stays, challenges included", () => {
  const trace = [
    ...anew(500, "sip:s@x", 100),
    ...moved("sip:a@x", 1000, 3, 10),
    ...anew(1003, "sip:s@x", 12),
    ...moved("sip:b@x", 1100, 4, 20),
    ...anew(1103, "sip:t@x", 14),
    ...moved("sip:c@x", 1200, 8, 30),
    ...anew(1203, "sip:u@x", 16),
    ...anew(2001, "sip:u@x", 100),
  ].sort((one, other) => one.at - other.at);
  const windows = [
    { user: "sip:a@x", from: 1000, to: 1018, backAt: null },
    { user: "sip:b@x", from: 1100, to: 1129, backAt: null },
    { user: "sip:c@x", from: 1200, to: 1243, backAt: null },
  ];
  assert.equal(measureParts(trace, windows, options).baselineMilliseconds, 2 + 4 + 14);
});

test("a refused registration is none: the next one begins anew", () => {
  const trace = [
    ...moved("sip:a@x", 1000, 3, 10),
    register(1100, "sip:s@x", "ue09"),
    answer(1110, "sip:s@x", "ue09", 503),
    register(1200, "sip:s@x", "ue09"),
    answer(1207, "sip:s@x", "ue09", 200),
  ];
  const windows = [{ user: "sip:a@x", from: 1000, to: 1018, backAt: null }];
  assert.equal(measureParts(trace, windows, options).baselineMilliseconds, 2 + 3 + 7);
});

test("a registration that no command has caused is no part of anything", () => {
  const trace = moved("sip:a@x", 1000, 3, 10).filter(
    ({ at, message }) => at !== 1005 || !message.startsWith("NOTIFY"),
  );
  const { parts } = measureParts(trace, [{ user: "sip:a@x", from: 1000, to: 1018, backAt: null }], options);
  assert.equal(parts.registrationMilliseconds, 0);
});
