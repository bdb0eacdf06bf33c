// Both call at once: who closes which connection. RFC 6733 5.6, 5.6.4. And what else a connection may meet.
import assert from "node:assert/strict";
import test from "node:test";
import {
  buildCapabilitiesExchangeAnswer,
  capabilitiesExchangeCode,
} from "@liquid-ims/diameter/peer/capabilities-exchange";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../support/virtual-hosts.ts";
import {
  addNode,
  ask,
  call,
  capabilities,
  cerOf,
  isOpenTo,
  port,
  type RawPeer,
  rawPeer,
  stateOf,
} from "./diameter-world.ts";
import { codeOf } from "./raw-messages.ts";

/** A node that has called a peer, whose CER is unanswered; then the peer has called it. */
async function both(own: string, other: string) {
  const simulation = new Simulation({ seed: 1 });
  const { host } = addBareHost(simulation, other, "10.0.0.9");
  const called: RawPeer[] = [];
  await simulation.settle(host.network.listen(port("10.0.0.9"), (stream) => called.push(rawPeer(stream))));
  const node = addNode(simulation, "10.0.0.1", {
    originHost: own,
    listen: port("10.0.0.1"),
    peers: [{ originHost: other, address: port("10.0.0.9") }],
  });
  await simulation.run({ ms: 500 });
  const [initiated] = called;
  const cer = initiated?.received[0]?.message;
  assert.ok(initiated !== undefined && cer?.commandCode === capabilitiesExchangeCode);
  assert.equal(stateOf(node.node, other).state, "Wait-I-CEA");
  const responder = await call(simulation, host, port("10.0.0.1"), cerOf(other));
  return { simulation, host, node: node.node, initiated, responder, cer };
}

test("5.6.4: the winner closes the connection that it initiated, and answers the other's CER", async () => {
  const { simulation, node, initiated, responder } = await both("b.ims.example", "a.ims.example");
  assert.ok(initiated.ended, "its own is closed");
  assert.deepEqual(responder.received.map(codeOf), [2001]);
  assert.ok(!responder.ended);
  assert.equal(stateOf(node, "a.ims.example").state, "R-Open");
  const asked = ask(node);
  await simulation.run({ ms: 500 });
  assert.equal(responder.received.at(-1)?.message.commandCode, 302, "requests go over what is left");
  assert.equal(asked.outcome, null);
});

test("5.6.4: the loser leaves both open and answers nothing until its own CER is answered, then closes the other's", async () => {
  const { simulation, node, initiated, responder, cer } = await both("a.ims.example", "b.ims.example");
  assert.ok(!initiated.ended && !responder.ended);
  assert.equal(stateOf(node, "b.ims.example").state, "Wait-Returns");
  assert.deepEqual(responder.received, []);
  initiated.send(buildCapabilitiesExchangeAnswer(capabilities("b.ims.example"), cer));
  await simulation.run({ ms: 500 });
  assert.equal(stateOf(node, "b.ims.example").state, "I-Open");
  assert.ok(responder.ended && !initiated.ended);
  assert.deepEqual(responder.received, [], "a CEA on a connection that is closed would be a second peer");
});

test("5.6: the loser whose peer closes what the loser initiated takes the peer's connection", async () => {
  const { simulation, node, initiated, responder } = await both("a.ims.example", "b.ims.example");
  initiated.end();
  await simulation.run({ ms: 500 });
  assert.equal(stateOf(node, "b.ims.example").state, "R-Open");
  assert.deepEqual(responder.received.map(codeOf), [2001]);
});

test("5.6: neither returns: all connections are dropped, and the node calls again", async () => {
  const { simulation, node, initiated, responder } = await both("a.ims.example", "b.ims.example");
  await simulation.run({ ms: 10_000 });
  assert.ok(initiated.ended && responder.ended);
  assert.ok(!isOpenTo(node, "b.ims.example"));
});

test("5.6: a third connection during an election is rejected", async () => {
  const { simulation, host, node, responder } = await both("a.ims.example", "b.ims.example");
  const third = await call(simulation, host, port("10.0.0.1"), cerOf("b.ims.example"));
  assert.ok(third.ended && third.received.length === 0);
  assert.ok(!responder.ended);
  assert.equal(stateOf(node, "b.ims.example").state, "Wait-Returns");
});

test("a peer that reads nothing is dropped when too much waits for it, and the node lives", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { host } = addBareHost(simulation, "a.ims.example", "10.0.0.9");
  const node = addNode(simulation, "10.0.0.1", {
    originHost: "b.ims.example",
    listen: port("10.0.0.1"),
    peers: [{ originHost: "a.ims.example" }],
    maximumWaitingBytes: 2_000,
  });
  await simulation.run({ ms: 100 });
  const raw = await call(simulation, host, port("10.0.0.1"), cerOf("a.ims.example"));
  assert.ok(isOpenTo(node.node, "a.ims.example"));
  simulation.partition(["a.ims.example"], ["b.ims.example"]);
  const asked = Array.from({ length: 1_000 }, () => ask(node.node, { timeoutMs: 5_000 }));
  await simulation.run({ ms: 100 });
  assert.ok(!isOpenTo(node.node, "a.ims.example"));
  simulation.heal();
  await simulation.run({ ms: 6_000 });
  assert.ok(asked.every(({ outcome }) => outcome !== null));
  assert.equal(node.node.pending, 0);
  const again = await call(simulation, host, port("10.0.0.1"), cerOf("a.ims.example"));
  assert.equal(codeOf(again.received[0]), 2001);
  raw.end();
});

test("connections without a CER are bounded, and those beyond are closed at once", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { host } = addBareHost(simulation, "a.ims.example", "10.0.0.9");
  const node = addNode(simulation, "10.0.0.1", {
    originHost: "b.ims.example",
    listen: port("10.0.0.1"),
    peers: [{ originHost: "a.ims.example" }],
    maximumStrangers: 3,
  });
  await simulation.run({ ms: 100 });
  const strangers: RawPeer[] = [];
  for (let count = 0; count < 5; count++)
    strangers.push(await call(simulation, host, port("10.0.0.1"), null));
  assert.deepEqual(
    strangers.map(({ ended }) => ended),
    [false, false, false, true, true],
  );
  strangers[0]?.end();
  await simulation.run({ ms: 500 });
  await call(simulation, host, port("10.0.0.1"), cerOf("a.ims.example"));
  assert.ok(isOpenTo(node.node, "a.ims.example"));
});
