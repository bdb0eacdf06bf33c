// GET /users: who is known, and who only by his LCF.
import assert from "node:assert/strict";
import test from "node:test";
import type { KnownLcf, LcfChannel } from "@liquid-ims/cfs/cfs-ue/channel";
import { listAllUsers } from "@liquid-ims/cfs/operations/all-users";
import { registrationKeyOf } from "@liquid-ims/location-service/record";
import { createSqliteRows } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { sampleRecord } from "../../compliance/location-store.ts";

const createdAt = Date.UTC(2026, 10, 25, 13, 50, 4);

function channelOf(known: readonly KnownLcf[]): LcfChannel {
  const none = () => assert.fail("only looked at");
  return {
    known: () => known,
    state: (registration) =>
      known.some((lcf) => lcf.registration === registration)
        ? { reachable: true, since: 0 }
        : { reachable: false, reason: "no LCF" },
    send: none,
    sequenceReached: none,
    onMessage: none,
    onState: none,
    forget: none,
  };
}

test("an emptied location store: its LCFs are counted as unknown, with the time and the remedy", async () => {
  const rows = createSqliteRows(() => createdAt);
  const store = rows.open();
  const alice = sampleRecord();
  await store.upsert([{ record: alice, expect: "absent" }]);
  const known: KnownLcf[] = [
    { registration: registrationKeyOf(alice), identity: alice.impu, since: createdAt - 5 },
    { registration: "bob@home urn:uuid:2", identity: "sip:bob@home", since: createdAt - 5 },
    { registration: "carol@home urn:uuid:3", identity: "sip:carol@home", since: createdAt - 9 },
    { registration: "dora@home urn:uuid:4", identity: "sip:dora@home", since: createdAt + 5 },
    { registration: null, identity: "sip:emil@home", since: 0 },
    { registration: null, identity: "tel:+15551234", since: 0 },
  ];
  const list = await listAllUsers(store, channelOf(known));
  assert.deepEqual(
    list.users.map(({ user, unreachable }) => [user, unreachable]),
    [[alice.impu, null]],
  );
  assert.deepEqual(list.location, { createdAt });
  assert.deepEqual(list.unknown.reasons, [
    {
      reason: "no record since the location store was made at 2026-11-25T13:50:04Z",
      count: 3,
      remedy: "none needed: it is recorded at its next re-registration",
    },
    {
      reason: "no record: it has left, or its registration was never told to a CFD",
      count: 1,
      remedy: "none needed: it is recorded at its next re-registration",
    },
  ]);
  assert.equal(list.unknown.count, 4);
  assert.deepEqual(
    list.unknown.users.map(({ user }) => user),
    ["sip:bob@home", "sip:carol@home", "sip:dora@home", "sip:emil@home"],
  );
  rows.close();
});

test("without a store's date the reason does not name one", async () => {
  const rows = createSqliteRows(() => createdAt);
  const store = bare(rows.open());
  const known = [{ registration: null, identity: "sip:emil@home", since: 0 }];
  const { unknown, location } = await listAllUsers(store, channelOf(known));
  assert.deepEqual(location, { createdAt: null });
  assert.match(unknown.reasons[0]?.reason ?? "", /no record agrees/);
  rows.close();
});

function bare(store: ReturnType<ReturnType<typeof createSqliteRows>["open"]>) {
  return {
    upsert: store.upsert.bind(store),
    remove: store.remove.bind(store),
    get: store.get.bind(store),
    byFunction: store.byFunction.bind(store),
    changesSince: store.changesSince.bind(store),
    close: store.close.bind(store),
  };
}
