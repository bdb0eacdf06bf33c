// os-cfs as plain functions: what is refused and why, what is shown.
import assert from "node:assert/strict";
import test from "node:test";
import type { OperationResult } from "@liquid-ims/cfs/operations/operations";
import type { TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import { Bench, config, impu, key, p1, p2, p3, s1, s2 } from "../transfer/bench.ts";

const drain: TransferRequest = { function: p1, load: 0, targets: [{ function: p2 }], reason: "removal" };

async function refused(
  bench: Bench,
  request: TransferRequest,
): Promise<{ status: number; type: string; detail: string }> {
  const result = await bench.call(bench.operations.createTransfer(request));
  assert.ok(!result.ok, "it was taken");
  const { status, type, detail } = result.problem;
  return { status, type: type.replace("urn:liquid-ims:problem:", ""), detail };
}

test("os-cfs: an unknown function is 404 and nothing is started", async () => {
  const bench = new Bench();
  const answer = await refused(bench, { ...drain, function: "nowhere.home" });
  assert.deepEqual(answer, {
    status: 404,
    type: "unknown-function",
    detail: 'function is "nowhere.home": name one of GET /os-cfs/v1/functions',
  });
  assert.deepEqual(await bench.value(bench.operations.listTransfers()), { transfers: [] });
});

test("os-cfs: one transfer for a function at a time, and a standing order counts", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  const running = await refused(bench, { ...drain, load: 0.5 });
  assert.deepEqual([running.status, running.type], [409, "transfer-running"]);
  assert.match(running.detail, new RegExp(id));
  await bench.end(id);
  const standing = await refused(bench, drain);
  assert.equal(standing.status, 409);
  assert.match(standing.detail, /DELETE \/os-cfs\/v1\/functions\/pcscf1\.home:4060\/drain/);
  await bench.value(bench.operations.endDrain(p1));
  assert.equal((await bench.value(bench.operations.createTransfer(drain))).state, "COMPLETED");
});

test("os-cfs: two requests for a function at the same moment make one transfer", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  const asked = [
    bench.operations.createTransfer(drain),
    bench.operations.createTransfer({ ...drain, load: 0.5 }),
  ];
  const answers: OperationResult<unknown>[] = [];
  for (const operation of asked) answers.push(await bench.call(operation));
  assert.deepEqual(
    answers.map((answer) => (answer.ok ? 202 : answer.problem.status)),
    [202, 409],
  );
});

test("os-cfs: targets that cannot be used are named, with what is wrong", async () => {
  const bench = new Bench();
  bench.users(1, 1, p3);
  const flaws: [TransferRequest["targets"], RegExp][] = [
    [[], /targets is \[\]: name at least one P-CSCF/],
    [[{ function: p2 }, { function: "x.home" }], /targets\[1\]\.function is "x\.home": is unknown/],
    [[{ function: p1 }], /is the affected function itself/],
    [[{ function: "192.0.2.11" }], /is the affected function itself/],
    [[{ function: "sip:scscf1.home:6060" }], /is of kind S-CSCF/],
    [[{ function: p2, weight: 0 }], /weight that is not above 0/],
  ];
  for (const [targets, detail] of flaws) {
    const answer = await refused(bench, { ...drain, targets });
    assert.deepEqual([answer.status, answer.type], [422, "no-usable-target"]);
    assert.match(answer.detail, detail);
  }
  await bench.value(bench.operations.createTransfer({ ...drain, function: p3 }));
  assert.match(
    (await refused(bench, { ...drain, targets: [{ function: p3 }] })).detail,
    /is being emptied itself/,
  );
  assert.match(
    (await refused(bench, { ...drain, targets: [{ function: p2 }, { function: p2 }] })).detail,
    /named twice/,
  );
});

test("os-cfs: values out of range are 422, with the field", async () => {
  const bench = new Bench();
  const flaws: [TransferRequest, RegExp][] = [
    [{ ...drain, load: 1.5 }, /^load is 1\.5/],
    [{ ...drain, load: Number.NaN }, /^load/],
    [{ ...drain, deadline: 0 }, /^deadline is 0/],
    [{ ...drain, pace: { mode: "fixed", usersPerSecond: -1 } }, /^pace\.usersPerSecond is -1/],
    [{ ...drain, pace: { mode: "parallel", usersInFlight: 0.5 } }, /^pace\.usersInFlight is 0\.5/],
    [{ users: [], targets: [{ function: p2 }], reason: "removal" }, /^users is \[\]/],
  ];
  for (const [request, detail] of flaws) {
    const answer = await refused(bench, request);
    assert.deepEqual([answer.status, answer.type], [422, "invalid-request"]);
    assert.match(answer.detail, detail);
  }
});

