// Nodes on the simulation: opening, loss, restart, election, watchdog, fail-over, disconnect.
import assert from "node:assert/strict";
import test from "node:test";
import { findValue } from "@liquid-ims/diameter/dictionary";
import { originHost, resultCodeAvp } from "@liquid-ims/diameter/dictionary/base";
import { commandFlag } from "@liquid-ims/diameter/message";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import type { ReceivedRequest } from "@liquid-ims/diameter/request-server";
import { baseResult } from "@liquid-ims/diameter/result";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { addNode, ask, isOpenTo, port, stateOf } from "./diameter-world.ts";

const hssName = "hss.ims.example";
const cfsName = "cfs.ims.example";
const cxApplication = 16777216;

/** Answers LIR and MAR; those in `hold` are answered by the test. */
interface Service {
  readonly seen: ReceivedRequest[];
  hold: boolean;
}

function serve(node: DiameterNode, service: Service): void {
  for (const command of [302, 303])
    node.handle(cxApplication, command, (request) => {
      service.seen.push(request);
      if (!service.hold) request.answer({ result: baseResult(2001), avps: [] });
    });
}

interface Pair {
  readonly simulation: Simulation;
  readonly hss: SimulatedHost<DiameterNode>;
  readonly cfs: SimulatedHost<DiameterNode>;
  readonly service: Service;
}

function pair(seed: number): Pair {
  const simulation = new Simulation({ seed });
  const service: Service = { seen: [], hold: false };
  const hss = addNode(
    simulation,
    "10.0.0.1",
    { originHost: hssName, listen: port("10.0.0.1"), peers: [{ originHost: cfsName }] },
    (node) => serve(node, service),
  );
  const cfs = addNode(simulation, "10.0.0.2", {
    originHost: cfsName,
    peers: [{ originHost: hssName, address: port("10.0.0.1") }],
  });
  return { simulation, hss, cfs, service };
}

async function open({ simulation, hss, cfs }: Pair, ms = 60_000): Promise<void> {
  await simulation.run({ ms, when: () => isOpenTo(hss.node, cfsName) && isOpenTo(cfs.node, hssName) });
  assert.ok(isOpenTo(hss.node, cfsName) && isOpenTo(cfs.node, hssName), "both are open");
}

test("5.3: a node calls its peer, capabilities are exchanged, a request is answered", async () => {
  const world = pair(1);
  await open(world);
  assert.equal(stateOf(world.cfs.node, hssName).state, "I-Open");
  assert.equal(stateOf(world.hss.node, cfsName).state, "R-Open");
  const asked = ask(world.cfs.node);
  await world.simulation.run({ ms: 1_000 });
  assert.ok(asked.outcome?.kind === "answer");
  assert.equal(findValue(asked.outcome.message.avps, originHost), hssName);
  assert.equal(asked.outcome.message.flags & commandFlag.request, 0);
});

test("6.1.6: a request without an open peer is undeliverable, one without an answer is unanswered", async () => {
  const world = pair(2);
  const early = ask(world.cfs.node);
  const atOnce = early.outcome;
  assert.equal(atOnce, null, "never before the call returns");
  await open(world);
  assert.deepEqual(early.outcome, { kind: "undeliverable" });
  world.service.hold = true;
  const late = ask(world.cfs.node, { timeoutMs: 3_000 });
  await world.simulation.run({ ms: 2_999 });
  const before = late.outcome;
  assert.equal(before, null);
  await world.simulation.run({ ms: 2 });
  assert.deepEqual(late.outcome, { kind: "unanswered" });
  world.service.seen[0]?.answer({ result: baseResult(2001), avps: [] });
  await world.simulation.run({ ms: 1_000 });
  assert.equal(world.cfs.node.pending, 0);
});

test("5.5.4: a request that was lost with its connection goes out again with the T flag, and is executed once", async () => {
  const world = pair(3);
  await open(world);
  world.service.hold = true;
  const asked = ask(world.cfs.node, { commandCode: 303, timeoutMs: 60_000 });
  await world.simulation.run({ ms: 1_000 });
  assert.equal(world.service.seen.length, 1);
  world.simulation.partition([hssName], [cfsName]);
  await world.simulation.run({
    ms: 200_000,
    when: () => stateOf(world.cfs.node, hssName).watchdog === "DOWN" && !isOpenTo(world.hss.node, cfsName),
  });
  const still = asked.outcome;
  assert.equal(still, null);
  world.simulation.heal();
  await open(world);
  await world.simulation.run({ ms: 1_000 });
  assert.equal(world.service.seen.length, 1, "the copy is no second request");
  world.service.seen[0]?.answer({ result: baseResult(2001), avps: [] });
  await world.simulation.run({ ms: 1_000 });
  assert.equal(asked.outcome?.kind, "answer");
});

