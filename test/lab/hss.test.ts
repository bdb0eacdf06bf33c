// The lab's HSS over Diameter: whom it lets register where. TS 29.228 6.1, 6.3, 8.1; TS 29.229 6.2.
import assert from "node:assert/strict";
import test from "node:test";
import { avpFlag, buildAvp } from "@liquid-ims/diameter/avp";
import { buildCxRequest, sendCx } from "@liquid-ims/diameter/cx/command";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { formatFeatures } from "@liquid-ims/diameter/cx/supported-features";
import { type UserAuthorizationRequest, userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { supportedFeatures, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import { findResult } from "@liquid-ims/diameter/result";
import { parseUserData } from "@liquid-ims/lab/ims-core/user-data-reader";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import { addNode, isOpenTo, realm } from "../diameter/diameter-world.ts";
import { alice, codeOf, type HssWorld, openHssWorld, scscf1, scscf2 } from "./hss-world.ts";

const identity = "sip:alice@ims.example";

function uar(changes: Partial<UserAuthorizationRequest> = {}): UserAuthorizationRequest {
  return {
    userName: alice.privateIdentity,
    publicIdentity: identity,
    visitedNetworkIdentifier: encodeText(realm),
    ...changes,
  };
}

/** What the I-CSCF hears: result, S-CSCF. */
async function whoServes(world: HssWorld, changes: Partial<UserAuthorizationRequest> = {}): Promise<string> {
  const outcome = await world.ask("icscf", userAuthorization, uar(changes));
  const name = outcome.kind === "answer" ? (outcome.answer.serverName ?? "nobody") : "";
  return `${codeOf(outcome)} ${name}`;
}

async function register(world: HssWorld): Promise<void> {
  assert.equal(codeOf(await world.challenge("scscf1", scscf1)), "2001");
  assert.equal(codeOf(await world.assign("scscf1", scscf1, "REGISTRATION")), "2001");
}

test("TS 29.228 6.1.1.1: UAR for a user without S-CSCF: first registration, with the preferred names in order", async () => {
  const world = await openHssWorld();
  const outcome = await world.ask("icscf", userAuthorization, uar());
  assert.equal(codeOf(outcome), "3gpp 2001");
  assert.ok(outcome.kind === "answer");
  assert.deepEqual(outcome.answer, { serverCapabilities: { serverNames: [scscf1, scscf2] } });
});

test("TS 29.228 6.1.1.1: unknown identities, identities of two users, nobody to de-register", async () => {
  const world = await openHssWorld();
  assert.equal(await whoServes(world, { publicIdentity: "sip:nobody@ims.example" }), "3gpp 5001 nobody");
  assert.equal(await whoServes(world, { userName: "nobody@ims.example" }), "3gpp 5001 nobody");
  assert.equal(await whoServes(world, { userName: "bob@ims.example" }), "3gpp 5002 nobody");
  assert.equal(await whoServes(world, { userAuthorizationType: "DE_REGISTRATION" }), "3gpp 5003 nobody");
});

test("TS 29.228 6.1.1.1: a second identity of the implicit set goes to the same S-CSCF", async () => {
  const world = await openHssWorld();
  await register(world);
  assert.equal(await whoServes(world, { publicIdentity: "tel:+4930123" }), `3gpp 2002 ${scscf1}`);
  assert.equal(await whoServes(world, { userAuthorizationType: "DE_REGISTRATION" }), `2001 ${scscf1}`);
  const both = await world.ask(
    "icscf",
    userAuthorization,
    uar({ userAuthorizationType: "REGISTRATION_AND_CAPABILITIES" }),
  );
  assert.ok(both.kind === "answer");
  assert.deepEqual(both.answer, {
    serverName: scscf1,
    serverCapabilities: { serverNames: [scscf1, scscf2] },
  });
});

test("TS 29.228 6.3.1: MAR stores the name and sets authentication-pending; SAR clears it", async () => {
  const world = await openHssWorld();
  const { node } = world.hss;
  await world.challenge("scscf1", scscf1);
  assert.deepEqual(node.assignment(identity), {
    ...{ state: "not registered", serverName: scscf1, authenticationPending: true },
  });
  assert.equal(await whoServes(world), `3gpp 2002 ${scscf1}`);
  await world.assign("scscf1", scscf1, "REGISTRATION");
  assert.deepEqual(node.assignment(identity), {
    ...{ state: "registered", serverName: scscf1, authenticationPending: false },
  });
});

test("TS 29.228 6.3.1: a MAR of the S-CSCF that serves the user already leaves him as he is", async () => {
  const world = await openHssWorld();
  await register(world);
  await world.challenge("scscf1", scscf1);
  assert.equal(world.hss.node.assignment(identity)?.authenticationPending, false);
});

test("TS 29.228 6.3.1, 8.1: a MAR of the CFS overwrites the name; the user stays registered, UAR and LIR say the new one", async () => {
  const world = await openHssWorld();
  await register(world);
  assert.equal(codeOf(await world.challenge("cfs", scscf2)), "2001");
  assert.deepEqual(world.hss.node.assignment(identity), {
    ...{ state: "registered", serverName: scscf2, authenticationPending: true },
  });
  assert.equal(await whoServes(world), `3gpp 2002 ${scscf2}`);
  const located = await world.ask("icscf", locationInfo, { publicIdentity: identity });
  assert.equal(codeOf(located), "2001");
  assert.equal(located.kind === "answer" ? located.answer.serverName : null, scscf2);
});

test("TS 29.228 8.1.2: then the old S-CSCF's SAR is refused with the new name, whatever it asks", async () => {
  for (const type of [
    "REGISTRATION",
    "RE_REGISTRATION",
    "UNREGISTERED_USER",
    "TIMEOUT_DEREGISTRATION",
    "USER_DEREGISTRATION",
    "AUTHENTICATION_TIMEOUT",
  ] as const) {
    const world = await openHssWorld();
    await register(world);
    await world.challenge("cfs", scscf2);
    const refused = await world.assign("scscf1", scscf1, type);
    assert.equal(codeOf(refused), "3gpp 5005", type);
    assert.equal(refused.kind === "answer" ? refused.answer.serverName : null, scscf2, type);
    assert.deepEqual(
      world.hss.node.assignment(identity),
      { state: "registered", serverName: scscf2, authenticationPending: true },
      type,
    );
    assert.equal(codeOf(await world.assign("scscf2", scscf2, "REGISTRATION")), "2001");
    assert.equal(world.hss.node.assignment(identity)?.authenticationPending, false);
  }
});

test("TS 29.228 6.3.1: a second MAR brings the old name back", async () => {
  const world = await openHssWorld();
  await register(world);
  await world.challenge("cfs", scscf2);
  await world.challenge("cfs", scscf1);
  assert.equal(await whoServes(world), `3gpp 2002 ${scscf1}`);
  assert.equal(codeOf(await world.assign("scscf1", scscf1, "RE_REGISTRATION")), "2001");
  assert.equal(world.hss.node.assignment(identity)?.authenticationPending, false);
});

test("TS 29.228 6.1.2.1, annex B: SAA carries the profile with the criteria of the application server", async () => {
  const world = await openHssWorld();
  await world.challenge("scscf1", scscf1);
  const outcome = await world.assign("scscf1", scscf1, "REGISTRATION");
  assert.ok(outcome.kind === "answer" && outcome.answer.userData !== undefined);
  assert.equal(outcome.answer.userName, alice.privateIdentity);
  assert.deepEqual(parseUserData(decodeText(outcome.answer.userData)), {
    privateIdentity: "alice@ims.example",
    serviceProfiles: [
      {
        publicIdentities: [{ identity }, { identity: "tel:+4930123" }],
        initialFilterCriteria: [
          {
            priority: 0,
            trigger: {
              conjunctive: true,
              servicePointTriggers: [{ groups: [0], condition: { kind: "Method", value: "REGISTER" } }],
            },
            applicationServer: {
              serverName: "sip:cfd.ims.example",
              defaultHandling: "SESSION_CONTINUED",
              includeRegisterRequest: true,
            },
          },
        ],
      },
    ],
  });
});

test("TS 29.228 6.1.2.1: the ends of a registration", async () => {
  const ends = [
    ["USER_DEREGISTRATION", "not registered", null],
    ["TIMEOUT_DEREGISTRATION", "not registered", null],
    ["ADMINISTRATIVE_DEREGISTRATION", "not registered", null],
    ["DEREGISTRATION_TOO_MUCH_DATA", "not registered", null],
    ["TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME", "unregistered", scscf1],
    ["USER_DEREGISTRATION_STORE_SERVER_NAME", "unregistered", scscf1],
    ["UNREGISTERED_USER", "unregistered", scscf1],
    ["AUTHENTICATION_FAILURE", "registered", scscf1],
  ] as const;
  for (const [type, state, serverName] of ends) {
    const world = await openHssWorld();
    await register(world);
    assert.equal(codeOf(await world.assign("scscf1", scscf1, type)), "2001", type);
    const expected = { state, serverName, authenticationPending: false };
    assert.deepEqual(world.hss.node.assignment(identity), expected, type);
  }
});

test("TS 29.228 6.1.2.1: an authentication that failed ends what the MAR began, and only that", async () => {
  const world = await openHssWorld();
  await world.challenge("scscf1", scscf1);
  assert.equal(codeOf(await world.assign("scscf1", scscf1, "AUTHENTICATION_TIMEOUT")), "2001");
  assert.deepEqual(world.hss.node.assignment(identity), {
    ...{ state: "not registered", serverName: null, authenticationPending: false },
  });
});

test("TS 29.228 6.1.2.1: SAR that cannot be: two identities, another's identity, no assignment, types of others", async () => {
  const world = await openHssWorld();
  await register(world);
  const common = { serverName: scscf1, userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE" } as const;
  const codes = [];
  for (const request of [
    { publicIdentities: [identity, "tel:+4930123"], serverAssignmentType: "REGISTRATION" },
    { publicIdentities: [identity, "tel:+4930123"], serverAssignmentType: "USER_DEREGISTRATION" },
    { publicIdentities: [identity, "sip:bob@ims.example"], serverAssignmentType: "USER_DEREGISTRATION" },
    { serverAssignmentType: "REGISTRATION" },
    { publicIdentities: ["sip:nobody@ims.example"], serverAssignmentType: "REGISTRATION" },
    { publicIdentities: ["sip:bob@ims.example"], serverAssignmentType: "NO_ASSIGNMENT" },
    { publicIdentities: ["sip:bob@ims.example"], serverAssignmentType: "USER_DEREGISTRATION" },
    { publicIdentities: ["sip:bob@ims.example"], serverAssignmentType: "PGW_UPDATE" },
  ] as const)
    codes.push(codeOf(await world.ask("scscf1", serverAssignment, { ...common, ...request })));
  assert.deepEqual(codes, ["5009", "2001", "3gpp 5002", "5005", "3gpp 5001", "5012", "5012", "3gpp 5007"]);
});

test("TS 29.228 6.1.4.1: LIR: unknown, not registered without and with services, capabilities asked for", async () => {
  const world = await openHssWorld();
  const locate = async (publicIdentity: string, both: boolean): Promise<string> =>
    codeOf(
      await world.ask("icscf", locationInfo, {
        publicIdentity,
        ...(both ? { userAuthorizationType: "REGISTRATION_AND_CAPABILITIES" } : {}),
      }),
    );
  assert.equal(await locate("sip:nobody@ims.example", false), "3gpp 5001");
  assert.equal(await locate("sip:bob@ims.example", false), "3gpp 5003");
  assert.equal(await locate(identity, false), "3gpp 2003");
  assert.equal(await locate(identity, true), "2001");
});

test("TS 29.229 7.2.1: features that the sender cannot do without are refused, others passed over", async () => {
  const world = await openHssWorld();
  const features = [formatFeatures(["SiFC"])];
  assert.equal(
    codeOf(await world.ask("icscf", userAuthorization, uar({ supportedFeatures: features }))),
    "3gpp 2001",
  );
  const content = buildCxRequest(userAuthorization, { destinationRealm: realm }, uar());
  const data = supportedFeatures.type.encode(features[0] ?? formatFeatures([]));
  const avp = buildAvp(supportedFeatures.code, vendor3gpp, avpFlag.mandatory, data);
  const answered = await world.simulation.settle(
    new Promise<string>((resolve) => {
      world.peers.icscf.request({ ...content, avps: [...content.avps, avp] }, (outcome) => {
        const result = outcome.kind === "answer" ? findResult(outcome.message.avps) : null;
        resolve(`${result?.kind} ${result?.code}`);
      });
    }),
  );
  assert.equal(answered, "Experimental-Result 5011");
});

test("RFC 6733 7.1.3: an HSS whose queue is full answers 3004, and the rest in turn", async () => {
  const world = await openHssWorld({ msPerMessage: 10, queueMs: 25 });
  const asked = Array.from(
    { length: 6 },
    () =>
      new Promise<string>((resolve) => {
        const destination = { destinationRealm: realm };
        sendCx(world.peers.icscf, userAuthorization, destination, uar(), (outcome) =>
          resolve(codeOf(outcome)),
        );
      }),
  );
  const codes = await world.simulation.settle(Promise.all(asked));
  assert.deepEqual(codes.sort(), ["3004", "3004", "3004", "3gpp 2001", "3gpp 2001", "3gpp 2001"]);
});

test("RFC 6733 5.3: nobody else is let in", async () => {
  const world = await openHssWorld();
  const stranger = addNode(world.simulation, "10.0.0.99", {
    originHost: `stranger.${realm}`,
    peers: [{ originHost: `hss.${realm}`, address: { host: "10.0.0.1", port: 3868 } }],
  }).node;
  await world.simulation.run({ ms: 2000 });
  assert.equal(isOpenTo(stranger, `hss.${realm}`), false);
});

test("an HSS that was restarted knows its users, and nothing of who was registered", async () => {
  const world = await openHssWorld();
  await register(world);
  world.hss.restart();
  await world.simulation.run({ ms: 20_000 });
  assert.deepEqual(world.hss.node.assignment(identity), {
    ...{ state: "not registered", serverName: null, authenticationPending: false },
  });
  assert.equal(await whoServes(world), "3gpp 2001 nobody");
});

test("TS 29.228 6.3.1: MAR for an unknown user, and one for another's identity", async () => {
  const world = await openHssWorld();
  const ask = async (userName: string, publicIdentity: string): Promise<string> =>
    codeOf(
      await world.ask("scscf1", multimediaAuth, {
        ...{ userName, publicIdentity, serverName: scscf1, sipNumberAuthItems: 1 },
        sipAuthDataItem: { sipAuthenticationScheme: "Unknown" },
      }),
    );
  assert.equal(await ask("alice@ims.example", "sip:nobody@ims.example"), "3gpp 5001");
  assert.equal(await ask("bob@ims.example", identity), "3gpp 5002");
  assert.equal(world.hss.node.assignment(identity)?.serverName, null);
});
