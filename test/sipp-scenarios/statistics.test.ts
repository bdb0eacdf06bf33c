// What is read from SIPp's files and from the CFD's metrics, and what is made of it.
import assert from "node:assert/strict";
import test from "node:test";
import { percentile } from "@liquid-ims/sipp-scenarios/percentile";
import { complaintsIn, findSipp } from "@liquid-ims/sipp-scenarios/sipp-program";
import { readStatistics } from "@liquid-ims/sipp-scenarios/sipp-statistics";
import { parseMetrics, workBetween } from "@liquid-ims/sipp-scenarios/third-party-register/cfd-metrics";
import { loadUser } from "@liquid-ims/sipp-scenarios/third-party-register/load-users";
import { MessageLog } from "@liquid-ims/sipp-scenarios/third-party-register/message-log";
import { sippArguments } from "@liquid-ims/sipp-scenarios/third-party-register/sipp-run";
import { beyondLimits, stepResult } from "@liquid-ims/sipp-scenarios/third-party-register/step-result";

test("percentile by nearest rank: a value that was measured", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(percentile(hundred, 50), 50);
  assert.equal(percentile(hundred, 99), 99);
  assert.equal(percentile(hundred, 100), 100);
  assert.equal(percentile([1, 2, 3], 99), 3);
  assert.equal(percentile([7], 1), 7);
  assert.equal(percentile([], 99), null);
});

const line = (time: string, direction: string, call: string, first: string) =>
  `2026-11-25\t13:45:${time}\t17956143${time}\t${direction}\t${call}\tCSeq:10 REGISTER\t${first}`;
const request = "REGISTER sip:127.0.0.1:7099 SIP/2.0";

function logOf(...lines: string[]): MessageLog {
  const log = new MessageLog();
  for (const text of lines) log.add(text);
  return log;
}

test("message log: time from the first sending to the first final response, in microseconds", () => {
  const { exchanges } = logOf(
    line("40.952336", "S", "1-5287@127.0.0.1", request),
    line("40.952404", "S", "2-5287@127.0.0.1", request),
    line("40.952999", "R", "1-5287@127.0.0.1", "SIP/2.0 100 Trying"),
    line("40.955716", "R", "1-5287@127.0.0.1", "SIP/2.0 200 OK"),
    line("41.452404", "S", "2-5287@127.0.0.1", request),
    line("41.462404", "R", "2-5287@127.0.0.1", "SIP/2.0 503 Service Unavailable"),
    line("41.462500", "R", "2-5287@127.0.0.1", "SIP/2.0 200 OK"),
    line("42.000000", "S", "3-5287@127.0.0.1", request),
    line("42.000000", "R", "elsewhere", "SIP/2.0 200 OK"),
    "half a li",
  );
  assert.deepEqual([...exchanges.keys()], [1, 2, 3]);
  const { sentAt: _first, ...first } = exchanges.get(1) ?? { sentAt: 0 };
  assert.deepEqual(first, { retransmissions: 0, status: 200, milliseconds: 3.38 });
  assert.equal(exchanges.get(2)?.retransmissions, 1);
  assert.equal(exchanges.get(2)?.status, 503);
  assert.equal(exchanges.get(2)?.milliseconds, 510);
  assert.equal(exchanges.get(3)?.status, null);
});

test("message log: what TCP held up is not there; its time counts from when it was to be sent", () => {
  const log = new MessageLog();
  log.addIntent("1 2026-11-25\t14:03:40.100000\t1795614340.100000");
  log.addIntent("2 2026-11-25\t14:03:40.200000\t1795614340.200000");
  log.addIntent("something else");
  for (const text of [
    line("40.103000", "S", "1-9@x", request),
    line("40.113000", "R", "1-9@x", "SIP/2.0 200 OK"),
    line("40.250000", "R", "2-9@x", "SIP/2.0 200 OK"),
  ])
    log.add(text);
  assert.equal(log.exchanges.get(1)?.milliseconds, 10);
  assert.equal(log.exchanges.get(2)?.milliseconds, 50);
  assert.equal(log.exchanges.get(1)?.retransmissions, 0);
});

// Columns of SIPp 3.6.1, those that are read and some that are not.
const header =
  "StartTime;ElapsedTime(C);TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);FailedMaxUDPRetrans(C);FailedUnexpectedMessage(C);OutOfCallMsgs(C);DeadCallMsgs(C);Retransmissions(P);Retransmissions(C);";
const early = "2026-11-25\t13:44:49.5\t1.5;00:00:01;500;499;499;0;0;0;0;0;0;5;5;";
const last = "2026-11-25\t13:44:49.5\t1.5;00:00:02;1000;0;997;0;3;2;1;4;5;0;9;";

test("statistics: the last line, cumulative columns", () => {
  const statistics = readStatistics(`${header}\n${early}\n${last}\n`);
  assert.deepEqual(statistics, {
    calls: 1000,
    successful: 997,
    failed: 3,
    reasons: new Map([
      ["MaxUDPRetrans", 2],
      ["UnexpectedMessage", 1],
    ]),
    retransmissions: 9,
    unexpected: 10,
  });
  assert.equal(readStatistics(`${header}\n`), null);
  assert.equal(readStatistics(""), null);
});

const step = {
  rate: 2,
  registers: [1, 2, 3].map((index) => ({ user: loadUser(index, "r"), kind: "new" as const, sequence: 2 })),
};

