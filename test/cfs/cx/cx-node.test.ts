// The CFS as a node of Cx, against an HSS over Diameter.
import assert from "node:assert/strict";
import test from "node:test";
import type { CxConfig } from "@liquid-ims/cfs/config";
import { CxNode } from "@liquid-ims/cfs/cx/cx-node";
import { cxResult } from "@liquid-ims/diameter/cx/experimental-result";
import { baseResult } from "@liquid-ims/diameter/result";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText } from "@liquid-ims/runtime/text";
import { counted } from "../../support/cfs-ue-world.ts";
import { cfsHost, hssHost, realm, ScriptedHssNode } from "./scripted-hss-node.ts";

const hssAddress = { host: "192.0.2.30", port: 3868 };
const alice = { privateIdentity: "alice@ims.example", publicIdentity: "sip:alice@ims.example" };
const s1 = "sip:scscf1.ims.example:6060";
const s2 = "sip:SCSCF2.ims.example:6060";
const options = { timeoutMs: 8_000, previous: s1 };

const config: CxConfig = {
  originHost: cfsHost,
  originRealm: realm,
  destinationRealm: realm,
  destinationHost: hssHost,
  peers: [{ host: hssHost, address: hssAddress }],
};

const nobody = () => Promise.resolve(null);

async function open(changes: Partial<CxConfig> = {}) {
  const simulation = new Simulation({ seed: 1 });
  const hss = simulation.addHost("hss", {
    addresses: [hssAddress.host],
    program: (host) => new ScriptedHssNode(host, hssAddress),
  });
  const cfs = simulation.addHost("cfs", {
    addresses: ["192.0.2.21"],
    program: (host) =>
      new CxNode(host, { config: { ...config, ...changes }, homeDomain: realm, serving: nobody }),
  });
  await simulation.settle(cfs.node.start());
  assert.equal(cfs.node.open, 1);
  return { simulation, hss, cfs };
}

test("TS 29.228 6.3: MAR has the five AVPs that an HSS asks for, the name verbatim", async () => {
  const { simulation, hss, cfs } = await open();
  assert.deepEqual(await simulation.settle(cfs.node.reassign(alice, s2, options)), { ok: true });
  const [mar] = hss.node.mars;
  assert.ok(mar !== undefined);
  assert.deepEqual(
    [mar.userName, mar.publicIdentity, mar.serverName, mar.sipNumberAuthItems, mar.sipAuthDataItem],
    [alice.privateIdentity, alice.publicIdentity, s2, 1, { sipAuthenticationScheme: "Digest-AKAv1-MD5" }],
  );
  assert.equal(mar.originHost, cfsHost);
});

test("TS 29.228 6.3: the scheme is configurable, for users who have no AKA", async () => {
  const { simulation, hss, cfs } = await open({ authenticationScheme: "SIP Digest" });
  await simulation.settle(cfs.node.reassign(alice, s2, options));
  assert.deepEqual(hss.node.mars[0]?.sipAuthDataItem, { sipAuthenticationScheme: "SIP Digest" });
});

test("TS 23.003 13.4B: with `publicIdentity: private` MAR, UAR and LIR name the identity made of the private one", async () => {
  const { simulation, hss, cfs } = await open({ publicIdentity: "private" });
  const user = { ...alice, publicIdentity: "sip:+49301@ims.example" };
  await simulation.settle(cfs.node.reassign(user, s2, options));
  await simulation.settle(cfs.node.assignedServer(user));
  // The scripted HSS knows her by this identity only.
  const held = await simulation.settle(cfs.node.registration(user));
  assert.deepEqual(held, { ok: true, server: s2, registered: true });
  const named = [...hss.node.mars, ...hss.node.uars].map(({ publicIdentity }) => publicIdentity);
  assert.deepEqual(
    named,
    [alice, alice, alice].map(({ publicIdentity }) => publicIdentity),
  );
});

test("TS 29.228 8.1.1: with `marOriginHost: previous` MAR comes in the old S-CSCF's name", async () => {
  const { simulation, hss, cfs } = await open({ marOriginHost: "previous" });
  assert.deepEqual(await simulation.settle(cfs.node.reassign(alice, s2, options)), { ok: true });
  assert.equal(hss.node.mars[0]?.originHost, "scscf1.ims.example");
});

test("TS 29.228 6.1.1: UAR reads the assigned name, or that there is none", async () => {
  const { simulation, hss, cfs } = await open();
  assert.deepEqual(await simulation.settle(cfs.node.assignedServer(alice)), { ok: true, server: null });
  // What an HSS suggests for a first registration is not assigned.
  hss.node.choice = s2;
  assert.deepEqual(await simulation.settle(cfs.node.assignedServer(alice)), { ok: true, server: null });
  hss.node.names.set(alice.privateIdentity, s2);
  assert.deepEqual(await simulation.settle(cfs.node.assignedServer(alice)), { ok: true, server: s2 });
  const [uar] = hss.node.uars;
  assert.deepEqual(
    [uar?.userName, uar?.publicIdentity, decodeText(uar?.visitedNetworkIdentifier ?? new Uint8Array())],
    [alice.privateIdentity, alice.publicIdentity, realm],
  );
  assert.equal(uar?.userAuthorizationType, "REGISTRATION");
});

