// Which peer gets a request, and what happens when peers refuse it, go or say goodbye. RFC 6733 5.3, 5.4, 6.1.5,
// 6.1.6, 7.1.3.
import assert from "node:assert/strict";
import test from "node:test";
import { findValue } from "@liquid-ims/diameter/dictionary";
import { destinationHost, destinationRealm, resultCodeAvp } from "@liquid-ims/diameter/dictionary/base";
import { buildCapabilitiesExchangeAnswer } from "@liquid-ims/diameter/peer/capabilities-exchange";
import { buildDisconnectPeerRequest } from "@liquid-ims/diameter/peer/disconnect-peer";
import { ask, capabilities, cx, isOpenTo, stateOf } from "./diameter-world.ts";
import { answerOf, type PlayedWorld, playedServers, requestsAt } from "./played-servers.ts";

const retransmitted = 0x10;

/** How many requests each server has got. */
function counts({ servers }: PlayedWorld): number[] {
  return servers.map((server) => requestsAt(server).length);
}

for (const code of [3002, 3004]) {
  test(`7.1.3: ${code} goes to the next peer, without the T flag, under a new Hop-by-Hop identifier`, async () => {
    const world = await playedServers(3);
    const asked = ask(world.node.node);
    const seen: { hopByHop: number; endToEnd: number; flags: number }[] = [];
    for (const server of world.servers) {
      await world.simulation.run({ ms: 500 });
      const [request] = requestsAt(server);
      assert.ok(request !== undefined, server.name);
      seen.push(request);
      const last = server === world.servers.at(-1);
      server.raw?.send(answerOf(server, request, last ? 2001 : code));
    }
    await world.simulation.run({ ms: 500 });
    assert.ok(asked.outcome?.kind === "answer");
    assert.equal(asked.outcome.peer, "hss3.ims.example");
    assert.equal(new Set(seen.map(({ hopByHop }) => hopByHop)).size, 3);
    assert.equal(new Set(seen.map(({ endToEnd }) => endToEnd)).size, 1);
    assert.ok(seen.every(({ flags }) => (flags & retransmitted) === 0));
    assert.deepEqual(counts(world), [1, 1, 1]);
  });
}

test("7.1.3: when all have refused it the last refusal is the answer; other errors are not tried elsewhere", async () => {
  const world = await playedServers(2);
  for (const [first, second, result] of [
    [3002, 3004, 3004],
    [3003, null, 3003],
    [3007, null, 3007],
    [5012, null, 5012],
    [4_001, null, 4_001],
  ] as const) {
    const before = counts(world);
    const asked = ask(world.node.node);
    for (const [index, code] of [first, second].entries()) {
      await world.simulation.run({ ms: 500 });
      const server = world.servers[index];
      const request = requestsAt(server)[before[index] ?? 0];
      if (server === undefined || code === null) continue;
      assert.ok(request !== undefined);
      server.raw?.send(answerOf(server, request, code));
    }
    await world.simulation.run({ ms: 500 });
    assert.ok(asked.outcome?.kind === "answer");
    assert.equal(findValue(asked.outcome.message.avps, resultCodeAvp), result);
    assert.equal(counts(world)[1], (before[1] ?? 0) + (second === null ? 0 : 1));
  }
});

test("6.1.5: a late refusal of a peer that has lost the request to another is nobody's", async () => {
  const world = await playedServers(2);
  const [first, second] = world.servers;
  assert.ok(first !== undefined && second !== undefined);
  const asked = ask(world.node.node);
  await world.simulation.run({ ms: 500 });
  const [request] = requestsAt(first);
  assert.ok(request !== undefined);
  first.raw?.send(answerOf(first, request, 3004));
  first.raw?.send(answerOf(first, request, 3004));
  await world.simulation.run({ ms: 500 });
  assert.equal(requestsAt(second).length, 1);
  const [copy] = requestsAt(second);
  assert.ok(copy !== undefined);
  first.raw?.send(answerOf(first, copy, 2001));
  await world.simulation.run({ ms: 500 });
  const early = asked.outcome;
  assert.equal(early, null, "an answer of one peer to what another was asked");
  second.raw?.send(answerOf(second, copy, 2001));
  await world.simulation.run({ ms: 500 });
  assert.equal(asked.outcome?.kind, "answer");
});

test("6.1.6: peers by realm: its own by default, those named, any for *; Destination-Host goes to that peer", async () => {
  const world = await playedServers(3, {
    peers: [{}, { realms: ["Visited.example"] }, { realms: ["*"] }],
  });
  const { node } = world.node;
  const send = async (settings: { realm: string; host?: string }) => {
    const before = counts(world);
    node.request(
      {
        applicationId: 16777216,
        commandCode: 302,
        destinationRealm: settings.realm,
        destinationHost: settings.host ?? null,
        avps: [],
      },
      () => undefined,
    );
    await world.simulation.run({ ms: 500 });
    return counts(world).map((count, index) => count - (before[index] ?? 0));
  };
  assert.deepEqual(await send({ realm: "ims.example" }), [1, 0, 0]);
  assert.deepEqual(await send({ realm: "visited.example" }), [0, 1, 0]);
  assert.deepEqual(await send({ realm: "third.example" }), [0, 0, 1]);
  assert.deepEqual(await send({ realm: "ims.example", host: "HSS3.ims.example" }), [0, 0, 1]);
  assert.deepEqual(await send({ realm: "ims.example", host: "behind.ims.example" }), [1, 0, 0]);
  const [request] = requestsAt(world.servers[2]).slice(-1);
  assert.equal(findValue(request?.avps ?? [], destinationHost), "HSS3.ims.example");
  assert.equal(findValue(request?.avps ?? [], destinationRealm), "ims.example");
});

