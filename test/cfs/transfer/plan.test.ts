// The plan of a transfer: shares, who goes where, who stays and why.
import assert from "node:assert/strict";
import test from "node:test";
import type { LcfState } from "@liquid-ims/cfs/cfs-ue/channel";
import { forecast } from "@liquid-ims/cfs/transfer/forecast";
import { type PlanInput, plan } from "@liquid-ims/cfs/transfer/plan";
import { apportion, interleave, nextTarget } from "@liquid-ims/cfs/transfer/policy/shares";
import { isSameFunction } from "@liquid-ims/location-service/function-name";
import { type LocationRecord, registrationKeyOf } from "@liquid-ims/location-service/record";
import fc from "fast-check";

const p1 = "pcscf1.home:4060";
const p2 = "pcscf2.home:4060";
const p3 = "pcscf3.home:4060";
const reachable: LcfState = { reachable: true, since: 0 };

function record(name: string, changes: Partial<LocationRecord> = {}): LocationRecord {
  return {
    impu: `sip:${name}@home`,
    contact: `sip:${name}@192.0.2.1:5060`,
    implicitSet: [`sip:${name}@home`, `tel:+${name}`],
    impi: `${name}@home`,
    instance: null,
    pCscf: p1,
    path: [],
    sCscf: "sip:scscf1.home:6060",
    visitedNetwork: null,
    registeredAt: 0,
    refreshedAt: 0,
    expiresAt: 1,
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

function planOf(changes: Partial<PlanInput>) {
  return plan({
    request: { function: p1, load: 0 },
    targets: [{ function: p2, weight: 1 }],
    records: [],
    lcf: () => reachable,
    isSame: isSameFunction,
    ...changes,
  });
}

function fates(lines: ReturnType<typeof plan>): Record<string, string | null> {
  return Object.fromEntries(lines.map(({ user, target, reason }) => [user, target ?? reason]));
}

test("apportion: the Hamilton example of the US House of 1790, in small", () => {
  assert.deepEqual(apportion(10, [1, 1]), [5, 5]);
  assert.deepEqual(apportion(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(apportion(7, [0.5, 0.3, 0.2]), [4, 2, 1]);
  assert.deepEqual(apportion(3, [0, 1]), [0, 3]);
  assert.deepEqual(apportion(5, [0, 0]), [0, 0]);
  assert.deepEqual(apportion(1, [0.5, 0.5]), [1, 0]);
});

test("apportion: parts add up and lie within one of the exact share", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5000 }),
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 }),
      (count, weights) => {
        const parts = apportion(count, weights);
        const sum = weights.reduce((total, weight) => total + weight, 0);
        assert.equal(
          parts.reduce((total, part) => total + part, 0),
          count,
        );
        for (const [index, part] of parts.entries())
          assert.ok(Math.abs(part - (count * (weights[index] ?? 0)) / sum) < 1 + 1e-9);
      },
    ),
  );
});

test("interleave: each target has its part, spread over the whole", () => {
  assert.deepEqual(interleave([2, 2]), [0, 1, 0, 1]);
  assert.deepEqual(interleave([1, 3]), [1, 0, 1, 1]);
  assert.deepEqual(interleave([]), []);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 }), (parts) => {
      const order = interleave(parts);
      for (const [index, part] of parts.entries())
        assert.equal(order.filter((target) => target === index).length, part);
    }),
  );
});

test("nextTarget: a latecomer goes where the share is furthest behind", () => {
  assert.equal(nextTarget([1, 1], [3, 2]), 1);
  assert.equal(nextTarget([1, 1], [2, 2]), 0);
  assert.equal(nextTarget([3, 1], [5, 1]), 0);
  assert.equal(nextTarget([0, 1], [0, 9]), 1);
});

