// What a MAR does at HSSs of every behaviour, as the doctor tries it. TS 29.228 6.3, 8.1.1.
import assert from "node:assert/strict";
import test from "node:test";
import type { CxConfig } from "@liquid-ims/cfs/config";
import { sendCx } from "@liquid-ims/diameter/cx/command";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { baseResult } from "@liquid-ims/diameter/result";
import { openCxProbe } from "@liquid-ims/lab/doctor/cx-probe";
import { judgeMarTest } from "@liquid-ims/lab/doctor/mar-judge";
import { type MarTestFacts, testMar } from "@liquid-ims/lab/doctor/mar-test";
import { createHss } from "@liquid-ims/lab/ims-core/hss";
import { type HssBehaviour, hssBehaviours } from "@liquid-ims/lab/ims-core/hss-behaviour";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { cfsHost, ScriptedHssNode } from "../../cfs/cx/scripted-hss-node.ts";
import { addNode, realm } from "../../diameter/diameter-world.ts";
import { addBareHost } from "../../support/virtual-hosts.ts";
import { alice, scscf1, scscf2 } from "../hss-world.ts";
import { factsOf, remediesOf } from "./doctor-subject.ts";

const listen = { host: "10.0.0.1", port: 3868 };
const doctor = `doctor.${realm}`;

const config: CxConfig = {
  ...{ originHost: `cfs.${realm}`, originRealm: realm, destinationRealm: realm },
  peers: [{ host: `hss.${realm}`, address: listen, localHost: "10.0.0.9" }],
};

interface Tried {
  readonly facts: MarTestFacts;
  /** What the HSS holds in the end. */
  readonly assigned: string | null;
}

/** The doctor tries it, with this identity. */
function testAs(simulation: Simulation, identity: string, sCscfs = [scscf1, scscf2]): Promise<MarTestFacts> {
  const host = addBareHost(simulation, "doctor", "10.0.0.9").node;
  const [publicIdentity = ""] = alice.publicIdentities;
  return simulation.settle(
    (async () => {
      const probe = await openCxProbe(host, config, identity);
      assert.ok(probe.isOpen);
      const { privateIdentity } = alice;
      const subject = { config, homeDomain: realm, privateIdentity, publicIdentity, sCscfs };
      const seen = await testMar(host, probe, subject);
      await probe.stop();
      return seen;
    })(),
  );
}

async function tryAt(
  behaviour: HssBehaviour,
  options: { readonly registered?: boolean; readonly sCscfs?: string[] } = {},
): Promise<Tried> {
  const { registered = true, sCscfs = [scscf1, scscf2] } = options;
  const simulation = new Simulation({ seed: 3 });
  const identity = `scscf1.${realm}`;
  const hss = simulation.addHost("hss", {
    addresses: [listen.host],
    program: createHss({
      ...{ listen, behaviour, digestRealm: realm, originHost: `hss.${realm}`, originRealm: realm },
      capacity: { msPerMessage: 0, queueMs: 0 },
      peers: [{ originHost: doctor }, { originHost: identity }],
      subscribers: [alice],
    }),
  });
  await simulation.settle(hss.node.ready);
  const peers = [{ originHost: `hss.${realm}`, address: listen }];
  const { node: server } = addNode(simulation, "10.0.0.2", { originHost: identity, peers });
  await simulation.run({ ms: 500 });
  const [publicIdentity = ""] = alice.publicIdentities;
  if (registered)
    await simulation.settle(
      new Promise<void>((resolve) => {
        const request = {
          ...{ userName: alice.privateIdentity, publicIdentities: [publicIdentity], serverName: scscf1 },
          serverAssignmentType: "REGISTRATION",
          userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE",
        } as const;
        sendCx(server, serverAssignment, { destinationRealm: realm }, request, () => resolve());
      }),
    );
  const facts = await testAs(simulation, doctor, sCscfs);
  return { facts, assigned: hss.node.assignment(publicIdentity)?.serverName ?? null };
}

/** By hand from TS 29.228 and from what real HSSs were seen to do. */
const expected: Readonly<Record<HssBehaviour, { readonly after: string; readonly cancelled: number }>> = {
  specification: { after: scscf2, cancelled: 1 },
  fhoss: { after: scscf2, cancelled: 0 },
  open5gs: { after: scscf2, cancelled: 0 },
  pyhss: { after: scscf1, cancelled: 0 },
};

