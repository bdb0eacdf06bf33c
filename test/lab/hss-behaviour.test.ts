// The behaviours of the lab's HSS when a user's S-CSCF is changed: MAR, UAR, the old S-CSCF's SAR, RTR and PPR.
// TS 29.228 6.1.2.1, 6.1.3, 6.1.5, 6.3.1, 8.1. The expected rows are written by hand from what these HSSs do.
import assert from "node:assert/strict";
import test from "node:test";
import { cxResult, success, unableToComply } from "@liquid-ims/diameter/cx/experimental-result";
import { baseResult } from "@liquid-ims/diameter/result";
import { resultCode } from "@liquid-ims/diameter/result-code";
import { type HssBehaviour, hssBehaviours } from "@liquid-ims/lab/ims-core/hss-behaviour";
import type { PushOutcome } from "@liquid-ims/lab/ims-core/hss-pushes";
import { parseUserData } from "@liquid-ims/lab/ims-core/user-data-reader";
import { decodeText } from "@liquid-ims/runtime/text";
import { realm } from "../diameter/diameter-world.ts";
import { identity, open, openRegistered, whoServes } from "./hss-behaviour-world.ts";
import { codeOf, type HssWorld, type Peer, scscf1, scscf2 } from "./hss-world.ts";

/** A change of S-CSCF by MAR, by hand: behaviour, UAR after the MAR, pending, Diameter host, RTR to. */
const afterMar: readonly [HssBehaviour, string, boolean, string | null, Peer[]][] = [
  ["specification", `3gpp 2002 ${scscf2}`, true, `cfs.${realm}`, ["scscf1"]],
  ["fhoss", `3gpp 2002 ${scscf2}`, true, `cfs.${realm}`, []],
  ["open5gs", `3gpp 2002 ${scscf2}`, false, null, []],
  ["pyhss", `3gpp 2002 ${scscf1}`, false, `scscf1.${realm}`, []],
];

for (const [behaviour, server, pending, diameterHost, cancelled] of afterMar) {
  test(`${behaviour}: a MAR of the CFS with another Server-Name`, async () => {
    const world = await openRegistered(behaviour);
    assert.equal(codeOf(await world.challenge("cfs", scscf2)), "2001");
    await world.simulation.run({ ms: 30_000 });
    assert.equal(await whoServes(world), server);
    const { node } = world.hss;
    assert.equal(node.assignment(identity)?.authenticationPending, pending);
    assert.equal(node.assignment(identity)?.state, "registered");
    assert.equal(node.diameterHost(identity), diameterHost);
    assert.deepEqual(
      world.pushed.map(({ to }) => to),
      cancelled,
    );
  });
}

/** Behaviour, answer to a de-registration SAR of the S-CSCF that was left, state and name afterwards. */
const afterOldSar: readonly [HssBehaviour, string, string, string | null][] = [
  ["specification", "3gpp 5005", "registered", scscf2],
  // T1: the moved user is wiped.
  ["fhoss", "2001", "not registered", null],
  ["open5gs", "2001", "registered", scscf1],
  ["pyhss", "2001", "registered", scscf2],
];

for (const [behaviour, code, state, serverName] of afterOldSar) {
  test(`${behaviour}: a de-registration SAR of the S-CSCF that a moved user has left`, async () => {
    const world = await openRegistered(behaviour);
    await world.challenge("cfs", scscf2);
    // PyHSS takes the name from the new S-CSCF's SAR only.
    await world.challenge("scscf2", scscf2);
    assert.equal(codeOf(await world.assign("scscf2", scscf2, "REGISTRATION")), "2001");
    assert.equal(codeOf(await world.assign("scscf1", scscf1, "TIMEOUT_DEREGISTRATION")), code);
    assert.deepEqual(world.hss.node.assignment(identity), {
      state,
      serverName,
      authenticationPending: false,
    });
  });
}

/** T3: an S-CSCF that does not serve him claims the user. */
const afterClaim: readonly [HssBehaviour, string, string, string][] = [
  ["specification", "3gpp 5005", "registered", scscf1],
  ["fhoss", "2001", "unregistered", scscf2],
  ["open5gs", "2001", "unregistered", scscf2],
  // Takes names from SARs for a registration only.
  ["pyhss", "2001", "registered", scscf1],
];

for (const [behaviour, code, state, serverName] of afterClaim) {
  test(`${behaviour}: SAR UNREGISTERED_USER of an S-CSCF that does not serve the user`, async () => {
    const world = await openRegistered(behaviour);
    assert.equal(codeOf(await world.assign("scscf2", scscf2, "UNREGISTERED_USER")), code);
    assert.deepEqual(world.hss.node.assignment(identity), {
      state,
      serverName,
      authenticationPending: false,
    });
  });
}

