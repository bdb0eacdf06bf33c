// Transport over TCP on the virtual network. RFC 3261 18, RFC 5626 4.4.1.
import assert from "node:assert/strict";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import { addBareHost, recordStream, type StreamRecord } from "../../support/virtual-hosts.ts";
import {
  addNode,
  addPeer,
  answer,
  both,
  counted,
  type NodeOptions,
  newRequest,
  openNode,
  send,
  target,
} from "../stack-nodes.ts";

const bob: Address = { host: "10.0.0.2", port: 5060 };
const sipBob = "sip:bob@10.0.0.2;transport=tcp";

function message(branch: string, via = "10.0.0.9:5060", method = "OPTIONS"): string {
  return [
    `${method} sip:bob@10.0.0.2 SIP/2.0`,
    `Via: SIP/2.0/TCP ${via};branch=${branch}`,
    "Max-Forwards: 70",
    "From: <sip:peer@test>;tag=peer",
    "To: <sip:bob@test>",
    "Call-ID: c1",
    `CSeq: 1 ${method}`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

const answering: Partial<NodeOptions> = { answer: (transaction) => answer(transaction, 200) };

async function world(options: Partial<NodeOptions> = answering) {
  const simulation = new Simulation({ seed: 5 });
  const node = await addNode(simulation, "bob", "10.0.0.2", options);
  const { node: peer } = addBareHost(simulation, "peer", "10.0.0.9");
  const connect = async (): Promise<StreamRecord> =>
    recordStream(peer, await simulation.settle(peer.network.connect(bob)));
  return { simulation, node, peer, connect };
}

function write(record: StreamRecord, text: string): void {
  record.stream.write(encodeText(text));
}

function statuses(record: StreamRecord): string[] {
  return record.text().match(/^SIP\/2\.0 [0-9]+/gm) ?? [];
}

test("18.1, 18.2.2: requests share a connection, the response comes back on it, the Via says TCP", async () => {
  const { simulation, node: bobNode } = await world();
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const first = send(alice, newRequest("OPTIONS", sipBob));
  const second = send(alice, newRequest("MESSAGE", sipBob));
  await simulation.run({ ms: 100 });
  assert.deepEqual([first.statuses, second.statuses], [[200], [200]]);
  assert.equal(counted(alice, "sip_connections"), 1);
  assert.equal(counted(bobNode, "sip_connections"), 1);
  const [one, two] = bobNode.requests;
  assert.ok(one && two);
  assert.match(one.request.headers.get("Via") ?? "", /^SIP\/2\.0\/TCP 10\.0\.0\.1:5060;branch=z9hG4bK/);
  assert.equal(one.source.protocol, "tcp");
  assert.equal(one.source.connection, two.source.connection);
  // Nothing to absorb over TCP: both ends are done at once (timers J and K of no length).
  assert.deepEqual({ ...alice.stack.transactions }, { client: 0, server: 0 });
  assert.deepEqual({ ...bobNode.stack.transactions }, { client: 0, server: 0 });
});

test("18.1.1: a request to where a connection came from goes back on it", async () => {
  const { simulation, node } = await world();
  const alice = await addNode(simulation, "alice", "10.0.0.1", {
    ...answering,
    listen: [target("udp", "10.0.0.1")],
  });
  send(alice, newRequest("OPTIONS", sipBob));
  await simulation.run({ ms: 100 });
  const source = node.requests[0]?.source;
  assert.ok(source);
  const outcome = send(node, newRequest("OPTIONS", "sip:alice@test"), { target: source });
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200]);
  assert.equal(counted(node, "sip_connections"), 1);
});

test("18.3: messages are found however the stream is cut", async () => {
  const { simulation, connect, node } = await world();
  const record = await connect();
  const all = message("z9hG4bK1") + message("z9hG4bK2") + message("z9hG4bK3");
  for (const [at, end] of [
    [0, 5],
    [5, message("z9hG4bK1").length + 40],
    [message("z9hG4bK1").length + 40, all.length - 2],
  ] as const) {
    write(record, all.slice(at, end));
    await simulation.run({ ms: 50 });
  }
  assert.equal(node.requests.length, 2);
  write(record, all.slice(-2));
  await simulation.run({ ms: 50 });
  assert.deepEqual(statuses(record), ["SIP/2.0 200", "SIP/2.0 200", "SIP/2.0 200"]);
});

