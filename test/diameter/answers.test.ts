// Answers that are wrong, late, doubled or of nobody, and that the client lives on. RFC 6733 3, 4.1, 5.3, 6.2.1, 7.1.3.
import assert from "node:assert/strict";
import test from "node:test";
import { type Avp, buildAvp, encodeAvps } from "@liquid-ims/diameter/avp";
import { sendCx } from "@liquid-ims/diameter/cx/command";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import type { DiameterMessage } from "@liquid-ims/diameter/message";
import { concatBytes, encodeText } from "@liquid-ims/runtime/text";
import { type Asked, ask, isOpenTo, realm, stateOf } from "./diameter-world.ts";
import {
  answerOf,
  bytesOf,
  type PlayedServer,
  type PlayedWorld,
  playedServers,
  requestsAt,
} from "./played-servers.ts";

async function one(): Promise<PlayedWorld & { server: PlayedServer }> {
  const world = await playedServers(1);
  const [server] = world.servers;
  assert.ok(server !== undefined);
  return { ...world, server };
}

/** Asks, and gives what has come to the server. */
async function asking(world: PlayedWorld & { server: PlayedServer }) {
  const before = requestsAt(world.server).length;
  const asked = ask(world.node.node);
  await world.simulation.run({ ms: 500 });
  const request = requestsAt(world.server)[before];
  assert.ok(request !== undefined);
  return { asked, request };
}

/** The connection is open and carries a request and its answer. */
async function assertLives(world: PlayedWorld & { server: PlayedServer }): Promise<void> {
  assert.ok(isOpenTo(world.node.node, world.server.name));
  const { asked, request } = await asking(world);
  world.server.raw?.send(answerOf(world.server, request, 2001));
  await world.simulation.run({ ms: 500 });
  assert.equal(asked.outcome?.kind, "answer");
  assert.equal(world.server.connections, 1);
}

const ended = (asked: Asked): boolean => asked.outcome !== null;
const mandatory = 0x40;

interface Spoilt {
  readonly title: string;
  readonly avps: readonly Avp[];
  readonly kind: "answer" | "malformed";
}

const inGroup = (flags: number, inner: number) =>
  buildAvp(628, 10415, flags, encodeAvps([buildAvp(9_999, 10415, inner, encodeText("abcd"))]));

const spoilt: readonly Spoilt[] = [
  {
    title: "an unknown AVP with the M bit",
    avps: [buildAvp(9_999, 10415, mandatory, new Uint8Array(4))],
    kind: "malformed",
  },
  {
    title: "an unknown AVP without it",
    avps: [buildAvp(9_999, 10415, 0, new Uint8Array(4))],
    kind: "answer",
  },
  {
    title: "one with the M bit in a known group without it",
    avps: [inGroup(0, mandatory)],
    kind: "malformed",
  },
  {
    title: "one with the M bit in an unknown group without it",
    avps: [buildAvp(9_998, 10415, 0, encodeAvps([buildAvp(9_999, 10415, mandatory, new Uint8Array(4))]))],
    kind: "answer",
  },
  { title: "reserved AVP flags", avps: [buildAvp(602, 10415, 0x41, encodeText("sip:s"))], kind: "malformed" },
  {
    title: "in Failed-AVP anything at all",
    avps: [
      buildAvp(279, null, mandatory, encodeAvps([buildAvp(9_999, 10415, mandatory, new Uint8Array(4))])),
    ],
    kind: "answer",
  },
];

for (const { title, avps, kind } of spoilt) {
  test(`4.1, 4.4: in an answer: ${title}: ${kind}, once, and the peer lives`, async () => {
    const world = await one();
    const { asked, request } = await asking(world);
    world.server.raw?.send(answerOf(world.server, request, 2001, avps));
    await world.simulation.run({ ms: 500 });
    assert.equal(asked.outcome?.kind, kind);
    assert.equal(world.node.node.pending, 0);
    await assertLives(world);
  });
}

