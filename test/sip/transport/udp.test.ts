// Transport over UDP on the virtual network. RFC 3261 18, RFC 3581, RFC 5626 3.5.1.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../../support/virtual-hosts.ts";
import { addNode, addPeer, answer, counted, newRequest, openNode, send, target } from "../stack-nodes.ts";

const bob = { host: "10.0.0.2", port: 5060 };

function options(via: string, branch = "z9hG4bKone"): string[] {
  return [
    "OPTIONS sip:bob@10.0.0.2 SIP/2.0",
    `Via: SIP/2.0/UDP ${via};branch=${branch}`,
    "Max-Forwards: 70",
    "From: <sip:peer@test>;tag=peer",
    "To: <sip:bob@test>",
    "Call-ID: c1",
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ];
}

async function world() {
  const simulation = new Simulation({ seed: 11 });
  const node = await addNode(simulation, "bob", "10.0.0.2", {
    answer: (transaction) => answer(transaction, 200),
  });
  const peer = await addPeer(simulation, "peer", "10.0.0.9");
  return { simulation, node, peer };
}

test("18.1.1, 8.1.1.7, RFC 3581 3: our Via has transport, sent-by, a branch of 128 random bits, rport", async () => {
  const { simulation, node, peer } = await world();
  send(node, newRequest("OPTIONS", "sip:peer@10.0.0.9"));
  send(node, newRequest("MESSAGE", "sip:peer@10.0.0.9:5060"));
  await simulation.run({ ms: 100 });
  const vias = peer.received.map(({ text }) => /^Via: (.*)\r$/m.exec(text)?.[1] ?? "");
  for (const via of vias)
    assert.match(via, /^SIP\/2\.0\/UDP 10\.0\.0\.2:5060;branch=z9hG4bK[0-9a-f]{32};rport$/);
  assert.notEqual(vias[0], vias[1]);
  assert.equal(peer.received.length, 2);
});

test("18.1.1: sent-by can be set, with and without a port, and is known again in responses", async () => {
  const simulation = new Simulation({ seed: 1 });
  const bobNode = await addNode(simulation, "bob", "10.0.0.2", {
    answer: (transaction) => answer(transaction, 200),
  });
  for (const [index, sentBy] of [{ host: "alice.test" }, { host: "alice.test", port: 5080 }].entries()) {
    const alice = await addNode(simulation, `alice ${index}`, `10.0.1.${index}`, { sentBy });
    const outcome = send(alice, newRequest("OPTIONS", "sip:bob@10.0.0.2"));
    await simulation.run({ ms: 100 });
    const via = bobNode.requests[index]?.request.headers.get("Via") ?? "";
    assert.ok(via.startsWith(`SIP/2.0/UDP alice.test${index === 0 ? "" : ":5080"};branch=`));
    assert.ok(via.endsWith(`;rport=5060;received=10.0.1.${index}`));
    assert.deepEqual(outcome.statuses, [200]);
  }
});

test("18.2.2: without rport the response goes to the port of sent-by", async () => {
  const { simulation, peer, node } = await world();
  const { node: host } = addBareHost(simulation, "other port", "10.0.0.8");
  const received: string[] = [];
  const socket = await simulation.settle(
    host.network.udp({ host: "10.0.0.8", port: 7_000 }, () => received.push("7000")),
  );
  await simulation.settle(host.network.udp({ host: "10.0.0.8", port: 6_000 }, () => received.push("6000")));
  socket.send(encodeText(options("name.test:6000").join("\r\n")), bob);
  await simulation.run({ ms: 100 });
  socket.send(encodeText(options("name.test:6000;rport", "z9hG4bKtwo").join("\r\n")), bob);
  await simulation.run({ ms: 100 });
  assert.deepEqual(received, ["6000", "7000"]);
  assert.equal(peer.received.length, 0);
  assert.equal(node.requests.length, 2);
});

test("18.2.2: a request that came by UDP is answered by UDP, whatever its Via says", async () => {
  const { simulation, node, peer } = await world();
  peer.send(bob, ...options("10.0.0.9:5060").map((line) => line.replace("SIP/2.0/UDP", "SIP/2.0/TCP")));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 200 OK"]);
  assert.equal(counted(node, "sip_connections"), 0);
});

test("18: garbage is counted and the next good message is answered", async () => {
  const { simulation, node, peer } = await world();
  const good = options("10.0.0.9:5060");
  const garbage = [
    "\u0000\u0001\u0002 nonsense",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "SIP/2.0 2000 OK\r\n\r\n",
    "SIP/2.0 200 OK\r\n\r\n",
    good.slice(0, 4).join("\r\n"),
    "INVITE sip:bob@10.0.0.2 SIP/2.0\r\n\r\n",
    good.filter((line) => !line.startsWith("Via")).join("\r\n"),
    good.join("\r\n").replace("SIP/2.0/UDP 10.0.0.9:5060", "SIP/2.0/UDP 10.0.0.9:99999"),
  ];
  for (const text of garbage) peer.send(bob, text);
  await simulation.run({ ms: 100 });
  assert.equal(node.requests.length, 0);
  assert.equal(counted(node, "sip_messages_dropped_total"), garbage.length);
  peer.send(bob, ...good);
  await simulation.run({ ms: 100 });
  assert.equal(peer.firstLines().at(-1), "SIP/2.0 200 OK");
  assert.equal(node.stack.transactions.server, 1);
});

