// What every location store must do, whatever it is made of: a store passes by running these tests over its factory.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { LocationContent, LocationRecord } from "@liquid-ims/location-service/record";
import type { LocationStore, RecordChange } from "@liquid-ims/location-service/store";

/** A record of alice behind pcscf1, with changes. */
export function sampleRecord(changes: Partial<LocationContent> = {}): LocationContent {
  return {
    impu: "sip:alice@open-ims.test",
    contact: "sip:alice@127.0.3.1:5060",
    implicitSet: ["sip:alice@open-ims.test", "tel:+15551234"],
    impi: "alice@open-ims.test",
    instance: "urn:uuid:00000000-0000-1000-8000-000000000001",
    regId: 1,
    pCscf: "pcscf1.open-ims.test:4060",
    path: ["sip:term@pcscf1.open-ims.test:4060;lr"],
    sCscf: "sip:scscf1.open-ims.test:6060",
    visitedNetwork: "open-ims.test",
    registeredAt: 1_000,
    refreshedAt: 2_000,
    expiresAt: 602_000,
    order: { callId: "reg-1", sequence: 2 },
    doubtful: false,
    ambiguous: false,
    others: [],
    state: "registered",
    leftAt: null,
    ...changes,
  };
}

const bob = sampleRecord({
  impu: "sip:bob@open-ims.test",
  implicitSet: ["sip:bob@open-ims.test"],
  contact: null,
  impi: "bob@open-ims.test",
  instance: null,
  pCscf: null,
  path: [],
  sCscf: "sip:scscf2.open-ims.test:6060",
  order: null,
});

function contentOf(record: LocationRecord | undefined): LocationContent | undefined {
  if (record === undefined) return undefined;
  const { version: _version, change: _change, ...content } = record;
  return content;
}

function names(records: readonly LocationRecord[]): string[] {
  return records.map(({ impu, contact }) => `${impu} ${contact ?? "*"}`).sort();
}

async function versionOf(store: LocationStore, record: LocationContent): Promise<number> {
  const found = (await store.get(record.impu)).find(({ contact }) => contact === record.contact);
  assert.ok(found !== undefined, "the record is there");
  return found.version;
}

