// Which REGISTERs a load run sends, and in which order.
import assert from "node:assert/strict";
import test from "node:test";
import {
  mixCounts,
  mixKinds,
  planLoad,
  usersNeeded,
} from "@liquid-ims/sipp-scenarios/third-party-register/load-plan";

test("mix: whole parts that are the count together; the largest remainders are rounded up", () => {
  assert.deepEqual(mixCounts(2500, { new: 70, refresh: 25, deregister: 5 }), {
    new: 1750,
    refresh: 625,
    deregister: 125,
  });
  assert.deepEqual(mixCounts(10, { new: 1, refresh: 1, deregister: 1 }), {
    new: 4,
    refresh: 3,
    deregister: 3,
  });
  // 6.3, 2.25, 0.45: rounded down that is 8, and the one left over goes to 0.45.
  assert.deepEqual(mixCounts(9, { new: 70, refresh: 25, deregister: 5 }), {
    new: 6,
    refresh: 2,
    deregister: 1,
  });
  assert.deepEqual(mixCounts(3, { new: 0, refresh: 5, deregister: 0 }), {
    new: 0,
    refresh: 3,
    deregister: 0,
  });
});

test("mix: kinds are spread evenly, not one after the other", () => {
  const kinds = mixKinds({ new: 70, refresh: 25, deregister: 5 });
  assert.equal(kinds.length, 100);
  for (let start = 0; start < 100; start += 20) {
    const part = kinds.slice(start, start + 20);
    assert.equal(part.filter((kind) => kind === "deregister").length, 1, `from ${start}`);
    assert.equal(part.filter((kind) => kind === "refresh").length, 5, `from ${start}`);
  }
});

test("refreshes and de-registrations are of users registered before, and nobody is refreshed who leaves", () => {
  const plan = planLoad({
    steps: [
      { rate: 50, count: 100 },
      { rate: 100, count: 200 },
    ],
    mix: { new: 70, refresh: 20, deregister: 10 },
    run: "r",
  });
  const known = new Set(plan.known.registers.map(({ user }) => user));
  assert.equal(plan.known.rate, 50);
  assert.equal(known.size, 60 + 30);
  assert.ok(plan.known.registers.every(({ kind }) => kind === "new"));
  const of = (kind: string) =>
    plan.steps.flatMap(({ registers }) => registers).filter((each) => each.kind === kind);
  const users = (kind: string) => new Set(of(kind).map(({ user }) => user));
  assert.equal(users("new").size, 210);
  assert.ok([...users("new")].every((user) => !known.has(user)));
  assert.equal(users("deregister").size, 30);
  assert.equal(users("refresh").size, 60);
  for (const user of [...users("refresh"), ...users("deregister")]) assert.ok(known.has(user));
  for (const user of users("refresh")) assert.ok(!users("deregister").has(user));
});

test("many refreshes go round among 1,000 users, and the CSeq of each UE grows", () => {
  const options = {
    steps: [{ rate: 500, count: 2500 }],
    mix: { new: 0, refresh: 1, deregister: 0 },
    run: "r",
  };
  assert.deepEqual(usersNeeded(options), { fresh: 0, refreshed: 1000, leaving: 0, warming: 0 });
  const plan = planLoad(options);
  const registers = [...plan.known.registers, ...(plan.steps[0]?.registers ?? [])];
  const first = registers.filter(({ user }) => user === registers[0]?.user);
  assert.deepEqual(
    first.map(({ sequence }) => sequence),
    [2, 3, 4, 5],
  );
});

test("warming up: users of its own, as far as those of the mix are not enough", () => {
  const options = {
    steps: [{ rate: 9, count: 100 }],
    mix: { new: 90, refresh: 0, deregister: 10 },
    run: "r",
  };
  const warm = planLoad({ ...options, warmUp: 25 });
  assert.equal(new Set(warm.known.registers.map(({ user }) => user)).size, 25);
  const used = new Set(warm.steps.flatMap(({ registers }) => registers.map(({ user }) => user)));
  assert.equal(warm.known.registers.filter(({ user }) => used.has(user)).length, 10);
  assert.equal(planLoad({ ...options, warmUp: 5 }).known.registers.length, 10);
});

test("users come from the file in its order, and too few are refused", () => {
  const options = { steps: [{ rate: 1, count: 2 }], mix: { new: 1, refresh: 0, deregister: 0 }, run: "r" };
  const users = [{ identity: "sip:a@b.test", sCscf: "sip:s.b.test" }, { identity: "tel:+49301234" }];
  const [first, second] = planLoad({ ...options, users }).steps[0]?.registers ?? [];
  assert.equal(first?.user.identity, "sip:a@b.test");
  assert.equal(first?.user.sCscf, "sip:s.b.test");
  assert.equal(first?.user.privateIdentity, "a@b.test");
  assert.equal(second?.user.identity, "tel:+49301234");
  assert.throws(() => planLoad({ ...options, steps: [{ rate: 1, count: 3 }], users }), /only 2 users/);
});