test("TS 183 033: an MAA with the digest AVPs of ETSI is understood", async () => {
  const world = await one();
  let kind = "";
  sendCx(
    world.node.node,
    multimediaAuth,
    { destinationRealm: realm },
    {
      userName: "a@ims.example",
      publicIdentity: "sip:a@ims.example",
      sipAuthDataItem: { sipAuthenticationScheme: "Digest" },
      sipNumberAuthItems: 1,
      serverName: "sip:s1",
    },
    (outcome) => {
      kind = outcome.kind;
    },
  );
  await world.simulation.run({ ms: 500 });
  const [request] = requestsAt(world.server);
  assert.ok(request !== undefined);
  const etsi = buildAvp(
    501,
    13019,
    mandatory,
    encodeAvps([buildAvp(504, 13019, mandatory, encodeText("r"))]),
  );
  const item = buildAvp(612, 10415, mandatory, encodeAvps([etsi]));
  world.server.raw?.send(answerOf(world.server, request, 2001, [item]));
  await world.simulation.run({ ms: 500 });
  assert.equal(kind, "answer");
});

test("7.1.5: an answer with an AVP of length 0, and one whose AVP is too long, are malformed", async () => {
  const world = await one();
  for (const length of [0, 7, 200]) {
    const { asked, request } = await asking(world);
    const bytes = bytesOf(
      answerOf(world.server, request, 2001, [buildAvp(602, 10415, mandatory, encodeText("sip:s1"))]),
    );
    // The AVP's header is 12 bytes, its value 6 with 2 of padding.
    new DataView(bytes.buffer).setUint32(bytes.length - 20 + 4, (0xc0 << 24) | length);
    world.server.raw?.write(bytes);
    await world.simulation.run({ ms: 500 });
    assert.equal(asked.outcome?.kind, "malformed", String(length));
  }
  await assertLives(world);
});

test("3: an answer whose message length is wrong ends the connection without an answer to it, and the node calls again", async () => {
  for (const length of [16, 22, 0xffffff]) {
    const world = await one();
    const { asked, request } = await asking(world);
    const bytes = bytesOf(answerOf(world.server, request, 2001));
    new DataView(bytes.buffer).setUint32(0, (1 << 24) | length);
    world.server.raw?.write(bytes);
    await world.simulation.run({ ms: 500 });
    assert.ok(!ended(asked), "the answer was none");
    assert.equal(world.server.raw?.received.length, 1, "7: no answer to an answer");
    assert.ok(world.server.raw?.ended);
    await world.simulation.run({
      ms: 7_000,
      when: () => requestsAt(world.server).length === 1 && world.server.connections === 2,
    });
    const [again] = requestsAt(world.server);
    assert.ok(again !== undefined && (again.flags & 0x10) !== 0, "and sends it again with the T flag");
    world.server.raw?.send(answerOf(world.server, again, 2001));
    await world.simulation.run({ ms: 500 });
    assert.equal(asked.outcome?.kind, "answer");
  }
});

const others: readonly (readonly [string, (answer: DiameterMessage) => DiameterMessage])[] = [
  ["another Hop-by-Hop identifier", (answer) => ({ ...answer, hopByHop: (answer.hopByHop + 1) >>> 0 })],
  ["another End-to-End identifier", (answer) => ({ ...answer, endToEnd: (answer.endToEnd + 1) >>> 0 })],
  ["another application", (answer) => ({ ...answer, applicationId: 16777217 })],
  ["another command", (answer) => ({ ...answer, commandCode: 303 })],
];

for (const [title, change] of others) {
  test(`6.2.1: an answer with ${title} is nobody's, and the right one still counts`, async () => {
    const world = await one();
    const { asked, request } = await asking(world);
    const answer = answerOf(world.server, request, 2001);
    world.server.raw?.send(change(answer));
    await world.simulation.run({ ms: 500 });
    assert.ok(!ended(asked));
    world.server.raw?.send(answer);
    world.server.raw?.send(answer);
    await world.simulation.run({ ms: 500 });
    assert.equal(asked.outcome?.kind, "answer", "once: a second one is nobody's");
    await assertLives(world);
  });
}

