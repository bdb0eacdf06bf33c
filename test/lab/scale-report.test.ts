// The report of experiments whose functions come and go: what it counts in a trace, what it expects, what it draws.
import assert from "node:assert/strict";
import test from "node:test";
import type { ExperimentOptions } from "@liquid-ims/lab/experiments/experiment";
import { scaleFailures } from "@liquid-ims/lab/experiments/scale-expectation";
import {
  binomialBounds,
  buildScaleReport,
  type ScaleFindings,
} from "@liquid-ims/lab/report/build-scale-report";
import { renderPng } from "@liquid-ims/lab/report/figure";
import { placeLabels } from "@liquid-ims/lab/report/mark-rows";
import { registerTransactions } from "@liquid-ims/lab/report/register-transactions";
import { drawScaleFigure } from "@liquid-ims/lab/report/scale-figure";
import { renderScalePage } from "@liquid-ims/lab/report/scale-page";
import type { ScaleContext, ScaleReport } from "@liquid-ims/lab/report/scale-report";
import { createTimeline } from "@liquid-ims/lab/timeline";
import type { TraceEntry } from "@liquid-ims/lab/trace";
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";

const user = "sip:user001@open-ims.test";

function sip(
  at: number,
  from: string,
  to: string,
  start: string,
  branch: string,
  method = "REGISTER",
): TraceEntry {
  const lines = [
    start,
    `Via: SIP/2.0/UDP ${from};branch=${branch};rport`,
    "Via: SIP/2.0/UDP ue;branch=z9hG4bKother",
    `From: <${user}>;tag=1`,
    `To: <${user}>`,
    "Call-ID: 1",
    `CSeq: 1 ${method}`,
    "Content-Length: 0",
  ];
  return { at, from, to, protocol: "sip/udp", message: `${lines.join("\r\n")}\r\n\r\n` };
}

const register = "REGISTER sip:open-ims.test SIP/2.0";

/** A whole transaction. */
function answered(at: number, from: string, to: string, status = 200): TraceEntry[] {
  const branch = `z9hG4bK${from}${to}${at}`;
  return [sip(at, from, to, register, branch), sip(at + 1, to, from, `SIP/2.0 ${status} Words`, branch)];
}

test("17.1.2: a REGISTER and its retransmissions are one transaction, from the first one to the final response", () => {
  const trace: TraceEntry[] = [
    sip(100, "pcscf1", "icscf1", register, "z9hG4bK1"),
    sip(600, "pcscf1", "icscf1", register, "z9hG4bK1"),
    sip(610, "icscf1", "pcscf1", "SIP/2.0 100 Trying", "z9hG4bK1"),
    sip(620, "icscf1", "pcscf1", "SIP/2.0 401 Unauthorized", "z9hG4bK1"),
    sip(621, "icscf1", "pcscf1", "SIP/2.0 401 Unauthorized", "z9hG4bK1"),
    // The same branch on another hop is another transaction, and never answered.
    sip(700, "icscf1", "scscf1", register, "z9hG4bK1"),
    // No REGISTERs.
    sip(800, "pcscf1", "icscf1", "INVITE sip:b@x SIP/2.0", "z9hG4bK2", "INVITE"),
    sip(810, "icscf1", "pcscf1", "SIP/2.0 200 OK", "z9hG4bK2", "INVITE"),
    { at: 900, from: "ue01", to: "ns", protocol: "dns", message: "AAAA" },
  ];
  assert.deepEqual(registerTransactions(trace), [
    { from: "pcscf1", to: "icscf1", at: 100, user, status: 401 },
    { from: "icscf1", to: "scscf1", at: 700, user, status: null },
  ]);
});

test("bounds of chance: within them all but one run in 100,000, never below none or above all", () => {
  // Standard deviation of 100 draws at one half: 5.
  assert.deepEqual(binomialBounds(100, { low: 0.5, high: 0.5 }), { low: 28, high: 72 });
  assert.deepEqual(binomialBounds(4, { low: 0.5, high: 0.5 }), { low: 0, high: 4 });
  const uneven = binomialBounds(400, { low: 0.45, high: 0.55 });
  assert.ok(uneven.low < 180 && uneven.high > 220);
  assert.ok(uneven.low > 100 && uneven.high < 300);
});

const options: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 1, rate: 1, duration: 40, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0, loss: 0, kill: false, placement: "shared", logLevel: "error" },
};