test("18.3, 21.4.1: half a message gets 400, unless it is an ACK", async () => {
  const { simulation, node, peer } = await world();
  const half = options("10.0.0.9:5060").map((line) =>
    line.replace("Content-Length: 0", "Content-Length: 10"),
  );
  peer.send(bob, ...half);
  peer.send(bob, ...half.map((line) => line.replace("OPTIONS", "ACK")));
  await simulation.run({ ms: 100 });
  assert.deepEqual(
    peer.firstLines().map((line) => line.slice(0, 11)),
    ["SIP/2.0 400"],
  );
  const text = peer.received[0]?.text ?? "";
  assert.match(text, /^Via: SIP\/2\.0\/UDP 10\.0\.0\.9:5060;branch=z9hG4bKone\r$/m);
  assert.match(text, /^To: <sip:bob@test>;tag=/m);
  assert.match(text, /^CSeq: 1 OPTIONS\r$/m);
  assert.equal(node.requests.length, 0);
});

test("RFC 5626 3.5.1: datagrams of line breaks or zeros keep a binding alive and are no message", async () => {
  const { simulation, node, peer } = await world();
  peer.send(bob, "\r\n\r\n");
  peer.send(bob, "\u0000\u0000\u0000\u0000");
  await simulation.run({ ms: 100 });
  assert.equal(counted(node, "sip_keep_alives_total"), 2);
  assert.equal(counted(node, "sip_messages_dropped_total"), 0);
  assert.equal(peer.received.length, 0);
});

test("18: a host with several addresses sends from the one that is asked for, and answers from the one it was asked at", async () => {
  const simulation = new Simulation({ seed: 3 });
  const { node: host } = addBareHost(simulation, "ue", "10.0.3.1", "10.0.3.2");
  const peer = await addPeer(simulation, "peer", "10.0.0.9");
  const ue = await simulation.settle(
    openNode(host, {
      listen: [target("udp", "10.0.3.1"), target("udp", "10.0.3.2"), target("udp", "10.0.3.2", 5070)],
      answer: (transaction) => answer(transaction, 200),
    }),
  );
  send(ue, newRequest("OPTIONS", "sip:peer@10.0.0.9"));
  send(ue, newRequest("OPTIONS", "sip:peer@10.0.0.9"), { from: target("udp", "10.0.3.2") });
  send(ue, newRequest("OPTIONS", "sip:peer@10.0.0.9"), { from: target("udp", "10.0.3.2", 5070) });
  await simulation.run({ ms: 100 });
  const sources = peer.received.map(({ from, text }) => {
    const sentBy = /^Via: SIP\/2\.0\/UDP ([^;]+);/m.exec(text)?.[1];
    return `${from.host}:${from.port} ${sentBy}`;
  });
  assert.deepEqual(sources, [
    "10.0.3.1:5060 10.0.3.1:5060",
    "10.0.3.2:5060 10.0.3.2:5060",
    "10.0.3.2:5070 10.0.3.2:5070",
  ]);
  peer.send({ host: "10.0.3.2", port: 5070 }, ...options("10.0.0.9:5060"));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.received.at(-1)?.from, { host: "10.0.3.2", port: 5070 });
  assert.deepEqual(ue.requests[0]?.source, {
    protocol: "udp",
    address: { host: "10.0.0.9", port: 5060 },
    local: { host: "10.0.3.2", port: 5070 },
    connection: null,
  });
});

test("18: no address of the target's family is a transport failure, told later", async () => {
  const { simulation, node } = await world();
  const outcome = send(node, newRequest("OPTIONS", "sip:peer@[2001:db8::1]"));
  assert.equal(outcome.failure, null);
  await simulation.run({ ms: 1 });
  assert.equal(outcome.failure, "transport");
});

test("18: an address that cannot be had rejects, and those opened before are free again", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { node: host } = addBareHost(simulation, "a", "10.0.0.1");
  await simulation.settle(host.network.udp({ host: "10.0.0.1", port: 5080 }, () => undefined));
  const listen = [target("tcp", "10.0.0.1"), target("udp", "10.0.0.1"), target("udp", "10.0.0.1", 5080)];
  await assert.rejects(simulation.settle(openNode(host, { listen })), { code: "address-in-use" });
  const node = await simulation.settle(openNode(host, { listen: listen.slice(0, 2) }));
  assert.deepEqual(node.stack.local, listen.slice(0, 2));
});

test("close: sockets are free, timers and transactions gone, nobody is told", async () => {
  const { simulation, node } = await world();
  const outcome = send(node, newRequest("OPTIONS", "sip:nobody@10.0.0.77"));
  await simulation.settle(node.stack.close());
  await simulation.run({ ms: 60_000 });
  assert.equal(outcome.failure, null);
  assert.deepEqual({ ...node.stack.transactions }, { client: 0, server: 0 });
  await simulation.settle(openNode(node.stack.host, { listen: [target("udp", "10.0.0.2")] }));
});