test("system 3 S: S-CSCFs go to S-CSCFs, and only with Cx", async () => {
  const bench = new Bench();
  const fromS = { ...drain, function: s1 };
  const mixed = await refused(bench, fromS);
  assert.deepEqual([mixed.status, mixed.type], [422, "no-usable-target"]);
  assert.match(mixed.detail, /^targets\[0\]\.function is .*: is of kind P-CSCF; name a S-CSCF/);
  const users = { users: ["sip:u01@home"], reason: "removal" } as const;
  const both = await refused(bench, { ...users, targets: [{ function: s2 }, { function: p2 }] });
  assert.match(both.detail, /^targets\[1\]\.function is .*: is of kind P-CSCF; name a S-CSCF/);
  const itself = await refused(bench, { ...fromS, targets: [{ function: s1 }] });
  assert.match(itself.detail, /is the affected function itself/);
  const without = await refused(bench, { ...fromS, targets: [{ function: s2 }] });
  assert.deepEqual([without.status, without.type], [422, "invalid-request"]);
  assert.match(without.detail, /^cx is null: only the HSS changes the S-CSCF of a user; configure `cx`/);
});

test("os-cfs: nobody to move is COMPLETED with 0", async () => {
  const bench = new Bench();
  const empty = await bench.value(bench.operations.createTransfer({ ...drain, load: 0.5 }));
  assert.deepEqual(
    [empty.state, empty.standing, empty.counts],
    ["COMPLETED", false, { planned: 0, moved: 0, left: 0 }],
  );
  bench.users(1, 2);
  const full = await bench.value(bench.operations.createTransfer({ ...drain, load: 1 }));
  assert.deepEqual([full.state, full.counts.planned, full.users.length], ["COMPLETED", 0, 2]);
});

test("os-cfs: a function is found by address, too", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  const byAddress = await bench.value(bench.operations.getFunction("192.0.2.11"));
  assert.deepEqual(byAddress, { name: p1, kind: "P-CSCF", addresses: ["192.0.2.11"], users: 2, drain: null });
  const { functions } = await bench.value(bench.operations.listFunctions());
  assert.deepEqual(
    functions.map(({ name, users }) => [name, users]),
    [
      [p1, 2],
      [p2, 0],
      [p3, 0],
      ["sip:scscf1.home:6060", 2],
      ["sip:scscf2.home:6060", 0],
    ],
  );
});

test("os-cfs: a dry run plans and moves nobody", async () => {
  const bench = new Bench();
  bench.users(1, 4);
  bench.users(5, 5, p2);
  const pace = { mode: "fixed", usersPerSecond: 2 } as const;
  const planned = await bench.value(bench.operations.createTransfer({ ...drain, dryRun: true, pace }));
  assert.deepEqual([planned.state, planned.standing], ["COMPLETED", false]);
  assert.deepEqual(planned.forecast, { durationMs: 1500, targets: [{ function: p2, users: 1, after: 5 }] });
  assert.deepEqual(
    new Set(planned.users.map(({ state, to }) => `${state} ${to}`)),
    new Set([`planned ${p2}`]),
  );
  await bench.simulation.run({ ms: 2000 });
  assert.equal(bench.phones.heard.length, 0);
  assert.equal(
    (await bench.value(bench.operations.createTransfer(drain))).state,
    "PROCESSING",
    "the function is free",
  );
});

test("os-cfs: the same idempotency key and request give the same transfer, another request is 409", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  const options = { idempotencyKey: "k1" };
  const first = await bench.value(bench.operations.createTransfer(drain, options));
  const { targets, ...rest } = drain;
  const again = await bench.value(
    bench.operations.createTransfer({ ...rest, targets } as TransferRequest, options),
  );
  assert.equal(again.id, first.id);
  const other = await bench.call(bench.operations.createTransfer({ ...drain, load: 0.5 }, options));
  assert.ok(!other.ok);
  assert.equal(other.problem.status, 409);
  assert.match(other.problem.detail, /^Idempotency-Key is "k1"/);
});

