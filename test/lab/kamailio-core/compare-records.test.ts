// Records, HSS and user location compared: what is equal is shown, what is not fails.
import assert from "node:assert/strict";
import test from "node:test";
import { compareRecords, type Witnesses } from "@liquid-ims/lab/kamailio-core/compare-records";
import { readShownUser, readSnapshot } from "@liquid-ims/lab/kamailio-core/usrloc";
import type { LocationRecord } from "@liquid-ims/location-service/record";

const user = "sip:user001@open-ims.test";
const contact = "sip:user001@127.0.3.2:5060";
const shown = `{\n\timpu: ${user}\n\tstate: registered\n\tcontacts: {\n\t\t${contact}: {\n\t\t\texpires: 3592\n\t\t\tclient: n/a\n\t\t}\n\t}\n}\n`;
const snapshot =
  `...IMPU Record(0x1)...\n\tpublic_identity    : '${user}'\n\t~~~Contact(0x2) (refcount: 1)~~~\n\t\tContact   : '${contact}'\n` +
  "\t\tCall-ID   : 'a'\n\t\tPath      : '<sip:term@pcscf2.open-ims.test:4060;lr>'\n\t\tState     : Contact valid\n";
const sCscfs = [1, 2].map((n) => ({ name: `scscf${n}`, uri: `sip:scscf${n}.open-ims.test:6060` }));

const record: LocationRecord = {
  ...{ impu: user, contact, implicitSet: [user], impi: "user001@open-ims.test", instance: null },
  ...{ pCscf: "pcscf2.open-ims.test:4060", path: [], sCscf: "sip:scscf1.open-ims.test:6060" },
  ...{
    visitedNetwork: null,
    registeredAt: 0,
    refreshedAt: 0,
    expiresAt: 3_595_000,
    order: null,
    doubtful: false,
  },
  ...{ ambiguous: false, others: [], state: "registered", leftAt: null, version: 1, change: 1 },
};

function witnesses(changes: Partial<Witnesses> = {}): Witnesses {
  return {
    records: () => [record],
    assignment: () => ({
      state: "registered",
      serverName: "sip:scscf1.open-ims.test:6060",
      authenticationPending: false,
    }),
    sCscfs,
    now: () => 0,
    showUser: async (name) => (name === "scscf1" ? readShownUser(shown) : null),
    readPaths: async (name) => (name === "scscf1" ? readSnapshot(snapshot) : new Map()),
    ...changes,
  };
}

test("what is equal gives a line a record and no failure", async () => {
  const { lines, failures } = await compareRecords([user], witnesses());
  assert.deepEqual(failures, []);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /pcscf2\.open-ims\.test:4060, 3592 s$/);
});

const faults: [string, Partial<Witnesses>, RegExp][] = [
  ["no record", { records: () => [] }, /no location record/],
  ["another P-CSCF", { records: () => [{ ...record, pCscf: "pcscf1.open-ims.test:4060" }] }, /usrloc's Path/],
  [
    "another S-CSCF",
    { records: () => [{ ...record, sCscf: "sip:scscf2.open-ims.test:6060" }] },
    /the HSS sip:scscf1/,
  ],
  [
    "another contact",
    { records: () => [{ ...record, contact: "sip:user001@127.0.3.9:5060" }] },
    /usrloc has/,
  ],
  ["a record that ends before", { now: () => 10_000 }, /lasts 3585 s more, usrloc's contact 3592 s/],
  ["a doubtful record", { records: () => [{ ...record, doubtful: true }] }, /the record is doubtful/],
  ["an ambiguous record", { records: () => [{ ...record, ambiguous: true }] }, /the record is ambiguous/],
  [
    "a user who is claimed only",
    { showUser: async () => readShownUser(shown.replace("state: registered", "state: unregistered")) },
    /usrloc of scscf1 says unregistered/,
  ],
  ["a wiped user", { assignment: () => null }, /the HSS says null/],
  ["an S-CSCF without him", { showUser: async () => null }, /usrloc has none/],
];

for (const [what, changes, expected] of faults) {
  test(`${what} is a failure`, async () => {
    const { failures } = await compareRecords([user], witnesses(changes));
    assert.match(failures.join("\n"), expected);
  });
}

test("a contact that the old S-CSCF keeps is said", async () => {
  const { lines, failures } = await compareRecords(
    [user],
    witnesses({ showUser: async () => readShownUser(shown) }),
  );
  assert.deepEqual(failures, []);
  assert.match(lines[0] ?? "", /scscf2 keeps it 3592 s more/);
});

test("T6: a contact that is removed, and waits for usrloc's timer, is none", async () => {
  const other = `${contact};alias=127.0.3.2~4001~2`;
  const both = readShownUser(
    shown.replace("\tcontacts: {\n", `\tcontacts: {\n\t\t${other}: {\n\t\t\texpires: 3592\n\t\t}\n`),
  );
  assert.equal(both?.contacts.length, 2);
  const second = snapshot.slice(snapshot.indexOf("\t~~~Contact(")).replace(`'${contact}'`, `'${other}'`);
  const compare = (state: string) =>
    compareRecords(
      [user],
      witnesses({
        showUser: async (name) => (name === "scscf1" ? both : null),
        readPaths: async () => readSnapshot(snapshot + second.replace("Contact valid", state)),
      }),
    );
  assert.deepEqual((await compare("Contact deleted")).failures, []);
  assert.match((await compare("Contact valid")).failures.join(), /usrloc has .*;alias=/);
});