test("RFC 5626 4.4.1: CRLF CRLF is answered with CRLF, CRLF with nothing", async () => {
  const { simulation, connect, node } = await world();
  const record = await connect();
  write(record, "\r\n\r\n");
  await simulation.run({ ms: 50 });
  assert.equal(record.text(), "\r\n");
  assert.ok(counted(node, "sip_keep_alives_total") >= 1);
  write(record, message("z9hG4bK1"));
  await simulation.run({ ms: 50 });
  assert.deepEqual(statuses(record), ["SIP/2.0 200"]);
});

test("18.3: a stream that cannot be cut into messages is closed; others go on", async () => {
  const { simulation, connect, node } = await world();
  const bad = await connect();
  const good = await connect();
  write(bad, message("z9hG4bK1").replace("Content-Length: 0\r\n", ""));
  await simulation.run({ ms: 50 });
  assert.notEqual(bad.ending, "open");
  assert.equal(counted(node, "sip_messages_dropped_total", { reason: "framing" }), 1);
  write(good, message("z9hG4bK2"));
  await simulation.run({ ms: 50 });
  assert.deepEqual(statuses(good), ["SIP/2.0 200"]);
  assert.equal(counted(node, "sip_connections"), 1);
});

test("18.3, 21.4.1: a malformed message gets 400 and the connection goes on", async () => {
  const { simulation, connect, node } = await world();
  const record = await connect();
  write(record, message("z9hG4bK1").replace("Call-ID: c1", "Call-ID c1"));
  write(record, message("z9hG4bK2"));
  await simulation.run({ ms: 50 });
  assert.deepEqual(statuses(record), ["SIP/2.0 400", "SIP/2.0 200"]);
  assert.equal(node.requests.length, 1);
});

test("18.3: a message beyond the limit, and more than a peer takes, end the connection", async () => {
  const limits = { messageBytes: 2_000, waitingBytes: 100_000 };
  const { simulation, connect, node } = await world({ ...answering, limits });
  const large = await connect();
  write(large, `${message("z9hG4bK1").slice(0, -2)}X: ${"x".repeat(3_000)}\r\n\r\n`);
  await simulation.run({ ms: 50 });
  assert.notEqual(large.ending, "open");

  const slow = await connect();
  write(slow, message("z9hG4bK2"));
  await simulation.run({ ms: 50 });
  const source = node.requests[0]?.source;
  assert.ok(source);
  simulation.link("bob", "peer", { delayMs: 1, down: true });
  const body = "x".repeat(50_000);
  const outcomes = [1, 2, 3, 4].map((cseq) =>
    send(node, newRequest("MESSAGE", "sip:peer@test", { body, cseq }), { target: source }),
  );
  await simulation.run({ ms: 50 });
  assert.ok(counted(node, "sip_messages_dropped_total", { reason: "slow peer" }) >= 1);
  assert.ok(outcomes.some(({ failure }) => failure === "transport"));
});

test("18: connections beyond the limit are refused, one that ends makes room", async () => {
  const { simulation, connect, node } = await world({ ...answering, limits: { connections: 2 } });
  const records = [await connect(), await connect(), await connect()];
  await simulation.run({ ms: 50 });
  assert.deepEqual(
    records.map(({ ending }) => ending !== "open"),
    [false, false, true],
  );
  assert.equal(counted(node, "sip_connections_refused_total"), 1);
  records[0]?.stream.end();
  await simulation.run({ ms: 50 });
  const again = await connect();
  write(again, message("z9hG4bK9"));
  await simulation.run({ ms: 50 });
  assert.deepEqual(statuses(again), ["SIP/2.0 200"]);
});

