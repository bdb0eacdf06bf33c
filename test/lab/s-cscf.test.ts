// The lab's S-CSCF against an HSS that the test plays: challenges, late and missing answers. TS 24.229 5.4.1.
import assert from "node:assert/strict";
import test from "node:test";
import {
  type CxCommand,
  type CxOutcome,
  type CxRequest,
  sendCx,
  serveCx,
} from "@liquid-ims/diameter/cx/command";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import {
  type MultimediaAuthAnswer,
  type MultimediaAuthRequest,
  multimediaAuth,
} from "@liquid-ims/diameter/cx/multimedia-auth";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import {
  type ServerAssignmentAnswer,
  type ServerAssignmentRequest,
  serverAssignment,
} from "@liquid-ims/diameter/cx/server-assignment";
import { formatUserData } from "@liquid-ims/diameter/cx/user-data";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import { createSCscf } from "@liquid-ims/lab/ims-core/s-cscf";
import { profileOf } from "@liquid-ims/lab/ims-core/subscriber";
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, encodeText } from "@liquid-ims/runtime/text";
import { generateVector } from "@liquid-ims/sip/authentication/authentication-vector";
import { answerChallenge, type DigestSecret } from "@liquid-ims/sip/authentication/digest";
import { type Challenge, parseChallenge } from "@liquid-ims/sip/header/challenge";
import { formatCredentials } from "@liquid-ims/sip/header/credentials";
import type { Lookup } from "@liquid-ims/sip/locate";
import { buildRequest, type HeaderPair, type SipResponse } from "@liquid-ims/sip/message";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import { addNode, realm } from "../diameter/diameter-world.ts";
import { alice, codeOf, keys } from "./hss-world.ts";

type Mar = CxRequest<MultimediaAuthRequest, MultimediaAuthAnswer>;
type Sar = CxRequest<ServerAssignmentRequest, ServerAssignmentAnswer>;

/** No name is looked up: the addresses in these messages are literals. */
const nothing = async () => ({ kind: "failed", detail: "nobody is asked" }) as const;
const noLookup: Lookup = { a: nothing, aaaa: nothing, srv: nothing, naptr: nothing };

const rand = Uint8Array.from({ length: 16 }, (_, index) => index);

class World {
  readonly simulation = new Simulation({ seed: 3 });
  /** What the HSS does with each MAR and SAR. */
  onMar: (mar: Mar) => void = (mar) => this.answerMar(mar);
  onSar: (sar: Sar) => void = (sar) => this.answerSar(sar);
  readonly mars: MultimediaAuthRequest[] = [];
  readonly sars: ServerAssignmentRequest[] = [];
  #hss: DiameterNode | null = null;
  #stack: SipStack | null = null;
  #crypto: Crypto | null = null;
  #sequence = 0;