test("pyhss: SAR UNREGISTERED_USER of the S-CSCF that serves the user ends his registration", async () => {
  const world = await openRegistered("pyhss");
  assert.equal(codeOf(await world.assign("scscf1", scscf1, "UNREGISTERED_USER")), "2001");
  assert.deepEqual(world.hss.node.assignment(identity), {
    ...{ state: "not registered", serverName: null, authenticationPending: false },
  });
  assert.equal(codeOf(await world.assign("scscf1", scscf1, "TIMEOUT_DEREGISTRATION")), "2001");
});

for (const behaviour of hssBehaviours) {
  test(`${behaviour}: a de-registration SAR of the S-CSCF that serves the user`, async () => {
    const world = await openRegistered(behaviour);
    assert.equal(codeOf(await world.assign("scscf1", scscf1, "USER_DEREGISTRATION")), "2001");
    const name = behaviour === "open5gs" ? scscf1 : null;
    assert.deepEqual(world.hss.node.assignment(identity), {
      ...{ state: "not registered", serverName: name, authenticationPending: false },
    });
  });
}

test("pyhss: AUTS of the S-CSCF that registers a user is taken though no name is stored yet", async () => {
  const world = await open("pyhss");
  await world.challenge("scscf1", scscf1);
  assert.equal(codeOf(await world.challenge("scscf1", scscf1, new Uint8Array(30))), "2001");
  const strict = await openRegistered("specification");
  await strict.challenge("cfs", scscf2);
  assert.equal(codeOf(await strict.challenge("scscf1", scscf1, new Uint8Array(30))), "5012");
});

test("TS 29.228 8.1.1: the RTR names the user, his implicit set and NEW_SERVER_ASSIGNED", async () => {
  const world = await openRegistered("specification");
  await world.challenge("cfs", scscf2);
  await world.simulation.run({ ms: 100 });
  const [first] = world.pushed;
  assert.deepEqual(first?.rtr, {
    userName: "alice@ims.example",
    publicIdentities: ["sip:alice@ims.example", "tel:+4930123"],
    deregistrationReason: { reasonCode: "NEW_SERVER_ASSIGNED" },
  });
});

test("TS 29.228 8.1.1: no RTR when the stored host itself sends the MAR, nor for who is not registered, nor for a second MAR", async () => {
  const world = await openRegistered("specification");
  await world.challenge("scscf1", scscf2);
  await world.challenge("scscf1", scscf2);
  const other = await open("specification");
  await other.challenge("scscf1", scscf1);
  await other.challenge("cfs", scscf2);
  await world.simulation.run({ ms: 1000 });
  await other.simulation.run({ ms: 1000 });
  assert.deepEqual([...world.pushed, ...other.pushed], []);
});

test("TS 29.228 8.1.1: taking a change back sends no RTR; the next change after a registration does", async () => {
  const world = await openRegistered("specification");
  await world.challenge("cfs", scscf2);
  await world.challenge("cfs", scscf1);
  await world.simulation.run({ ms: 1000 });
  assert.deepEqual(
    world.pushed.map(({ to }) => to),
    ["scscf1"],
  );
  await world.challenge("scscf1", scscf1);
  await world.assign("scscf1", scscf1, "REGISTRATION");
  await world.challenge("cfs", scscf2);
  await world.simulation.run({ ms: 1000 });
  assert.deepEqual(
    world.pushed.map(({ to }) => to),
    ["scscf1", "scscf1"],
  );
});

test("an S-CSCF that does not answer its RTR gets it four times, and then no more", async () => {
  const world = await openRegistered("specification");
  world.reply = null;
  await world.challenge("cfs", scscf2);
  await world.simulation.run({ ms: 120_000 });
  const [first] = world.pushed;
  assert.deepEqual(
    world.pushed.map(({ to, at }) => [to, Math.round((at - (first?.at ?? 0)) / 1000)]),
    // 4 s for an answer, then 1, 2 and 4 s.
    [
      ["scscf1", 0],
      ["scscf1", 5],
      ["scscf1", 11],
      ["scscf1", 19],
    ],
  );
});

test("an S-CSCF that is busy gets its RTR again, one that refuses or knows nobody does not", async () => {
  for (const [reply, tries] of [
    [baseResult(resultCode.tooBusy), 4],
    [unableToComply, 1],
    [cxResult("userUnknown"), 1],
  ] as const) {
    const world = await openRegistered("specification");
    world.reply = reply;
    await world.challenge("cfs", scscf2);
    await world.simulation.run({ ms: 120_000 });
    assert.equal(world.pushed.length, tries, JSON.stringify(reply));
  }
});