test("6.1.6: a realm that no peer serves is undeliverable", async () => {
  const world = await playedServers(1);
  let kind = "";
  world.node.node.request(
    { applicationId: 16777216, commandCode: 302, destinationRealm: "elsewhere.example", avps: [] },
    (outcome) => {
      kind = outcome.kind;
    },
  );
  await world.simulation.run({ ms: 100 });
  assert.equal(kind, "undeliverable");
});

test("5.4: a peer that said BUSY is left alone until something is to be sent, and is then called, at most every Tc", async () => {
  const world = await playedServers(1);
  const [server] = world.servers;
  assert.ok(server !== undefined);
  const local = capabilities(server.name);
  server.raw?.send(buildDisconnectPeerRequest(local, { hopByHop: 9, endToEnd: 9 }, "BUSY"));
  await world.simulation.run({ ms: 500 });
  server.raw?.end();
  await world.simulation.run({ ms: 120_000 });
  assert.equal(server.connections, 1);
  assert.equal(stateOf(world.node.node, server.name).state, "Closed");
  const early = ask(world.node.node);
  await world.simulation.run({ ms: 500 });
  assert.deepEqual(early.outcome, { kind: "undeliverable" });
  assert.equal(server.connections, 2);
  assert.ok(isOpenTo(world.node.node, server.name));
  server.raw?.send(buildDisconnectPeerRequest(local, { hopByHop: 10, endToEnd: 10 }, "BUSY"));
  await world.simulation.run({ ms: 500 });
  server.raw?.end();
  await world.simulation.run({ ms: 500 });
  for (let time = 0; time < 10; time++) {
    ask(world.node.node);
    await world.simulation.run({ ms: 100 });
  }
  assert.equal(server.connections, 2, "not more often than every Tc");
  await world.simulation.run({ ms: 5_000 });
  ask(world.node.node);
  await world.simulation.run({ ms: 500 });
  assert.equal(server.connections, 3);
});

const answers = [
  ["of another Hop-by-Hop identifier", { hopByHop: 1 }, "hss1.ims.example"],
  ["of another node", {}, "other.ims.example"],
  ["that refuses", { refused: true }, "hss1.ims.example"],
] as const;

for (const [title, change, name] of answers) {
  test(`5.3: a CEA ${title} opens nothing, and the node calls again after Tc`, async () => {
    const world = await playedServers(1, { answerCer: false });
    const [server] = world.servers;
    const cer = server?.raw?.received[0]?.message;
    assert.ok(server !== undefined && cer !== undefined);
    const cea =
      "refused" in change
        ? answerOf(server, cer, 5010)
        : { ...buildCapabilitiesExchangeAnswer(capabilities(name), cer), ...change };
    server.raw?.send(cea);
    await world.simulation.run({ ms: 500 });
    assert.equal(stateOf(world.node.node, server.name).state, "Closed");
    assert.ok(server.raw?.ended);
    await world.simulation.run({ ms: 6_000 });
    assert.equal(server.connections, 2);
    const again = server.raw?.received[0]?.message;
    assert.ok(again !== undefined);
    server.raw?.send(buildCapabilitiesExchangeAnswer(capabilities(server.name), again));
    await world.simulation.run({ ms: 500 });
    assert.ok(isOpenTo(world.node.node, server.name));
  });
}

test("5.3: a peer that is silent after the connection, or sends something else first, is given up and called again", async () => {
  const world = await playedServers(1, { answerCer: false });
  const [server] = world.servers;
  assert.ok(server !== undefined);
  await world.simulation.run({ ms: 10_000 });
  assert.ok(server.raw?.ended);
  await world.simulation.run({ ms: 7_000, when: () => server.connections === 2 });
  await world.simulation.run({ ms: 500 });
  const cer = server.raw?.received[0]?.message;
  assert.ok(cer !== undefined);
  server.raw?.send({ ...answerOf(server, cer, 2001), commandCode: 280 });
  await world.simulation.run({ ms: 500 });
  assert.ok(server.raw?.ended);
  assert.equal(stateOf(world.node.node, server.name).state, "Closed");
});

const other = { applicationId: 16777251, vendorId: 10415 };
const relay = { applicationId: 0xffffffff, vendorId: 0 };

test("6.1.6: a request goes to a peer that has its application, or that relays all", async () => {
  const world = await playedServers(4, {
    applications: [cx, other],
    of: [[other], [relay], [cx], [cx, other]],
  });
  const take = async (applicationId: number) => {
    const before = counts(world);
    world.node.node.request(
      { applicationId, commandCode: 302, destinationRealm: "ims.example", avps: [] },
      () => undefined,
    );
    await world.simulation.run({ ms: 500 });
    return counts(world).map((count, index) => count - (before[index] ?? 0));
  };
  assert.deepEqual(await take(other.applicationId), [1, 0, 0, 0]);
  assert.deepEqual(await take(cx.applicationId), [0, 1, 0, 0]);
  world.servers[1]?.raw?.end();
  await world.simulation.run({ ms: 500 });
  assert.deepEqual(await take(cx.applicationId), [0, 0, 1, 0]);
  assert.deepEqual(await take(4), [0, 0, 0, 0], "nobody has it");
});

test("5.3: a CEA without an application in common opens nothing", async () => {
  const world = await playedServers(1, { answerCer: false });
  const [server] = world.servers;
  const cer = server?.raw?.received[0]?.message;
  assert.ok(server !== undefined && cer !== undefined);
  const foreign = capabilities(server.name, { applications: [other] });
  server.raw?.send(buildCapabilitiesExchangeAnswer(foreign, cer));
  await world.simulation.run({ ms: 500 });
  assert.equal(stateOf(world.node.node, server.name).state, "Closed");
  assert.ok(server.raw?.ended);
});