  async open(): Promise<void> {
    const { simulation } = this;
    this.#hss = addNode(
      simulation,
      "10.0.0.1",
      {
        originHost: `hss.${realm}`,
        listen: { host: "10.0.0.1", port: 3868 },
        peers: [{ originHost: `scscf1.${realm}` }],
      },
      (node) => {
        serveCx(node, multimediaAuth, (mar) => {
          this.mars.push(mar.request);
          this.onMar(mar);
        });
        serveCx(node, serverAssignment, (sar) => {
          this.sars.push(sar.request);
          this.onSar(sar);
        });
      },
    ).node;
    const scscf = simulation.addHost("scscf1", {
      addresses: ["10.0.0.2"],
      program: createSCscf({
        ...{ fqdn: `scscf1.${realm}`, listen: { host: "10.0.0.2", port: 6060 }, homeDomain: realm, realm },
        ...{ lookup: () => noLookup, capacity: { msPerMessage: 0, queueMs: 0 } },
        hss: { originHost: `hss.${realm}`, address: { host: "10.0.0.1", port: 3868 } },
      }),
    });
    await simulation.settle(scscf.node.ready);
    const local = { host: "10.0.0.3", port: 5060 };
    const { node, host: sender } = simulation.addHost("icscf", {
      addresses: [local.host],
      program: (host) =>
        openStack(host, {
          listen: [{ protocol: "udp", address: local }],
          lookup: noLookup,
          user: { request: () => undefined, ack: () => undefined },
        }),
    });
    this.#crypto = sender.crypto;
    this.#stack = await simulation.settle(node);
  }

  get crypto(): Crypto {
    if (this.#crypto === null) throw new Error("the world is not open");
    return this.#crypto;
  }

  answerMar(mar: Mar): void {
    const { crypto } = this;
    const sqn = Uint8Array.from([0, 0, 0, 0, this.mars.length, 0]);
    const vector = generateVector(crypto, { keys, amf: new Uint8Array(2), sqn, rand });
    mar.answer(success, {
      sipAuthDataItems: [
        {
          sipAuthenticationScheme: "Digest-AKAv1-MD5",
          sipAuthenticate: concatBytes([vector.rand, vector.autn]),
          sipAuthorization: vector.xres,
          confidentialityKey: vector.ck,
          integrityKey: vector.ik,
        },
      ],
    });
  }

  answerSar(sar: Sar): void {
    sar.answer(success, {
      userData: encodeText(formatUserData(profileOf({ ...alice, registerServers: [] }))),
    });
  }

  /** One REGISTER, and what becomes of it within 10 s. */
  async register(
    authorization: string | null,
    contact = "<sip:alice@10.0.0.9:5060>",
  ): Promise<{ response: SipResponse | null; ms: number }> {
    const { simulation } = this;
    const from = simulation.now;
    this.#sequence += 1;
    const headers: HeaderPair[] = [
      ["From", "<sip:alice@ims.example>;tag=a"],
      ["To", "<sip:alice@ims.example>"],
      ["Call-ID", "register"],
      ["CSeq", `${this.#sequence} REGISTER`],
      ["Max-Forwards", "70"],
      ["Contact", contact],
      ["Path", "<sip:term@10.0.0.4:4060;lr>"],
      [
        "Authorization",
        authorization ??
          `Digest username="alice@ims.example",realm="${realm}",uri="sip:${realm}",nonce="",response=""`,
      ],
    ];
    const request = buildRequest({ method: "REGISTER", uri: "sip:10.0.0.2:6060", headers });
    let answered: { response: SipResponse; ms: number } | null = null;
    this.#stack?.request(request, {
      handlers: {
        response(response) {
          if (response.status >= 200) answered = { response, ms: simulation.now - from };
        },
        failed: () => undefined,
      },
    });
    await simulation.run({ ms: 10_000 });
    return answered ?? { response: null, ms: 0 };
  }

  /** An RTR or PPR; its result, as `2001` or `3gpp 5001`, while the clock is run by others. */
  async send<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
  ): Promise<string> {
    const node = this.#hss;
    if (node === null) throw new Error("the world is not open");
    const destination = { destinationRealm: realm, destinationHost: `scscf1.${realm}` };
    return codeOf(
      await new Promise<CxOutcome<FieldsOf<A>>>((resolve) =>
        sendCx(node, command, destination, request, resolve),
      ),
    );
  }

  /** The same, with the clock running until then. */
  push<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
  ): Promise<string> {
    return this.simulation.settle(this.send(command, request));
  }

  /** Alice registers this contact, from scratch. */
  async registerAlice(contact?: string): Promise<void> {
    const challenge = await this.register(null, contact);
    const authorization = this.answer(challenge.response, { password: resOf(this) });
    assert.equal((await this.register(authorization, contact)).response?.status, 200);
  }

  /** The status of a request to alice from another CSCF. */
  async call(method = "MESSAGE"): Promise<number | null> {
    let status: number | null = null;
    this.#sequence += 1;
    const headers: HeaderPair[] = [
      ["From", "<sip:bob@ims.example>;tag=b"],
      ["To", "<sip:alice@ims.example>"],
      ["Call-ID", `call-${this.#sequence}`],
      ["CSeq", `${this.#sequence} ${method}`],
      ["Route", "<sip:10.0.0.2:6060;lr>"],
      ["Max-Forwards", "70"],
    ];
    this.#stack?.request(buildRequest({ method, uri: "sip:alice@ims.example", headers }), {
      handlers: {
        response(response) {
          if (response.status >= 200) status = response.status;
        },
        failed: () => undefined,
      },
    });
    await this.simulation.run({ ms: 1000 });
    return status;
  }

  /** The credentials that answer this 401. */
  answer(response: SipResponse | null, secret: DigestSecret, auts?: string): string {
    const challenge = challengeOf(response);
    const credentials = answerChallenge({
      ...{ crypto: this.crypto, challenge, username: alice.privateIdentity, secret, method: "REGISTER" },
      ...{ uri: `sip:${realm}`, cnonce: "c", ...(auts === undefined ? {} : { auts }) },
    });
    if (credentials === null) throw new Error("the challenge cannot be answered");
    return formatCredentials(credentials);
  }
}

function challengeOf(response: SipResponse | null): Challenge {
  assert.equal(response?.status, 401);
  const challenge = parseChallenge(response.headers.get("WWW-Authenticate") ?? "");
  if (challenge === null) throw new Error("no challenge");
  return challenge;
}

/** f2 of TS 35.208's set 1 keys with this RAND; the HSS of this test always draws the same. */
function resOf(world: World): Uint8Array {
  return generateVector(world.crypto, { keys, amf: new Uint8Array(2), sqn: new Uint8Array(6), rand }).xres;
}

async function openWorld(): Promise<World> {
  const world = new World();
  await world.open();
  return world;
}

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