test("18: a connection without a whole message for the idle time is closed, bytes alone do not keep it", async () => {
  const { simulation, connect, node } = await world();
  const idle = await connect();
  const dripping = await connect();
  const used = await connect();
  for (let minute = 1; minute <= 2; minute++) {
    await simulation.run({ ms: 60_000 });
    write(dripping, "OPTIONS ".slice(0, minute));
    write(used, message(`z9hG4bK${minute}`));
  }
  await simulation.run({ ms: 61_000 });
  assert.deepEqual(
    [idle, dripping, used].map(({ ending }) => ending === "open"),
    [false, false, true],
  );
  await simulation.run({ ms: 130_000 });
  assert.notEqual(used.ending, "open");
  assert.equal(counted(node, "sip_connections"), 0);
});

test("18.2.2: when the connection of the request is gone, the response takes a new one to sent-by", async () => {
  const { simulation, connect, node, peer } = await world({});
  const accepted: StreamRecord[] = [];
  await simulation.settle(
    peer.network.listen({ host: "10.0.0.9", port: 5070 }, (stream) =>
      accepted.push(recordStream(peer, stream)),
    ),
  );
  const record = await connect();
  write(record, message("z9hG4bK1", "name.test:5070"));
  await simulation.run({ ms: 50 });
  record.stream.end();
  await simulation.run({ ms: 50 });
  const [transaction] = node.requests;
  assert.ok(transaction);
  answer(transaction, 200);
  await simulation.run({ ms: 50 });
  assert.equal(accepted.length, 1);
  assert.deepEqual(accepted.map(statuses), [["SIP/2.0 200"]]);
});

test("17.2.4, RFC 6026 8.8: a response that cannot be delivered is told to its user", async () => {
  const { simulation, connect, node } = await world({});
  const record = await connect();
  write(record, message("z9hG4bK1", "10.0.0.9:5070", "INVITE"));
  await simulation.run({ ms: 50 });
  record.stream.reset();
  await simulation.run({ ms: 50 });
  const [transaction] = node.requests;
  assert.ok(transaction);
  answer(transaction, 486);
  await simulation.run({ ms: 5_000 });
  assert.deepEqual(node.ends, ["INVITE transport"]);
  assert.equal(transaction.state, "Completed");
});

test("18.4: a refused connection is a transport failure at once", async () => {
  const { simulation, node } = await world({ listen: [target("udp", "10.0.0.2")] });
  addBareHost(simulation, "nobody listens", "10.0.0.5");
  const outcome = send(node, newRequest("OPTIONS", "sip:a@10.0.0.5;transport=tcp"));
  await simulation.run({ ms: 100 });
  assert.equal(outcome.failure, "transport");
  assert.equal(counted(node, "sip_connections_failed_total", { code: "refused" }), 1);
  assert.equal(node.stack.transactions.client, 0);
});

test("18.4: a connection that does not come up is a transport failure after the time for it", async () => {
  const { simulation, node } = await world();
  addBareHost(simulation, "silent", "10.0.0.5");
  simulation.link("*", "silent", { delayMs: 1, down: true });
  const outcome = send(node, newRequest("OPTIONS", "sip:a@10.0.0.5;transport=tcp"));
  await simulation.run({ ms: 3_900 });
  assert.equal(outcome.failure, null);
  await simulation.run({ ms: 200 });
  assert.equal(outcome.failure, "transport");
});

test("18.4: a connection lost before any answer fails the request; the next one takes a new connection", async () => {
  const { simulation, node } = await world();
  const program = (host: Host) => {
    const records: StreamRecord[] = [];
    host.spawn("listen", async () => {
      await host.network.listen({ host: "10.0.0.5", port: 5060 }, (stream) =>
        records.push(recordStream(host, stream)),
      );
    });
    return records;
  };
  const mute: SimulatedHost<StreamRecord[]> = simulation.addHost("mute", {
    addresses: ["10.0.0.5"],
    program,
  });
  await simulation.run({ ms: 10 });
  const outcome = send(node, newRequest("OPTIONS", "sip:a@10.0.0.5;transport=tcp"));
  await simulation.run({ ms: 1_000 });
  assert.equal(mute.node.length, 1);
  mute.kill();
  await simulation.run({ ms: 100 });
  assert.equal(outcome.failure, "transport");
  mute.restart();
  await simulation.run({ ms: 10 });
  send(node, newRequest("OPTIONS", "sip:a@10.0.0.5;transport=tcp"));
  await simulation.run({ ms: 100 });
  assert.match(mute.node[0]?.text() ?? "", /^OPTIONS /);
});