/** Registers the tests; `open` gives an empty store each time, and sees to its end where closing is not all. */
export function testLocationStore(
  kind: string,
  open: (context: TestContext) => Promise<LocationStore>,
): void {
  function testStore(title: string, run: (store: LocationStore) => Promise<void>): void {
    test(`location store, ${kind}: ${title}`, async (context) => {
      const store = await open(context);
      await run(store);
      await store.close();
    });
  }

  testStore("an empty one has nothing", async (store) => {
    assert.deepEqual(await store.get("sip:alice@open-ims.test"), []);
    assert.deepEqual(await store.byFunction({}), []);
    const { change, ...nothing } = await store.changesSince(0);
    assert.deepEqual(nothing, { records: [], more: false, removed: false });
    assert.deepEqual(await store.changesSince(change), { ...nothing, change });
  });

  testStore("a record comes back as it was written, by each identity of its implicit set", async (store) => {
    const alice = sampleRecord();
    assert.equal(await store.upsert([{ record: alice, expect: "absent" }]), "done");
    for (const identity of alice.implicitSet) {
      const records = await store.get(identity);
      assert.equal(records.length, 1, identity);
      assert.deepEqual(contentOf(records[0]), alice);
    }
    assert.deepEqual(await store.get("sip:carol@open-ims.test"), []);
  });

  testStore("an identity that has left the implicit set no longer finds the record", async (store) => {
    const alice = sampleRecord();
    await store.upsert([{ record: alice, expect: "absent" }]);
    const smaller = sampleRecord({ implicitSet: [alice.impu] });
    await store.upsert([{ record: smaller, expect: await versionOf(store, alice) }]);
    assert.deepEqual(await store.get("tel:+15551234"), []);
    assert.equal((await store.get(alice.impu)).length, 1);
  });

  testStore("one user has a record for each contact, the unknown one among them", async (store) => {
    const contacts = ["sip:alice@127.0.3.1:5060", "sip:alice@127.0.3.2:5060", null];
    const changes = contacts.map((contact) => ({
      record: sampleRecord({ contact }),
      expect: "absent" as const,
    }));
    assert.equal(await store.upsert(changes), "done");
    assert.equal((await store.get("sip:alice@open-ims.test")).length, 3);
  });

  testStore("versions are compared: absent, as read, or conflict and nothing is written", async (store) => {
    const alice = sampleRecord();
    assert.equal(await store.upsert([{ record: alice, expect: 1 }]), "conflict", "not there yet");
    await store.upsert([{ record: alice, expect: "absent" }]);
    assert.equal(await store.upsert([{ record: alice, expect: "absent" }]), "conflict", "there already");
    const read = await versionOf(store, alice);
    const later = sampleRecord({ refreshedAt: 3_000 });
    assert.equal(await store.upsert([{ record: later, expect: read }]), "done");
    assert.equal(await store.upsert([{ record: alice, expect: read }]), "conflict", "somebody was faster");
    assert.deepEqual(contentOf((await store.get(alice.impu))[0]), later);
    assert.ok((await versionOf(store, alice)) > read);
  });

  testStore("a batch is all or nothing", async (store) => {
    await store.upsert([{ record: bob, expect: "absent" }]);
    const batch = [
      { record: sampleRecord(), expect: "absent" as const },
      { record: bob, expect: "absent" as const },
    ];
    assert.equal(await store.upsert(batch), "conflict");
    assert.deepEqual(await store.get("sip:alice@open-ims.test"), []);
    const twice = { record: sampleRecord(), expect: "absent" as const };
    assert.equal(await store.upsert([twice, twice]), "conflict", "one record twice in a batch");
    assert.deepEqual(await store.get("sip:alice@open-ims.test"), []);
  });

  testStore("of two writers that read the same version one wins", async (store) => {
    const alice = sampleRecord();
    await store.upsert([{ record: alice, expect: "absent" }]);
    const expect = await versionOf(store, alice);
    const results = await Promise.all([
      store.upsert([{ record: sampleRecord({ refreshedAt: 5 }), expect }]),
      store.upsert([{ record: sampleRecord({ refreshedAt: 6 }), expect }]),
    ]);
    assert.deepEqual(results.sort(), ["conflict", "done"]);
  });

  testStore("a record that was taken out and written anew does not take an old version", async (store) => {
    const alice = sampleRecord();
    await store.upsert([{ record: alice, expect: "absent" }]);
    const first = await versionOf(store, alice);
    assert.equal(await store.remove([{ key: alice, expect: first }]), "done");
    await store.upsert([{ record: alice, expect: "absent" }]);
    assert.equal(await store.upsert([{ record: alice, expect: first }]), "conflict");
    assert.equal(await store.remove([{ key: alice, expect: first }]), "conflict");
  });

  testStore("byFunction compares host and port, of P-CSCF, S-CSCF or both", async (store) => {
    await store.upsert([
      { record: sampleRecord(), expect: "absent" },
      {
        record: sampleRecord({ contact: "sip:alice@127.0.3.9", pCscf: "pcscf2.open-ims.test:4060" }),
        expect: "absent",
      },
      { record: bob, expect: "absent" },
    ]);
    const first = ["sip:alice@open-ims.test sip:alice@127.0.3.1:5060"];
    const both = [
      "sip:alice@open-ims.test sip:alice@127.0.3.1:5060",
      "sip:alice@open-ims.test sip:alice@127.0.3.9",
    ];
    const expected: [Parameters<LocationStore["byFunction"]>[0], string[]][] = [
      [{ pCscf: "pcscf1.open-ims.test:4060" }, first],
      [{ pCscf: "PCSCF1.open-ims.test" }, first],
      [{ pCscf: "pcscf1.open-ims.test:4061" }, []],
      [{ pCscf: "pcscf" }, []],
      [{ sCscf: "sip:scscf1.open-ims.test:6060" }, both],
      [{ sCscf: "scscf1.open-ims.test" }, both],
      [{ sCscf: "sip:scscf2.open-ims.test:6060" }, ["sip:bob@open-ims.test *"]],
      [{ pCscf: "pcscf2.open-ims.test", sCscf: "scscf1.open-ims.test" }, both.slice(1)],
      [{ pCscf: "pcscf2.open-ims.test", sCscf: "scscf2.open-ims.test" }, []],
      [{}, [...both, "sip:bob@open-ims.test *"]],
    ];
    for (const [filter, records] of expected)
      assert.deepEqual(names(await store.byFunction(filter)), records, JSON.stringify(filter));
  });

  testStore("byFunction follows a move and leaves out who has left, get does not", async (store) => {
    const alice = sampleRecord();
    await store.upsert([{ record: alice, expect: "absent" }]);
    const moved = sampleRecord({ pCscf: "pcscf2.open-ims.test:4060" });
    await store.upsert([{ record: moved, expect: await versionOf(store, alice) }]);
    assert.deepEqual(await store.byFunction({ pCscf: "pcscf1.open-ims.test" }), []);
    assert.equal((await store.byFunction({ pCscf: "pcscf2.open-ims.test" })).length, 1);
    const left = sampleRecord({ pCscf: "pcscf2.open-ims.test:4060", state: "left", leftAt: 9_000 });
    await store.upsert([{ record: left, expect: await versionOf(store, alice) }]);
    assert.deepEqual(await store.byFunction({ pCscf: "pcscf2.open-ims.test" }), []);
    assert.deepEqual(contentOf((await store.get(alice.impu))[0]), left);
  });

  testStore(
    "changesSince gives each changed record once, as it is now, in the order of changes",
    async (store) => {
      const carol = sampleRecord({
        impu: "sip:carol@open-ims.test",
        implicitSet: ["sip:carol@open-ims.test"],
      });
      for (const record of [sampleRecord(), bob, carol]) await store.upsert([{ record, expect: "absent" }]);
      const all = await store.changesSince(0);
      assert.deepEqual(
        all.records.map(({ impu }) => impu),
        ["sip:alice@open-ims.test", "sip:bob@open-ims.test", "sip:carol@open-ims.test"],
      );
      assert.deepEqual((await store.changesSince(all.change)).records, []);
      const later = sampleRecord({ refreshedAt: 7 });
      await store.upsert([{ record: later, expect: await versionOf(store, later) }]);
      const since = await store.changesSince(all.change);
      assert.deepEqual(since.records.map(contentOf), [later]);
      assert.ok(since.change > all.change);
      const again = await store.changesSince(0);
      assert.deepEqual(
        again.records.map(({ impu }) => impu),
        ["sip:bob@open-ims.test", "sip:carol@open-ims.test", "sip:alice@open-ims.test"],
      );
    },
  );

  testStore("changesSince stops at its limit, and going on misses nothing", async (store) => {
    for (let number = 0; number < 25; number++) {
      const impu = `sip:user${number}@open-ims.test`;
      await store.upsert([{ record: sampleRecord({ impu, implicitSet: [impu] }), expect: "absent" }]);
    }
    const seen: string[] = [];
    let change = 0;
    for (let more = true, rounds = 0; more; rounds++) {
      assert.ok(rounds < 10, "comes to an end");
      const part = await store.changesSince(change, 10);
      assert.ok(part.records.length <= 10);
      seen.push(...part.records.map(({ impu }) => impu));
      ({ change, more } = part);
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, number) => `sip:user${number}@open-ims.test`),
    );
  });

  testStore("a reader that was away while a record was taken out is told to compare", async (store) => {
    const alice = sampleRecord();
    await store.upsert([{ record: alice, expect: "absent" }]);
    await store.upsert([{ record: bob, expect: "absent" }]);
    const { change } = await store.changesSince(0);
    const left = sampleRecord({ state: "left", leftAt: 9_000 });
    await store.upsert([{ record: left, expect: await versionOf(store, alice) }]);
    const seen = await store.changesSince(change);
    assert.equal(seen.removed, false);
    assert.deepEqual(seen.records.map(contentOf), [left]);
    await store.remove([{ key: alice, expect: await versionOf(store, alice) }]);
    const away = await store.changesSince(change);
    assert.deepEqual([away.records, away.removed], [[], true]);
    assert.equal((await store.changesSince(away.change)).removed, false, "told once");
    assert.equal((await store.changesSince(0)).removed, false, "who reads all needs not compare");
    assert.deepEqual(names((await store.changesSince(0)).records), ["sip:bob@open-ims.test *"]);
  });

  testStore("what was read stays as it was read", async (store) => {
    const alice = sampleRecord();
    await store.upsert([{ record: alice, expect: "absent" }]);
    const [before] = await store.get(alice.impu);
    const later = sampleRecord({ refreshedAt: 3_000 });
    await store.upsert([{ record: later, expect: before?.version ?? 0 }]);
    assert.equal(before?.refreshedAt, 2_000);
  });

  testStore("many records and many changes of few", async (store) => {
    for (let round = 0; round < 60; round++) {
      const batch: RecordChange[] = [];
      for (let number = 0; number < 50; number++) {
        const impu = `sip:user${number}@open-ims.test`;
        const version: number | "absent" | undefined =
          round === 0 ? "absent" : (await store.get(impu))[0]?.version;
        assert.ok(version !== undefined);
        const record = sampleRecord({ impu, implicitSet: [impu], refreshedAt: round });
        batch.push({ record, expect: version });
      }
      assert.equal(await store.upsert(batch), "done");
    }
    const all = await store.changesSince(0);
    assert.equal(all.records.length, 50);
    assert.ok(all.records.every(({ refreshedAt }) => refreshedAt === 59));
  });

  testStore("writes that wait together each get their own answer", async (store) => {
    await store.upsert([{ record: bob, expect: "absent" }]);
    const users = Array.from({ length: 50 }, (_, number) => `sip:user${number}@open-ims.test`);
    const record = (impu: string) => sampleRecord({ impu, implicitSet: [impu] });
    const results = await Promise.all(
      users.map((impu, number) =>
        number % 10 === 9
          ? store.upsert([
              { record: record(impu), expect: "absent" },
              { record: bob, expect: "absent" },
            ])
          : store.upsert([{ record: record(impu), expect: "absent" }]),
      ),
    );
    results.forEach((result, number) => {
      assert.equal(result, number % 10 === 9 ? "conflict" : "done");
    });
    assert.equal((await store.byFunction({ pCscf: "pcscf1.open-ims.test" })).length, 45);
    assert.equal((await store.changesSince(0)).records.length, 46);
  });

  testStore("texts of any kind come back as they were", async (store) => {
    const strange = sampleRecord({
      impu: "sip:o'brien;--@open-ims.test",
      implicitSet: ["sip:o'brien;--@open-ims.test", "sip:zoë%20\u{1f600}@open-ims.test"],
      contact: "sip:\"\u0001'@[::1]:5060;ob",
      path: ["", "sip:ü@p;lr"],
      others: [{ pCscf: "pcscf2.open-ims.test", expiresAt: 5.5, returns: 1 }],
      registeredAt: 1.25,
      order: { callId: "", sequence: 0 },
    });
    const { regId: _none, ...withoutFlow } = strange;
    await store.upsert([{ record: withoutFlow, expect: "absent" }]);
    assert.deepEqual(contentOf((await store.get("sip:zoë%20\u{1f600}@open-ims.test"))[0]), withoutFlow);
  });

  testStore("after close a call rejects", async (store) => {
    await store.close();
    await assert.rejects(store.get("sip:alice@open-ims.test"), /closed/);
    await assert.rejects(store.upsert([{ record: bob, expect: "absent" }]), /closed/);
  });
}
