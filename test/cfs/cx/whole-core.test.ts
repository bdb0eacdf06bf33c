// The change of S-CSCF in the lab's core: CFS, CFD, HSS over Diameter, CSCFs, UEs with their LCFs and AKA.
import assert from "node:assert/strict";
import test from "node:test";
import type { OperationResult, TransferResource } from "@liquid-ims/cfs/operations/operations";
import type { TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import { openUeWorld, type TestUe, type UeWorld } from "../../ue-lcf/ue-world.ts";

const s1 = "sip:scscf1.open-ims.test:6060";
const s2 = "sip:scscf2.open-ims.test:6060";
const leave: TransferRequest = {
  function: s1,
  load: 0.001,
  targets: [{ function: s2 }],
  reason: "maintenance",
};

function operationsOf({ placement }: UeWorld) {
  return placement.node("cfs", "cfs").cfs.operations;
}

async function value<Value>(world: UeWorld, answer: Promise<OperationResult<Value>>): Promise<Value> {
  const result = await world.simulation.settle(answer);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

async function begin(world: UeWorld): Promise<string> {
  // The LCFs' dialogs with the CFS are made after the registrations.
  await world.wait(2_000);
  return (await value(world, operationsOf(world).createTransfer(leave))).id;
}

async function end(world: UeWorld, id: string, limitMs = 60_000): Promise<TransferResource> {
  const until = world.simulation.now + limitMs;
  for (;;) {
    const present = await value(world, operationsOf(world).getTransfer(id));
    if (present.endedAt !== null) return present;
    assert.ok(world.simulation.now < until, JSON.stringify(present));
    await world.wait(100);
  }
}

function nameOf({ placement }: UeWorld, { identity }: TestUe) {
  return placement.node("hss", "hss").assignment(identity);
}

/** HSS and location service agree, and the HSS waits for no registration. */
function isAt(world: UeWorld, ue: TestUe, server: string): void {
  const assigned = nameOf(world, ue);
  assert.deepEqual(
    [assigned?.state, assigned?.serverName, assigned?.authenticationPending],
    ["registered", server, false],
    ue.name,
  );
  assert.deepEqual(
    world.placement.rows.get(ue.identity).map(({ sCscf, state }) => [sCscf, state]),
    [[server, "registered"]],
  );
}

test("system 3 S: two users in a call with each other move, by AKA, and the call is kept by one INVITE", async () => {
  const world = await openUeWorld(3);
  const caller = await world.openUe(1, 1);
  const callee = await world.openUe(2, 1);
  const { placed, received } = await world.connect(caller, callee);
  const ended = await end(world, await begin(world));
  assert.deepEqual([ended.state, ended.counts.moved], ["COMPLETED", 2], JSON.stringify(ended.users));
  assert.deepEqual(ended.dialogs, { kept: 1, pinned: 0, lost: 0, endedMeanwhile: 0 });
  for (const ue of [caller, callee]) isAt(world, ue, s2);
  assert.deepEqual([placed.state, received.state], ["confirmed", "confirmed"]);
  const replacements = [...caller.dialogs, ...callee.dialogs].filter(
    ({ kind, dialog }) => kind === "confirmed" && dialog.gen === 1,
  );
  assert.equal(replacements.length, 2, "one new dialog, seen at both ends");
  for (const { from, to, reassignedAt, registeredAt } of ended.users) {
    assert.deepEqual([from, to], [s1, s2]);
    assert.ok(reassignedAt !== null && registeredAt != null && registeredAt > reassignedAt);
  }
});

test("T2: a call that comes between the MAR and the registration fails, the next one does not", async () => {
  const world = await openUeWorld(4);
  const callee = await world.openUe(1, 1);
  const caller = await world.openUe(2, 2);
  const id = await begin(world);
  await world.simulation.run({ ms: 10_000, when: () => nameOf(world, callee)?.serverName === s2 });
  assert.equal(nameOf(world, callee)?.authenticationPending, true);
  // `after: 0` does not arrive, so the window lasts until the armed registration.
  world.simulation.partition(["cfs"], ["scscf1"]);
  const lost = world.place(caller, callee);
  await world.simulation.run({ ms: 10_000, when: () => lost.state === "ended" });
  assert.equal(lost.state, "ended");
  assert.equal(callee.incoming.length, 0);
  await world.wait(1_000);
  world.simulation.heal();
  const ended = await end(world, id);
  const line = ended.users.find(({ user }) => user === callee.identity);
  assert.equal(line?.state, "done", JSON.stringify(line));
  const window = (line?.registeredAt ?? 0) - (line?.reassignedAt ?? 0);
  assert.ok(window > 300 && window < 1_000, `${window} ms`);
  isAt(world, callee, s2);
  await world.connect(caller, callee);
});

test("cfs-ue 8 step 5: a UE that dies after accepting: the HSS has its old name again, reported as pending", async () => {
  const world = await openUeWorld(5);
  const alice = await world.openUe(1, 1);
  const id = await begin(world);
  await world.simulation.run({ ms: 10_000, when: () => nameOf(world, alice)?.serverName === s2 });
  alice.simulated.kill();
  const ended = await end(world, id);
  const [line] = ended.users;
  assert.equal(line?.state, "rolledBack");
  assert.match(line?.reason ?? "", /^pending: no registration at sip:scscf2/);
  assert.equal(nameOf(world, alice)?.serverName, s1);
  assert.deepEqual(
    world.placement.rows.get(alice.identity).map(({ sCscf }) => sCscf),
    [s1],
  );
});

test("system 3 S: there and back again, as often as wanted", async () => {
  const world = await openUeWorld(6);
  const alice = await world.openUe(1, 1);
  for (const [from, to] of [
    [s1, s2],
    [s2, s1],
    [s1, s2],
  ] as const) {
    await world.wait(2_000);
    const request = { ...leave, function: from, targets: [{ function: to }] };
    const { id } = await value(world, operationsOf(world).createTransfer(request));
    const ended = await end(world, id);
    assert.equal(ended.counts.moved, 1, JSON.stringify(ended.users));
    isAt(world, alice, to);
  }
});