function longRequest() {
  return newRequest("MESSAGE", "sip:bob@10.0.0.2", { body: "x".repeat(1_300) });
}

test("18.1.1: a request over 1,300 bytes goes by TCP, with TCP in its Via", async () => {
  const { simulation, node } = await world();
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const outcome = send(alice, longRequest());
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200]);
  assert.equal(node.requests[0]?.source.protocol, "tcp");
  assert.match(node.requests[0]?.request.headers.get("Via") ?? "", /^SIP\/2\.0\/TCP /);
});

test("18.1.1: of 1,300 bytes with its Via a request is sent by UDP, of 1,301 by TCP", async () => {
  const { simulation, node } = await world();
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const peer = await addPeer(simulation, "bare", "10.0.0.8");
  send(alice, newRequest("MESSAGE", "sip:bare@10.0.0.8", { body: "x".repeat(100) }));
  await simulation.run({ ms: 100 });
  const rest = (peer.received[0]?.text.length ?? 0) - 100;
  // Content-Length has one digit more from 1,000 on; the Request-URI is one character shorter.
  const body = "x".repeat(1_300 - rest + " ".length - (1_300 - rest >= 1_000 ? 1 : 0));
  for (const [index, text] of [body, `${body}x`].entries()) {
    const request = newRequest("MESSAGE", "sip:bob@10.0.0.2", { body: text, cseq: 1, callId: "call-1@test" });
    send(alice, request);
    await simulation.run({ ms: 100 });
    assert.equal(node.requests[index]?.source.protocol, index === 0 ? "udp" : "tcp");
  }
});

test("18.1.1: refused by TCP it goes by UDP all the same, with UDP in its Via and a new branch", async () => {
  const { simulation, node } = await world({ ...answering, listen: [target("udp", "10.0.0.2")] });
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const outcome = send(alice, longRequest());
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200]);
  assert.equal(node.requests.length, 1);
  assert.match(node.requests[0]?.request.headers.get("Via") ?? "", /^SIP\/2\.0\/UDP /);
});

test("18.1.1: what TCP took and nobody answered is not sent again by UDP", async () => {
  const { simulation, node } = await world({});
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const outcome = send(alice, longRequest());
  await simulation.run({ ms: 40_000 });
  assert.equal(outcome.failure, "timeout");
  assert.equal(node.requests.length, 1);
});

test("18.1.1: TCP from an address that listens for UDP only", async () => {
  const { simulation, node } = await world();
  const alice = await addNode(simulation, "alice", "10.0.0.1", { listen: [target("udp", "10.0.0.1", 5062)] });
  const outcome = send(alice, longRequest());
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200]);
  assert.equal(node.requests[0]?.source.address.host, "10.0.0.1");
  assert.match(node.requests[0]?.request.headers.get("Via") ?? "", /^SIP\/2\.0\/TCP 10\.0\.0\.1:5062;/);
});

test("18: port 0 for both transports gives one number", async () => {
  const simulation = new Simulation({ seed: 2 });
  const { node: host } = addBareHost(simulation, "a", "10.0.0.1");
  const listen = [target("udp", "10.0.0.1", 0), target("tcp", "10.0.0.1", 0)];
  const { stack } = await simulation.settle(openNode(host, { listen }));
  const [udp, tcp] = stack.local;
  assert.ok(udp && tcp && udp.address.port > 0);
  assert.deepEqual(udp.address, tcp.address);
  assert.deepEqual(
    [udp.protocol, tcp.protocol],
    both("x").map(({ protocol }) => protocol),
  );
});

test("close: connections end with the stack", async () => {
  const { simulation, connect, node } = await world();
  const record = await connect();
  await simulation.run({ ms: 10 });
  await simulation.settle(node.stack.close());
  await simulation.run({ ms: 10 });
  assert.notEqual(record.ending, "open");
  assert.equal(counted(node, "sip_connections"), 0);
});
