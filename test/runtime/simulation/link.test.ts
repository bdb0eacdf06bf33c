// Links: what happens to datagrams on the way.
import assert from "node:assert/strict";
import test from "node:test";
import type { LinkShape } from "@liquid-ims/runtime/simulation";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost, receiveDatagrams } from "../../support/virtual-hosts.ts";

const at = { host: "10.0.0.1", port: 5060 };
const count = 2_000;

/** Sends one numbered datagram each ms; gives what arrived, with the time under way. */
async function sendNumbers(shape: LinkShape | null, total = count, seed = 1) {
  const simulation = new Simulation({ seed });
  const [a, b] = [addBareHost(simulation, "a", at.host).node, addBareHost(simulation, "b", "10.0.0.2").node];
  if (shape !== null) simulation.link("b", "a", shape);
  const received = await simulation.settle(receiveDatagrams(a, at));
  const socket = await simulation.settle(b.network.udp({ host: "10.0.0.2", port: 0 }, () => undefined));
  const sent: number[] = [];
  for (let index = 0; index < total; index++) {
    sent.push(simulation.now);
    socket.send(encodeText(String(index)), at);
    await simulation.run({ ms: 1 });
  }
  await simulation.run({});
  return received.map(({ text, time }) => ({ index: Number(text), under: time - (sent[Number(text)] ?? 0) }));
}

const inOrder = (numbers: readonly { index: number }[]) =>
  numbers.every(({ index }, place) => place === 0 || index >= (numbers[place - 1]?.index ?? 0));

test("a link of which nothing was said takes 0.5 to 1 ms and loses nothing", async () => {
  const received = await sendNumbers(null);
  assert.equal(received.length, count);
  assert.ok(received.every(({ under }) => under >= 0.5 && under <= 1));
  assert.ok(inOrder(received));
});

test("delay and jitter: between the two, in order although they would overtake", async () => {
  const received = await sendNumbers({ delayMs: 20, jitterMs: 10 });
  assert.equal(received.length, count);
  assert.ok(received.every(({ under }) => under >= 20 && under <= 30 + 1e-6));
  assert.ok(new Set(received.map(({ under }) => Math.floor(under))).size >= 8, "the jitter is spread");
  assert.ok(inOrder(received));
});

test("loss: about the share that was asked for", async () => {
  const received = await sendNumbers({ delayMs: 1, loss: 0.2 });
  assert.ok(Math.abs(received.length - 0.8 * count) < 0.04 * count, String(received.length));
  assert.equal((await sendNumbers({ delayMs: 1, loss: 1 }, 50)).length, 0);
});

test("duplicate: about the share arrives twice", async () => {
  const received = await sendNumbers({ delayMs: 1, duplicate: 0.1 });
  const twice = received.length - new Set(received.map(({ index }) => index)).size;
  assert.ok(Math.abs(twice - 0.1 * count) < 0.03 * count, String(twice));
  assert.equal(received.length - twice, count);
});

test("reorder: some are overtaken, none is lost", async () => {
  const received = await sendNumbers({ delayMs: 5, reorder: 0.1 });
  assert.equal(received.length, count);
  let overtaken = 0;
  let highest = -1;
  for (const { index } of received) {
    if (index < highest) overtaken += 1;
    highest = Math.max(highest, index);
  }
  assert.ok(Math.abs(overtaken - 0.1 * count) < 0.03 * count, String(overtaken));
});

test("down: nothing passes, in that direction alone", async () => {
  const simulation = new Simulation({ seed: 1 });
  const [a, b] = [addBareHost(simulation, "a", at.host).node, addBareHost(simulation, "b", "10.0.0.2").node];
  const other = { host: "10.0.0.2", port: 5060 };
  const heard: string[] = [];
  const one = await simulation.settle(a.network.udp(at, () => heard.push("a")));
  const two = await simulation.settle(b.network.udp(other, () => heard.push("b")));
  simulation.link("a", "b", { delayMs: 1, down: true });
  one.send(encodeText("x"), other);
  two.send(encodeText("x"), at);
  await simulation.run({});
  assert.deepEqual(heard, ["a"]);
  simulation.link("a", "b", { delayMs: 1 });
  one.send(encodeText("x"), other);
  await simulation.run({});
  assert.deepEqual(heard, ["a", "b"]);
});

test("a partition cuts both directions until it heals, and nobody else", async () => {
  const simulation = new Simulation({ seed: 1 });
  const names = ["a", "b", "c"];
  const heard: string[] = [];
  const addressOf = (index: number) => ({ host: `10.0.0.${index + 1}`, port: 9 });
  const binding = Promise.all(
    names.map((name, index) => {
      const { network } = addBareHost(simulation, name, addressOf(index).host).node;
      return network.udp(addressOf(index), (data) => heard.push(`${decodeText(data)}>${name}`));
    }),
  );
  const sockets = await simulation.settle(binding);
  const everybodySends = async () => {
    heard.length = 0;
    sockets.forEach((socket, from) => {
      names.forEach((_name, to) => {
        if (to !== from) socket.send(encodeText(names[from] ?? ""), addressOf(to));
      });
    });
    await simulation.run({});
    return [...heard].sort();
  };
  assert.equal((await everybodySends()).length, 6);
  simulation.partition(["a"], ["b"]);
  assert.deepEqual(await everybodySends(), ["a>c", "b>c", "c>a", "c>b"]);
  simulation.heal();
  assert.equal((await everybodySends()).length, 6);
});

test("the most particular shape counts", async () => {
  const simulation = new Simulation({ seed: 1 });
  const [a, b] = [addBareHost(simulation, "a", at.host).node, addBareHost(simulation, "b", "10.0.0.2").node];
  const received = await simulation.settle(receiveDatagrams(a, at));
  const socket = await simulation.settle(b.network.udp({ host: "10.0.0.2", port: 0 }, () => undefined));
  const timeWith = async (from: string, to: string, delayMs: number) => {
    simulation.link(from, to, { delayMs });
    const before = simulation.now;
    socket.send(encodeText("x"), at);
    await simulation.run({});
    return Math.round((received.at(-1)?.time ?? 0) - before);
  };
  assert.equal(await timeWith("*", "*", 10), 10);
  assert.equal(await timeWith("*", "a", 20), 20);
  assert.equal(await timeWith("b", "*", 30), 30);
  assert.equal(await timeWith("b", "a", 40), 40);
  assert.equal(await timeWith("*", "*", 50), 40);
  assert.throws(
    () => simulation.link("a", "b", { delayMs: 1, loss: 2 }),
    /link loss 2: give a number from 0 to 1/,
  );
});

test("a datagram to nobody, or to an address that nobody has, is silence", async () => {
  const simulation = new Simulation({ seed: 1 });
  const b = addBareHost(simulation, "b", "10.0.0.2", "2001:db8::2").node;
  addBareHost(simulation, "a", at.host);
  const socket = await simulation.settle(
    b.network.udp({ host: "10.0.0.2", port: 0 }, () => assert.fail("answer")),
  );
  socket.send(encodeText("x"), at);
  socket.send(encodeText("x"), { host: "192.0.2.1", port: 9 });
  const unsent = () =>
    b.metrics.samples().find(({ name }) => name === "network_datagrams_unsent_total")?.value ?? 0;
  assert.equal(unsent(), 0);
  socket.send(encodeText("x"), { host: "2001:db8::1", port: 9 });
  socket.send(encodeText("x"), { host: "10.0.0.1", port: 0 });
  await simulation.run({});
  assert.equal(unsent(), 2);
});