for (const behaviour of hssBehaviours)
  test(`MAR and RTR: ${behaviour}; the name is what it was in the end`, async () => {
    const { facts, assigned } = await tryAt(behaviour);
    assert.deepEqual(facts, {
      ...{ kind: "done", before: scscf1, asked: scscf2, refused: null, notTakenOver: null, restored: scscf1 },
      ...expected[behaviour],
    });
    assert.equal(assigned, scscf1);
  });

test("who is not registered, and a network with one S-CSCF: nothing is changed", async () => {
  const absent = await tryAt("specification", { registered: false });
  assert.ok(absent.facts.kind === "not begun");
  assert.match(absent.facts.why, /no S-CSCF for sip:alice@ims\.example: register him first/);
  const single = await tryAt("specification", { sCscfs: [scscf1] });
  assert.ok(single.facts.kind === "not begun");
  assert.match(single.facts.why, /no second S-CSCF/);
  assert.equal(single.assigned, scscf1);
});

const done: MarTestFacts = {
  ...{
    kind: "done",
    before: scscf1,
    asked: scscf2,
    after: scscf2,
    refused: null,
    notTakenOver: null,
    cancelled: 0,
    restored: scscf1,
  },
};

function judge(facts: MarTestFacts, changed: Partial<CxConfig> = {}) {
  const cfs = (path: string) => `cfs.yaml:29 ${path}`;
  return judgeMarTest(facts, { config: { ...config, ...changed }, cfs, user: "sip:alice@ims.example" });
}

test("overwritten, no RTR: right, and the user has to register again", () => {
  const findings = judge(done);
  assert.deepEqual([factsOf(findings, "wrong"), factsOf(findings, "warn")], [[], []]);
  assert.match(factsOf(findings, "note").join(), /sip:alice@ims\.example has to register again now/);
});

test("no RTR, though the CFS waits for the ends of calls because of them", () => {
  const findings = judge(done, { cancelsOldServer: true });
  assert.deepEqual(remediesOf(findings), ["cfs.yaml:29 cx.cancelsOldServer: false"]);
});

test("RTR: what to set, unless it is set", () => {
  const cancelled = { ...done, cancelled: 1 };
  assert.match(
    remediesOf(judge(cancelled)).join("\n"),
    /cancelsOldServer: true.*\n.*marOriginHost: previous/,
  );
  assert.deepEqual(factsOf(judge(cancelled, { cancelsOldServer: true }), "warn"), []);
  assert.deepEqual(factsOf(judge(cancelled, { marOriginHost: "previous" }), "warn"), []);
});

test("the name is not overwritten: the adapter, unless there is one", () => {
  const ignored = { ...done, after: scscf1 };
  const findings = judge(ignored);
  assert.match(
    factsOf(findings, "wrong").join(),
    /the name stays sip:scscf1\.ims\.example:6060: PyHSS does so/,
  );
  assert.match(remediesOf(findings).join("\n"), /^cfs\.yaml:29 cx: adapter: \{ kind: pyhss/);
  const adapted = judge(ignored, { adapter: { kind: "pyhss", url: "http://10.0.0.3:8080" } });
  assert.deepEqual(factsOf(adapted, "wrong"), []);
});

test("an HSS that lets no node speak as another: RTR was not seen, and the doctor gives the name back itself", async () => {
  const simulation = new Simulation({ seed: 3 });
  const { node: hss } = simulation.addHost("hss", {
    addresses: [listen.host],
    program: (host) => new ScriptedHssNode(host, listen),
  });
  hss.names.set(alice.privateIdentity, scscf1);
  hss.ofOthers = baseResult(5012);
  const facts = await testAs(simulation, cfsHost);
  assert.ok(facts.kind === "done");
  assert.equal(facts.notTakenOver, "MAR was answered Result-Code 5012");
  assert.deepEqual([facts.after, facts.restored], [scscf2, scscf1]);
  assert.equal(hss.names.get(alice.privateIdentity), scscf1);
  const findings = judge(facts, { cancelsOldServer: true });
  assert.deepEqual([factsOf(findings, "wrong"), factsOf(findings, "warn")], [[], []]);
  assert.match(factsOf(findings, "note").join(), /not seen: it takes none that names another node .*5012/);
});

test("refused, and not restored", () => {
  const refused = judge({ ...done, refused: "MAR was answered Result-Code 5003", after: scscf1 });
  assert.match(factsOf(refused, "wrong").join(), /refuses a MAR .* Result-Code 5003/);
  const lost = judge({ ...done, restored: scscf2 });
  assert.match(
    factsOf(lost, "wrong").join(),
    /the name is sip:scscf2\.ims\.example:6060 now, not sip:scscf1/,
  );
});
