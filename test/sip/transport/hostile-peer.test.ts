// A peer that sends anything: the node lives, counts it, and answers the next good message. RFC 3261 26, 18.
import assert from "node:assert/strict";
import test from "node:test";
import { SeededRandom, Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost, recordStream } from "../../support/virtual-hosts.ts";
import { addNode, addPeer, answer, counted } from "../stack-nodes.ts";

const bob = { host: "10.0.0.2", port: 5060 };

function valid(protocol: string, method: string, branch: string): string {
  return [
    `${method} sip:bob@10.0.0.2 SIP/2.0`,
    `Via: SIP/2.0/${protocol} 10.0.0.9:5060;branch=${branch};rport`,
    "Max-Forwards: 70",
    "From: <sip:peer@test>;tag=peer",
    "To: <sip:bob@test>",
    `Call-ID: ${branch}`,
    `CSeq: 1 ${method}`,
    "Contact: <sip:peer@10.0.0.9>",
    "Route: <sip:10.0.0.2;lr>",
    "Content-Length: 4",
    "",
    "body",
  ].join("\r\n");
}

/** A message with some bytes changed, cut out, repeated or added. */
function damage(random: SeededRandom, text: string): Uint8Array {
  let data = encodeText(text);
  const rounds = 1 + random.int(4);
  for (let round = 0; round < rounds; round++) {
    const at = random.int(data.length);
    const end = Math.min(data.length, at + random.int(30));
    const parts = [data.slice(0, at), data.slice(at, end), data.slice(end)];
    const [before = data, middle = data, after = data] = parts;
    const kind = random.int(4);
    if (kind === 0) data = concatBytes([before, after]);
    else if (kind === 1) data = concatBytes([before, middle, middle, after]);
    else if (kind === 2) data = concatBytes([before, random.bytes(1 + random.int(8)), after]);
    else data = concatBytes([before, random.bytes(middle.length), after]);
    if (data.length === 0) return random.bytes(3);
  }
  return data;
}

const methods = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "SUBSCRIBE", "NOTIFY", "FOO"];

async function world(seed: number) {
  const simulation = new Simulation({ seed });
  const node = await addNode(simulation, "bob", "10.0.0.2", {
    answer: (transaction) => answer(transaction, 200),
    maximumTransactions: 300,
  });
  return { simulation, node, random: new SeededRandom(`damage ${seed}`) };
}

test("26, 18: 2,000 damaged datagrams and 200 random ones", async () => {
  const { simulation, node, random } = await world(1);
  const { node: host } = addBareHost(simulation, "hostile", "10.0.0.66");
  const socket = await simulation.settle(
    host.network.udp({ host: "10.0.0.66", port: 5060 }, () => undefined),
  );
  for (let index = 0; index < 2_000; index++) {
    const method = methods[index % methods.length] ?? "";
    socket.send(damage(random, valid("UDP", method, `z9hG4bK${index}`)), bob);
    if (index % 10 === 0) socket.send(random.bytes(1 + random.int(200)), bob);
    if (index % 20 === 0) await simulation.run({ ms: 20 });
  }
  await simulation.run({ ms: 1_000 });
  assert.ok(counted(node, "sip_messages_dropped_total") > 100);
  assert.ok(counted(node, "sip_requests_refused_total") > 100);
  await simulation.run({ ms: 70_000 });
  assert.deepEqual({ ...node.stack.transactions }, { client: 0, server: 0 });
  const peer = await addPeer(simulation, "peer", "10.0.0.9");
  peer.send(bob, valid("UDP", "OPTIONS", "z9hG4bKgood"));
  await simulation.run({ ms: 100 });
  assert.deepEqual(peer.firstLines(), ["SIP/2.0 200 OK"]);
});

test("26, 18.3: 500 connections with damaged messages", async () => {
  const { simulation, node, random } = await world(2);
  const { node: peer } = addBareHost(simulation, "peer", "10.0.0.9");
  for (let index = 0; index < 500; index++) {
    const record = recordStream(peer, await simulation.settle(peer.network.connect(bob)));
    const method = methods[index % methods.length] ?? "";
    record.stream.write(encodeText(valid("TCP", method, `z9hG4bK${index}a`)));
    record.stream.write(damage(random, valid("TCP", method, `z9hG4bK${index}b`)));
    record.stream.write(encodeText(valid("TCP", method, `z9hG4bK${index}c`)));
    await simulation.run({ ms: 20 });
    if (index % 3 === 0) record.stream.reset();
    else if (index % 3 === 1) record.stream.end();
  }
  assert.ok(counted(node, "sip_messages_dropped_total") > 50);
  await simulation.run({ ms: 300_000 });
  assert.equal(counted(node, "sip_connections"), 0);
  assert.deepEqual({ ...node.stack.transactions }, { client: 0, server: 0 });
  const good = recordStream(peer, await simulation.settle(peer.network.connect(bob)));
  good.stream.write(encodeText(valid("TCP", "OPTIONS", "z9hG4bKgood")));
  await simulation.run({ ms: 100 });
  assert.match(good.text(), /^SIP\/2\.0 200 OK\r\n/);
});
