// What the six commands say on the wire, against a grammar that others wrote down. TS 29.229 6.1.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { type CxCommand, sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import type { DiameterMessage } from "@liquid-ims/diameter/message";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { leftOut, readJson, testData } from "../../support/test-data.ts";
import { addNode, isOpenTo, port, realm } from "../diameter-world.ts";

const folder = testData("diameter");
const names = { hss: "hss.ims.example", cfs: "cfs.ims.example" };
const user = { userName: "a@ims.example", publicIdentity: "sip:a@ims.example" };

/** The codes that the grammar demands of a command, such as MAR or MAA. */
function demanded(command: string): readonly number[] {
  const grammar = readJson(join(folder ?? "", "command-grammar.json")) as Record<string, unknown>;
  const codes = grammar[command];
  assert.ok(Array.isArray(codes) && codes.length > 3, command);
  return codes.map(Number);
}

/** Request and answers of one exchange: a success of each kind of result, and a refusal. */
async function exchange<Q extends FieldList, A extends FieldList>(
  command: CxCommand<Q, A>,
  from: "hss" | "cfs",
  request: FieldsOf<Q>,
): Promise<{ readonly requests: DiameterMessage[]; readonly answers: DiameterMessage[] }> {
  const simulation = new Simulation({ seed: 1 });
  const hss = addNode(simulation, "10.0.0.1", {
    originHost: names.hss,
    listen: port("10.0.0.1"),
    peers: [{ originHost: names.cfs }],
  });
  const cfs = addNode(simulation, "10.0.0.2", {
    originHost: names.cfs,
    peers: [{ originHost: names.hss, address: port("10.0.0.1") }],
  });
  await simulation.run({
    ms: 1_000,
    when: () => isOpenTo(hss.node, names.cfs) && isOpenTo(cfs.node, names.hss),
  });
  const [client, server] = from === "cfs" ? [cfs.node, hss.node] : [hss.node, cfs.node];
  const requests: DiameterMessage[] = [];
  const answers: DiameterMessage[] = [];
  serveCx(server, command, (received) => {
    requests.push(received.message);
    if (requests.length === 1) received.answer(success);
    else if (requests.length === 2) received.answer(cxResult("userUnknown"));
    else received.reject({ resultCode: 5012, failedAvps: [], detail: "refused" });
  });
  const destinationHost = from === "cfs" ? names.hss : names.cfs;
  for (let count = 0; count < 3; count++)
    sendCx(client, command, { destinationRealm: realm, destinationHost }, request, (outcome) => {
      if (outcome.kind === "answer") answers.push(outcome.message);
    });
  await simulation.run({ ms: 1_000 });
  return { requests, answers };
}

const exchanges = [
  {
    name: "UA",
    run: () => exchange(userAuthorization, "cfs", { ...user, visitedNetworkIdentifier: new Uint8Array(3) }),
  },
  {
    name: "SA",
    run: () =>
      exchange(serverAssignment, "cfs", {
        serverName: "sip:s1",
        serverAssignmentType: "REGISTRATION",
        userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE",
      }),
  },
  { name: "LI", run: () => exchange(locationInfo, "cfs", { publicIdentity: user.publicIdentity }) },
  {
    name: "MA",
    run: () =>
      exchange(multimediaAuth, "cfs", {
        ...user,
        sipAuthDataItem: { sipAuthenticationScheme: "Digest-AKAv1-MD5" },
        sipNumberAuthItems: 1,
        serverName: "sip:s1",
      }),
  },
  {
    name: "RT",
    run: () =>
      exchange(registrationTermination, "hss", {
        userName: user.userName,
        deregistrationReason: { reasonCode: "NEW_SERVER_ASSIGNED" },
      }),
  },
  { name: "PP", run: () => exchange(pushProfile, "hss", { userName: user.userName }) },
];

for (const { name, run } of exchanges) {
  test(`TS 29.229 6.1: ${name}R and ${name}A, refusals too, have all that their grammar demands`, async (context) => {
    if (folder === null) return leftOut(context, 1, "command of Cx");
    const { requests, answers } = await run();
    assert.deepEqual([requests.length, answers.length], [3, 3]);
    for (const [message, command] of [
      ...requests.map((one) => [one, `${name}R`] as const),
      ...answers.map((one) => [one, `${name}A`] as const),
    ]) {
      const codes = message.avps.map(({ code }) => code);
      assert.deepEqual(
        demanded(command).filter((code) => !codes.includes(code)),
        [],
        command,
      );
      assert.equal(codes[0], 263, "Session-Id is the first");
      if (command.endsWith("A"))
        assert.equal(codes.filter((code) => code === 268 || code === 297).length, 1, "one kind of result");
    }
  });
}