test("system 6: every user has one line, planned counts add up, the same input gives the same plan", () => {
  const kind = fc.constantFrom(
    "good",
    "no LCF",
    "several devices",
    "suspect",
    "ambiguous",
    "doubtful",
    "sos",
  );
  const users = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), kind), {
    selector: ([name]) => name,
    maxLength: 60,
  });
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(users, fc.double({ min: 0, max: 1, noNaN: true }), weights, (people, load, shares) => {
      const records = people.map(([name, what]) =>
        record(name, {
          ambiguous: what === "ambiguous",
          doubtful: what === "doubtful",
          ...(what === "sos" ? { contact: `sip:${name}@192.0.2.1;sos` } : {}),
        }),
      );
      const states = new Map(
        people.map(([name, what], index): [string, LcfState] => [
          registrationKeyOf(records[index] ?? record(name)),
          what === "no LCF" || what === "several devices" || what === "suspect"
            ? { reachable: false, reason: what }
            : reachable,
        ]),
      );
      const input: PlanInput = {
        request: { function: p1, load },
        targets: shares.map((weight, index) => ({ function: `target${index}.home`, weight })),
        records,
        lcf: (key) => states.get(key) ?? reachable,
        isSame: isSameFunction,
      };
      const lines = plan(input);
      assert.deepEqual(lines, plan({ ...input, records: [...records].reverse() }));
      assert.deepEqual(lines.map(({ user }) => user).sort(), records.map(({ impu }) => impu).sort());
      for (const { target, reason } of lines) assert.ok((target === null) !== (reason === null));
      const movable = people.filter(([, what]) => what === "good" || what === "suspect").length;
      const [, wanted = 0] = apportion(people.length, [load, 1 - load]);
      assert.equal(lines.filter(({ counted }) => counted).length, wanted);
      const movers = lines.filter(({ target }) => target !== null);
      assert.equal(movers.length, Math.min(wanted, movable));
      assert.ok(movers.every(({ counted }) => counted));
      assert.deepEqual(
        input.targets.map(({ function: name }) => movers.filter(({ target }) => target === name).length),
        apportion(movers.length, shares),
      );
    }),
  );
});

test("system 6: who cannot be moved is named with the reason", () => {
  const away: LcfState = { reachable: false, reason: "no LCF" };
  const several: LcfState = { reachable: false, reason: "several devices" };
  const records = [
    record("a"),
    record("b"),
    record("c", { ambiguous: true }),
    record("d", { doubtful: true }),
    record("e", { contact: "sip:e@192.0.2.1;sos;reg-id=1" }),
    record("f"),
    record("g"),
  ];
  const lines = planOf({
    records,
    lcf: (key) => (key.startsWith("b@") ? away : key.startsWith("f@") ? several : reachable),
    dialogs: new Map([
      [
        registrationKeyOf(record("g")),
        [{ id: "x", state: "confirmed", role: "uac", emergency: true, replaceable: true }] as const,
      ],
    ]),
  });
  assert.deepEqual(fates(lines), {
    "sip:a@home": p2,
    "sip:b@home": "no LCF",
    "sip:c@home": "ambiguous record",
    "sip:d@home": "doubtful record",
    "sip:e@home": "emergency registration",
    "sip:f@home": "several devices",
    "sip:g@home": "emergency call",
  });
});

test("system 6: those who cannot be moved are the first of those who are left", () => {
  const records = ["a", "b", "c", "d"].map((name) => record(name));
  const lines = planOf({
    request: { function: p1, load: 0.5 },
    records,
    lcf: (key) => (/^[ab]@/.test(key) ? { reachable: false, reason: "no LCF" } : reachable),
  });
  assert.deepEqual(
    lines.map(({ target, counted }) => [target, counted]),
    [
      [null, false],
      [null, false],
      [p2, true],
      [p2, true],
    ],
  );
});

test("system 2: records of one registration are one user, devices of one user are several", () => {
  const lines = planOf({
    records: [
      record("a", { instance: "<urn:uuid:1>" }),
      record("a", { instance: "<urn:uuid:1>", contact: "sip:a@192.0.2.9" }),
      record("a", { instance: "<urn:uuid:2>", contact: "sip:a@192.0.2.10" }),
    ],
  });
  assert.deepEqual(
    lines.map(({ registration }) => registration),
    ["a@home <urn:uuid:1>", "a@home <urn:uuid:2>"],
  );
});

test("os-cfs: named users move wherever they are, by any identity; absent ones are named", () => {
  const lines = planOf({
    request: { users: ["sip:a@home", "tel:+b", "sip:c@home", "sip:nobody@home"] },
    targets: [{ function: p3, weight: 1 }],
    records: [record("a", { pCscf: p2 }), record("b"), record("c", { pCscf: p3 })],
  });
  assert.deepEqual(fates(lines), {
    "sip:a@home": p3,
    "sip:b@home": p3,
    "sip:c@home": "already on the target",
    "sip:nobody@home": "no registration",
  });
  assert.equal(lines.filter(({ counted }) => counted).length, 3);
});

test("forecast: the time to command everybody, and the load of the targets", () => {
  const lines = planOf({
    records: ["a", "b", "c", "d"].map((name) => record(name)),
    targets: [
      { function: p2, weight: 1 },
      { function: p3, weight: 1 },
    ],
  });
  const present = [
    { function: p2, users: 7 },
    { function: p3, users: 0 },
  ];
  assert.deepEqual(forecast({ lines, present, pace: { mode: "fixed", usersPerSecond: 2 } }), {
    durationMs: 1500,
    targets: [
      { function: p2, users: 7, after: 9 },
      { function: p3, users: 0, after: 2 },
    ],
  });
  assert.equal(forecast({ lines, present, pace: { mode: "parallel" } }).durationMs, 0);
});
