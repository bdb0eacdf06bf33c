// How a host's life ends, and what remains of it: SIGKILL, loss of power, a long pause, a fault of the program.
import assert from "node:assert/strict";
import test from "node:test";
import type { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import { addBareHost, connectHosts, receiveDatagrams } from "../../support/virtual-hosts.ts";

const at = { host: "10.0.0.1", port: 5060 };
const from = { host: "10.0.0.2", port: 5060 };

function pair(seed = 1) {
  const simulation = new Simulation({ seed });
  const victim = addBareHost(simulation, "victim", at.host);
  const peer = addBareHost(simulation, "peer", from.host);
  return { simulation, victim, peer };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "fulfilled",
    (error: RuntimeError) => error.code,
  );

test("kill: no event of the host runs, its promises never settle, no finally runs", async () => {
  const { simulation, victim } = pair();
  const host = victim.node;
  const happened: string[] = [];
  host.spawn("task", async () => {
    try {
      await host.clock.sleep(10, "sleep");
      happened.push("woke");
    } finally {
      happened.push("finally");
    }
  });
  host.clock.after(10, () => happened.push("timer"), "timer");
  void host.crypto.generateKey("EdDSA").then(() => happened.push("key"));
  void host.network.udp(at, () => undefined).then(() => happened.push("socket"));
  victim.kill();
  await simulation.run({ ms: 100 });
  assert.deepEqual(happened, []);
  assert.equal(victim.alive, false);
  assert.equal(host.alive, false);
});

test("kill: the ports of a dead host do nothing", async () => {
  const { simulation, victim, peer } = pair();
  const heard = await simulation.settle(receiveDatagrams(peer.node, from));
  const host = victim.node;
  const socket = await simulation.settle(host.network.udp(at, () => undefined));
  const streams = await connectHosts(simulation, peer.node, host, { host: from.host, port: 9 });
  victim.kill();
  const events = simulation.events;
  socket.send(encodeText("x"), from);
  socket.close();
  streams.client.stream.write(encodeText("x"));
  streams.client.stream.end();
  streams.client.stream.reset();
  host.clock.after(1, () => assert.fail("timer"), "timer");
  void host.network.connect({ host: from.host, port: 9 }).then(() => assert.fail("connected"));
  host.spawn("task", async () => assert.fail("spawned"));
  await simulation.run({ ms: 100 });
  assert.equal(heard.length, 0);
  assert.equal(streams.server.text(), "");
  assert.equal(simulation.events, events + 1, "only the reset arrives");
});

test("kill: what was handed to the kernel still arrives, then the peers' streams are reset", async () => {
  const { simulation, victim, peer } = pair();
  const heard = await simulation.settle(receiveDatagrams(peer.node, from));
  const socket = await simulation.settle(victim.node.network.udp(at, () => undefined));
  const streams = await connectHosts(simulation, victim.node, peer.node, { host: at.host, port: 9 });
  socket.send(encodeText("last datagram"), from);
  streams.server.stream.write(encodeText("last words"));
  victim.kill();
  await simulation.run({ ms: 50 });
  assert.deepEqual(
    heard.map(({ text }) => text),
    ["last datagram"],
  );
  assert.equal(streams.client.text(), "last words");
  assert.equal(streams.client.ending, "reset");
});

test("kill: afterwards silence for datagrams, and refusal of connections", async () => {
  const { simulation, victim, peer } = pair();
  await simulation.settle(victim.node.network.listen(at, () => assert.fail("accepted")));
  victim.kill();
  assert.equal(await simulation.settle(codeOf(peer.node.network.connect(at))), "refused");
  assert.ok(simulation.now < 10);
});

test("powerOff: no reset and no refusal, connections time out", async () => {
  const { simulation, victim, peer } = pair();
  const streams = await connectHosts(simulation, victim.node, peer.node, { host: at.host, port: 9 });
  await simulation.settle(victim.node.network.listen(at, () => assert.fail("accepted")));
  victim.powerOff();
  const began = simulation.now;
  assert.equal(
    await simulation.settle(codeOf(peer.node.network.connect(at, { timeoutMs: 3_000 }))),
    "timed-out",
  );
  assert.ok(Math.abs(simulation.now - began - 3_000) < 1);
  await simulation.run({ ms: 20_000 });
  assert.equal(streams.client.ending, "open");
  await simulation.run({ ms: 20_000 });
  assert.equal(streams.client.ending, "timed-out", "keep-alive notices after 40 s");
});

test("powerOff: who writes to it is told after a quarter of an hour, or by the reset of the restarted machine", async () => {
  const { simulation, victim, peer } = pair();
  const streams = await connectHosts(simulation, victim.node, peer.node, { host: at.host, port: 9 });
  victim.powerOff();
  streams.client.stream.write(encodeText("hello?"));
  await simulation.run({ ms: 900_000 });
  assert.equal(streams.client.ending, "open");
  await simulation.run({ ms: 200_000 });
  assert.equal(streams.client.ending, "timed-out");

  const again = pair();
  const others = await connectHosts(again.simulation, again.victim.node, again.peer.node, {
    host: at.host,
    port: 9,
  });
  again.victim.powerOff();
  others.client.stream.write(encodeText("hello?"));
  await again.simulation.run({ ms: 1_000 });
  again.victim.restart();
  await again.simulation.run({ ms: 2_000 });
  assert.equal(others.client.ending, "reset");
});

test("freeze: nothing happens on the host, then everything at once and in order", async () => {
  const { simulation, victim, peer } = pair();
  const heard = await simulation.settle(receiveDatagrams(victim.node, at));
  const socket = await simulation.settle(peer.node.network.udp(from, () => undefined));
  const fired: number[] = [];
  const start = simulation.now;
  for (const ms of [10, 20, 300])
    victim.node.clock.after(ms, () => fired.push(simulation.now - start), "timer");
  victim.freeze(200);
  for (let index = 0; index < 5; index++) socket.send(encodeText(String(index)), at);
  const connecting = peer.node.network.connect(at);
  const refused = codeOf(connecting);
  await simulation.run({ ms: 199 });
  assert.equal(heard.length, 0);
  assert.deepEqual(fired, []);
  assert.equal(await refused, "refused", "its kernel answers meanwhile");
  await simulation.run({ ms: 200 });
  assert.deepEqual(
    heard.map(({ text }) => text),
    ["0", "1", "2", "3", "4"],
  );
  assert.ok(heard.every(({ time }) => time === start + 200));
  assert.deepEqual(fired, [200, 200, 300]);
});

test("freeze: a connection is accepted by the kernel, its data waits in the window", async () => {
  const { simulation, victim, peer } = pair();
  const streams = await connectHosts(simulation, victim.node, peer.node, { host: at.host, port: 9 });
  victim.freeze(1_000);
  const block = encodeText("x".repeat(200_000));
  assert.equal(streams.client.stream.write(block), false);
  const another = peer.node.network.connect({ host: at.host, port: 9 });
  assert.equal(await simulation.settle(codeOf(another)), "fulfilled");
  await simulation.run({ ms: 500 });
  assert.ok(streams.client.stream.buffered >= 200_000 - 65_536);
  await simulation.run({ ms: 2_000 });
  assert.equal(streams.server.text().length, 200_000);
  assert.equal(streams.client.stream.buffered, 0);
});

test("freeze, then kill: what was held is gone", async () => {
  const { simulation, victim } = pair();
  victim.node.clock.after(10, () => assert.fail("ran"), "timer");
  victim.freeze(50);
  await simulation.run({ ms: 20 });
  victim.kill();
  await simulation.run({ ms: 100 });
});

test("restart: the same program, its incarnation raised, other draws, fresh sockets", async () => {
  const simulation = new Simulation({ seed: 1 });
  let starts = 0;
  const host = simulation.addHost("a", {
    addresses: [at.host],
    program: (life) => {
      starts += 1;
      const heard: string[] = [];
      const ready = life.network.udp(at, (data) => heard.push(new TextDecoder().decode(data)));
      return { life, heard, ready, draw: life.random.u32() };
    },
  });
  const first = host.node;
  await simulation.settle(first.ready);
  host.kill();
  const second = host.restart();
  assert.equal(starts, 2);
  assert.equal(host.node, second);
  assert.equal(first.life.incarnation, 0);
  assert.equal(second.life.incarnation, 1);
  assert.equal(first.life.alive, false);
  assert.equal(host.alive, true);
  assert.notEqual(second.draw, first.draw);
  await simulation.settle(second.ready);
  const peer = addBareHost(simulation, "peer", from.host).node;
  const socket = await simulation.settle(peer.network.udp(from, () => undefined));
  socket.send(encodeText("x"), at);
  await simulation.run({});
  assert.deepEqual([first.heard, second.heard], [[], ["x"]]);
});

test("restart: a stream of the former life is reset for who writes to it", async () => {
  const { simulation, victim, peer } = pair();
  const streams = await connectHosts(simulation, victim.node, peer.node, { host: at.host, port: 9 });
  victim.powerOff();
  victim.restart();
  await simulation.run({ ms: 1_000 });
  assert.equal(streams.client.ending, "open");
  streams.client.stream.write(encodeText("still there?"));
  await simulation.run({ ms: 5 });
  assert.equal(streams.client.ending, "reset");
});

for (const [what, run] of [
  ["a timer", "timer"],
  ["a received datagram", "datagram"],
  ["a spawned task", "task"],
] as const)
  test(`a fault in ${what} crashes the host, and run rejects with host, label and cause`, async () => {
    const { simulation, victim, peer } = pair();
    const host = victim.node;
    const cause = new Error("broken");
    const fail = () => {
      throw cause;
    };
    if (run === "timer") host.clock.after(5, fail, "timer F");
    if (run === "task")
      host.spawn("task", async () => {
        await host.clock.sleep(5, "sleep");
        fail();
      });
    if (run === "datagram") {
      await simulation.settle(host.network.udp(at, fail));
      const socket = await simulation.settle(peer.node.network.udp(from, () => undefined));
      socket.send(encodeText("x"), at);
    }
    host.clock.after(50, () => assert.fail("still acts"), "later");
    await assert.rejects(simulation.run({ ms: 100 }), (error: Error) => {
      assert.equal(error.name, "HostCrash");
      assert.match(error.message, /^victim, ".+": broken$/);
      assert.equal(error.cause, cause);
      return true;
    });
    assert.equal(victim.alive, false);
    assert.equal(peer.alive, true);
    await simulation.run({ ms: 100 });
  });

test("two hosts of one name or one address are refused", () => {
  const { simulation } = pair();
  assert.throws(() => addBareHost(simulation, "victim", "10.0.0.9"), /host "victim" exists/);
  assert.throws(() => addBareHost(simulation, "other", at.host), /address 10\.0\.0\.1 belongs to "victim"/);
  assert.throws(() => addBareHost(simulation, "named", "localhost"), /no IP address/);
});
