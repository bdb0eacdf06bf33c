// The transaction layer as a client, talked to line by line. RFC 3261 17.1.3, 9.1, RFC 6026 8, RFC 4320.
import assert from "node:assert/strict";
import test from "node:test";
import { addNode, answer, counted, newRequest, send, target } from "../stack-nodes.ts";
import { bob, okFor, request, world } from "./layer-lines.ts";

test("17.1.3: a response is matched by branch and method of CSeq, every other one is stray", async () => {
  const { simulation, node, peer } = await world();
  const outcome = send(node, newRequest("OPTIONS", "sip:peer@10.0.0.9"));
  await simulation.run({ ms: 100 });
  const sent = peer.received[0]?.text.split("\r\n") ?? [];
  const reply = (status: string, change: (line: string) => string = (line) => line): string[] => [
    `SIP/2.0 ${status}`,
    ...sent.filter((line) => /^(Via|From|To|Call-ID|CSeq|Content-Length):/.test(line)).map(change),
    "",
    "",
  ];
  peer.send(bob, ...reply("200 OK", (line) => line.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE")));
  peer.send(bob, ...reply("200 OK", (line) => line.replace(/branch=[^;]+/, "branch=z9hG4bKelse")));
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, []);
  assert.equal(node.strays.length, 2);
  peer.send(
    bob,
    ...reply("200 OK", (line) => line.replace(/z9hG4bK[0-9a-f]+/, (branch) => branch.toUpperCase())),
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200]);
  assert.equal(node.strays.length, 2);
});

test("18.1.2: a response whose first Via is not ours is dropped", async () => {
  const { simulation, node, peer } = await world();
  peer.send(
    bob,
    "SIP/2.0 200 OK",
    "Via: SIP/2.0/UDP 10.0.0.77:5060;branch=z9hG4bKx",
    "From: <sip:a@test>;tag=1",
    "To: <sip:b@test>;tag=2",
    "Call-ID: x",
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  );
  await simulation.run({ ms: 100 });
  assert.equal(node.strays.length, 0);
  assert.equal(counted(node, "sip_messages_dropped_total"), 1);
});

/** An INVITE from the node to the peer, and the peer's hand-made answers to it. */
async function inviting() {
  const all = await world();
  const { simulation, node, peer } = all;
  const route = ["Route", "<sip:10.0.0.9;lr>"] as const;
  const outcome = send(node, newRequest("INVITE", "sip:peer@far.test", { headers: [route] }), {
    target: target("udp", "10.0.0.9"),
  });
  await simulation.run({ ms: 10 });
  const invite = peer.received[0]?.text.split("\r\n") ?? [];
  const reply = (status: string, method = "INVITE"): void =>
    peer.send(
      bob,
      `SIP/2.0 ${status}`,
      ...invite
        .filter((line) => /^(Via|From|To|Call-ID|CSeq|Content-Length):/.test(line))
        .map((line) => (line.startsWith("To:") ? `${line};tag=peer-tag` : line))
        .map((line) => (line.startsWith("CSeq:") ? `CSeq: 1 ${method}` : line)),
      "",
      "",
    );
  return { ...all, outcome, invite, reply };
}

function field(text: string | undefined, name: string): string[] {
  return (text ?? "").split("\r\n").filter((line) => line.startsWith(`${name}:`));
}

test("17.1.1.3: the ACK to a non-2xx: Request-URI, Route, one Via, CSeq of the INVITE, To of the response", async () => {
  const { simulation, peer, outcome, invite, reply } = await inviting();
  reply("486 Busy Here");
  await simulation.run({ ms: 100 });
  reply("486 Busy Here");
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [486]);
  const acks = peer.received.filter(({ text }) => text.startsWith("ACK"));
  assert.equal(acks.length, 2);
  const ack = acks[0]?.text;
  assert.match(ack ?? "", /^ACK sip:peer@far\.test SIP\/2\.0\r\n/);
  const lines = invite.join("\r\n");
  for (const name of ["Via", "Route", "From", "Call-ID"])
    assert.deepEqual(field(ack, name), field(lines, name));
  assert.deepEqual(field(ack, "To"), ["To: <sip:bob@test>;tag=peer-tag"]);
  assert.deepEqual(field(ack, "CSeq"), ["CSeq: 1 ACK"]);
});