test("6.2.1: answers to nothing at all change nothing: CEA, DWA, DPA, of Cx, of an unknown application", async () => {
  const world = await one();
  const { asked, request } = await asking(world);
  for (const [commandCode, applicationId] of [
    [257, 0],
    [280, 0],
    [282, 0],
    [999, 0],
    [302, 16777216],
    [302, 4_711],
  ] as const)
    world.server.raw?.send({
      ...answerOf(world.server, request, 2001),
      commandCode,
      applicationId,
      hopByHop: 0xdeadbeef,
      endToEnd: 1,
    });
  await world.simulation.run({ ms: 500 });
  assert.ok(!ended(asked));
  assert.equal(world.server.raw?.received.length, 1, "and nobody answers an answer");
  world.server.raw?.send(answerOf(world.server, request, 2001));
  await world.simulation.run({ ms: 500 });
  await assertLives(world);
});

test("7.2: an answer with the E bit and nothing but Result-Code is an answer, one with neither result is malformed", async () => {
  const world = await one();
  const kinds: unknown[] = [];
  const mar = () =>
    sendCx(
      world.node.node,
      multimediaAuth,
      { destinationRealm: realm },
      {
        userName: "a",
        publicIdentity: "sip:a",
        sipAuthDataItem: {},
        sipNumberAuthItems: 1,
        serverName: "sip:s1",
      },
      (outcome) => kinds.push(outcome.kind === "answer" ? outcome.result.code : outcome.kind),
    );
  for (const avps of [[buildAvp(268, null, mandatory, Uint8Array.of(0, 0, 0x0b, 0xbf))], []]) {
    mar();
    await world.simulation.run({ ms: 500 });
    const request = requestsAt(world.server).at(-1);
    assert.ok(request !== undefined);
    world.server.raw?.send({ ...request, flags: 0x60, avps });
    await world.simulation.run({ ms: 500 });
  }
  assert.deepEqual(kinds, [3007, "malformed"]);
});

test("3: bytes that are cut, doubled or swapped in an answer never end the process, and each request ends once", async () => {
  const world = await playedServers(1, { seed: 3 });
  const [server] = world.servers;
  assert.ok(server !== undefined);
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
  const outcomes = new Map<string, number>();
  for (let round = 0; round < 300; round++) {
    await world.simulation.run({ ms: 10_000, when: () => isOpenTo(world.node.node, server.name) });
    const asked = ask(world.node.node, { timeoutMs: 20_000 });
    await world.simulation.run({ ms: 300 });
    const request = requestsAt(server).at(-1);
    assert.ok(request !== undefined);
    const whole = bytesOf(answerOf(server, request, 2001));
    const at = random(whole.length);
    const bytes = whole.slice();
    bytes[at] = random(256);
    const kinds = [
      bytes,
      whole.subarray(0, at),
      concatBytes([whole.subarray(0, at), whole.subarray(at >> 1)]),
    ];
    server.raw?.write(kinds[random(3)] ?? bytes);
    await world.simulation.run({ ms: 300 });
    // What is left of a cut message waits for the rest: the server goes.
    if (asked.outcome === null) server.raw?.end();
    await world.simulation.run({ ms: 21_000, when: () => asked.outcome !== null });
    assert.ok(world.node.alive && asked.outcome !== null, `round ${round}`);
    outcomes.set(asked.outcome.kind, (outcomes.get(asked.outcome.kind) ?? 0) + 1);
    assert.equal(world.node.node.pending, 0);
  }
  assert.ok((outcomes.get("answer") ?? 0) > 0 && (outcomes.get("malformed") ?? 0) > 0, [...outcomes].join());
  assert.ok(["OKAY", "REOPEN"].includes(stateOf(world.node.node, server.name).watchdog));
});
