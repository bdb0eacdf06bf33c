// The report's counting in a trace, and its figure and page.
import assert from "node:assert/strict";
import test from "node:test";
import { drawFigure, renderPng } from "@liquid-ims/lab/report/figure";
import { countLoad } from "@liquid-ims/lab/report/load";
import { countMoveMessages } from "@liquid-ims/lab/report/move-messages";
import { renderPage } from "@liquid-ims/lab/report/page";
import type { Report, ReportContext } from "@liquid-ims/lab/report/report";
import { createTimeline } from "@liquid-ims/lab/timeline";
import type { TraceEntry } from "@liquid-ims/lab/trace";

interface Line {
  readonly at: number;
  readonly hop: readonly [from: string, to: string];
  readonly start: string;
  readonly callId: string;
  readonly headers?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly toTag?: string;
}

function sip({
  at,
  hop,
  start,
  callId,
  headers = [],
  from = "sip:a@x",
  to = "sip:b@x",
  toTag,
}: Line): TraceEntry {
  const method = start.startsWith("SIP/2.0") ? (headers[0] ?? "") : (start.split(" ")[0] ?? "");
  const lines = [
    start,
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
    `From: <${from}>;tag=1`,
    `To: <${to}>${toTag === undefined ? "" : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    ...headers.slice(start.startsWith("SIP/2.0") ? 1 : 0),
    "Content-Length: 0",
  ];
  return { at, from: hop[0], to: hop[1], protocol: "sip/udp", message: `${lines.join("\r\n")}\r\n\r\n` };
}

test("load: one session set-up a session and function, INVITEs with Replaces and in dialogs are none", () => {
  const invite = "INVITE sip:b@x SIP/2.0";
  const trace = [
    sip({ at: 100, hop: ["ue01", "pcscf1"], start: invite, callId: "1" }),
    sip({ at: 101, hop: ["pcscf1", "scscf1"], start: invite, callId: "1" }),
    sip({ at: 102, hop: ["scscf1", "scscf1"], start: invite, callId: "1" }),
    sip({ at: 103, hop: ["pcscf1", "ue01"], start: "SIP/2.0 200 OK", callId: "1", headers: ["INVITE"] }),
    sip({
      at: 1200,
      hop: ["ue01", "pcscf1"],
      start: invite,
      callId: "2",
      headers: ["Replaces: 1;to-tag=2;from-tag=1"],
    }),
    sip({ at: 1300, hop: ["ue01", "pcscf1"], start: invite, callId: "3", toTag: "9" }),
    { at: 1400, from: "ue01", to: "pcscf1", protocol: "dns", message: "AAAA" } as const,
  ];
  const load = countLoad(trace, { functions: ["pcscf1", "scscf1"], timeline: createTimeline(1), until: 2 });
  assert.deepEqual(load, [
    { function: "pcscf1", second: 0, sessionSetups: 1, messages: 3 },
    { function: "pcscf1", second: 1, sessionSetups: 0, messages: 2 },
    { function: "scscf1", second: 0, sessionSetups: 1, messages: 3 },
    { function: "scscf1", second: 1, sessionSetups: 0, messages: 0 },
  ]);
});

test("load: with a faster script its seconds are shorter", () => {
  const trace = [sip({ at: 250, hop: ["ue01", "pcscf1"], start: "INVITE sip:b@x SIP/2.0", callId: "1" })];
  const load = countLoad(trace, { functions: ["pcscf1"], timeline: createTimeline(10), until: 3 });
  assert.deepEqual(
    load.map((line) => line.sessionSetups),
    [0, 0, 1],
  );
});

test("messages of a move: its registration, its subscription, its Cx, its replacing dialog, the old one's BYE", () => {
  const mine = "sip:a@x";
  const cx = (at: number, ...lines: readonly string[]): TraceEntry => ({
    ...{ at, from: at % 2 === 0 ? "icscf1" : "hss", to: at % 2 === 0 ? "hss" : "icscf1" },
    ...{ protocol: "cx", message: lines.join("\n") },
  });
  const trace = [
    sip({
      at: 5,
      hop: ["ue01", "pcscf2"],
      start: "REGISTER sip:x SIP/2.0",
      callId: "r",
      from: mine,
      to: mine,
    }),
    sip({
      at: 15,
      hop: ["ue01", "pcscf2"],
      start: "REGISTER sip:x SIP/2.0",
      callId: "r",
      from: mine,
      to: mine,
    }),
    cx(16, "User-Authorization-Request", "Session-Id: icscf1;1;4", `Public-Identity: ${mine}`),
    cx(17, "User-Authorization-Answer success (2001)", "Session-Id: icscf1;1;4"),
    cx(18, "User-Authorization-Answer success (2001)", "Session-Id: icscf1;1;5"),
    sip({
      at: 18,
      hop: ["pcscf2", "ue01"],
      start: "SIP/2.0 200 OK",
      callId: "r",
      headers: ["REGISTER"],
      to: mine,
    }),
    sip({ at: 19, hop: ["ue02", "pcscf2"], start: "REGISTER sip:x SIP/2.0", callId: "o", to: "sip:other@x" }),
    sip({
      at: 20,
      hop: ["ue01", "pcscf2"],
      start: "SUBSCRIBE sip:cfs.x SIP/2.0",
      callId: "s",
      from: mine,
      to: "sip:cfs.x",
    }),
    sip({
      at: 21,
      hop: ["cfs", "scscf1"],
      start: "NOTIFY sip:a@h SIP/2.0",
      callId: "s",
      from: "sip:cfs.x",
      to: mine,
    }),
    sip({
      at: 22,
      hop: ["ue01", "pcscf2"],
      start: "INVITE sip:b@x SIP/2.0",
      callId: "n",
      from: mine,
      headers: ["Replaces: d;to-tag=2;from-tag=1"],
    }),
    sip({
      at: 23,
      hop: ["ue02", "pcscf3"],
      start: "BYE sip:a@h SIP/2.0",
      callId: "d",
      from: "sip:b@x",
      to: mine,
    }),
    sip({ at: 24, hop: ["ue02", "pcscf3"], start: "BYE sip:a@h SIP/2.0", callId: "unrelated" }),
    sip({ at: 31, hop: ["ue01", "pcscf2"], start: "BYE sip:b@x SIP/2.0", callId: "n", from: mine }),
  ];
  const counts = countMoveMessages(trace, [{ user: mine, from: 10, to: 30 }], "cfs.x");
  assert.deepEqual([...counts], [[mine, 8]]);
});

const report: Report = {
  schemaVersion: "1.2",
  ...{ experiment: "p-cscf-overload", core: "embedded", clock: "virtual", pace: "fixed", seed: 1, speed: 1 },
  users: [
    {
      ...{ user: "sip:<b>@x", from: "pcscf1", to: "pcscf2", planned: true, outcome: "moved", reason: "" },
      ...{ milliseconds: 12.5, messages: 40 },
    },
  ],
  transfer: { planned: 1, moved: 1, left: 0 },
  dialogs: { atTransfer: 1, kept: 1, pinned: 0, lost: 0, endedMeanwhile: 0 },
  calls: { attempted: 1, completed: 1, failed: 0 },
  window: null,
  load: [0, 1, 2].flatMap((second) => [
    { function: "pcscf1", second, sessionSetups: 1, messages: 14 },
    { function: "pcscf2", second, sessionSetups: 0, messages: 0 },
  ]),
};
const context: ReportContext = {
  ...{ title: "One & all <move>", functions: ["pcscf1", "pcscf2"], transferFrom: 1, transferTo: 1.5 },
  marks: [{ second: 2, label: "pcscf1 killed" }],
  dialogs: [],
  failures: ["1 dialogs were lost"],
  notes: [],
};

test("figure: functions with traffic, the transfer and the marks; text is escaped; it becomes a PNG", () => {
  const svg = drawFigure(report, context);
  for (const text of ["pcscf1", "transfer", "pcscf1 killed", "One &amp; all &lt;move&gt;"])
    assert.ok(svg.includes(text), text);
  assert.ok(!svg.includes(">pcscf2<"));
  assert.deepEqual([...renderPng(svg).slice(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  assert.equal(drawFigure(report, context), svg);
  // A picture is shown without its report.
  assert.match(svg, />[^<]* dialogs kept, [^<]*embedded core, virtual clock/);
  assert.match(drawFigure({ ...report, core: "kamailio" }, context), /kamailio core, virtual clock/);
});

test("figure: a run without any message still draws", () => {
  assert.ok(drawFigure({ ...report, load: [] }, { ...context, transferFrom: null }).includes("</svg>"));
});

test("page: what was not expected comes first, text is escaped, empty tables say so", () => {
  const page = renderPage(report, context, "<svg></svg>");
  assert.match(page, /Not as expected.*1 dialogs were lost/s);
  assert.ok(page.includes("sip:&lt;b&gt;@x") && !page.includes("sip:<b>@x"));
  assert.ok(page.includes("None."));
});

test("page: the window is told with its comparison, and what an S-CSCF claimed in it", () => {
  const parts = {
    marMilliseconds: 5,
    orderMilliseconds: 9,
    commandMilliseconds: 13,
    registrationMilliseconds: 35,
  };
  const figures = { medianMilliseconds: 63.7, maxMilliseconds: 110.3, callsLost: 1, claims: 1 };
  const window = { ...figures, parts, baselineMilliseconds: 52.2 };
  const page = renderPage({ ...report, window }, { ...context, notes: ["SAR of <scscf1>"] }, "<svg></svg>");
  assert.match(
    page,
    /63\.7 ms without S-CSCF, median; 110\.3 ms at most; 1 calls lost in it; 52\.2 ms the same/,
  );
  assert.match(page, /<li>SAR of &lt;scscf1&gt;<\/li>/);
  assert.doesNotMatch(renderPage(report, context, "<svg></svg>"), /without S-CSCF/);
});
