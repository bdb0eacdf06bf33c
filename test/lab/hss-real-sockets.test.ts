// The lab's HSS and a client of it over TCP of this machine: challenge, registration, restart.
import assert from "node:assert/strict";
import test from "node:test";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { openCxClient } from "@liquid-ims/lab/ims-core/cx-client";
import { createHss } from "@liquid-ims/lab/ims-core/hss";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost, type NodejsHost } from "@liquid-ims/runtime/nodejs";
import { alice, bob, scscf1 } from "./hss-world.ts";

const realm = "ims.example";
const hssName = `hss.${realm}`;

function open(name: string): NodejsHost {
  return createNodejsHost({
    name,
    log: silentLog,
    onCrash: (error) => {
      throw error;
    },
  });
}

test("over TCP: a user is challenged, assigned, found and cancelled; an HSS that goes answers nobody", async () => {
  const hosts = [open("hss"), open("scscf1")] as const;
  const hss = createHss({
    ...{ originHost: hssName, originRealm: realm, digestRealm: realm, subscribers: [alice, bob] },
    listen: { host: "127.0.0.1", port: 0 },
    peers: [{ originHost: `scscf1.${realm}`, from: ["127.0.0.7"] }],
    capacity: { msPerMessage: 1, queueMs: 100 },
  })(hosts[0]);
  await hss.ready;
  const { local } = hss;
  assert.ok(local !== null);
  const cx = openCxClient(hosts[1], {
    ...{ originHost: `scscf1.${realm}`, realm, localHost: "127.0.0.7" },
    hss: { originHost: hssName, address: local },
  });
  const ended: string[] = [];
  cx.serve(registrationTermination, ({ request, answer }) => {
    ended.push(`${request.userName} ${request.deregistrationReason.reasonCode}`);
    answer(success);
  });
  await cx.ready;
  const publicIdentity = "sip:alice@ims.example";
  const challenged = await cx.ask(multimediaAuth, {
    ...{ userName: alice.privateIdentity, publicIdentity, serverName: scscf1, sipNumberAuthItems: 1 },
    sipAuthDataItem: { sipAuthenticationScheme: "Unknown" },
  });
  assert.ok(challenged.kind === "answer");
  assert.equal(challenged.answer.sipAuthDataItems?.[0]?.sipAuthenticate?.length, 32);
  const assigned = await cx.ask(serverAssignment, {
    ...{ userName: alice.privateIdentity, publicIdentities: [publicIdentity], serverName: scscf1 },
    ...{ serverAssignmentType: "REGISTRATION", userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE" },
  });
  assert.equal(assigned.kind === "answer" ? assigned.result.code : null, 2001);
  const found = await Promise.all(Array.from({ length: 50 }, () => cx.ask(locationInfo, { publicIdentity })));
  assert.deepEqual(
    new Set(found.map((one) => (one.kind === "answer" ? one.answer.serverName : null))),
    new Set([scscf1]),
  );
  assert.deepEqual(await hss.terminate(publicIdentity, "SERVER_CHANGE"), {
    kind: "answered",
    result: success,
  });
  assert.deepEqual(ended, ["alice@ims.example SERVER_CHANGE"]);
  assert.equal(hss.assignment(publicIdentity)?.serverName, null);
  await hss.stop();
  assert.deepEqual(await cx.ask(locationInfo, { publicIdentity }), { kind: "no answer" });
  await cx.stop();
  await Promise.all(hosts.map((host) => host.close()));
});
