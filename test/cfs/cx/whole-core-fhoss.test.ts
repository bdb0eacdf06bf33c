// T1 in the lab's core with an HSS that behaves as FHoSS: the registration at the S-CSCF that was left expires there, its
// SAR wipes the user who has moved, and the CFS's aftercare finds and repairs that.
import assert from "node:assert/strict";
import test from "node:test";
import type { TestUe } from "../../ue-lcf/ue-world.ts";
import { ended, isAt, leave, type OwnCfs, openOwnCfs, s2 } from "./own-cfs.ts";

interface Played {
  readonly made: OwnCfs;
  readonly alice: TestUe;
  /** Of alice at the HSS when a call to her was placed. */
  readonly wiped: boolean;
  readonly answered: boolean;
}

/** Alice moves; an hour later a call comes, after her old registration has expired and before her next refresh. */
async function play(aftercare: boolean): Promise<Played> {
  const made = await openOwnCfs(41, { network: { hss: "fhoss" }, cx: { aftercare } });
  const { world } = made;
  const alice = await world.openUe(1, 1);
  const transfer = await ended(made, await leave(made));
  assert.equal(transfer.counts.moved, 1, JSON.stringify(transfer.users));
  isAt(made, alice, s2);
  const hss = world.placement.node("hss", "hss");
  let wiped = false;
  // The lab's S-CSCFs grant an hour; UEs refresh ten minutes before its end.
  const expired = world.simulation.now + 3_600_000;
  await world.simulation.run({
    ms: 3_700_000,
    when: () => {
      wiped ||= hss.assignment(alice.identity)?.serverName === null;
      return world.simulation.now > expired + 60_000;
    },
  });
  const bob = await world.openUe(2, 2);
  const call = world.place(bob, alice);
  await world.simulation.run({
    ms: 20_000,
    when: () => call.state === "confirmed" || call.state === "ended",
  });
  return { made, alice, wiped, answered: call.state === "confirmed" };
}

test("T1: the old registration expires and the HSS forgets the user; aftercare repairs it, and she can be called", async () => {
  const { made, alice, wiped, answered } = await play(true);
  assert.equal(wiped, true, "what is to be repaired has happened");
  assert.equal(answered, true);
  isAt(made, alice, s2);
  const fates = made.cfs.host.metrics.samples().filter(({ name }) => name === "cfs_aftercare_total");
  assert.deepEqual(
    fates.map(({ labels, value }) => [labels["result"], value]),
    [["repaired", 1]],
  );
});

test("T1: with aftercare off the same call fails", async () => {
  const { wiped, answered } = await play(false);
  assert.deepEqual([wiped, answered], [true, false]);
});