test("2.1: a peer that restarts is called again after Tc, and what it had is sent again with the T flag", async () => {
  const world = pair(4);
  await open(world);
  world.service.hold = true;
  const asked = ask(world.cfs.node, { commandCode: 303, timeoutMs: 60_000 });
  await world.simulation.run({ ms: 1_000 });
  const [before] = world.service.seen;
  world.hss.restart();
  await world.simulation.run({ ms: 100, when: () => !isOpenTo(world.cfs.node, hssName) });
  world.service.hold = false;
  await open(world, 7_000);
  await world.simulation.run({ ms: 1_000 });
  const after = world.service.seen[1];
  assert.ok(before !== undefined && after !== undefined);
  assert.equal(before.message.flags & commandFlag.retransmitted, 0);
  assert.equal(after.message.flags & commandFlag.retransmitted, commandFlag.retransmitted);
  assert.equal(after.message.endToEnd, before.message.endToEnd);
  assert.notEqual(after.message.hopByHop, before.message.hopByHop);
  assert.equal(asked.outcome?.kind, "answer");
});

test("3.4.1: a silent peer is suspected, its requests go to the other, and it is OKAY again after three answers", async () => {
  const simulation = new Simulation({ seed: 5 });
  const names = ["hss1.ims.example", "hss2.ims.example"];
  const services: Service[] = names.map(() => ({ seen: [], hold: true }));
  const servers = names.map((name, index) =>
    addNode(
      simulation,
      `10.0.0.${index + 1}`,
      { originHost: name, listen: port(`10.0.0.${index + 1}`), peers: [{ originHost: cfsName }] },
      (node) => serve(node, services[index] as Service),
    ),
  );
  const cfs = addNode(simulation, "10.0.0.9", {
    originHost: cfsName,
    peers: names.map((name, index) => ({ originHost: name, address: port(`10.0.0.${index + 1}`) })),
  });
  await simulation.run({ ms: 5_000, when: () => names.every((name) => isOpenTo(cfs.node, name)) });
  const asked = ask(cfs.node, { commandCode: 303, timeoutMs: 120_000 });
  await simulation.run({ ms: 1_000 });
  assert.deepEqual([services[0]?.seen.length, services[1]?.seen.length], [1, 0]);
  servers[0]?.freeze(40_000);
  await simulation.run({ ms: 26_000, when: () => (services[1]?.seen.length ?? 0) > 0 });
  assert.equal(stateOf(cfs.node, "hss1.ims.example").watchdog, "SUSPECT");
  const copy = services[1]?.seen[0];
  assert.equal((copy?.message.flags ?? 0) & commandFlag.retransmitted, commandFlag.retransmitted);
  copy?.answer({ result: baseResult(2001), avps: [] });
  await simulation.run({ ms: 1_000 });
  assert.ok(asked.outcome?.kind === "answer");
  assert.equal(asked.outcome.peer, "hss2.ims.example");
  await simulation.run({
    ms: 60_000,
    when: () => stateOf(cfs.node, "hss1.ims.example").watchdog === "REOPEN",
  });
  for (const service of services) service.hold = false;
  const second = ask(cfs.node);
  await simulation.run({ ms: 1_000 });
  assert.ok(second.outcome?.kind === "answer");
  assert.equal(
    second.outcome.peer,
    "hss2.ims.example",
    "one that has just come back is not the first choice",
  );
  await simulation.run({ ms: 60_000, when: () => stateOf(cfs.node, "hss1.ims.example").watchdog === "OKAY" });
  assert.equal(stateOf(cfs.node, "hss1.ims.example").watchdog, "OKAY");
});