function operation(action: "add" | "remove", startedAt: number, endedAt: number): FunctionOperation {
  return {
    ...{
      id: action,
      action,
      function: "icscf.open-ims.test",
      kind: "I-CSCF",
      state: "COMPLETED",
      request: null,
    },
    ...{
      step: "completed",
      failed: false,
      force: false,
      startedAt,
      endedAt,
      deadlineAt: 0,
      changes: ["<a>"],
    },
    ...{
      changedAt: null,
      mayBeStoppedAt: null,
      mayBeStopped: action === "remove",
      retryAt: null,
      updates: 1,
    },
  };
}

const zeroWall = 1_000_000;

/**
 * 10 s icscf1 alone, added at 10 s, TTL 5 s, both from 15 s to 25 s in turn, removed by 30 s, icscf2 alone to 40 s: ten
 * REGISTERs a second, so 50 and 50 in between.
 */
function findings(changes: Partial<ScaleFindings> = {}): ScaleFindings {
  const trace = Array.from({ length: 400 }, (_, index): TraceEntry[] => {
    const at = index * 100 + 50;
    const isSecond = at >= 30_000 || (at >= 15_000 && index % 2 === 1);
    return answered(at, "pcscf1", isSecond ? "icscf2" : "icscf1", index % 2 === 0 ? 401 : 200);
  }).flat();
  trace.push(...answered(39_000, "ue01", "pcscf1"), ...answered(39_010, "scscf1", "cfd"));
  const registration = { pCscf: "pcscf1.open-ims.test:4060", sCscf: "sip:scscf1.open-ims.test:6060" };
  return {
    ...{ experiment: "i-cscf-scale", options, timeline: createTimeline(1), zeroWall, trace, ttlMs: 5000 },
    ...{
      functions: ["icscf1", "icscf2"],
      cfds: ["cfd"],
      killedAt: zeroWall + 32_000,
      until: 40,
      attempted: 1,
    },
    operations: [
      { function: "icscf2", operation: operation("add", zeroWall + 9_950, zeroWall + 10_000) },
      { function: "icscf1", operation: operation("remove", zeroWall + 25_000, zeroWall + 30_000) },
    ],
    ended: [{ user, at: zeroWall + 39_500, failure: "" }],
    registrations: new Map([[user, registration]]),
    records: [{ user, ...registration }],
    share: { low: 0.5, high: 0.5 },
    ...changes,
  };
}

test("report: changes, phases, load, registrations and records of a run as it should be", () => {
  const report = buildScaleReport(findings());
  assert.deepEqual(
    report.functionChanges.map((change) => [
      change.function,
      change.action,
      change.startedAt,
      change.completedAt,
    ]),
    [
      ["icscf2", "add", 9.95, 10],
      ["icscf1", "remove", 25, 30],
    ],
  );
  assert.deepEqual(
    report.shares.map(({ phase, from, to, registers }) => [
      phase,
      from,
      to,
      ...registers.map((one) => one.registers),
    ]),
    [
      // The REGISTER at 9.95 s is of the next phase, which has no share.
      ["before", 0, 9.95, 99, 0],
      ["both", 15, 25, 50, 50],
      ["after", 30, 40, 0, 100],
    ],
  );
  assert.deepEqual(
    report.shares.map((share) => share.bounds),
    [null, { low: 28, high: 72 }, null],
  );
  assert.deepEqual(report.registrations, { attempted: 1, completed: 1, failed: 0 });
  assert.deepEqual(report.transactions, { total: 402, refused: 0, unanswered: 0 });
  assert.deepEqual(report.reported, { expected: 1, found: 1 });
  assert.deepEqual(report.records, { expected: 1, found: 1, missing: [] });
  assert.deepEqual(report.killed, { function: "icscf1", at: 32 });
  const at20 = report.load.filter((line) => line.second === 20);
  assert.deepEqual(at20, [
    { function: "icscf1", second: 20, registers: 5 },
    { function: "icscf2", second: 20, registers: 5 },
  ]);
  assert.deepEqual(report.ended[39], { second: 39, completed: 1, failed: 0 });
  assert.deepEqual(scaleFailures(report, []), []);
});