test("os-cfs: unknown transfers and drains are 404, ended ones cannot be cancelled", async () => {
  const bench = new Bench();
  bench.users(1, 1);
  const status = async (operation: Promise<OperationResult<unknown>>) => {
    const result = await bench.call(operation);
    return result.ok ? 200 : result.problem.status;
  };
  const { operations } = bench;
  assert.equal(await status(operations.getTransfer("t-0")), 404);
  assert.equal(await status(operations.cancelTransfer("t-0")), 404);
  assert.equal(await status(operations.endDrain("x.home")), 404);
  assert.equal(await status(operations.endDrain(p1)), 404);
  assert.equal(await status(operations.canRemove("x.home")), 404);
  assert.equal(await status(operations.listUsers("x.home")), 404);
  assert.equal(await status(operations.getFunction("x.home")), 404);
  const { id } = await bench.value(operations.createTransfer(drain));
  await bench.end(id);
  assert.equal(await status(operations.cancelTransfer(id)), 409);
});

test("os-cfs: users of a function are listed with whether their LCF can be reached", async () => {
  const bench = new Bench();
  bench.users(1, 1);
  bench.users(2, 2, p1, { lcf: { reachable: false, reason: "suspect" } });
  const { users } = await bench.value(bench.operations.listUsers(p1));
  assert.deepEqual(
    users.map(({ user, unreachable }) => [user, unreachable]),
    [
      [impu(1), null],
      [impu(2), "suspect"],
    ],
  );
});

test("system 3 drain: can-remove says what stands against it", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  const before = await bench.value(bench.operations.canRemove(p1));
  assert.deepEqual(before.blockers, [
    "2 registrations are on it",
    "no standing order keeps newcomers off it; begin a transfer with load 0",
  ]);
  const { id } = await bench.value(bench.operations.createTransfer(drain));
  await bench.simulation.run({ ms: 1000 });
  assert.deepEqual((await bench.value(bench.operations.canRemove(p1))).blockers, ["its drain is PROCESSING"]);
  await bench.end(id);
  const after = await bench.value(bench.operations.canRemove(p1));
  assert.deepEqual([after.canRemove, after.blockers, after.users], [true, [], 0]);
  assert.equal((await bench.value(bench.operations.canRemove("sip:scscf1.home:6060"))).canRemove, false);
});

test("os-cfs: ended transfers are remembered up to a number, the newest first", async () => {
  const bench = new Bench({ config: { ...config, keepTransfers: 2 } });
  bench.users(1, 4);
  const ids: string[] = [];
  for (const load of [0.9, 0.8, 0.7, 0.6]) {
    const { id } = await bench.value(bench.operations.createTransfer({ ...drain, load }));
    await bench.end(id);
    ids.push(id);
    await bench.simulation.run({ ms: 500 });
  }
  const { transfers } = await bench.value(bench.operations.listTransfers());
  assert.deepEqual(
    transfers.map(({ id }) => id),
    ids.reverse().slice(0, 2),
  );
  assert.deepEqual(transfers[0]?.users, []);
});

test("os-cfs: users are moved by name", async () => {
  const bench = new Bench();
  bench.users(1, 2);
  bench.users(3, 3, p2);
  const users = [impu(1), impu(3), "sip:nobody@home"];
  const { id } = await bench.value(
    bench.operations.createTransfer({ users, targets: [{ function: p3 }], reason: "maintenance" }),
  );
  const ended = await bench.end(id);
  assert.deepEqual(ended.counts, { planned: 3, moved: 2, left: 1 });
  assert.deepEqual(
    ended.users.map(({ user, from, to, state, reason }) => [user, from, to, state, reason]),
    [
      [impu(1), p1, p3, "done", ""],
      [impu(3), p2, p3, "done", ""],
      ["sip:nobody@home", null, null, "skipped", "no registration"],
    ],
  );
  assert.equal(bench.places()[impu(2)], p1);
  assert.ok(bench.phones.deeds.every(({ registration }) => registration !== key(2)));
});
