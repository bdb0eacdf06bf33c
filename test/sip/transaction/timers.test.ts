// Every timer of the transactions in virtual time. RFC 3261 17 and table 4, RFC 6026 8.4, 8.5, RFC 4320 4.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { defaultTimers, type Timers } from "@liquid-ims/sip/timers";
import { inviteClient } from "@liquid-ims/sip/transaction/invite-client";
import { inviteServer } from "@liquid-ims/sip/transaction/invite-server";
import { nonInviteClient } from "@liquid-ims/sip/transaction/non-invite-client";
import { nonInviteServer } from "@liquid-ims/sip/transaction/non-invite-server";
import { Run } from "@liquid-ims/sip/transaction/run";
import type { Machine } from "@liquid-ims/sip/transaction/table";
import { addBareHost } from "../../support/virtual-hosts.ts";

interface Options {
  readonly reliable?: boolean;
  readonly timers?: Timers;
}

/** One transaction on the virtual clock; `log` has "ms what" of everything it does. */
function begin<S extends string, E extends string, M extends string, P extends string, T extends string & E>(
  machine: Machine<S, E, M, P, T>,
  options: Options = {},
) {
  const simulation = new Simulation({ seed: 1 });
  const { node: host } = addBareHost(simulation, "host", "10.0.0.1");
  const log: string[] = [];
  const write = (what: string) => log.push(`${simulation.now} ${what}`);
  const { reliable = false, timers = defaultTimers } = options;
  const run = new Run(
    machine,
    { clock: host.clock, timers, reliable },
    {
      send: (what) => write(`send ${what}`),
      pass: (what) => write(`pass ${what}`),
      inform: (cause) => write(cause),
      terminated: () => write("Terminated"),
    },
  );
  run.start();
  return { run, log, after: (ms: number) => simulation.run({ ms }) };
}

const twoMinutes = 120_000;

test("17.1.1.2 timer A: an INVITE is sent after T1, 2*T1, 4*T1 and so on without a bound", async () => {
  const { log, after } = begin(inviteClient);
  await after(31_999);
  assert.deepEqual(
    log,
    [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500].map((time) => `${time} send request`),
  );
});

test("17.1.1.2 timer A does not run over TCP", async () => {
  const { log, after } = begin(inviteClient, { reliable: true });
  await after(31_999);
  assert.deepEqual(log, ["0 send request"]);
});

test("17.1.1.2 timer B: no answer for 64*T1 is a timeout, over UDP and TCP", async () => {
  for (const reliable of [false, true]) {
    const { log, after } = begin(inviteClient, { reliable });
    await after(31_999);
    assert.ok(!log.includes("32000 timeout"));
    await after(twoMinutes);
    assert.deepEqual(log.slice(-2), ["32000 timeout", "32000 Terminated"]);
  }
});

test("17.1.1.2 timers A and B stop with the first provisional response", async () => {
  const { log, run, after } = begin(inviteClient);
  run.event("1xx");
  await after(twoMinutes);
  assert.deepEqual(log, ["0 send request", "0 pass response"]);
  assert.equal(run.state, "Proceeding");
});

test("17.1.1.2 timer D: 32 s over UDP, in which each final response is acknowledged", async () => {
  const { log, run, after } = begin(inviteClient);
  run.event("300-699");
  await after(31_999);
  run.event("300-699");
  await after(twoMinutes);
  assert.deepEqual(log.slice(1), ["0 send ACK", "0 pass response", "31999 send ACK", "32000 Terminated"]);
});

test("17.1.1.2 timer D: not less than 32 s with a smaller T1, 64*T1 with a larger one", async () => {
  for (const [T1, end] of [
    [100, 32_000],
    [2_000, 128_000],
  ] as const) {
    const { log, run, after } = begin(inviteClient, { timers: { ...defaultTimers, T1 } });
    run.event("300-699");
    await after(200_000);
    assert.equal(log.at(-1), `${end} Terminated`);
  }
});

test("17.1.1.2 timer D: nothing to wait for over TCP", () => {
  const { log, run } = begin(inviteClient, { reliable: true });
  run.event("300-699");
  assert.deepEqual(log.slice(1), ["0 send ACK", "0 pass response", "0 Terminated"]);
});

test("RFC 6026 8.4 timer M: 2xx are passed on for 64*T1, over UDP and TCP", async () => {
  for (const reliable of [false, true]) {
    const { log, run, after } = begin(inviteClient, { reliable });
    run.event("2xx");
    await after(31_999);
    run.event("2xx");
    await after(twoMinutes);
    assert.deepEqual(log.slice(1), ["0 pass response", "31999 pass response", "32000 Terminated"]);
  }
});

test("17.1.2.2 timer E: T1, doubled up to T2, then every T2", async () => {
  const { log, after } = begin(nonInviteClient);
  await after(31_999);
  const times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
  assert.deepEqual(
    log,
    times.map((time) => `${time} send request`),
  );
});

test("17.1.2.2 timer E in Proceeding: runs on as set, then every T2", async () => {
  const { log, run, after } = begin(nonInviteClient);
  await after(600);
  run.event("1xx");
  await after(9_400);
  assert.deepEqual(log, [
    "0 send request",
    "500 send request",
    "600 pass response",
    "1500 send request",
    "5500 send request",
    "9500 send request",
  ]);
});

