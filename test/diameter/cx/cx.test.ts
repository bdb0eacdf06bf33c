// The commands of Cx between two nodes, and against messages of an independent encoder.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import {
  type CxOutcome,
  readCxAnswer,
  readCxRequest,
  sendCx,
  serveCx,
} from "@liquid-ims/diameter/cx/command";
import { cxResult, isCxResult, isSuccess, success } from "@liquid-ims/diameter/cx/experimental-result";
import { type LocationInfoAnswer, locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { type MultimediaAuthRequest, multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { formatFeatures, readFeatures } from "@liquid-ims/diameter/cx/supported-features";
import { userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { formatUserData } from "@liquid-ims/diameter/cx/user-data";
import { type DiameterMessage, decodeMessage } from "@liquid-ims/diameter/message";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeHex, decodeText, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { leftOut, readJson, testData } from "../../support/test-data.ts";
import { addNode, isOpenTo, port, realm } from "../diameter-world.ts";

const hssName = "hss.ims.example";
const scscfName = "scscf1.ims.example";

async function pair() {
  const simulation = new Simulation({ seed: 1 });
  const hss = addNode(simulation, "10.0.0.1", {
    originHost: hssName,
    listen: port("10.0.0.1"),
    peers: [{ originHost: scscfName }],
  });
  const scscf = addNode(simulation, "10.0.0.2", {
    originHost: scscfName,
    peers: [{ originHost: hssName, address: port("10.0.0.1") }],
  });
  await simulation.run({
    ms: 1_000,
    when: () => isOpenTo(hss.node, scscfName) && isOpenTo(scscf.node, hssName),
  });
  return { simulation, hss: hss.node, scscf: scscf.node };
}

const mar: MultimediaAuthRequest = {
  userName: "alice@ims.example",
  publicIdentity: "sip:alice@ims.example",
  sipAuthDataItem: { sipAuthenticationScheme: "Digest-AKAv1-MD5" },
  sipNumberAuthItems: 1,
  serverName: "sip:scscf2.ims.example:6060",
};

test("TS 29.229 6.1.7: MAR and MAA carry the S-CSCF name and the vector", async () => {
  const { simulation, hss, scscf } = await pair();
  let seen: MultimediaAuthRequest | null = null;
  const item = {
    sipItemNumber: 1,
    sipAuthenticate: new Uint8Array(32).fill(7),
    integrityKey: new Uint8Array(16),
  };
  serveCx(hss, multimediaAuth, ({ request, answer, originHost }) => {
    assert.equal(originHost, scscfName);
    seen = request;
    answer(success, { userName: request.userName, sipNumberAuthItems: 1, sipAuthDataItems: [item] });
  });
  let outcome: CxOutcome<object> | null = null;
  sendCx(scscf, multimediaAuth, { destinationRealm: realm }, mar, (one) => {
    outcome = one;
    assert.ok(one.kind === "answer");
    assert.deepEqual(one.result, success);
    assert.deepEqual(one.answer.sipAuthDataItems, [item]);
  });
  await simulation.run({ ms: 1_000 });
  assert.deepEqual(seen, mar);
  assert.ok(outcome !== null);
});

test("TS 29.229 6.2: an Experimental-Result 2001 is not the Result-Code 2001", async () => {
  const { simulation, hss, scscf } = await pair();
  const results = [cxResult("firstRegistration"), success, cxResult("userUnknown")];
  serveCx(hss, locationInfo, ({ answer }) => answer(results.shift() ?? success));
  const got: CxOutcome<LocationInfoAnswer>[] = [];
  for (let index = 0; index < 3; index++)
    sendCx(scscf, locationInfo, { destinationRealm: realm }, { publicIdentity: "sip:a" }, (one) =>
      got.push(one),
    );
  await simulation.run({ ms: 1_000 });
  const shown = got.map((one) => (one.kind === "answer" ? [one.result.kind, one.result.code] : [one.kind]));
  assert.deepEqual(shown, [
    ["Experimental-Result", 2001],
    ["Result-Code", 2001],
    ["Experimental-Result", 5001],
  ]);
  assert.deepEqual(
    got.map((one) => one.kind === "answer" && isSuccess(one.result)),
    [true, true, false],
  );
  assert.equal(isCxResult(success, "firstRegistration"), false);
});

test("TS 29.229 6.1.9, 6.1.11: RTR and PPR go from the HSS to the node that it names", async () => {
  const { simulation, hss, scscf } = await pair();
  const said: string[] = [];
  serveCx(scscf, registrationTermination, ({ request, answer }) => {
    said.push(`RTR ${request.deregistrationReason.reasonCode} ${request.publicIdentities?.join()}`);
    answer(success);
  });
  serveCx(scscf, pushProfile, ({ request, answer }) => {
    said.push(`PPR ${request.userName} ${decodeText(request.userData ?? new Uint8Array())}`);
    answer(success);
  });
  const destination = { destinationRealm: realm, destinationHost: scscfName };
  const kinds: string[] = [];
  sendCx(
    hss,
    registrationTermination,
    destination,
    {
      userName: "alice@ims.example",
      publicIdentities: ["sip:a", "sip:b"],
      deregistrationReason: { reasonCode: "NEW_SERVER_ASSIGNED" },
    },
    (one) => kinds.push(one.kind),
  );
  const ppr = { userName: "alice@ims.example", userData: encodeText("<x/>") };
  sendCx(hss, pushProfile, destination, ppr, (one) => kinds.push(one.kind));
  sendCx(hss, pushProfile, { destinationRealm: realm }, ppr, (one) =>
    kinds.push(one.kind === "answer" ? String(one.result.code) : one.kind),
  );
  await simulation.run({ ms: 1_000 });
  assert.deepEqual(said, ["RTR NEW_SERVER_ASSIGNED sip:a,sip:b", "PPR alice@ims.example <x/>"]);
  assert.deepEqual(kinds, ["answer", "answer", "5005"], "RTR and PPR without Destination-Host lack an AVP");
});

test("TS 29.229 7.1.1: features are bits", () => {
  const sent = formatFeatures(["AliasInd", "IMSRestorationInd"]);
  assert.deepEqual(sent, { vendorId: 10415, featureListId: 1, featureList: 6 });
  assert.deepEqual(readFeatures([sent, { vendorId: 1, featureListId: 1, featureList: 1 }]), [
    "AliasInd",
    "IMSRestorationInd",
  ]);
  assert.deepEqual(readFeatures(undefined), []);
});

test("TS 29.228 E: a profile with the filter criteria of the CFD", () => {
  const written = formatUserData({
    privateIdentity: "a&b@ims.example",
    serviceProfiles: [
      {
        publicIdentities: [{ identity: "sip:a@ims.example" }, { identity: "tel:+1", barred: true }],
        initialFilterCriteria: [
          {
            priority: 0,
            trigger: {
              conjunctive: false,
              servicePointTriggers: [
                {
                  groups: [0],
                  condition: { kind: "Method", value: "REGISTER", registrationTypes: ["re-registration"] },
                },
                { groups: [1], negated: true, condition: { kind: "SessionCase", value: "originating" } },
              ],
            },
            applicationServer: {
              serverName: "sip:cfd.ims.example:5065",
              defaultHandling: "SESSION_CONTINUED",
              serviceInfo: "<s>",
              includeRegisterRequest: true,
            },
          },
        ],
      },
    ],
  });
  assert.equal(
    written,
    '<?xml version="1.0" encoding="UTF-8"?><IMSSubscription><PrivateID>a&amp;b@ims.example</PrivateID>' +
      "<ServiceProfile><PublicIdentity><Identity>sip:a@ims.example</Identity></PublicIdentity>" +
      "<PublicIdentity><BarringIndication>1</BarringIndication><Identity>tel:+1</Identity></PublicIdentity>" +
      "<InitialFilterCriteria><Priority>0</Priority><TriggerPoint><ConditionTypeCNF>0</ConditionTypeCNF>" +
      "<SPT><ConditionNegated>0</ConditionNegated><Group>0</Group><Method>REGISTER</Method>" +
      "<Extension><RegistrationType>1</RegistrationType></Extension></SPT>" +
      "<SPT><ConditionNegated>1</ConditionNegated><Group>1</Group><SessionCase>0</SessionCase></SPT>" +
      "</TriggerPoint><ApplicationServer><ServerName>sip:cfd.ims.example:5065</ServerName>" +
      "<DefaultHandling>0</DefaultHandling><ServiceInfo>&lt;s&gt;</ServiceInfo>" +
      "<Extension><IncludeRegisterRequest/></Extension></ApplicationServer></InitialFilterCriteria>" +
      "</ServiceProfile></IMSSubscription>",
  );
});

const folder = testData("diameter");

function messages(): Map<string, DiameterMessage> {
  if (folder === null) return new Map();
  const vectors = readJson(join(folder, "cx-messages.json")) as { name: string; hex: string }[];
  return new Map(
    vectors.map(({ name, hex }) => [name, decodeMessage(decodeHex(hex) ?? assert.fail(name)).message]),
  );
}

function message(name: string): DiameterMessage {
  return messages().get(name) ?? assert.fail(name);
}

test("TS 29.229 6.1: messages of another encoder are read as they were meant", (context) => {
  if (folder === null) return leftOut(context, 11, "Cx messages");
  const uar = readCxRequest(userAuthorization, message("UAR"));
  assert.ok(uar.ok);
  assert.deepEqual(uar.value, {
    userName: "alice@ims.example",
    publicIdentity: "sip:alice@ims.example",
    visitedNetworkIdentifier: encodeText("visited.example"),
    userAuthorizationType: "REGISTRATION",
  });
  const uaa = readCxAnswer(userAuthorization, message("UAA-first-registration-2001"));
  assert.ok(uaa.ok);
  assert.deepEqual(uaa.value, {
    result: { kind: "Experimental-Result", vendorId: 10415, code: 2001 },
    answer: {
      serverCapabilities: {
        mandatoryCapabilities: [1],
        optionalCapabilities: [5],
        serverNames: ["sip:scscf1.ims.example:6060"],
      },
    },
  });
  const request = readCxRequest(multimediaAuth, message("MAR-aka"));
  assert.ok(request.ok);
  assert.deepEqual(request.value, { ...mar, serverName: "sip:scscf1.ims.example:6060" });
  const maa = readCxAnswer(multimediaAuth, message("MAA-aka-2001"));
  assert.ok(maa.ok);
  const [item] = maa.value.answer.sipAuthDataItems ?? [];
  assert.equal(encodeHex(item?.sipAuthorization ?? new Uint8Array()), "a54211d5e3ba50bf");
  const sar = readCxRequest(serverAssignment, message("SAR-registration"));
  assert.ok(sar.ok);
  assert.equal(sar.value.serverAssignmentType, "REGISTRATION");
  assert.equal(sar.value.userDataAlreadyAvailable, "USER_DATA_NOT_AVAILABLE");
  const saa = readCxAnswer(serverAssignment, message("SAA-2001-profile"));
  assert.ok(saa.ok);
  assert.match(decodeText(saa.value.answer.userData ?? new Uint8Array()), /^<\?xml .*cfd\.ims\.example:5065/);
  const lir = readCxRequest(locationInfo, message("LIR"));
  assert.ok(lir.ok);
  assert.equal(lir.value.publicIdentity, "sip:alice@ims.example");
  const rtr = readCxRequest(registrationTermination, message("RTR-permanent"));
  assert.ok(rtr.ok);
  assert.equal(rtr.value.deregistrationReason.reasonCode, "PERMANENT_TERMINATION");
  const error = readCxAnswer(locationInfo, message("ERR-3002-unable-to-deliver"));
  assert.ok(error.ok);
  assert.deepEqual(error.value.result, { kind: "Result-Code", code: 3002 });
});

/** What TS 29.229 demands of each request, written by hand after its grammar; those of the node's own are left out. */
const demanded = [
  { command: userAuthorization, name: "UAR", codes: [263, 260, 277, 264, 296, 283, 1, 601, 600] },
  { command: multimediaAuth, name: "MAR-aka", codes: [263, 260, 277, 264, 296, 283, 1, 601, 612, 607, 602] },
  {
    command: serverAssignment,
    name: "SAR-registration",
    codes: [263, 260, 277, 264, 296, 283, 602, 614, 624],
  },
  { command: locationInfo, name: "LIR", codes: [263, 260, 277, 264, 296, 283, 601] },
  {
    command: registrationTermination,
    name: "RTR-permanent",
    codes: [263, 260, 277, 264, 296, 293, 283, 1, 615],
  },
] as const;

for (const { command, name, codes } of demanded) {
  test(`TS 29.229 6.1: ${name} without any of ${codes.length} AVPs is 5005 with that AVP, without others it is read`, (context) => {
    if (folder === null) return leftOut(context, 1, "Cx message");
    const whole = message(name);
    const mandatory = new Set<number>(codes);
    for (const code of new Set(whole.avps.map((avp) => avp.code))) {
      const avps = whole.avps.filter((avp) => avp.code !== code);
      const read = readCxRequest<typeof command.request, typeof command.answer>(command, { ...whole, avps });
      assert.equal(read.ok, !mandatory.has(code), String(code));
      if (read.ok) continue;
      assert.equal(read.rejection.resultCode, 5005);
      assert.deepEqual(
        read.rejection.failedAvps.map((avp) => avp.code),
        [code],
      );
    }
  });
}
