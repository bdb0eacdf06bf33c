// Strangers, mistakes and garbage at the CFD.
import assert from "node:assert/strict";
import test from "node:test";
import type { LookupResult } from "@liquid-ims/sip/locate";
import { buildRequest } from "@liquid-ims/sip/message";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { openWorld } from "./world.ts";

test("a REGISTER from a stranger gets 403, is counted and writes nothing", async () => {
  const world = await openWorld();
  world.stranger.send(world.fresh());
  world.stranger.write(world.fresh({ user: "bob" }));
  await world.run(50);
  assert.deepEqual(world.stranger.statuses, [403, 403]);
  assert.deepEqual(await world.lines(), []);
  assert.equal(world.count("cfd_refused_total", "stranger"), 2);
});

test("an S-CSCF that gives another's name gets 403", async () => {
  const world = await openWorld();
  world.scscf2.send(world.fresh({ sCscf: "scscf1" }));
  world.scscf1.send(world.fresh({ sCscf: "scscf3" }));
  await world.run(50);
  assert.deepEqual([world.scscf1.statuses, world.scscf2.statuses], [[403], [403]]);
});

test("the lab's configuration takes any loopback address, by the name of a configured S-CSCF", async () => {
  const world = await openWorld({ config: { trustLoopback: true } });
  world.stranger.send(world.fresh());
  await world.run(50);
  world.stranger.send(world.fresh({ sCscf: "scscf9" }));
  await world.run(50);
  assert.deepEqual(world.stranger.statuses, [200, 403]);
});

test("an S-CSCF that is configured by its name only is looked up", async () => {
  const asked: string[] = [];
  const world = await openWorld({
    config: { sCscfs: [{ name: "sip:scscf1.open-ims.test:6060", addresses: [] }] },
    more: {
      lookup: {
        a: async (name) => {
          asked.push(name);
          return { kind: "found", records: ["127.0.1.21"] };
        },
        aaaa: async () => ({ kind: "none" }),
        srv: async () => ({ kind: "none" }),
        naptr: async () => ({ kind: "none" }),
      },
    },
  });
  assert.deepEqual(asked, ["scscf1.open-ims.test"]);
  world.scscf1.send(world.fresh());
  world.stranger.send(world.fresh());
  await world.run(50);
  assert.deepEqual([world.scscf1.statuses, world.stranger.statuses], [[200], [403]]);
});

test("a directory that is down when the CFD starts is asked again; one that fails later takes nothing back", async () => {
  const answers: LookupResult<string>[] = [
    { kind: "failed", detail: "no answer" },
    { kind: "found", records: ["127.0.1.21"] },
    { kind: "failed", detail: "no answer" },
    { kind: "found", records: ["127.0.9.9"] },
  ];
  let asked = 0;
  const world = await openWorld({
    config: { sCscfs: [{ name: "sip:scscf1.open-ims.test:6060", addresses: [] }] },
    more: {
      lookup: {
        a: async () => answers[asked++] ?? { kind: "none" },
        aaaa: async () => ({ kind: "none" }),
        srv: async () => ({ kind: "none" }),
        naptr: async () => ({ kind: "none" }),
      },
    },
  });
  for (let round = 0; round < 4; round++) {
    world.scscf1.send(world.fresh());
    world.stranger.send(world.fresh());
    await world.run(30_000);
  }
  assert.deepEqual(world.scscf1.statuses, [403, 200, 200, 403]);
  assert.deepEqual(world.stranger.statuses, [403, 403, 403, 200]);
  await world.simulation.settle(world.cfd.node.stop());
  const before = asked;
  await world.run(100_000);
  assert.equal(asked, before);
});

test("an unusable REGISTER gets 400 with the reason in a Warning", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ headers: { To: "<sip:open-ims.test>" } }));
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [400]);
  assert.match(
    world.scscf1.received[0] ?? "",
    /\r\nWarning: 399 cfd "To '<sip:open-ims\.test>' has no public identity; /,
  );
  assert.equal(world.count("cfd_refused_total", "unusable"), 1);
});

test("RFC 3261 8.2.1: other methods get 405 with Allow, OPTIONS is answered", async () => {
  const world = await openWorld();
  for (const method of ["OPTIONS", "MESSAGE"]) {
    const register = world.fresh();
    const headers = register.headers.clone();
    headers.set("CSeq", `11 ${method}`);
    world.scscf1.send(buildRequest({ method, uri: register.uri, headers }));
    await world.run(50);
  }
  assert.deepEqual(world.scscf1.statuses, [200, 405]);
  for (const text of world.scscf1.received) assert.match(text, /\r\nAllow: REGISTER, OPTIONS, NOTIFY\r\n/);
});

test("garbage datagrams: the CFD lives, counts them and answers the next good message", async () => {
  const world = await openWorld();
  const good = serializeMessage(world.fresh());
  let garbage = 0;
  const send = (data: Uint8Array | string) => {
    garbage += 1;
    world.stranger.send(data);
    world.scscf1.send(data);
  };
  for (const text of [
    "\u0000",
    "hello",
    "SIP/2.0",
    "REGISTER",
    "\r\n\r\n\u0001",
    "REGISTER sip:x SIP/2.0\r\n\r\n",
  ])
    send(text);
  for (let length = 1; length < good.length; length += 37) send(good.subarray(0, length));
  const random = world.simulation.random;
  for (let number = 0; number < 200; number++) send(random.bytes(1 + random.int(900)));
  for (let number = 0; number < 200; number++) {
    const bad = good.slice();
    for (let change = 0; change < 3; change++) bad[random.int(bad.length)] = random.int(256);
    send(bad);
  }
  await world.run(5_000);
  const before = world.scscf1.statuses.length;
  world.scscf1.send(world.fresh({ user: "bob" }));
  await world.run(50);
  assert.equal(world.scscf1.statuses[before], 200);
  assert.deepEqual(await world.lines("sip:bob@open-ims.test"), ["pcscf1 registered"]);
  const dropped = world.count("sip_messages_dropped_total") + world.count("sip_requests_refused_total");
  assert.ok(dropped > garbage, `${dropped} of ${2 * garbage} were counted as of no use`);
});

test("half messages on TCP: the others are served, and so is the half one when its rest comes", async () => {
  const world = await openWorld();
  const bytes = serializeMessage(world.fresh());
  world.scscf1.write(bytes.subarray(0, 300));
  await world.run(1_000);
  world.scscf2.send(world.fresh({ user: "bob", sCscf: "scscf2" }));
  await world.run(50);
  assert.deepEqual([world.scscf1.statuses, world.scscf2.statuses], [[], [200]]);
  world.scscf1.write(bytes.subarray(300));
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [200]);
});

test("garbage on TCP: the connection may go, the CFD lives and takes the next one", async () => {
  const world = await openWorld();
  for (const text of [
    "\u0000\u0001\u0002\r\n\r\n",
    "REGISTER sip:x SIP/2.0\r\nContent-Length: x\r\n\r\n",
    "a".repeat(70_000),
  ]) {
    world.stranger.write(text);
    await world.run(1_000);
  }
  world.scscf1.write(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [200]);
});
