// RTR and PPR at the lab's S-CSCF, and the end of registrations that nobody refreshes. TS 29.228 6.1.3, 6.1.5.
import assert from "node:assert/strict";
import test from "node:test";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { formatUserData } from "@liquid-ims/diameter/cx/user-data";
import { profileOf } from "@liquid-ims/lab/ims-core/subscriber";
import { encodeText } from "@liquid-ims/runtime/text";
import { realm } from "../diameter/diameter-world.ts";
import { alice } from "./hss-world.ts";
import { openWorld, resOf, type World } from "./s-cscf-world.ts";

const rtr = {
  userName: alice.privateIdentity,
  publicIdentities: ["sip:alice@ims.example"],
  supportedFeatures: [],
  deregistrationReason: { reasonCode: "NEW_SERVER_ASSIGNED" },
} as const;

/** Nobody listens at alice's contact, so that a request that is forwarded there has no answer within a second. */
const forwarded = null;

test("TS 29.228 6.1.3: an RTR ends the registration without a SAR; who is unknown gets 5001", async () => {
  const world = await openWorld();
  assert.equal(await world.push(registrationTermination, rtr), "3gpp 5001");
  await world.registerAlice();
  assert.equal(await world.call(), forwarded);
  const sars = world.sars.length;
  assert.equal(
    await world.push(registrationTermination, { ...rtr, publicIdentities: ["sip:bob@ims.example"] }),
    "3gpp 5001",
  );
  assert.equal(
    await world.push(registrationTermination, { ...rtr, userName: "bob@ims.example" }),
    "3gpp 5001",
  );
  assert.equal(await world.call(), forwarded);
  assert.equal(await world.push(registrationTermination, rtr), "2001");
  await world.simulation.run({ ms: 4_000_000 });
  assert.equal(world.sars.length, sars);
  assert.equal(await world.push(registrationTermination, rtr), "3gpp 5001");
  await world.registerAlice();
  assert.equal(await world.call(), forwarded);
});

test("TS 29.228 6.1.3: an RTR that comes while a refresh waits for the HSS ends the other contacts", async () => {
  const world = await openWorld();
  await world.registerAlice("<sip:alice@10.0.0.9:5060>");
  world.onSar = (sar) => {
    void world.send(registrationTermination, rtr).then(() => world.answerSar(sar));
  };
  const challenge = await world.register(null, "<sip:alice@10.0.0.10:5060>");
  const authorization = world.answer(challenge.response, { password: resOf(world) });
  const { response } = await world.register(authorization, "<sip:alice@10.0.0.10:5060>");
  assert.equal(response?.status, 200);
  assert.deepEqual(
    response.headers.values("Contact").map((value) => /<(.*?)>/.exec(value)?.[1]),
    ["sip:alice@10.0.0.10:5060"],
  );
});

test("TS 29.228 6.1.3: an RTR without Public-Identity ends all of the private identity", async () => {
  const world = await openWorld();
  await world.registerAlice();
  assert.equal(await world.push(registrationTermination, { ...rtr, publicIdentities: [] }), "2001");
  assert.equal(await world.push(registrationTermination, rtr), "3gpp 5001");
});

test("TS 29.228 6.1.5: a PPR's profile is taken, one that cannot be read is not, and nobody's is unknown", async () => {
  const world = await openWorld();
  const push = (userData: string) =>
    world.push(pushProfile, {
      userName: alice.privateIdentity,
      supportedFeatures: [],
      userData: encodeText(userData),
    });
  const profile = formatUserData(
    profileOf({ ...alice, publicIdentities: ["tel:+4930123"], registerServers: [] }),
  );
  assert.equal(await push(profile), "3gpp 5001");
  await world.registerAlice();
  assert.equal(await push("<nothing"), "3gpp 5009");
  assert.equal(await world.call(), forwarded);
  assert.equal(await push(profile), "2001");
  // He is no longer reached under the identity that the profile has lost.
  assert.notEqual(await world.call(), forwarded);
});

/** SARs that end a registration, in seconds of the clock. */
function expiries(world: World): string[] {
  return world.sars
    .filter((sar) => sar.serverAssignmentType === "TIMEOUT_DEREGISTRATION")
    .map((sar) => `${sar.serverName} ${sar.userName} ${sar.publicIdentities?.join()}`);
}

test("TS 24.229 5.4.1.5: a registration that nobody refreshes ends with SAR TIMEOUT_DEREGISTRATION, once", async () => {
  const world = await openWorld();
  await world.registerAlice("<sip:alice@10.0.0.9:5060>;expires=100");
  await world.simulation.run({ ms: 85_000 });
  assert.equal(await world.call(), forwarded);
  assert.deepEqual(expiries(world), []);
  await world.simulation.run({ ms: 10_000 });
  const one = `sip:scscf1.${realm}:6060 alice@ims.example sip:alice@ims.example`;
  assert.deepEqual(expiries(world), [one]);
  assert.notEqual(await world.call(), forwarded);
  await world.simulation.run({ ms: 1_000_000 });
  assert.deepEqual(expiries(world), [one]);
});

test("TS 24.229 5.4.1.5: a refresh and a second contact put the end off; de-registration leaves none", async () => {
  const world = await openWorld();
  await world.registerAlice("<sip:alice@10.0.0.9:5060>;expires=100");
  await world.registerAlice("<sip:alice@10.0.0.9:5060>;expires=200");
  await world.registerAlice("<sip:alice@10.0.0.10:5060>;expires=300");
  await world.simulation.run({ ms: 230_000 });
  assert.deepEqual(expiries(world), []);
  assert.equal(await world.call(), forwarded);
  await world.registerAlice("<sip:alice@10.0.0.10:5060>;expires=0");
  await world.simulation.run({ ms: 1_000_000 });
  assert.deepEqual(expiries(world), []);
});
