// One device of a user does not answer its challenge while another one is about to: what the HSS is told of it, and what it
// keeps. TS 24.229 5.4.1.2.1, TS 29.228 6.1.2.1.
import assert from "node:assert/strict";
import test from "node:test";
import { unableToComply } from "@liquid-ims/diameter/cx/experimental-result";
import { createUsim } from "@liquid-ims/sip/authentication/usim";
import { createUe } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import { openCoreWorld } from "../support/core-world.ts";
import { type Mar, openWorld, resOf, type World } from "./s-cscf-world.ts";

const phone = "<sip:alice@10.0.0.9:5060>";
const tablet = "<sip:alice@10.0.0.10:5060>";

/** A REGISTER takes the clock 10 s further. */
const asks = async (world: World, contact: string) => (await world.register(null, contact, contact)).response;
const told = (world: World) => world.sars.map((sar) => sar.serverAssignmentType);

test("TS 24.229 5.4.1.2.1: the tablet's challenge waits: the HSS hears nothing of the phone's, and the tablet registers", async () => {
  const world = await openWorld();
  await asks(world, phone);
  await world.simulation.run({ ms: 100_000 });
  const challenge = await asks(world, tablet);
  await world.simulation.run({ ms: 125_000 });
  assert.deepEqual([world.simulation.now > 240_000, told(world)], [true, []]);
  const answer = world.answer(challenge, { password: resOf(world) });
  assert.equal((await world.register(answer, tablet, tablet)).response?.status, 200);
  await world.simulation.run({ ms: 300_000 });
  assert.deepEqual(told(world), ["REGISTRATION"]);
});

test("TS 24.229 5.4.1.2.1: neither answers: one AUTHENTICATION_TIMEOUT, with the last of them", async () => {
  const world = await openWorld();
  await asks(world, phone);
  await world.simulation.run({ ms: 100_000 });
  const asked = world.simulation.now;
  await asks(world, tablet);
  await world.simulation.run({ ms: asked + 239_000 - world.simulation.now });
  assert.deepEqual(told(world), []);
  await world.simulation.run({ ms: 300_000 });
  assert.deepEqual(told(world), ["AUTHENTICATION_TIMEOUT"]);
});

for (const { title, answerMar, expected } of [
  {
    title: "it gives a vector, and that challenge is waited for",
    answerMar: (world: World, mar: Mar) => world.answerMar(mar),
    expected: [],
  },
  {
    title: "it gives none, nothing goes on any more, and it is told",
    answerMar: (_world: World, mar: Mar) => mar.answer(unableToComply),
    expected: ["AUTHENTICATION_TIMEOUT"],
  },
])
  test(`TS 24.229 5.4.1.2.1: the phone's time is up while the HSS is asked for the tablet: ${title}`, async () => {
    const world = await openWorld();
    const { simulation } = world;
    const { host } = simulation.addHost("waits", { addresses: ["10.0.0.77"], program: () => undefined });
    const from = simulation.now;
    await asks(world, phone);
    const toldMeanwhile: string[][] = [];
    world.onMar = (mar) => {
      const answer = (): void => {
        toldMeanwhile.push(told(world));
        answerMar(world, mar);
      };
      host.clock.after(3_000, answer, "the HSS takes its time");
    };
    await simulation.run({ ms: from + 238_000 - simulation.now });
    await asks(world, tablet);
    assert.deepEqual([toldMeanwhile, told(world)], [[[]], expected]);
  });

test("TS 29.228 6.1.2.1, whole core: the phone never answers; the HSS keeps what the tablet's registration needs", async () => {
  const core = await openCoreWorld();
  const { simulation, topology, network } = core;
  const [subscriber] = core.subscribers;
  assert.ok(subscriber?.authentication.kind === "aka");
  const { privateIdentity, publicIdentities, authentication } = subscriber;
  const [publicIdentity = ""] = publicIdentities;
  const silent = await core.openUe(1, {}, () => ({
    username: privateIdentity,
    algorithms: ["AKAv1-MD5"],
    answer: () => ({ kind: "unavailable" }),
  }));
  assert.equal((await silent.register(1)).kind, "refused");
  await simulation.run({ ms: 150_000 });
  const listen = topology.ue(2);
  const { node: tabletUe } = simulation.addHost("tablet", {
    addresses: [listen.host],
    program: (host) => {
      const card = createUsim({ crypto: host.crypto, keys: authentication });
      return createUe({
        ...{ publicIdentity, privateIdentity, listen, pCscf: topology.pCscfs[1]?.uri ?? "" },
        lookup: network.lookup(host),
        credentials: {
          kind: "card",
          card: {
            // The person types a PIN.
            authenticate: (rand, autn) =>
              host.clock.sleep(100_000, "PIN").then(() => card.authenticate(rand, autn)),
          },
        },
      })(host);
    },
  });
  const registering = tabletUe.register();
  await simulation.run({ ms: 95_000 });
  const hss = core.placement.node("hss", topology.hss.name);
  assert.deepEqual(hss.assignment(publicIdentity), {
    ...{ state: "not registered", serverName: topology.sCscfs[0]?.uri, authenticationPending: true },
  });
  assert.equal((await simulation.settle(registering)).outcome, "registered");
});
