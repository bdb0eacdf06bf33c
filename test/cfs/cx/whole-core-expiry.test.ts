// T1 in the lab's core with each HSS: the registration at the S-CSCF that was left expires there. With FHoSS its SAR wipes
// the user who has moved, with Open5GS it takes his name back, and the CFS's aftercare finds and repairs that.
import assert from "node:assert/strict";
import test from "node:test";
import type { HssBehaviour } from "@liquid-ims/lab/ims-core/hss-behaviour";
import type { TestUe } from "../../ue-lcf/ue-world.ts";
import { ended, isAt, leave, type OwnCfs, openOwnCfs, s2 } from "./own-cfs.ts";

interface Played {
  readonly made: OwnCfs;
  readonly alice: TestUe;
  /** The HSS has lost alice, or has had her at the S-CSCF that she has left, at some time after her move. */
  readonly wiped: boolean;
  readonly answered: boolean;
}

/** Alice moves; an hour later a call comes, after her old registration has expired and before her next refresh. */
async function play(hss: HssBehaviour, aftercare: boolean): Promise<Played> {
  const made = await openOwnCfs(41, { network: { hss }, cx: { aftercare } });
  const { world } = made;
  const alice = await world.openUe(1, 1);
  const transfer = await ended(made, await leave(made));
  assert.equal(transfer.counts.moved, 1, JSON.stringify(transfer.users));
  isAt(made, alice, s2);
  const subscribers = world.placement.node("hss", "hss");
  let wiped = false;
  // The lab's S-CSCFs grant an hour; UEs refresh ten minutes before its end.
  const expired = world.simulation.now + 3_600_000;
  await world.simulation.run({
    ms: 3_700_000,
    when: () => {
      wiped ||= subscribers.assignment(alice.identity)?.serverName !== s2;
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

/** What the aftercare has found, and how often. */
function fates({ cfs }: OwnCfs): [string | undefined, number][] {
  return cfs.host.metrics
    .samples()
    .filter(({ name }) => name === "cfs_aftercare_total")
    .map(({ labels, value }) => [labels["result"], value]);
}

const lossy = [
  ["fhoss", "forgets the user"],
  ["open5gs", "has the user where she was"],
] as const;

for (const [behaviour, what] of lossy) {
  test(`T1, ${behaviour}: the old registration expires and the HSS ${what}; aftercare repairs it, and she can be called`, async () => {
    const { made, alice, wiped, answered } = await play(behaviour, true);
    assert.equal(wiped, true, "what is to be repaired has happened");
    assert.equal(answered, true);
    isAt(made, alice, s2);
    assert.deepEqual(fates(made), [["repaired", 1]]);
  });

  test(`T1, ${behaviour}: with aftercare off the same call fails`, async () => {
    const { wiped, answered } = await play(behaviour, false);
    assert.deepEqual([wiped, answered], [true, false]);
  });
}

test("T1, specification: the HSS refuses the SAR of the S-CSCF that was left; nothing is repaired", async () => {
  const { made, alice, wiped, answered } = await play("specification", true);
  assert.deepEqual([wiped, answered], [false, true]);
  // Looked at twice: 15 and 120 s after the old expiry.
  await made.world.wait(120_000);
  isAt(made, alice, s2);
  assert.deepEqual(fates(made), [["held", 1]]);
});