test("9.1: a CANCEL waits for a provisional response, and is like its INVITE", async () => {
  const { simulation, peer, outcome, invite, reply } = await inviting();
  outcome.transaction.cancel();
  await simulation.run({ ms: 300 });
  assert.deepEqual(peer.firstLines(), ["INVITE sip:peer@far.test SIP/2.0"]);
  reply("180 Ringing");
  await simulation.run({ ms: 100 });
  const cancel = peer.received[1]?.text;
  assert.match(cancel ?? "", /^CANCEL sip:peer@far\.test SIP\/2\.0\r\n/);
  const lines = invite.join("\r\n");
  for (const name of ["Via", "Route", "From", "To", "Call-ID"])
    assert.deepEqual(field(cancel, name), field(lines, name));
  assert.deepEqual(field(cancel, "CSeq"), ["CSeq: 1 CANCEL"]);
  reply("200 OK", "CANCEL");
  reply("487 Request Terminated");
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [180, 487]);
});

test("9.1: no CANCEL once the final response is there, and only one in all", async () => {
  const { simulation, peer, outcome, reply } = await inviting();
  reply("180 Ringing");
  await simulation.run({ ms: 100 });
  outcome.transaction.cancel();
  outcome.transaction.cancel();
  await simulation.run({ ms: 100 });
  reply("180 Ringing");
  await simulation.run({ ms: 100 });
  assert.equal(peer.firstLines().filter((line) => line.startsWith("CANCEL")).length, 1);
  const other = await inviting();
  other.reply("486 Busy Here");
  await other.simulation.run({ ms: 100 });
  other.outcome.transaction.cancel();
  await other.simulation.run({ ms: 100 });
  assert.ok(!other.peer.firstLines().some((line) => line.startsWith("CANCEL")));
});

test("9.1: without a final response 64*T1 after the CANCEL the INVITE is given up", async () => {
  const { simulation, node, outcome, reply } = await inviting();
  reply("180 Ringing");
  await simulation.run({ ms: 100 });
  outcome.transaction.cancel();
  await simulation.run({ ms: 31_900 });
  assert.equal(outcome.failure, null);
  await simulation.run({ ms: 200 });
  assert.equal(outcome.failure, "timeout");
  assert.deepEqual(node.stack.transactions, { client: 0, server: 0 });
});

test("RFC 6026 8.4: every 2xx reaches the user for 64*T1, later ones are stray", async () => {
  const { simulation, node, outcome, reply } = await inviting();
  reply("200 OK");
  await simulation.run({ ms: 20_000 });
  reply("200 OK");
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200, 200]);
  await simulation.run({ ms: 13_000 });
  reply("200 OK");
  await simulation.run({ ms: 100 });
  assert.deepEqual(outcome.statuses, [200, 200]);
  assert.equal(node.strays.length, 1);
});

test("RFC 4320 4.1: a provisional response other than 100 to a non-INVITE is not sent, and counted", async () => {
  const { simulation, node, peer } = await world({
    answer(transaction) {
      answer(transaction, 183);
      answer(transaction, 200);
    },
  });
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 200 OK"]);
  assert.equal(counted(node, "sip_responses_not_sent_total", { status: "183" }), 1);
});

test("RFC 4320 4.2: a 408 to a non-INVITE is not sent, and its retransmissions are absorbed", async () => {
  const { simulation, node, peer } = await world(okFor(408));
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 10_000 });
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 10_000 });
  assert.deepEqual(peer.firstLines(), []);
  assert.equal(node.requests.length, 1);
  await simulation.run({ ms: 13_000 });
  assert.deepEqual(node.ends, ["OPTIONS timeout"]);
});

test("17.1.1.2, 17.2.1: 300 is the first status that is no success, at both ends", async () => {
  for (const [status, states] of [
    [299, ["Accepted", "Accepted"]],
    [300, ["Completed", "Confirmed"]],
  ] as const) {
    const { simulation, node } = await world(okFor(status));
    const alice = await addNode(simulation, "alice", "10.0.0.1");
    const outcome = send(alice, newRequest("INVITE", "sip:bob@10.0.0.2"));
    await simulation.run({ ms: 100 });
    assert.deepEqual(outcome.statuses, [status]);
    assert.deepEqual([outcome.transaction.state, node.requests[0]?.state], states);
  }
});

test("9.1: only an INVITE can be cancelled", async () => {
  const { simulation, node } = await world();
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const outcome = send(alice, newRequest("OPTIONS", "sip:bob@10.0.0.2"));
  await simulation.run({ ms: 4_000 });
  assert.equal(outcome.transaction.state, "Proceeding");
  outcome.transaction.cancel();
  await simulation.run({ ms: 1_000 });
  assert.equal(node.stack.transactions.server, 1);
  assert.equal(counted(alice, "sip_messages_sent_total", { kind: "request" }), 4);
  assert.equal(counted(alice, "sip_requests_retransmitted_total"), 3);
});
