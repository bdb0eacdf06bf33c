// What the lab's HSS answers to UAR and LIR with each of its behaviours. TS 29.228 6.1.1.1, 6.1.4.1. The expected rows are
// written by hand from what these HSSs do.
import assert from "node:assert/strict";
import test from "node:test";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import type { HssBehaviour } from "@liquid-ims/lab/ims-core/hss-behaviour";
import { identity, open, openRegistered, whereIs, whoServes } from "./hss-behaviour-world.ts";
import { bob, scscf1 } from "./hss-world.ts";

/** A UAR for a de-registration: of who is registered, unregistered, neither; and whether the first one changes that. */
const deregistrationQueries: readonly [HssBehaviour, string, string, string, boolean][] = [
  ["specification", `2001 ${scscf1}`, "2001 nobody", "3gpp 5003 nobody", false],
  ["fhoss", `2001 ${scscf1}`, "2001 nobody", "3gpp 5003 nobody", false],
  ["open5gs", `3gpp 2002 ${scscf1}`, `3gpp 2002 ${scscf1}`, "3gpp 2001 nobody", false],
  // The question wipes whom it is about.
  ["pyhss", `2001 ${scscf1}`, `3gpp 2001 ${scscf1}`, `3gpp 2001 ${scscf1}`, true],
];

for (const [behaviour, registered, unregistered, neither, wipes] of deregistrationQueries) {
  test(`TS 29.228 6.1.1.1, ${behaviour}: UAR for a de-registration`, async () => {
    const nobody = await open(behaviour);
    assert.equal(await whoServes(nobody, "DE_REGISTRATION"), neither);
    const world = await openRegistered(behaviour);
    assert.equal(await whoServes(world, "DE_REGISTRATION"), registered);
    const name = world.hss.node.assignment(identity)?.serverName;
    assert.equal(name, wipes ? null : scscf1);
    await world.assign("scscf1", scscf1, "UNREGISTERED_USER");
    assert.equal(await whoServes(world, "DE_REGISTRATION"), unregistered);
  });
}

/** LIR for who is unregistered with and without services for that, and for who has no S-CSCF. */
const locations: readonly [HssBehaviour, string, string, string][] = [
  ["specification", `2001 ${scscf1}`, `2001 ${scscf1}`, "3gpp 2003 nobody"],
  ["fhoss", `2001 ${scscf1}`, "5012 nobody", "3gpp 2003 nobody"],
  ["open5gs", `2001 ${scscf1}`, `2001 ${scscf1}`, "3gpp 2003 nobody"],
  // It names one of its own choice.
  ["pyhss", `2001 ${scscf1}`, `2001 ${scscf1}`, `2001 ${scscf1}`],
];

for (const [behaviour, withServices, without, nowhere] of locations) {
  test(`TS 29.228 6.1.4.1, ${behaviour}: LIR for who is not registered`, async () => {
    const world = await open(behaviour);
    assert.equal(await whereIs(world, identity), nowhere);
    await world.assign("scscf1", scscf1, "UNREGISTERED_USER");
    assert.equal(await whereIs(world, identity), withServices);
    const [bobs = ""] = bob.publicIdentities;
    await world.ask("scscf1", serverAssignment, {
      ...{ userName: bob.privateIdentity, publicIdentities: [bobs], serverName: scscf1 },
      serverAssignmentType: "UNREGISTERED_USER",
      userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE",
    });
    assert.equal(await whereIs(world, bobs), without);
  });
}
