// Whom the CFD asks about doubts, in which order, how often. RFC 3680.
import assert from "node:assert/strict";
import test from "node:test";
import {
  answer,
  contacts,
  doubtfulLines,
  doubtfulWorld,
  information,
  makeDoubt,
  notify,
  one,
  settledLines,
  subscribe,
  subscribes,
} from "./doubtful-world.ts";
import { methodsOf, openWorld } from "./world.ts";

test("refused before that S-CSCF has told of anybody: asked again when it does, once", async () => {
  const world = await doubtfulWorld();
  const forbid = async (user: string) => {
    const request = subscribes(world.scscf1).findLast(({ uri }) => uri === `sip:${user}@open-ims.test`);
    assert.ok(request !== undefined, user);
    answer(world.scscf1, request, 403);
    await world.run(20);
  };
  for (let times = 0; times < 2; times++) await forbid("alice");
  assert.deepEqual(await contacts(world), doubtfulLines);
  await makeDoubt(world, "bob");
  await forbid("bob");
  const asked = subscribes(world.scscf1).length;
  const request = subscribe(world.scscf1, asked - 1);
  answer(world.scscf1, request, 200, ["Expires", "60"]);
  const body = information("full", one).replaceAll("alice", "bob");
  notify(world.scscf1, request, { body });
  await world.run(20);
  assert.deepEqual(await contacts(world, "bob"), settledLines);
  await forbid("alice");
  assert.deepEqual(await contacts(world), [".1:5060 left", ".2:5060 left"]);
  assert.equal(subscribes(world.scscf1).filter(({ uri }) => uri.startsWith("sip:alice")).length, 3);
});

test("refused for another reason again: not asked a third time", async () => {
  const world = await doubtfulWorld();
  answer(world.scscf1, subscribe(world.scscf1), 500);
  await world.run(20);
  for (const user of ["bob", "cem"]) {
    await makeDoubt(world, user);
    const request = subscribes(world.scscf1).findLast(({ uri }) => uri.startsWith(`sip:${user}`));
    assert.ok(request !== undefined, user);
    answer(world.scscf1, request, 200, ["Expires", "60"]);
    notify(world.scscf1, request, { body: information("full", one).replaceAll("alice", user) });
    await world.run(20);
    const again = subscribes(world.scscf1).findLast(({ uri }) => uri.startsWith("sip:alice"));
    assert.ok(again !== undefined);
    if (user === "bob") answer(world.scscf1, again, 500);
    await world.run(20);
  }
  assert.equal(subscribes(world.scscf1).filter(({ uri }) => uri.startsWith("sip:alice")).length, 2);
  assert.deepEqual(await contacts(world), doubtfulLines);
});

test("a CFD that was killed with a doubt: the next one asks when it hears of that S-CSCF, and only that one", async () => {
  const killed = await doubtfulWorld();
  killed.scscf1.send(killed.fresh({ user: "eve" }));
  await killed.run(20);
  await killed.simulation.settle(killed.cfd.node.stop());
  const world = await openWorld({
    config: { regEvent: { askAll: true } },
    storeOf: () => methodsOf(killed.memory),
  });
  await world.run(1_000);
  world.scscf2.send(world.fresh({ user: "dan", sCscf: "scscf2" }));
  await world.run(20);
  assert.deepEqual([subscribes(world.scscf1), subscribes(world.scscf2)], [[], []]);
  world.scscf1.send(world.fresh({ user: "bob" }));
  await world.run(20);
  const request = subscribe(world.scscf1);
  assert.equal(request.uri, "sip:alice@open-ims.test");
  notify(world.scscf1, request);
  await world.run(20);
  assert.deepEqual(await contacts(killed), settledLines);
  // What was not doubtful is no doubt of an earlier life.
  assert.equal(world.count("cfd_doubts_total", "overtaken"), 0);
  world.scscf1.send(world.fresh({ user: "cem" }));
  await world.run(20);
  assert.equal(subscribes(world.scscf1).length, 1);
});

test("questions at a time are bounded: the others wait their turn, beyond that nobody is asked", async () => {
  const world = await openWorld({
    config: { regEvent: { askAll: true, atOnce: 2, mostWaiting: 1, timeout: 3_000 } },
  });
  for (const user of ["ann", "ben", "cem", "dan"]) await makeDoubt(world, user);
  const users = () => subscribes(world.scscf1).map(({ uri }) => uri.replace("@open-ims.test", ""));
  assert.deepEqual(users(), ["sip:ann", "sip:ben"]);
  assert.equal(world.count("cfd_doubts_total", "unasked"), 1);
  await world.run(3_000);
  assert.deepEqual(users(), ["sip:ann", "sip:ben", "sip:cem"]);
});

test("a second doubt of a user whose question is open is asked about afterwards, once", async () => {
  const world = await doubtfulWorld();
  for (let again = 0; again < 3; again++) world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(20);
  assert.equal(subscribes(world.scscf1).length, 1);
  answer(world.scscf1, subscribe(world.scscf1), 500);
  await world.run(20);
  assert.equal(subscribes(world.scscf1).length, 2);
  answer(world.scscf1, subscribe(world.scscf1, 1), 500);
  await world.run(1_000);
  assert.equal(subscribes(world.scscf1).length, 2);
});
