// The transaction layer, talked to line by line. RFC 3261 17.1.3, 17.2.3, 9, 8.2.2.2, RFC 6026.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import {
  addNode,
  addPeer,
  answer,
  counted,
  type NodeOptions,
  newRequest,
  send,
  target,
} from "../stack-nodes.ts";

const bob = { host: "10.0.0.2", port: 5060 };

interface Lines {
  readonly uri?: string;
  readonly branch?: string | null;
  readonly cseq?: number;
  readonly to?: string;
  readonly callId?: string;
  readonly via?: string;
}

function request(method: string, options: Lines = {}): string[] {
  const { uri = "sip:bob@10.0.0.2", branch = "z9hG4bKone", cseq = 1, callId = "c1", to = "" } = options;
  const via = options.via ?? "10.0.0.9:5060";
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${via}${branch === null ? "" : `;branch=${branch}`}`,
    "Max-Forwards: 70",
    "From: <sip:peer@test>;tag=peer",
    `To: <sip:bob@test>${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    "Contact: <sip:peer@10.0.0.9>",
    "Content-Length: 0",
    "",
    "",
  ];
}

async function world(options: Partial<NodeOptions> = {}) {
  const simulation = new Simulation({ seed: 7 });
  const node = await addNode(simulation, "bob", "10.0.0.2", options);
  const peer = await addPeer(simulation, "peer", "10.0.0.9");
  return { simulation, node, peer };
}

const okFor = (status: number): Partial<NodeOptions> => ({
  answer: (transaction) => answer(transaction, status),
});

test("17.2.3: a retransmission is absorbed and answered with the same response", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 100 });
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 1);
  assert.equal(peer.received.length, 2);
  assert.equal(peer.received[0]?.text, peer.received[1]?.text);
  assert.equal(counted(node, "sip_retransmissions_received_total"), 1);
});

test("17.2.3: another branch, sent-by or method makes another transaction", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("OPTIONS"));
  peer.send(bob, ...request("OPTIONS", { branch: "z9hG4bKtwo" }));
  peer.send(bob, ...request("OPTIONS", { via: "10.0.0.9:5062" }));
  peer.send(bob, ...request("MESSAGE"));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 4);
});

test("17.2.3, 7.3.1: branches are compared without regard to case", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("OPTIONS", { branch: "z9hG4bKaBc" }));
  peer.send(bob, ...request("OPTIONS", { branch: "Z9HG4BKAbC" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 1);
});

test("17.2.3: without a branch of RFC 3261 the contents decide (RFC 2543)", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  for (const branch of [null, "1", "z9hG4bK"]) {
    peer.send(bob, ...request("OPTIONS", { branch }));
    peer.send(bob, ...request("OPTIONS", { branch }));
  }
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 3);
  peer.send(bob, ...request("OPTIONS", { branch: null, cseq: 2 }));
  peer.send(bob, ...request("OPTIONS", { branch: null, callId: "c2" }));
  peer.send(bob, ...request("OPTIONS", { branch: null, uri: "sip:carol@10.0.0.2" }));
  peer.send(bob, ...request("OPTIONS", { branch: null, via: "10.0.0.9:5060;x=1" }));
  peer.send(bob, ...request("OPTIONS", { branch: null, to: ";tag=other" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 8);
  peer.send(bob, ...request("OPTIONS", { branch: "z9hG4bK", callId: "c3" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 9);
});

test("17.2.3: an ACK to a non-2xx ends its INVITE, and reaches no user", async () => {
  const { simulation, node, peer } = await world(okFor(486));
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests[0]?.state, "Completed");
  peer.send(bob, ...request("ACK", { to: ";tag=bob-1" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests[0]?.state, "Confirmed");
  assert.equal(node.acks.length, 0);
  await simulation.run({ ms: 5_000 });
  assert.deepEqual(node.ends, ["INVITE completed"]);
  assert.equal(node.stack.transactions.server, 0);
});

test("17.2.3: an ACK of RFC 2543 is matched with the To tag of the response", async () => {
  const { simulation, node, peer } = await world(okFor(486));
  peer.send(bob, ...request("INVITE", { branch: null }));
  await simulation.run({ ms: 100 });
  peer.send(bob, ...request("ACK", { branch: null, to: ";tag=other" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests[0]?.state, "Completed");
  peer.send(bob, ...request("ACK", { branch: null, to: ";tag=bob-1" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests[0]?.state, "Confirmed");
});

test("17.2.1: without an ACK the response is repeated until timer H, and the user learns it", async () => {
  const { simulation, node, peer } = await world(okFor(486));
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 40_000 });
  assert.equal(peer.received.length, 11);
  assert.deepEqual(node.ends, ["INVITE timeout"]);
});

test("RFC 6026 7.1: after a 2xx, INVITEs are absorbed and not answered again", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 100 });
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 20_000 });
  assert.equal(node.requests.length, 1);
  assert.equal(peer.received.length, 1);
  assert.equal(node.requests[0]?.state, "Accepted");
  await simulation.run({ ms: 12_000 });
  assert.deepEqual(node.ends, ["INVITE completed"]);
});

test("RFC 6026 7.1: the user repeats its 2xx through the transaction while it is in Accepted", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 100 });
  const [invite] = node.requests;
  assert.ok(invite);
  answer(invite, 200);
  answer(invite, 486);
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
});

test("13.2.2.4: an ACK to a 2xx reaches the user, with its own branch and with the INVITE's", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 100 });
  peer.send(bob, ...request("ACK", { branch: "z9hG4bKack", to: ";tag=bob-1" }));
  peer.send(bob, ...request("ACK", { to: ";tag=bob-1" }));
  peer.send(bob, ...request("ACK", { branch: "z9hG4bKno-tag" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.acks.length, 3);
  assert.equal(peer.received.length, 1);
});

