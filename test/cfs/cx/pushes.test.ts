// RTR and PPR that the HSS sends to the CFS, passed on to an S-CSCF that is a Diameter node.
import assert from "node:assert/strict";
import test from "node:test";
import type { CxConfig } from "@liquid-ims/cfs/config";
import type { CxPush } from "@liquid-ims/cfs/cx/cx";
import { CxNode } from "@liquid-ims/cfs/cx/cx-node";
import { sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { type PushProfileRequest, pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import {
  type RegistrationTerminationRequest,
  registrationTermination,
} from "@liquid-ims/diameter/cx/registration-termination";
import { cxApplicationId, cxDictionary, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import { DiameterNode } from "@liquid-ims/diameter/node";
import { baseResult, type Result } from "@liquid-ims/diameter/result";
import { resultCode } from "@liquid-ims/diameter/result-code";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import { counted } from "../../support/cfs-ue-world.ts";
import { cfsHost, hssHost, realm, ScriptedHssNode } from "./scripted-hss-node.ts";

const hssAddress = { host: "192.0.2.30", port: 3868 };
const server = "sip:scscf1.ims.example:6060";
const sCscf = { host: "192.0.2.41", port: 3868 };
const alice = "alice@ims.example";

/** An S-CSCF that is only a Diameter node. */
class SCscfNode {
  readonly rtrs: RegistrationTerminationRequest[] = [];
  readonly pprs: PushProfileRequest[] = [];
  /** Null: no answer. */
  result: Result | null = success;

  constructor(host: Host) {
    const node = new DiameterNode(host, {
      originHost: "scscf1.ims.example",
      originRealm: realm,
      listen: sCscf,
      peers: [{ originHost: cfsHost }],
      applications: [{ applicationId: cxApplicationId, vendorId: vendor3gpp }],
      dictionary: cxDictionary,
    });
    serveCx(node, registrationTermination, ({ request, answer }) => {
      this.rtrs.push(request);
      if (this.result !== null) answer(this.result, { associatedIdentities: { userNames: [alice] } });
    });
    serveCx(node, pushProfile, ({ request, answer }) => {
      this.pprs.push(request);
      if (this.result !== null) answer(this.result);
    });
    host.spawn("scscf starts", () => node.start());
  }
}

interface Changes {
  readonly servers?: readonly string[] | "not now" | null;
  readonly cx?: Partial<CxConfig>;
}

async function open({ servers = [server], cx = {} }: Changes = {}) {
  const simulation = new Simulation({ seed: 1 });
  const hss = simulation.addHost("hss", {
    addresses: [hssAddress.host],
    program: (host) => new ScriptedHssNode(host, hssAddress),
  });
  const scscf = simulation.addHost("scscf1", { addresses: [sCscf.host], program: (h) => new SCscfNode(h) });
  const pushes: CxPush[] = [];
  const config: CxConfig = {
    ...{ originHost: cfsHost, originRealm: realm, destinationRealm: realm, destinationHost: hssHost },
    peers: [{ host: hssHost, address: hssAddress }],
    serving: [{ server, address: sCscf }],
    ...cx,
  };
  const serving = (push: CxPush) => {
    pushes.push(push);
    return Promise.resolve(servers);
  };
  const cfs = simulation.addHost("cfs", {
    addresses: ["192.0.2.21"],
    program: (host) => new CxNode(host, { config, homeDomain: realm, serving }),
  });
  await simulation.settle(cfs.node.start());
  await simulation.run({ ms: 100 });
  const to = { destinationRealm: realm, destinationHost: cfsHost, timeoutMs: 9_000 };
  const rtr = {
    userName: alice,
    publicIdentities: ["sip:alice@ims.example", "tel:+1"],
    supportedFeatures: [],
    deregistrationReason: { reasonCode: "SERVER_CHANGE", reasonInfo: "elsewhere" },
  } as const;
  const ppr = { userName: alice, userData: encodeText("<IMSSubscription/>"), supportedFeatures: [] };
  return {
    ...{ simulation, hss, scscf, cfs, pushes },
    terminate: () =>
      simulation.settle(
        new Promise<Result | string>((resolve) => {
          sendCx(hss.node.node, registrationTermination, to, rtr, (outcome) =>
            resolve(outcome.kind === "answer" ? outcome.result : outcome.kind),
          );
        }),
      ),
    pushProfile: () =>
      simulation.settle(
        new Promise<Result | string>((resolve) => {
          sendCx(hss.node.node, pushProfile, to, ppr, (outcome) =>
            resolve(outcome.kind === "answer" ? outcome.result : outcome.kind),
          );
        }),
      ),
  };
}

test("TS 29.228 6.1.3, 6.1.5: RTR and PPR go on to the S-CSCF that serves, with all they say; its answer goes back", async () => {
  const { scscf, cfs, pushes, terminate, pushProfile: profile } = await open();
  assert.deepEqual(await terminate(), success);
  assert.deepEqual(await profile(), success);
  const [rtr] = scscf.node.rtrs;
  assert.equal(rtr?.userName, alice);
  assert.deepEqual(rtr.publicIdentities, ["sip:alice@ims.example", "tel:+1"]);
  assert.deepEqual(rtr.deregistrationReason, { reasonCode: "SERVER_CHANGE", reasonInfo: "elsewhere" });
  assert.deepEqual(scscf.node.pprs[0]?.userData, encodeText("<IMSSubscription/>"));
  assert.deepEqual(pushes[0], {
    ...{ command: "RTR", privateIdentity: alice, publicIdentities: ["sip:alice@ims.example", "tel:+1"] },
    ...{ reason: "SERVER_CHANGE", info: "elsewhere" },
  });
  assert.deepEqual(pushes[1], {
    ...{ command: "PPR", privateIdentity: alice, publicIdentities: [], reason: null },
  });
  assert.equal(counted(cfs.host, "cfs_cx_pushes_total", "done"), 2);
  assert.equal(cfs.node.open, 1, "an S-CSCF is no HSS");
});

test("TS 29.229 6.2: what the S-CSCF refuses is refused", async () => {
  const { scscf, cfs, pushProfile: profile } = await open();
  scscf.node.result = cxResult("notSupportedUserData");
  assert.deepEqual(await profile(), cxResult("notSupportedUserData"));
  assert.equal(counted(cfs.host, "cfs_cx_pushes_total", "failed"), 1);
});

test("RFC 6733 7.1.3: an S-CSCF that cannot be reached: 3002, and counted; a silent one the same, before the HSS gives up", async () => {
  const away = await open();
  away.scscf.kill();
  await away.simulation.run({ ms: 100 });
  assert.deepEqual(await away.terminate(), baseResult(resultCode.unableToDeliver));
  assert.equal(counted(away.cfs.host, "cfs_cx_pushes_total", "failed"), 1);
  const silent = await open();
  silent.scscf.node.result = null;
  const begun = silent.simulation.now;
  assert.deepEqual(await silent.terminate(), baseResult(resultCode.unableToDeliver));
  assert.ok(silent.simulation.now - begun < 3_500);
});

test("RFC 6733 7.1.3: where it cannot be told who serves the HSS is told to try again", async () => {
  const { cfs, terminate, pushProfile: profile } = await open({ servers: "not now" });
  assert.deepEqual(await terminate(), baseResult(resultCode.tooBusy));
  assert.deepEqual(await profile(), baseResult(resultCode.tooBusy));
  assert.equal(counted(cfs.host, "cfs_cx_pushes_total", "not now"), 2);
});

test("TS 29.228 6.1.3: an S-CSCF that is nobody's peer is looked for through the agents: an HSS is none, 3002", async () => {
  const { terminate, hss } = await open({ cx: { serving: [] } });
  assert.deepEqual(await terminate(), baseResult(resultCode.unableToDeliver));
  assert.equal(hss.node.mars.length, 0);
});

test("TS 29.228 6.1.3, 6.1.5: a stranger is unknown; one whom nobody holds any more is terminated, his profile is nobody's", async () => {
  const stranger = await open({ servers: null });
  assert.deepEqual(await stranger.terminate(), cxResult("userUnknown"));
  assert.deepEqual(await stranger.pushProfile(), cxResult("userUnknown"));
  assert.equal(counted(stranger.cfs.host, "cfs_cx_pushes_total", "unknown"), 2);
  const gone = await open({ servers: [] });
  assert.deepEqual(await gone.terminate(), success);
  assert.deepEqual(await gone.pushProfile(), cxResult("userUnknown"));
});

test("TS 29.228 6.1.3: devices at two S-CSCFs: both are told, and one that could not be makes the HSS try again", async () => {
  const { scscf, terminate } = await open({ servers: [server, "sip:scscf2.ims.example:6060"] });
  assert.deepEqual(await terminate(), baseResult(resultCode.unableToDeliver));
  assert.equal(scscf.node.rtrs.length, 1);
});