const bad: readonly (readonly [what: string, changes: Partial<ScaleFindings>, failure: RegExp])[] = [
  [
    "one REGISTER for the first one after COMPLETED",
    { trace: [...findings().trace, ...answered(30_001, "pcscf1", "icscf1")] },
    /^the first one had load after its removal was completed: icscf1 1 \+ icscf2 100 /,
  ],
  [
    "one for the second one before it was added",
    { trace: [...findings().trace, ...answered(5_000, "pcscf1", "icscf2")] },
    /^the second one had load before it was added/,
  ],
  [
    "no load for the second one while there are both",
    { trace: findings().trace.filter((one) => one.at < 15_000 || one.at >= 25_000 || one.to !== "icscf2") },
    /^the load does not spread: icscf1 50 \+ icscf2 0 REGISTERs with both, 15\.0 s to 25\.0 s/,
  ],
  [
    "too few to judge",
    { trace: findings().trace.filter((one) => one.at < 15_000 || one.at >= 25_000) },
    /^0 REGISTERs while there were both are too few to judge \(40 are needed\)/,
  ],
  [
    "a REGISTER without an answer",
    { trace: [...findings().trace, sip(26_000, "pcscf1", "icscf1", register, "z9hG4bKlost")] },
    /^0 REGISTER transactions refused, 1 unanswered/,
  ],
  [
    "a REGISTER refused",
    { trace: [...findings().trace, ...answered(26_000, "pcscf1", "icscf1", 503)] },
    /^1 REGISTER transactions refused, 0 unanswered/,
  ],
  ["a registration that did not end", { ended: [] }, /^1 of 1 registrations failed$/],
  [
    "a registration of which no CFD heard",
    { trace: findings().trace.filter((one) => one.to !== "cfd" && one.from !== "cfd") },
    /^CFDs heard of 0 of 1 registrations$/,
  ],
  ["no record", { records: [] }, /^no location record says where sip:user001@open-ims.test is registered/],
  [
    "a record of another P-CSCF",
    { records: [{ user, pCscf: "pcscf2.open-ims.test:4060", sCscf: "sip:scscf1.open-ims.test:6060" }] },
    /^no location record says where sip:user001@open-ims.test is registered/,
  ],
  ["not killed", { killedAt: null }, /^the first one was not stopped$/],
  [
    "an order given up",
    {
      operations: [
        {
          function: "icscf2",
          operation: {
            ...{ ...operation("add", zeroWall + 10_000, 0), state: "FAILED_TEMP", endedAt: null },
            problem: { type: "x", title: "No zone", status: 500, detail: "REFUSED" },
          },
        },
      ],
    },
    /^not completed: icscf2 added at 10\.0 s, FAILED_TEMP \(No zone: REFUSED\)$/,
  ],
];

for (const [what, changes, failure] of bad)
  test(`expectation: ${what} is not what was expected`, () => {
    const failures = scaleFailures(buildScaleReport(findings(changes)), []);
    assert.ok(
      failures.some((line) => failure.test(line)),
      failures.join("\n"),
    );
  });

const context: ScaleContext = {
  ...{ title: "A <second> I-CSCF & more", functions: ["icscf1", "icscf2"], ttl: 5, failures: [] },
};

test("labels: an earlier one stands above those that it would lie on, one at the right edge left of its mark", () => {
  const size = { characterWidth: 10, right: 1000 };
  const labels = [
    { x: 100, text: "PUT" },
    { x: 101, text: "COMPLETED" },
    { x: 500, text: "DELETE" },
    { x: 990, text: "killed" },
  ];
  assert.deepEqual(
    placeLabels(labels, size).map(({ text, row, anchor }) => [text, row, anchor]),
    [
      ["killed", 0, "end"],
      ["DELETE", 0, "start"],
      ["COMPLETED", 0, "start"],
      ["PUT", 1, "start"],
    ],
  );
});

test("figure: orders, their ends and the kill are marked, text is escaped; it becomes a PNG", () => {
  const svg = drawScaleFigure(buildScaleReport(findings()), context);
  for (const label of ["PUT icscf2", "DELETE icscf1", "COMPLETED", "icscf1 killed"])
    assert.ok(svg.includes(`>${label}</text>`), label);
  assert.ok(svg.includes("A &lt;second&gt; I-CSCF &amp; more"));
  assert.deepEqual([...renderPng(svg).slice(1, 4)], [0x50, 0x4e, 0x47]);
});

test("figure: a run that ended at once still draws", () => {
  const report: ScaleReport = buildScaleReport(findings({ trace: [], operations: [], until: 0, ended: [] }));
  assert.ok(drawScaleFigure(report, context).endsWith("</svg>"));
});

test("page: what was not expected comes first, text is escaped, shares and changes are there", () => {
  const page = renderScalePage(buildScaleReport(findings()), { ...context, failures: ["a < b"] }, "<svg/>");
  assert.match(page, /Not as expected:<\/strong><\/p><ul><li>a &lt; b<\/li>/);
  assert.match(page, /<td>icscf2<\/td><td>add<\/td>/);
  assert.ok(page.includes("&lt;a&gt;"));
  assert.ok(page.includes("28 to 72"));
});
