// The lab's S-CSCF against an HSS that the test plays: challenges, late and missing answers. TS 24.229 5.4.1.
import assert from "node:assert/strict";
import test from "node:test";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { encodeText } from "@liquid-ims/runtime/text";
import { realm } from "../diameter/diameter-world.ts";
import { challengeOf, type Mar, openWorld, rand, resOf } from "./s-cscf-world.ts";

test("TS 24.229 5.4.1.2.1A: the challenge is RAND and AUTN in base64, with CK and IK for the P-CSCF, without qop", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  const { parameters } = challengeOf(response);
  assert.deepEqual([...parameters.keys()], ["realm", "nonce", "algorithm", "ik", "ck"]);
  assert.equal(parameters.get("algorithm"), "AKAv1-MD5");
  assert.equal(Buffer.from(parameters.get("nonce") ?? "", "base64").length, 32);
  assert.equal(parameters.get("ck")?.length, 32);
  assert.deepEqual(
    world.mars.map(({ userName, serverName, sipAuthDataItem, sipNumberAuthItems }) => [
      ...[userName, serverName, sipAuthDataItem.sipAuthenticationScheme, sipNumberAuthItems],
    ]),
    [["alice@ims.example", `sip:scscf1.${realm}:6060`, "Unknown", 1]],
  );
});

test("TS 24.229 5.4.1.2.2: RES registers; the same answer again is to no challenge and gets another one", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  const authorization = world.answer(response, { password: resOf(world) });
  const registered = await world.register(authorization);
  assert.equal(registered.response?.status, 200);
  assert.deepEqual(registered.response.headers.values("P-Associated-URI"), [
    "<sip:alice@ims.example>",
    "<tel:+4930123>",
  ]);
  assert.deepEqual(
    world.sars.map((sar) => sar.serverAssignmentType),
    ["REGISTRATION"],
  );
  const again = await world.register(authorization);
  assert.notEqual(
    challengeOf(again.response).parameters.get("nonce"),
    challengeOf(response).parameters.get("nonce"),
  );
  assert.equal(world.mars.length, 2);
  assert.equal(world.sars.length, 1);
});

test("TS 24.229 5.4.1.2.2: a wrong RES registers nobody, and ends the challenge", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  const wrong = await world.register(world.answer(response, { password: new Uint8Array(8) }));
  assert.equal(wrong.response?.status, 401);
  assert.equal(
    (await world.register(world.answer(response, { password: resOf(world) }))).response?.status,
    401,
  );
  assert.equal(world.sars.length, 0);
});

test("RFC 3310 3.4: AUTS goes to the HSS with its RAND; the next challenge is another one", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  const auts = Buffer.from("0102030405060708090a0b0c0d0e", "hex");
  const { response: next } = await world.register(
    world.answer(response, { password: "" }, auts.toString("base64")),
  );
  assert.equal(next?.status, 401);
  const item = world.mars[1]?.sipAuthDataItem;
  assert.equal(item?.sipAuthenticationScheme, "Digest-AKAv1-MD5");
  assert.deepEqual(Buffer.from(item?.sipAuthorization ?? []), Buffer.concat([rand, auts]));
});

test("TS 24.229 5.4.1.2.1: nobody answers the challenge for 4 minutes: AUTHENTICATION_TIMEOUT, unless he is registered", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  await world.simulation.run({ ms: 240_000 });
  assert.deepEqual(
    world.sars.map((sar) => sar.serverAssignmentType),
    ["AUTHENTICATION_TIMEOUT"],
  );
  const late = await world.register(world.answer(response, { password: resOf(world) }));
  await world.register(world.answer(late.response, { password: resOf(world) }));
  await world.register(null);
  await world.simulation.run({ ms: 300_000 });
  assert.deepEqual(
    world.sars.map((sar) => sar.serverAssignmentType),
    ["AUTHENTICATION_TIMEOUT", "REGISTRATION"],
  );
});

test("an HSS that does not answer the MAR: 500 after 4 s; its late answer challenges nobody", async () => {
  const world = await openWorld();
  const late: Mar[] = [];
  world.onMar = (mar) => void late.push(mar);
  const { response, ms } = await world.register(null);
  assert.equal(response?.status, 500);
  assert.ok(ms >= 4000 && ms < 4100, `${ms} ms`);
  const [mar] = late;
  assert.ok(mar !== undefined);
  world.answerMar(mar);
  world.onMar = (one) => world.answerMar(one);
  const next = await world.register(null);
  assert.equal(
    (await world.register(world.answer(next.response, { password: resOf(world) }))).response?.status,
    200,
  );
});

test("an HSS that does not answer the SAR: 500 after 4 s, and the user is not registered", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  world.onSar = () => undefined;
  const failed = await world.register(world.answer(response, { password: resOf(world) }));
  assert.equal(failed.response?.status, 500);
  assert.ok(failed.ms >= 4000, `${failed.ms} ms`);
  world.onSar = (sar) => world.answerSar(sar);
  const next = await world.register(null);
  await world.register(world.answer(next.response, { password: resOf(world) }));
  assert.deepEqual(
    world.sars.map((sar) => sar.serverAssignmentType),
    ["REGISTRATION", "REGISTRATION"],
  );
});

test("TS 29.228 8.1.2: a SAR that is refused because the user is another one's: 403", async () => {
  const world = await openWorld();
  const { response } = await world.register(null);
  world.onSar = (sar) =>
    sar.answer(cxResult("identityAlreadyRegistered"), { serverName: `sip:scscf2.${realm}:6060` });
  const refused = await world.register(world.answer(response, { password: resOf(world) }));
  assert.equal(refused.response?.status, 403);
});

test("RFC 3261 10.3: a refresh that the HSS refuses changes no binding", async () => {
  const world = await openWorld();
  const first = await world.register(null);
  await world.register(world.answer(first.response, { password: resOf(world) }));
  world.onSar = (sar) => sar.answer(cxResult("identityAlreadyRegistered"), {});
  const second = await world.register(null, "<sip:alice@10.0.0.10:5060>");
  const authorization = world.answer(second.response, { password: resOf(world) });
  assert.equal((await world.register(authorization, "<sip:alice@10.0.0.10:5060>")).response?.status, 403);
  world.onSar = (sar) => world.answerSar(sar);
  const third = await world.register(null);
  const { response } = await world.register(world.answer(third.response, { password: resOf(world) }));
  assert.deepEqual(
    response?.headers.values("Contact").map((value) => value.replace(/;.*/, "")),
    ["<sip:alice@10.0.0.9:5060>"],
  );
  assert.equal(world.sars.at(-1)?.serverAssignmentType, "RE_REGISTRATION");
});

test("a profile that is no profile, a vector that is none: 500", async () => {
  for (const userData of [
    "",
    "<html/>",
    "<IMSSubscription>",
    "<IMSSubscription><PrivateID>a</PrivateID></IMSSubscription>",
  ]) {
    const world = await openWorld();
    const { response } = await world.register(null);
    world.onSar = (sar) => sar.answer(success, userData === "" ? {} : { userData: encodeText(userData) });
    const failed = await world.register(world.answer(response, { password: resOf(world) }));
    assert.equal(failed.response?.status, 500, userData);
  }
  const world = await openWorld();
  world.onMar = (mar) =>
    mar.answer(success, {
      sipAuthDataItems: [
        { sipAuthenticationScheme: "Digest-AKAv1-MD5", sipAuthenticate: new Uint8Array(31) },
      ],
    });
  assert.equal((await world.register(null)).response?.status, 500);
  world.onMar = (mar) => mar.answer(success, {});
  assert.equal((await world.register(null)).response?.status, 500);
});