function runOf(exitCode: number, ...lines: string[]) {
  return { exitCode, exchanges: logOf(...lines).exchanges, statistics: null, complaints: ["no route"] };
}

test("a step: counts, rate as sent, times of the 200 only", () => {
  const result = stepResult(
    step,
    runOf(
      0,
      line("40.000000", "S", "1-1@x", request),
      line("40.010000", "R", "1-1@x", "SIP/2.0 200 OK"),
      line("40.500000", "S", "2-1@x", request),
      line("41.000000", "S", "3-1@x", request),
      line("41.000100", "R", "3-1@x", "SIP/2.0 503 Service Unavailable"),
      line("41.000200", "S", "2-1@x", request),
      line("41.020000", "R", "2-1@x", "SIP/2.0 200 OK"),
    ),
  );
  assert.equal(result.sentRate, 2);
  assert.deepEqual(result.answers, { 200: 2, 503: 1 });
  assert.deepEqual([result.ok, result.unavailable, result.unanswered, result.failed], [2, 1, 0, 0]);
  assert.deepEqual([result.p50, result.p99, result.longest], [10, 520, 520]);
  assert.equal(result.retransmissions, 1);
});

test("a SIPp that broke off: what it did not send has failed, and its complaint is the reason", () => {
  const result = stepResult(step, runOf(255));
  assert.deepEqual([result.sent, result.unanswered, result.failed], [0, 3, 3]);
  assert.deepEqual(result.reasons, ["no route"]);
});

test("the knee: SIPp's exit code, a 503, more than 1 % retransmitted, p99; SIPp's own limit is told apart", () => {
  const good = {
    ...{ rate: 100, sentRate: 99, registers: 1000, sent: 1000, ok: 1000, unavailable: 0, failed: 0 },
    ...{ answers: { 200: 1000 }, unanswered: 0, unexpected: 0, retransmissions: 10, p50: 2, p99: 100 },
    ...{ longest: 300, sippExitCode: 0, sippSuccessful: 1000, reasons: [] },
  };
  const limits = { p99: 100, retransmissions: 0.01 };
  assert.equal(beyondLimits(good, limits), null);
  assert.match(beyondLimits({ ...good, sippExitCode: 1 }, limits) ?? "", /SIPp ended with 1/);
  assert.match(beyondLimits({ ...good, unavailable: 1 }, limits) ?? "", /1 x 503/);
  assert.match(beyondLimits({ ...good, retransmissions: 11 }, limits) ?? "", /retransmissions 1.1 % > 1 %/);
  assert.match(beyondLimits({ ...good, p99: 100.1 }, limits) ?? "", /p99 100.1 ms > 100 ms/);
  assert.match(beyondLimits({ ...good, sentRate: 90 }, limits) ?? "", /SIPp itself sent only 90\/s/);
});

test("metrics: what the CFD did between two readings", () => {
  const before = parseMetrics(
    'cfd_registers_total{outcome="registered"} 5\nprocess_cpu_seconds_total 1.5 1395066363000\n',
  );
  const after = parseMetrics(
    '# HELP cfd_registers_total Third-party REGISTERs\n# TYPE cfd_registers_total counter\ncfd_registers_total{outcome="registered"} 8\ncfd_registers_total{outcome="P-CSCF changed"} 2\ncfd_refused_total{reason="busy"} 1\nprocess_cpu_seconds_total 3.25\nprocess_resident_memory_bytes 1.2e+08\nnodejs_version_info{version="v24"} 1\n',
  );
  assert.deepEqual(workBetween(before, after), {
    cpuSeconds: 1.75,
    memoryBytes: 120_000_000,
    outcomes: { registered: 3, "P-CSCF changed": 2, busy: 1 },
  });
  assert.equal(workBetween(new Map(), new Map()).cpuSeconds, null);
});

test("SIPp's complaints, one behind the other on one line", () => {
  const time = "2026-11-25\t13:49:17.269029\t1795614557.269029: ";
  assert.deepEqual(
    complaintsIn(
      `The following events occurred:\n${time}Failed to shutdown socket 6, errno = 107${time}Error on TCP connection: Connection refused`,
    ),
    ["Error on TCP connection: Connection refused"],
  );
  assert.deepEqual(
    complaintsIn(
      `${time}Unable to bind remote control socket (tried UDP ports 8888-8947): Address already in use${time}Aborting call`,
    ),
    ["Aborting call"],
    "goes on without a remote control",
  );
});

test("a missing SIPp is one line that says how to install it", () => {
  for (const path of [undefined, "", "/nowhere:/nowhere-else"])
    assert.throws(
      () => findSipp(path),
      /^MachineError: SIPp is not installed.*apt-get install .*sip-tester$/,
    );
});

test("the command line of SIPp: an open loop, an end that fails, addresses of the loopback", () => {
  const options = {
    ...{ scenario: "s.xml", folder: "/f", injectionFile: "/f/r.csv", step, target: "127.0.2.11:7080" },
    transport: "tcp",
  } as const;
  const argv = sippArguments(options).join(" ");
  for (const part of ["-r 2 -m 3 -l 4", "-t t1 -i 127.0.0.1", "-timeout 62 -timeout_error", "-sf s.xml"])
    assert.ok(argv.includes(part), part);
  assert.ok(!sippArguments({ ...options, target: "192.0.2.1:5060" }).includes("-i"));
});
