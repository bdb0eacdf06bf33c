// The transaction layer as a server, talked to line by line. RFC 3261 17.2.3, 9.2, 8.2.2.2, RFC 6026 7.
import assert from "node:assert/strict";
import test from "node:test";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { answer, counted } from "../stack-nodes.ts";
import { bob, okFor, request, world } from "./layer-lines.ts";

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

test("17.2.2: after its final answer a request is no longer held; an INVITE is, and what is not answered yet", async () => {
  for (const [method, status, isHeld] of [
    ["MESSAGE", 200, false],
    ["REGISTER", 403, false],
    ["INVITE", 200, true],
    ["MESSAGE", null, true],
  ] as const) {
    const taken: ServerTransaction[] = [];
    const { simulation, peer } = await world({
      answer(transaction) {
        taken.push(transaction);
        if (status !== null) answer(transaction, status);
      },
    });
    const lines = request(method, { branch: null }).map((line) =>
      line.startsWith("Content-Length") ? "Content-Length: 5" : line,
    );
    peer.send(bob, ...lines.slice(0, -1), "hello");
    await simulation.run({ ms: 100 });
    const [transaction] = taken;
    const held = transaction?.request;
    assert.equal(held?.body.length, isHeld ? 5 : 0, method);
    assert.equal(held?.headers.has("Max-Forwards"), isHeld);
    assert.deepEqual(
      ["Via", "From", "To", "Call-ID", "CSeq"].map((name) => held?.headers.get(name)),
      [lines[1], lines[3], lines[4], lines[5], lines[6]].map((line) => line?.replace(/^[^:]*: /, "")),
    );
    // It is matched as before, by the rules of RFC 2543, too. A 2xx to an INVITE is its user's to repeat.
    peer.send(bob, ...lines.slice(0, -1), "hello");
    await simulation.run({ ms: 100 });
    assert.equal(taken.length, 1, method);
    const answers = peer.received.filter(({ text }) => text.startsWith(`SIP/2.0 ${status}`));
    assert.equal(answers.length, status === null ? 0 : method === "INVITE" ? 1 : 2, method);
  }
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

test("17.2.3: with a branch of RFC 3261 nothing else is compared", async () => {
  const { simulation, node, peer } = await world(okFor(200));
  peer.send(bob, ...request("OPTIONS"));
  peer.send(bob, ...request("OPTIONS", { to: ";tag=other", callId: "c2", cseq: 2, uri: "sip:x@10.0.0.2" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 1);
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
  peer.send(bob, ...request("INVITE", { branch: "z9hG4bKsix", callId: "another" }));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), [
    "SIP/2.0 180 Ringing",
    "SIP/2.0 482 Loop Detected",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 180 Ringing",
  ]);
  peer.send(bob, ...request("ACK", { branch: "z9hG4bKtwo", to: ";tag=x" }));
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 5);
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

test("17.2.2, RFC 4320 4.1: a 100 of the user is sent in Proceeding, and not before", async () => {
  const { simulation, node, peer } = await world();
  peer.send(bob, ...request("OPTIONS"));
  await simulation.run({ ms: 100 });
  const [transaction] = node.requests;
  assert.ok(transaction);
  answer(transaction, 100);
  await simulation.run({ ms: 1_000 });
  assert.deepEqual(peer.firstLines(), []);
  await simulation.run({ ms: 3_000 });
  answer(transaction, 100);
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 100 Trying", "SIP/2.0 100 Trying"]);
});
