// An HSS that keeps the old name on MAR, as PyHSS does, in the lab's core: said and refused, or moved by its adapter.
import assert from "node:assert/strict";
import test from "node:test";
import { counted } from "../../support/cfs-ue-world.ts";
import { begin, ended, isAt, leave, openOwnCfs, s1, s2 } from "./own-cfs.ts";
import { PyHssStub } from "./pyhss.ts";

test("real-cores: an HSS that ignores the MAR's name: nobody is moved, all are told why, calls go on", async () => {
  const made = await openOwnCfs(31, { network: { hss: "pyhss" } });
  const { world } = made;
  const ues = [await world.openUe(1, 1), await world.openUe(2, 2), await world.openUe(3, 3)];
  const [caller, callee] = ues;
  assert.ok(caller !== undefined && callee !== undefined);
  const { placed } = await world.connect(caller, callee);
  const transfer = await ended(made, await leave(made));
  assert.deepEqual([transfer.state, transfer.counts], ["COMPLETED", { planned: 3, moved: 0, left: 3 }]);
  for (const { state, reason } of transfer.users) {
    assert.equal(state, "refused");
    assert.match(reason, /^HSS does not move users on MAR: .* give cx\.adapter/);
  }
  assert.equal(placed.state, "confirmed");
  for (const ue of ues) isAt(made, ue, s1);
  assert.ok((transfer.endedAt ?? 0) - transfer.startedAt < 3_000);
});

/** The lab's HSS as PyHSS with its REST interface, over one state; the CFS writes through the interface. */
async function openWithAdapter(seed: number) {
  const hss = new PyHssStub([1, 2, 3].map((n) => ({ imsi: `user00${n}`, msisdn: `49170000000${n}` })));
  const adapter = { kind: "pyhss", url: "http://127.0.1.30:8080" } as const;
  const made = await openOwnCfs(seed, { network: { hss: "pyhss" }, cx: { adapter }, http: hss.port });
  const node = made.world.placement.node("hss", "hss");
  const identity = (imsi: string) => `sip:${imsi}@open-ims.test`;
  hss.written = ({ imsi, scscf }) => void node.assign(identity(imsi), scscf ?? "");
  hss.read = (subscriber) => {
    subscriber.scscf = node.assignment(identity(subscriber.imsi))?.serverName ?? null;
  };
  return { made, hss };
}

test("PyHSS: by its adapter users move with their calls, without any MAR of the CFS", async () => {
  const { made, hss } = await openWithAdapter(32);
  const { world, cfs } = made;
  const ues = [await world.openUe(1, 1), await world.openUe(2, 2), await world.openUe(3, 3)];
  const [caller, callee] = ues;
  assert.ok(caller !== undefined && callee !== undefined);
  await world.connect(caller, callee);
  const transfer = await ended(made, await leave(made));
  assert.equal(transfer.counts.moved, 3, JSON.stringify(transfer.users));
  assert.deepEqual(transfer.dialogs, { kept: 1, pinned: 0, lost: 0, endedMeanwhile: 0 });
  for (const ue of ues) isAt(made, ue, s2);
  assert.deepEqual(
    hss.subscribers.map(({ scscf, scscf_peer: peer }) => [scscf, peer]),
    [1, 2, 3].map(() => [s2, "scscf2.open-ims.test"]),
  );
  const asked = cfs.host.metrics.samples().filter(({ name }) => name === "cfs_cx_requests_total");
  assert.ok(asked.length > 0 && asked.every(({ labels }) => labels["command"] !== "MAR"));
  const [alice] = ues;
  assert.ok(alice !== undefined);
  await world.wait(1_000);
  const back = await leave(made, { function: s2, targets: [{ function: s1 }] });
  assert.equal((await ended(made, back)).counts.moved, 3);
  isAt(made, alice, s1);
});