test("an RTR that is late is not sent when the user has come back", async () => {
  const world = await openRegistered("specification");
  world.reply = null;
  await world.challenge("cfs", scscf2);
  await world.simulation.run({ ms: 2000 });
  await world.challenge("cfs", scscf1);
  await world.simulation.run({ ms: 120_000 });
  assert.equal(world.pushed.length, 1);
});

/** What the test asks for, settled with the clock running. */
function settle<Value>(world: HssWorld, promise: Promise<Value>): Promise<Value> {
  return world.simulation.settle(promise, 120_000);
}

test("RTR to an S-CSCF that is not connected: given up after four tries, and the registration stays", async () => {
  const world = await openRegistered("specification");
  world.peers.scscf1.stop();
  await world.simulation.run({ ms: 1000 });
  const outcome = await settle(world, world.hss.node.terminate(identity, "PERMANENT_TERMINATION"));
  assert.deepEqual(outcome, { kind: "given up", to: `scscf1.${realm}`, why: "not connected" });
  assert.equal(world.hss.node.assignment(identity)?.state, "registered");
});

test("after the MAR of a node that is no peer RTR and PPR reach nobody, and nobody else gets them", async () => {
  const world = await openRegistered("fhoss");
  const from = { originHost: "elsewhere.ims.example" };
  await world.challenge("cfs", scscf2, undefined, from);
  const outcome = await settle(world, world.hss.node.terminate(identity, "SERVER_CHANGE"));
  assert.deepEqual(outcome, {
    ...{ kind: "given up", to: "elsewhere.ims.example", why: "not one of the configured peers" },
  } satisfies PushOutcome);
  assert.deepEqual(world.pushed, []);
});

test("TS 29.228 table 6.1.3.1: RTR and PPR go to the CFS after its MAR, and to the new S-CSCF after its SAR", async () => {
  for (const behaviour of ["specification", "fhoss"] as const) {
    const world = await openRegistered(behaviour);
    const { node } = world.hss;
    await world.challenge("cfs", scscf2);
    await world.simulation.run({ ms: 1000 });
    world.pushed.length = 0;
    assert.equal(
      (await settle(world, node.changeProfile(identity, ["sip:as2.ims.example"])))?.kind,
      "answered",
    );
    // A MAR with the name that is stored already does not update it.
    await world.challenge("scscf2", scscf2);
    assert.equal(node.diameterHost(identity), `cfs.${realm}`);
    await world.assign("scscf2", scscf2, "REGISTRATION");
    assert.equal((await settle(world, node.changeProfile(identity, [])))?.kind, "answered");
    assert.deepEqual(
      world.pushed.map(({ to, ppr }) => [to, ppr?.userName]),
      [
        ["cfs", "alice@ims.example"],
        ["scscf2", "alice@ims.example"],
      ],
    );
    const data = world.pushed[0]?.ppr?.userData;
    assert.ok(data !== undefined);
    const criteria = parseUserData(decodeText(data))?.serviceProfiles[0]?.initialFilterCriteria;
    assert.deepEqual(
      criteria?.map((one) => one.applicationServer.serverName),
      ["sip:as2.ims.example"],
    );
  }
});

test("TS 29.228 6.1.3.1: a registration that is terminated ends when that is answered; nobody, where nobody serves", async () => {
  const world = await openRegistered("specification");
  const { node } = world.hss;
  assert.deepEqual(await settle(world, node.terminate(identity, "PERMANENT_TERMINATION")), {
    kind: "answered",
    result: success,
  });
  assert.deepEqual(node.assignment(identity), {
    ...{ state: "not registered", serverName: null, authenticationPending: false },
  });
  assert.deepEqual(await settle(world, node.terminate(identity, "PERMANENT_TERMINATION")), {
    kind: "nobody",
  });
  assert.equal(await settle(world, node.terminate("sip:nobody@ims.example", "SERVER_CHANGE")), null);
});

test("assign: a person sets the name, and nobody is told", async () => {
  const world = await openRegistered("pyhss");
  const { node } = world.hss;
  assert.equal(node.assign(identity, scscf2), true);
  assert.equal(node.assign("sip:nobody@ims.example", scscf2), false);
  assert.equal(await whoServes(world), `3gpp 2002 ${scscf2}`);
  assert.deepEqual(world.pushed, []);
});
