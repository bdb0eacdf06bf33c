// A request finds its server and another one when that fails. RFC 3261 8.1.2, 9.1, RFC 3263 4.3.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import type { Lookup, LookupResult } from "@liquid-ims/sip/locate";
import { addBareHost } from "../../support/virtual-hosts.ts";
import {
  addNode,
  answer,
  both,
  type NodeOptions,
  newRequest,
  openNode,
  send,
  target,
} from "../stack-nodes.ts";

const addresses = ["10.0.0.21", "10.0.0.22", "10.0.0.23"];

function answering(status: number): Partial<NodeOptions> {
  return { answer: (transaction) => answer(transaction, status) };
}

/** Alice, whose name server takes 20 ms, and one server for each option. */
async function world(...servers: readonly Partial<NodeOptions>[]) {
  const simulation = new Simulation({ seed: 21 });
  const { node: host } = addBareHost(simulation, "alice", "10.0.0.1");
  const none = async (): Promise<LookupResult<never>> => ({ kind: "none" });
  const lookup: Lookup = {
    a: async (name) => {
      await host.clock.sleep(20, "look-up");
      return name === "pool.test"
        ? { kind: "found", records: addresses.slice(0, servers.length) }
        : { kind: "none" };
    },
    aaaa: none,
    srv: none,
    naptr: none,
  };
  const alice = await simulation.settle(openNode(host, { listen: both("10.0.0.1"), lookup }));
  const nodes = [];
  for (const [index, options] of servers.entries())
    nodes.push(await addNode(simulation, `server ${index}`, addresses[index] ?? "", options));
  return { simulation, alice, nodes };
}

const pool = "sip:service@pool.test";

test("RFC 3263 4.3: after 503 the next server, by a new transaction; the user sees only its answer", async () => {
  const { simulation, alice, nodes } = await world(answering(503), answering(200));
  const outcome = send(alice, newRequest("OPTIONS", pool));
  await simulation.run({ ms: 200 });
  assert.deepEqual(outcome.statuses, [200]);
  const vias = nodes.map((node) => node.requests[0]?.request.headers.get("Via"));
  assert.ok(vias[0] && vias[1] && vias[0] !== vias[1]);
  assert.equal(outcome.transaction.request.headers.count("Via"), 1);
});

test("RFC 3263 4.3: an INVITE that got 503 is acknowledged there and goes on to the next server", async () => {
  const { simulation, alice, nodes } = await world(answering(503), answering(486));
  const outcome = send(alice, newRequest("INVITE", pool));
  await simulation.run({ ms: 200 });
  assert.deepEqual(outcome.statuses, [486]);
  assert.deepEqual(
    nodes.map((node) => node.requests[0]?.state),
    ["Confirmed", "Confirmed"],
  );
});

test("RFC 3263 4.3: after a timeout the next server", async () => {
  const { simulation, alice, nodes } = await world({}, answering(200));
  await simulation.settle(nodes[0]?.stack.close() ?? Promise.resolve());
  const outcome = send(alice, newRequest("OPTIONS", pool));
  await simulation.run({ ms: 31_900 });
  assert.deepEqual(outcome.statuses, []);
  await simulation.run({ ms: 500 });
  assert.deepEqual(outcome.statuses, [200]);
});

test("RFC 3263 4.3: after a refused connection the next server", async () => {
  const udpOnly = { listen: [target("udp", "10.0.0.21")] };
  const { simulation, alice } = await world(udpOnly, answering(200));
  const outcome = send(alice, newRequest("OPTIONS", `${pool};transport=tcp`));
  await simulation.run({ ms: 200 });
  assert.deepEqual(outcome.statuses, [200]);
});

test("RFC 3263 4.3: other answers are final, and the last 503 as well", async () => {
  const busy = await world(answering(500), answering(200));
  const first = send(busy.alice, newRequest("OPTIONS", pool));
  await busy.simulation.run({ ms: 200 });
  assert.deepEqual(first.statuses, [500]);
  const full = await world(answering(503), answering(503));
  const second = send(full.alice, newRequest("OPTIONS", pool));
  await full.simulation.run({ ms: 200 });
  assert.deepEqual(second.statuses, [503]);
});

test("RFC 3263 4.3: when every server is silent, one failure is told", async () => {
  const { simulation, alice } = await world({}, {});
  const outcome = send(alice, newRequest("OPTIONS", pool));
  await simulation.run({ ms: 70_000 });
  assert.equal(outcome.failure, "timeout");
  assert.deepEqual({ ...alice.stack.transactions }, { client: 0, server: 0 });
});

