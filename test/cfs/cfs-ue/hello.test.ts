// Hello, ticket and binding. cfs-ue 2, 5, 6; RFC 6665 4.2.1.
import assert from "node:assert/strict";
import test from "node:test";
import {
  aliceKey,
  boundWorld,
  channelOf,
  counted,
  isReachable,
  record,
  world,
} from "../../support/cfs-ue-world.ts";

const refused = "cfs_ue_refused_total";

test("2: a hello whose record agrees is answered 200 and one active NOTIFY with the ticket", async () => {
  const made = await world({ lcf: { obedient: false } });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  assert.equal(dialog.response?.status, 200);
  assert.equal(dialog.response?.headers.get("Expires"), "3500");
  assert.equal(dialog.notifies.length, 1);
  assert.match(dialog.notifies[0]?.state ?? "", /^active;expires=3(500|499)$/);
  assert.equal(dialog.ticket?.nonce, dialog.nonce);
  assert.deepEqual(dialog.ticket?.allowed.pCscf, ["*.open-ims.test"]);
  assert.equal(dialog.ticket?.sequence, 0);
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "not bound" });
});

test("6: the challenge repeated in the dialog binds the key", async () => {
  const made = await boundWorld();
  assert.equal(isReachable(made), true);
  assert.equal(made.cfs.node.states.at(-1)?.reachable, true);
  assert.equal(made.cfs.node.ue?.claims(aliceKey)?.contact, made.lcf.node.contact);
});

test("2: a record that comes late turns pending into active", async () => {
  const made = await world({ records: [] });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 50 });
  assert.equal(dialog.response?.status, 200);
  assert.match(dialog.notifies[0]?.state ?? "", /^pending;/);
  assert.equal(dialog.notifies[0]?.body, null);
  await made.location.upsert([{ record: record(), expect: "absent" }]);
  await made.simulation.run({ ms: 500, when: () => isReachable(made) });
  assert.match(dialog.notifies[1]?.state ?? "", /^active;/);
  assert.equal(isReachable(made), true);
});
