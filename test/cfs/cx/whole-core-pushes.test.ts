// RTR and PPR that come while the CFS's name is on a user, in the lab's core: HSS, CFS and S-CSCFs over Diameter.
import assert from "node:assert/strict";
import test from "node:test";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import { pushesOf } from "@liquid-ims/lab/network";
import { createTopology } from "@liquid-ims/lab/topology";
import { begin, ended, isAt, openOwnCfs, s1, s2 } from "./own-cfs.ts";

/** Alice is in the window between MAR and registration: the HSS, one that has not cancelled her S-CSCF, addresses the CFS. */
async function openWindow(seed: number) {
  const made = await openOwnCfs(seed, {
    network: { hss: "fhoss", relaysPushes: true },
    cx: pushesOf(createTopology()),
  });
  const { world } = made;
  const alice = await world.openUe(1, 1);
  const bob = await world.openUe(2, 2);
  const hss = world.placement.node("hss", "hss");
  // The S-CSCFs call a CFS that is there only now.
  await world.wait(6_000);
  const targets = [{ function: s2 }];
  const id = await begin(made, { users: [alice.identity], targets, reason: "maintenance" });
  const isIn = () => hss.diameterHost(alice.identity) === world.topology.cfs.fqdn;
  await world.simulation.run({ ms: 10_000, when: isIn });
  assert.ok(isIn());
  return { made, world, alice, bob, hss, id };
}

test("TS 29.228 6.1.5: a profile that is pushed in the window reaches the S-CSCF that still serves; the move goes on", async () => {
  const { made, world, alice, hss, id } = await openWindow(71);
  const cfd = `sip:${world.topology.cfd.fqdn}`;
  const outcome = await world.simulation.settle(hss.changeProfile(alice.identity, [cfd, cfd]));
  assert.deepEqual(outcome, { kind: "answered", result: success });
  assert.equal((await ended(made, id)).counts.moved, 1);
  isAt(made, alice, s2);
  const pushes = made.cfs.host.metrics.samples().filter(({ name }) => name === "cfs_cx_pushes_total");
  assert.deepEqual(
    pushes.map(({ labels, value }) => [labels["command"], labels["fate"], value]),
    [["PPR", "done", 1]],
  );
});

test("TS 29.228 6.1.3: a user who is terminated in the window: the S-CSCF that serves ends him, and so does his move", async () => {
  const { made, world, alice, bob, hss, id } = await openWindow(72);
  const mars = () =>
    made.cfs.host.metrics
      .samples()
      .filter(({ name, labels }) => name === "cfs_cx_requests_total" && labels["command"] === "MAR")
      .reduce((sum, { value }) => sum + value, 0);
  const outcome = await world.simulation.settle(hss.terminate(alice.identity, "PERMANENT_TERMINATION"));
  assert.deepEqual(outcome, { kind: "answered", result: success });
  const transfer = await ended(made, id);
  const [line] = transfer.users;
  assert.deepEqual([line?.state, line?.reason], ["superseded", "ended by the HSS"]);
  await world.wait(20_000);
  assert.equal(mars(), 1, "no name is written any more");
  const terminated = world.placement.rows.get(bob.identity).map(({ sCscf }) => sCscf);
  assert.deepEqual(terminated, [s1], "nobody else");
});
