// Records of the location service against what was acknowledged.
import assert from "node:assert/strict";
import test from "node:test";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { type LoadUser, loadUser } from "@liquid-ims/sipp-scenarios/third-party-register/load-users";
import { checkRecords, type SentStep } from "@liquid-ims/sipp-scenarios/third-party-register/stored-records";

const users = Array.from({ length: 6 }, (_, index) => loadUser(index, "r"));
const shape = { form: "kamailio", body: "none", expires: 600 } as const;

function userAt(index: number): LoadUser {
  const user = users[index];
  if (user === undefined) throw new Error(`no user ${index}`);
  return user;
}

function record(user: LoadUser, changes: Partial<LocationRecord> = {}): LocationRecord {
  return {
    impu: user.identity,
    contact: null,
    implicitSet: [user.identity],
    impi: user.privateIdentity,
    instance: null,
    pCscf: user.pCscf,
    path: [`sip:term@${user.pCscf};lr`],
    sCscf: user.sCscf,
    visitedNetwork: user.domain,
    registeredAt: 0,
    refreshedAt: 0,
    expiresAt: 600_000,
    order: null,
    doubtful: false,
    ambiguous: false,
    others: [],
    state: "registered",
    leftAt: null,
    version: 1,
    change: 1,
    ...changes,
  };
}

/** A step with the status that each of its REGISTERs got; null: none. */
function sent(...what: [number, "new" | "refresh" | "deregister", number | null][]): SentStep {
  return {
    step: { rate: 1, registers: what.map(([index, kind]) => ({ user: userAt(index), kind, sequence: 2 })) },
    exchanges: new Map(
      what.map(([, , status], index) => [
        index + 1,
        { sentAt: 0, retransmissions: 0, status, milliseconds: status === null ? null : 1 },
      ]),
    ),
  };
}

test("all acknowledged, all there", () => {
  const check = checkRecords(
    [sent([0, "new", 200], [1, "new", 200]), sent([0, "refresh", 200], [1, "deregister", 200])],
    [record(userAt(0)), record(userAt(1), { state: "left", leftAt: 5 })],
    shape,
  );
  assert.deepEqual(check, {
    ...{ users: 2, expected: 1, uncertain: 0, found: 1, missing: [], surplus: [], wrong: [] },
  });
});

test("acknowledged and not there; left and still there; two records of one user", () => {
  const check = checkRecords(
    [sent([0, "new", 200], [1, "new", 200], [2, "new", 200]), sent([1, "deregister", 200])],
    [record(userAt(1)), record(userAt(2)), record(userAt(2), { contact: "sip:x@y" })],
    shape,
  );
  assert.deepEqual(check.missing, [userAt(0).identity]);
  assert.deepEqual(check.surplus, [userAt(1).identity, userAt(2).identity]);
  assert.equal(check.found, 3);
});

test("a 503 has changed nothing; without an answer both may hold", () => {
  const check = checkRecords(
    [
      sent([0, "new", 503], [1, "new", null], [2, "new", 200], [3, "new", 200], [4, "new", 200]),
      sent([2, "deregister", 503], [3, "deregister", null], [4, "refresh", null]),
    ],
    [record(userAt(1)), record(userAt(2)), record(userAt(4))],
    shape,
  );
  assert.equal(check.expected, 2);
  assert.equal(check.uncertain, 2);
  assert.deepEqual([check.missing, check.surplus, check.wrong], [[], [], []]);
});

test("what each form must leave in the record", () => {
  const user = userAt(0);
  const one = [sent([0, "new", 200])];
  const wrong = (changes: Partial<LocationRecord>, other: Parameters<typeof checkRecords>[2] = shape) =>
    checkRecords(one, [record(user, changes)], other).wrong.join();
  const shown = { contact: user.contact, instance: user.instance };
  assert.equal(wrong({}), "");
  assert.match(wrong({ sCscf: "sip:scscf9" }), /S-CSCF sip:scscf9 instead of sip:scscf1/);
  assert.match(wrong({ pCscf: null }), /P-CSCF unknown instead of pcscf1/);
  assert.match(wrong({ path: [] }), /Path {2}instead of sip:term@pcscf1/);
  assert.match(wrong({ contact: user.contact }), /contact sip:.* instead of unknown/);
  assert.match(wrong({ doubtful: true }), /doubtful/);
  assert.equal(wrong(shown, { ...shape, form: "embedded", body: "register" }), "");
  assert.equal(wrong(shown, { ...shape, body: "register" }), "");
  assert.match(
    wrong({}, { ...shape, form: "embedded", body: "register" }),
    /contact unknown instead of sip:/,
  );
  assert.equal(wrong({ path: [] }, { ...shape, form: "openims" }), "");
  assert.match(wrong({}, { ...shape, form: "openims" }), /Path sip:term@.* instead of/);
  assert.match(wrong({ pCscf: "127.0.1.9", path: [] }, { ...shape, form: "openims" }), /P-CSCF 127.0.1.9/);
});