test("9.2: a CANCEL of a pending INVITE gets 200 with its To tag, and its user is told once", async () => {
  let cancels = 0;
  const { simulation, node, peer } = await world({
    answer(transaction) {
      transaction.onCancel = () => {
        cancels += 1;
        answer(transaction, 487);
      };
      answer(transaction, 180);
    },
  });
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 100 });
  peer.send(bob, ...request("CANCEL"));
  peer.send(bob, ...request("CANCEL"));
  await simulation.run({ ms: 100 });
  assert.equal(cancels, 1);
  assert.deepEqual(
    peer.firstLines().sort(),
    ["SIP/2.0 180 Ringing", "SIP/2.0 200 OK", "SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"].sort(),
  );
  const ok = peer.received.find(({ text }) => text.startsWith("SIP/2.0 200"));
  assert.match(ok?.text ?? "", /^To: <sip:bob@test>;tag=bob-1\r$/m);
  assert.match(ok?.text ?? "", /^CSeq: 1 CANCEL\r$/m);
  assert.equal(node.requests.length, 1);
});

test("9.2: a CANCEL of an answered INVITE gets 200 and changes nothing", async () => {
  let cancels = 0;
  const { simulation, peer } = await world({
    answer(transaction) {
      transaction.onCancel = () => {
        cancels += 1;
      };
      answer(transaction, 200);
    },
  });
  peer.send(bob, ...request("INVITE"));
  await simulation.run({ ms: 100 });
  peer.send(bob, ...request("CANCEL"));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
  assert.equal(cancels, 0);
});

test("9.2: a CANCEL of nothing gets 481, and the user does not see it", async () => {
  const { simulation, node, peer } = await world();
  peer.send(bob, ...request("CANCEL"));
  peer.send(bob, ...request("OPTIONS", { branch: "z9hG4bKother" }));
  peer.send(bob, ...request("CANCEL", { branch: "z9hG4bKother" }));
  await simulation.run({ ms: 100 });
  assert.deepEqual(
    peer.firstLines(),
    ["SIP/2.0 481 ", "SIP/2.0 481 "].map((start) => `${start}Call/Transaction Does Not Exist`),
  );
  assert.deepEqual(
    node.requests.map((transaction) => transaction.request.method),
    ["OPTIONS"],
  );
});

test("8.2.2.2: one request on two paths gets 482 for the second, when merged requests are refused", async () => {
  const { simulation, node, peer } = await world({ ...okFor(180), refuseMerged: true });
  peer.send(bob, ...request("INVITE"));
  peer.send(bob, ...request("INVITE", { branch: "z9hG4bKtwo" }));
  peer.send(bob, ...request("INVITE", { branch: "z9hG4bKthree", cseq: 2 }));
  peer.send(bob, ...request("INVITE", { branch: "z9hG4bKfour", to: ";tag=in-dialog" }));
  const other = request("INVITE", { branch: "z9hG4bKfive" });
  peer.send(bob, ...other.map((line) => line.replace("tag=peer", "tag=other")));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), [
    "SIP/2.0 180 Ringing",
    "SIP/2.0 482 Loop Detected",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 180 Ringing",
  ]);
  peer.send(bob, ...request("ACK", { branch: "z9hG4bKtwo", to: ";tag=x" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 4);
  assert.equal(node.acks.length, 0);
});

test("8.2.2.2: a proxy takes a request that comes again on another path (a spiral)", async () => {
  const { simulation, node, peer } = await world(okFor(180));
  peer.send(bob, ...request("INVITE"));
  peer.send(bob, ...request("INVITE", { branch: "z9hG4bKtwo" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 2);
});

test("8.2.2.2: once the first has ended, the same request is a new one", async () => {
  const { simulation, node, peer } = await world({ ...okFor(200), refuseMerged: true });
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 33_000 });
  peer.send(bob, ...request("OPTIONS", { branch: "z9hG4bKtwo" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 2);
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
});

test("21.5.4: beyond the bound of transactions a request gets 503 with Retry-After and leaves nothing", async () => {
  const { simulation, node, peer } = await world({ maximumTransactions: 2 });
  for (const branch of ["z9hG4bK1", "z9hG4bK2", "z9hG4bK3"]) peer.send(bob, ...request("INVITE", { branch }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 2);
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 503 Service Unavailable"]);
  const refusal = peer.received[0]?.text ?? "";
  assert.match(refusal, /^Retry-After: [0-9]+\r$/m);
  assert.equal(counted(node, "sip_requests_refused_total", { status: "503" }), 1);
  const tag = /^To: .*;tag=([^;\r]+)\r$/m.exec(refusal)?.[1] ?? "";
  peer.send(bob, ...request("ACK", { branch: "z9hG4bK3", to: `;tag=${tag}` }));
  await simulation.run({ ms: 100 });
  assert.equal(node.acks.length, 0);
  assert.equal(node.stack.transactions.server, 2);
});

test("8.2: a request that is no good gets its answer without a transaction, an ACK gets none", async () => {
  const { simulation, node, peer } = await world();
  peer.send(bob, ...request("OPTIONS").filter((line) => !line.startsWith("From")));
  peer.send(bob, ...request("ACK").filter((line) => !line.startsWith("From")));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 0);
  assert.equal(node.acks.length, 0);
  assert.equal(node.stack.transactions.server, 0);
  assert.deepEqual(
    peer.firstLines().map((line) => line.slice(0, 11)),
    ["SIP/2.0 400"],
  );
});

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