test("RFC 3263 4: a name that nobody knows is unresolvable, also a URI of another scheme", async () => {
  const { simulation, alice } = await world();
  const outcomes = ["sip:x@unknown.test", "tel:+4930123", "sip:x@10.0.0.1;transport=sctp"].map((uri) =>
    send(alice, newRequest("OPTIONS", uri)),
  );
  assert.deepEqual(
    outcomes.map(({ failure }) => failure),
    [null, null, null],
  );
  await simulation.run({ ms: 200 });
  assert.deepEqual(
    outcomes.map(({ failure }) => failure),
    ["unresolvable", "unresolvable", "unresolvable"],
  );
});

test("8.1.2: the first Route is asked for when it is a loose router, else the Request-URI", async () => {
  const { simulation, alice, nodes } = await world(answering(200), answering(200));
  const route = (value: string) => ({ headers: [["Route", value]] as const });
  send(alice, newRequest("OPTIONS", "sip:10.0.0.22", route("<sip:10.0.0.21;lr>, <sip:10.0.0.99;lr>")));
  await simulation.run({ ms: 100 });
  assert.deepEqual(
    nodes.map((node) => node.requests.length),
    [1, 0],
  );
  send(alice, newRequest("OPTIONS", "sip:10.0.0.22", route("<sip:10.0.0.21>")));
  await simulation.run({ ms: 100 });
  assert.deepEqual(
    nodes.map((node) => node.requests.length),
    [1, 1],
  );
  send(alice, newRequest("OPTIONS", "sip:10.0.0.22", route("<sip:10.0.0.99;lr>")), {
    nextHop: "sip:10.0.0.21",
  });
  send(alice, newRequest("OPTIONS", "sip:10.0.0.99"), { target: target("udp", "10.0.0.21") });
  await simulation.run({ ms: 100 });
  assert.deepEqual(
    nodes.map((node) => node.requests.length),
    [3, 1],
  );
});

test("9.1: cancelled while its server is looked for, an INVITE is not sent and ends with 487", async () => {
  const { simulation, alice, nodes } = await world(answering(200));
  const outcome = send(alice, newRequest("INVITE", pool));
  assert.equal(outcome.transaction.state, "Locating");
  await simulation.run({ ms: 5 });
  outcome.transaction.cancel();
  assert.deepEqual(outcome.statuses, []);
  await simulation.run({ ms: 1_000 });
  assert.deepEqual(outcome.statuses, [487]);
  assert.equal(outcome.failure, null);
  assert.equal(nodes[0]?.requests.length, 0);
});

test("close: what is still being located is not sent, and nobody is told", async () => {
  const { simulation, alice, nodes } = await world(answering(200));
  const outcomes = [
    send(alice, newRequest("OPTIONS", pool)),
    send(alice, newRequest("OPTIONS", "sip:x@[::9]")),
  ];
  alice.stack.sendAck(newRequest("ACK", pool, { toTag: "t" }));
  await simulation.settle(alice.stack.close());
  await simulation.run({ ms: 1_000 });
  for (const { statuses, failure } of outcomes)
    assert.deepEqual({ statuses, failure }, { statuses: [], failure: null });
  assert.equal(nodes[0]?.requests.length, 0);
  assert.equal(nodes[0]?.acks.length, 0);
});

test("9.1: a cancelled INVITE is not tried elsewhere", async () => {
  const { simulation, alice, nodes } = await world(
    {
      answer(transaction) {
        answer(transaction, 180);
        transaction.onCancel = () => answer(transaction, 503);
      },
    },
    answering(200),
  );
  const outcome = send(alice, newRequest("INVITE", pool));
  await simulation.run({ ms: 100 });
  outcome.transaction.cancel();
  await simulation.run({ ms: 1_000 });
  assert.deepEqual(outcome.statuses, [180, 503]);
  assert.equal(nodes[1]?.requests.length, 0);
});

test("13.2.2.4: an ACK finds its server like a request, and takes the next address when TCP is refused", async () => {
  const { simulation, alice, nodes } = await world({ listen: [target("udp", "10.0.0.21")] }, {});
  alice.stack.sendAck(newRequest("ACK", `${pool};transport=tcp`, { toTag: "t" }));
  await simulation.run({ ms: 200 });
  assert.deepEqual(
    nodes.map((node) => node.acks.length),
    [0, 1],
  );
  assert.match(
    nodes[1]?.acks[0]?.request.headers.get("Via") ?? "",
    /^SIP\/2\.0\/TCP 10\.0\.0\.1:5060;branch=/,
  );
});