test("17.1.2.2 timer E does not run over TCP", async () => {
  const { log, run, after } = begin(nonInviteClient, { reliable: true });
  run.event("1xx");
  await after(31_999);
  assert.deepEqual(log, ["0 send request", "0 pass response"]);
});

test("17.1.2.2 timer F: 64*T1 without a final response, also after a provisional one, is a timeout", async () => {
  for (const reliable of [false, true]) {
    for (const provisional of [false, true]) {
      const { log, run, after } = begin(nonInviteClient, { reliable });
      if (provisional) run.event("1xx");
      await after(twoMinutes);
      assert.deepEqual(log.slice(-2), ["32000 timeout", "32000 Terminated"]);
    }
  }
});

test("17.1.2.2 timer K: T4 over UDP to absorb further responses, nothing over TCP", async () => {
  const udp = begin(nonInviteClient);
  udp.run.event("200-699");
  await udp.after(1_000);
  udp.run.event("200-699");
  await udp.after(twoMinutes);
  assert.deepEqual(udp.log, ["0 send request", "0 pass response", "5000 Terminated"]);
  const tcp = begin(nonInviteClient, { reliable: true });
  tcp.run.event("200-699");
  assert.deepEqual(tcp.log.slice(1), ["0 pass response", "0 Terminated"]);
});

test("17.2.1: 100 after 200 ms without an answer of the user, and it answers retransmissions", async () => {
  const { log, run, after } = begin(inviteServer);
  await after(1_000);
  run.event("INVITE");
  assert.deepEqual(log, ["0 pass request", "200 send 100", "1000 send response"]);
});

test("17.2.1: no 100 when the user has answered within 200 ms", async () => {
  const { log, run, after } = begin(inviteServer);
  await after(199);
  run.event("1xx from TU");
  await after(twoMinutes);
  assert.deepEqual(log, ["0 pass request", "199 send response"]);
});

test("17.2.1 timers G and H: T1 doubled up to T2 until 64*T1, then the user learns that no ACK came", async () => {
  const { log, run, after } = begin(inviteServer);
  run.event("300-699 from TU");
  await after(twoMinutes);
  const times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
  assert.deepEqual(log, [
    "0 pass request",
    ...times.map((time) => `${time} send response`),
    "32000 timeout",
    "32000 Terminated",
  ]);
});

test("17.2.1 timer G does not run over TCP, timer H does", async () => {
  const { log, run, after } = begin(inviteServer, { reliable: true });
  run.event("300-699 from TU");
  await after(twoMinutes);
  assert.deepEqual(log.slice(1), ["0 send response", "32000 timeout", "32000 Terminated"]);
});

test("17.2.1 timer I: T4 over UDP to absorb ACKs, nothing over TCP", async () => {
  const udp = begin(inviteServer);
  udp.run.event("300-699 from TU");
  udp.run.event("ACK");
  await udp.after(4_999);
  udp.run.event("ACK");
  await udp.after(twoMinutes);
  assert.deepEqual(udp.log.slice(1), ["0 send response", "5000 Terminated"]);
  const tcp = begin(inviteServer, { reliable: true });
  tcp.run.event("300-699 from TU");
  tcp.run.event("ACK");
  assert.deepEqual(tcp.log.slice(1), ["0 send response", "0 Terminated"]);
});

test("RFC 6026 8.5 timer L: INVITEs are absorbed and ACKs passed on for 64*T1 after a 2xx", async () => {
  for (const reliable of [false, true]) {
    const { log, run, after } = begin(inviteServer, { reliable });
    run.event("2xx from TU");
    await after(31_999);
    run.event("INVITE");
    run.event("ACK");
    await after(twoMinutes);
    assert.deepEqual(log.slice(1), ["0 send response", "31999 pass ACK", "32000 Terminated"]);
  }
});

test("17.2.2 timer J: 64*T1 over UDP, in which the request is answered again; nothing over TCP", async () => {
  const udp = begin(nonInviteServer);
  udp.run.event("200-699 from TU");
  await udp.after(31_999);
  udp.run.event("request");
  await udp.after(twoMinutes);
  assert.deepEqual(udp.log, ["0 pass request", "0 send response", "31999 send response", "32000 Terminated"]);
  const tcp = begin(nonInviteServer, { reliable: true });
  tcp.run.event("200-699 from TU");
  assert.deepEqual(tcp.log.slice(1), ["0 send response", "0 Terminated"]);
});

test("RFC 4320 4.1: 100 once timer E has arrived at T2, 3.5 s, not before", async () => {
  const { log, run, after } = begin(nonInviteServer);
  await after(1_000);
  run.event("100 from TU");
  run.event("101-199 from TU");
  await after(3_000);
  assert.deepEqual(log, ["0 pass request", "3500 send 100"]);
});

test("RFC 4320 4.2: no 408, and no answer once the client has given up", async () => {
  const { log, run, after } = begin(nonInviteServer);
  run.event("408 from TU");
  await after(twoMinutes);
  assert.deepEqual(log, ["0 pass request", "32000 timeout", "32000 Terminated"]);
  run.event("200-699 from TU");
  assert.equal(log.length, 3);
});
