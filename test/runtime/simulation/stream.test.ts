// Simulated TCP: cut and joined, held up and lost in every way a real one is.
import assert from "node:assert/strict";
import test from "node:test";
import type { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import { addBareHost, connectHosts } from "../../support/virtual-hosts.ts";

const at = { host: "10.0.0.1", port: 5060 };

async function connected(seed = 1) {
  const simulation = new Simulation({ seed });
  const server = addBareHost(simulation, "server", at.host);
  const client = addBareHost(simulation, "client", "10.0.0.2");
  return {
    simulation,
    server,
    client,
    streams: await connectHosts(simulation, server.node, client.node, at),
  };
}

test("over 60 seeds messages are cut, cut short, and joined; their bytes stay in order", async () => {
  const message = "REGISTER sip:open-ims.test SIP/2.0\r\n\r\n";
  const seen = { whole: 0, cut: 0, short: 0, joined: 0 };
  for (let seed = 0; seed < 60; seed++) {
    const { simulation, streams } = await connected(seed);
    for (let count = 0; count < 3; count++) streams.client.stream.write(encodeText(message));
    await simulation.run({});
    assert.equal(streams.server.text(), message.repeat(3));
    for (const read of streams.server.reads) {
      if (read === message) seen.whole += 1;
      else if (read.length < 9) seen.short += 1;
      else if (read.length > message.length) seen.joined += 1;
      else seen.cut += 1;
    }
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count >= 10, `${what}: ${count}`);
});

test("the window is bounded: a peer that reads frees it, one that does not never gets more", async () => {
  const { simulation, streams, server } = await connected();
  server.freeze(10_000);
  let accepted = 0;
  while (streams.client.stream.write(new Uint8Array(1_000))) accepted += 1_000;
  assert.ok(accepted >= 65_536 && accepted <= 65_536 + 17_000, String(accepted));
  await simulation.run({ ms: 9_000 });
  assert.ok(streams.client.stream.buffered > 16_384);
  assert.equal(streams.server.text(), "");
  await simulation.run({ ms: 2_000 });
  assert.equal(streams.client.stream.buffered, 0);
});

test("a link that is down holds the stream up; when it is up again everything arrives", async () => {
  const { simulation, streams } = await connected();
  simulation.link("client", "server", { delayMs: 1, down: true });
  streams.client.stream.write(encodeText("one,"));
  await simulation.run({ ms: 5_000 });
  streams.client.stream.write(encodeText("two"));
  streams.client.stream.end();
  streams.server.stream.write(encodeText("the other way"));
  await simulation.run({ ms: 5_000 });
  assert.equal(streams.server.text(), "");
  assert.equal(streams.server.ending, "open");
  assert.equal(streams.client.text(), "the other way");
  simulation.link("client", "server", { delayMs: 1 });
  await simulation.run({ ms: 1_000 });
  assert.equal(streams.server.text(), "one,two");
  assert.equal(streams.server.ending, null);
});

test("a link that stays down ends the stream for who writes, as timed out", async () => {
  const { simulation, streams } = await connected();
  simulation.partition(["client"], ["server"]);
  streams.client.stream.write(encodeText("x"));
  await simulation.run({ ms: 900_000 });
  assert.equal(streams.client.ending, "open");
  await simulation.run({ ms: 50_000 });
  assert.equal(streams.client.ending, "timed-out");
  assert.equal(streams.server.ending, "open", "the other end has heard nothing");
});

test("a reset that the link swallowed: the other end learns when it writes", async () => {
  const { simulation, streams } = await connected();
  simulation.partition(["client"], ["server"]);
  streams.server.stream.reset();
  simulation.heal();
  await simulation.run({ ms: 1_000 });
  assert.equal(streams.client.ending, "open");
  streams.client.stream.write(encodeText("x"));
  await simulation.run({ ms: 5 });
  assert.equal(streams.client.ending, "reset");
});

test("connect: the call is tried again while the link is down, and gives up in time", async () => {
  const simulation = new Simulation({ seed: 1 });
  const server = addBareHost(simulation, "server", at.host).node;
  const client = addBareHost(simulation, "client", "10.0.0.2").node;
  await simulation.settle(server.network.listen(at, () => undefined));
  simulation.partition(["client"], ["server"]);
  const outcomes: string[] = [];
  const connect = (timeoutMs: number) =>
    client.network.connect(at, { timeoutMs }).then(
      () => outcomes.push(`connected at ${Math.round(simulation.now)}`),
      (error: RuntimeError) => outcomes.push(`${error.code} at ${Math.round(simulation.now)}`),
    );
  void connect(500);
  void connect(5_000);
  client.clock.after(2_000, () => simulation.heal(), "heal");
  await simulation.run({});
  assert.deepEqual(outcomes, ["timed-out at 500", "connected at 3001"]);
});

test("connect: no machine has this address", async () => {
  const simulation = new Simulation({ seed: 1 });
  const client = addBareHost(simulation, "client", "10.0.0.2").node;
  await assert.rejects(simulation.settle(client.network.connect({ host: "192.0.2.1", port: 9 })), {
    code: "unreachable",
  });
});

test("a stream that was not opened at once loses nothing", async () => {
  const simulation = new Simulation({ seed: 1 });
  const server = addBareHost(simulation, "server", at.host).node;
  const client = addBareHost(simulation, "client", "10.0.0.2").node;
  const listening = server.network.listen(at, (stream) => {
    stream.open({ data: () => undefined, closed: () => undefined });
    stream.write(encodeText("welcome"));
    stream.end();
  });
  await simulation.settle(listening);
  const stream = await simulation.settle(client.network.connect(at));
  await simulation.run({ ms: 100 });
  const order: string[] = [];
  stream.open({
    data: (chunk) => order.push(...new TextDecoder().decode(chunk)),
    closed: (error) => order.push(String(error)),
  });
  assert.deepEqual(order, [], "never from within open");
  await simulation.run({ ms: 1 });
  assert.deepEqual(order, [..."welcome", "null"]);
  assert.throws(() => stream.open({ data: () => undefined, closed: () => undefined }), /twice/);
});

test("ports of ended connections can be used again", async () => {
  const { simulation, streams, client } = await connected();
  const { local } = streams.client.stream;
  const connectAgain = () => client.node.network.connect(at, { local });
  await assert.rejects(simulation.settle(connectAgain()), { code: "address-in-use" });
  streams.client.stream.end();
  await simulation.run({ ms: 10 });
  assert.equal(streams.client.ending, null);
  const stream = await simulation.settle(connectAgain());
  assert.deepEqual(stream.local, local);
});

test("a peer that ends while data for it waits: the data still comes, or a reset when this side dies first", async () => {
  for (const kill of [false, true]) {
    const { simulation, streams, server, client } = await connected();
    streams.client.stream.end();
    client.freeze(100);
    streams.server.stream.write(new Uint8Array(200_000).fill(0x61));
    await simulation.run({ ms: 50 });
    assert.equal(streams.server.ending, null);
    if (kill) server.kill();
    await simulation.run({ ms: 1_000 });
    assert.equal(streams.client.ending, kill ? "reset" : null);
    assert.equal(streams.client.text().length, kill ? 65_536 : 200_000);
  }
});