test("TS 29.228 6.1.4, 6.1.1: LIR says who serves, UAR for a de-registration whether he is registered there", async () => {
  const { simulation, hss, cfs } = await open();
  const read = () => simulation.settle(cfs.node.registration(alice));
  assert.deepEqual(await read(), { ok: true, server: null, registered: false });
  hss.node.names.set(alice.privateIdentity, s2);
  assert.deepEqual(await read(), { ok: true, server: s2, registered: true });
  hss.node.unregistered = true;
  assert.deepEqual(await read(), { ok: true, server: s2, registered: false });
  // An HSS that does not serve that type of UAR says nothing against him.
  hss.node.deregistration = baseResult(5004);
  assert.deepEqual(await read(), { ok: true, server: s2, registered: true });
  // Nor does one that takes it for a registration.
  hss.node.deregistration = cxResult("subsequentRegistration");
  hss.node.deregistrationServer = s2;
  assert.deepEqual(await read(), { ok: true, server: s2, registered: true });
  // One that is busy has not said anything.
  hss.node.deregistration = baseResult(3004);
  const busy = await read();
  assert.ok(!busy.ok);
  assert.equal(busy.reason, "HSS too busy");
  assert.equal(hss.node.mars.length, 0);
  hss.kill();
  await simulation.run({ ms: 100 });
  const away = await read();
  assert.ok(!away.ok);
  assert.equal(away.reason, "HSS cannot be reached");
});

const untold = [
  ["that the HSS cannot comply with", baseResult(5012), "refused by the HSS"],
  ["whose answer cannot be used", "unusable", "HSS does not answer"],
] as const;

for (const [what, location, reason] of untold) {
  test(`TS 29.228 6.1.1: an LIR ${what} counts as nobody only when UAR says so, too`, async () => {
    const { simulation, hss, cfs } = await open();
    const read = () => simulation.settle(cfs.node.registration(alice));
    hss.node.names.set(alice.privateIdentity, s2);
    hss.node.location = location;
    hss.node.unregistered = true;
    assert.deepEqual(await read(), { ok: true, server: null, registered: false });
    hss.node.unregistered = false;
    const broken = await read();
    assert.ok(!broken.ok);
    assert.equal(broken.reason, reason);
  });
}

test("TS 29.228 6.1.1: an HSS that is too busy for LIR is not asked by UAR", async () => {
  const { simulation, hss, cfs } = await open();
  hss.node.names.set(alice.privateIdentity, s2);
  hss.node.location = baseResult(3004);
  const busy = await simulation.settle(cfs.node.registration(alice));
  assert.ok(!busy.ok);
  assert.equal(busy.reason, "HSS too busy");
  assert.equal(hss.node.uars.length, 0);
});

test("TS 29.229 6.2: each refusal has a reason of its own, and has certainly done nothing", async () => {
  const { simulation, hss, cfs } = await open();
  const cases = [
    [baseResult(3004), "HSS too busy"],
    [baseResult(4001), "HSS too busy"],
    [baseResult(3002), "HSS cannot be reached"],
    [cxResult("userUnknown"), "unknown to the HSS"],
    [cxResult("identitiesDontMatch"), "unknown to the HSS"],
    [cxResult("authSchemeNotSupported"), "refused by the HSS"],
    [baseResult(5001), "refused by the HSS"],
    [baseResult(5012), "refused by the HSS"],
  ] as const;
  for (const [result, reason] of cases) {
    hss.node.result = result;
    const answer = await simulation.settle(cfs.node.reassign(alice, s2, options));
    assert.ok(!answer.ok);
    assert.deepEqual([answer.reason, answer.mayBeDone], [reason, false], String(result.code));
    assert.match(answer.detail, new RegExp(`${result.kind} ${result.code}`));
  }
  hss.node.result = cxResult("authSchemeNotSupported");
  const scheme = await simulation.settle(cfs.node.reassign(alice, s2, options));
  assert.ok(!scheme.ok);
  assert.match(scheme.detail, /give cx\.authenticationScheme, or Unknown/);
  assert.equal(counted(cfs.host, "cfs_cx_requests_total", "HSS too busy"), 2);
});

test("RFC 6733 5.5.4: without an answer it may be done; without a peer it is not", async () => {
  const { simulation, hss, cfs } = await open();
  hss.node.result = null;
  const unanswered = await simulation.settle(cfs.node.reassign(alice, s2, options));
  assert.ok(!unanswered.ok);
  assert.deepEqual([unanswered.reason, unanswered.mayBeDone], ["HSS does not answer", true]);
  hss.kill();
  await simulation.run({ ms: 100 });
  const away = await simulation.settle(cfs.node.reassign(alice, s2, options));
  assert.ok(!away.ok);
  assert.deepEqual([away.reason, away.mayBeDone], ["HSS cannot be reached", false]);
  hss.restart();
  await simulation.run({ ms: 5_000 });
  assert.deepEqual(await simulation.settle(cfs.node.reassign(alice, s2, options)), { ok: true });
});

test("an HSS that is away does not keep the CFS from starting", async () => {
  const simulation = new Simulation({ seed: 1 });
  simulation.addHost("hss", { addresses: [hssAddress.host], program: () => undefined });
  const cfs = simulation.addHost("cfs", {
    addresses: ["192.0.2.21"],
    program: (host) => new CxNode(host, { config, homeDomain: realm, serving: nobody }),
  });
  const begun = simulation.now;
  await simulation.settle(cfs.node.start());
  assert.ok(simulation.now - begun <= 1_100);
  await simulation.settle(cfs.node.stop());
});

test("config: a peer that is there twice, or is the CFS itself, is a fault that is named", () => {
  const simulation = new Simulation({ seed: 1 });
  simulation.addHost("cfs", {
    addresses: ["192.0.2.21"],
    program: (host) => {
      const itself = { ...config, peers: [{ host: cfsHost, address: hssAddress }] };
      assert.throws(() => new CxNode(host, { config: itself, homeDomain: realm, serving: nobody }), /peers/);
    },
  });
});