/** Whenever user 1 gets S-CSCF 2, up to so many times, PyHSS forgets that at once and names S-CSCF 1, of its own choice. */
async function openForgetful(seed: number, times: number) {
  const opened = await openWithAdapter(seed);
  const { hss, made } = opened;
  const node = made.world.placement.node("hss", "hss");
  const { written } = hss;
  let left = times;
  hss.written = (subscriber) => {
    written(subscriber);
    if (subscriber.imsi !== "user001" || subscriber.scscf !== s2 || left === 0) return;
    left -= 1;
    node.assign("sip:user001@open-ims.test", s1);
  };
  const ues = [await made.world.openUe(1, 1), await made.world.openUe(2, 2), await made.world.openUe(3, 3)];
  return { ...opened, ues };
}

test("PyHSS: a name that was written and is forgotten in the first window is written again; nobody else is told of it", async () => {
  for (const times of [1, 3]) {
    const { made, hss, ues } = await openForgetful(34, times);
    const transfer = await ended(made, await leave(made));
    assert.equal(transfer.counts.moved, 3, JSON.stringify(transfer.users));
    for (const ue of ues) isAt(made, ue, s2);
    const [first] = hss.subscribers;
    const patches = hss.requests.filter(
      ({ method, path }) => method === "PATCH" && path.endsWith(`/${first?.ims_subscriber_id}`),
    );
    assert.equal(patches.length, times + 1);
    assert.equal(counted(made.cfs.host, "cfs_reassignments_total", "overwritten"), times);
  }
});

test("PyHSS: whose name is forgotten each time is rolled back after three more, the others move", async () => {
  const { made, ues } = await openForgetful(35, 1_000);
  const transfer = await ended(made, await leave(made));
  assert.deepEqual(transfer.counts, { planned: 3, moved: 2, left: 1 }, JSON.stringify(transfer.users));
  const [left] = transfer.users.filter(({ state }) => state !== "done");
  assert.deepEqual([left?.user, left?.state], [ues[0]?.identity, "rolledBack"]);
  assert.equal(counted(made.cfs.host, "cfs_reassignments_total", "overwritten"), 4);
  for (const [index, ue] of ues.entries()) isAt(made, ue, index === 0 ? s1 : s2);
});

test("PyHSS: an interface of another HSS than Cx's: all are told which two settings to look at", async () => {
  const { made, hss } = await openWithAdapter(36);
  hss.written = () => undefined;
  hss.read = () => undefined;
  const ues = [await made.world.openUe(1, 1), await made.world.openUe(2, 2)];
  const transfer = await ended(made, await leave(made));
  assert.deepEqual(transfer.counts, { planned: 2, moved: 0, left: 2 });
  for (const { state, reason } of transfer.users) {
    assert.equal(state, "refused");
    assert.match(
      reason,
      /its own interface says sip:scscf2\S+, UAR still says sip:scscf1\S+; let cx\.adapter\.url and cx\.peers/,
    );
  }
  for (const ue of ues) isAt(made, ue, s1);
});

test("PyHSS: whom a call into the window has made it forget is found through its interface, and registers again", async () => {
  let repaired = 0;
  for (let afterMs = 4; afterMs <= 28; afterMs++) {
    const { made } = await openWithAdapter(33);
    const { world, cfs } = made;
    const alice = await world.openUe(1, 1);
    const bob = await world.openUe(2, 2);
    const hss = world.placement.node("hss", "hss");
    const id = await begin(made, {
      ...{ users: [alice.identity], targets: [{ function: s2 }], reason: "maintenance" },
    });
    await world.simulation.run({
      ms: 10_000,
      when: () => hss.assignment(alice.identity)?.serverName === s2,
    });
    await world.wait(afterMs);
    world.place(bob, alice);
    const [line] = (await ended(made, id)).users;
    const what = `call after ${afterMs} ms: ${JSON.stringify(line)}`;
    // A name that goes before the user has registered leads him back.
    assert.ok(line?.state === "done" || line?.state === "rolledBack", what);
    isAt(made, alice, line.state === "done" ? s2 : s1, what);
    if (counted(cfs.host, "cfs_reassignments_total", "not held") > 0) repaired += 1;
  }
  assert.ok(repaired > 0, "the race has happened");
});