test("5.6.4: both call at once, over 200 seeds: one connection is left, and it carries requests both ways", async () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= 200; seed++) {
    const simulation = new Simulation({ seed });
    const service: Service = { seen: [], hold: false };
    const both = (name: string, own: string, other: string, at: string) =>
      addNode(
        simulation,
        own,
        {
          originHost: name,
          listen: port(own),
          peers: [{ originHost: other, address: port(at) }],
          reconnectMs: 2_000,
        },
        (node) => serve(node, service),
      );
    const a = both(hssName, "10.0.0.1", cfsName, "10.0.0.2");
    const b = both(cfsName, "10.0.0.2", hssName, "10.0.0.1");
    simulation.link("*", "*", { delayMs: 20, jitterMs: 30 });
    await simulation.run({ ms: 20_000 });
    assert.ok(isOpenTo(a.node, cfsName) && isOpenTo(b.node, hssName), `seed ${seed}`);
    const states = [stateOf(a.node, cfsName).state, stateOf(b.node, hssName).state];
    assert.notEqual(states[0], states[1], `seed ${seed}: one called the other`);
    ends.set(states.join(), (ends.get(states.join()) ?? 0) + 1);
    const asked = [ask(a.node), ask(b.node)];
    await simulation.run({ ms: 1_000 });
    assert.deepEqual(
      asked.map(({ outcome }) => outcome?.kind),
      ["answer", "answer"],
    );
  }
  assert.ok((ends.get("R-Open,I-Open") ?? 0) > 0, "elections were won by the higher identity");
});

test("5.4: DPR, DPA, and the peer that is told REBOOTING calls again", async () => {
  const world = pair(6);
  await open(world);
  let done = false;
  world.hss.node.stop("REBOOTING", () => {
    done = true;
  });
  await world.simulation.run({ ms: 1_000, when: () => done });
  assert.ok(done);
  await world.simulation.run({ ms: 100 });
  assert.equal(stateOf(world.cfs.node, hssName).state, "Closed");
  world.hss.restart();
  await open(world, 7_000);
});

test("5.4.3: a peer that is told DO_NOT_WANT_TO_TALK_TO_YOU does not call again, but may be called", async () => {
  const world = pair(7);
  await open(world);
  world.hss.node.stop("DO_NOT_WANT_TO_TALK_TO_YOU");
  await world.simulation.run({ ms: 1_000 });
  world.hss.restart();
  await world.simulation.run({ ms: 60_000 });
  assert.equal(stateOf(world.cfs.node, hssName).state, "Closed");
});

test("5.4: answers that are under way when a node says goodbye still arrive", async () => {
  const world = pair(8);
  await open(world);
  const asked = ask(world.cfs.node);
  await world.simulation.run({ when: () => world.service.seen.length === 1, ms: 1_000 });
  world.hss.node.stop();
  await world.simulation.run({ ms: 1_000 });
  assert.equal(asked.outcome?.kind, "answer");
});

test("7.1.3: beyond its limit a node answers 3004, and the client asks another", async () => {
  const simulation = new Simulation({ seed: 9 });
  const services: Service[] = [1, 2].map(() => ({ seen: [], hold: true }));
  for (const [index, service] of services.entries())
    addNode(
      simulation,
      `10.0.0.${index + 1}`,
      {
        originHost: `hss${index}.ims.example`,
        listen: port(`10.0.0.${index + 1}`),
        peers: [{ originHost: cfsName }],
        maximumOpenRequests: 1,
      },
      (node) => serve(node, service),
    );
  const cfs = addNode(simulation, "10.0.0.9", {
    originHost: cfsName,
    peers: [0, 1].map((index) => ({
      originHost: `hss${index}.ims.example`,
      address: port(`10.0.0.${index + 1}`),
    })),
  });
  await simulation.run({ ms: 1_000 });
  const asked = [ask(cfs.node), ask(cfs.node), ask(cfs.node)];
  await simulation.run({ ms: 1_000 });
  assert.deepEqual(
    services.map(({ seen }) => seen.length),
    [1, 1],
  );
  assert.equal((services[1]?.seen[0]?.message.flags ?? 0) & commandFlag.retransmitted, 0);
  assert.ok(asked[2]?.outcome?.kind === "answer");
  assert.equal(findValue(asked[2].outcome.message.avps, resultCodeAvp), 3004, "nobody is left");
  for (const { seen } of services) seen[0]?.answer({ result: baseResult(2001), avps: [] });
  await simulation.run({ ms: 1_000 });
  const peers = asked.map(({ outcome }) => (outcome?.kind === "answer" ? outcome.peer : outcome?.kind));
  assert.deepEqual(peers.slice(0, 2), ["hss0.ims.example", "hss1.ims.example"]);
});

test("node: peers that cannot be are refused when it is made", () => {
  const make = (peers: readonly string[], watchdogMs: number) => () =>
    addNode(new Simulation({ seed: 1 }), "10.0.0.1", {
      originHost: hssName,
      peers: peers.map((name) => ({ originHost: name })),
      watchdogMs,
    });
  assert.throws(make([cfsName, "CFS.ims.example"], 30_000), /twice/);
  assert.throws(make([hssName], 30_000), /itself/);
  assert.throws(make([cfsName], 5_999), /6000/);
});
