// What is taken for calls that the network has cut, and what is not.
import assert from "node:assert/strict";
import test from "node:test";
import { cutsIn, dangerOf, dangerProblem } from "@liquid-ims/cfs/transfer/danger";
import type { UserRow } from "@liquid-ims/cfs/transfer/user-row";
import { type DialogReport, endedBy } from "@liquid-ims/reference-points/cfs-ue";
import { someUser } from "./some-user.ts";

const byPeer = (id: string): DialogReport => ({ id, result: "ended", reason: endedBy.peer });
const bySelf = (id: string): DialogReport => ({ id, result: "ended", reason: endedBy.self });
const kept = (id: string): DialogReport => ({ id, result: "kept" });

function user(n: number, results: readonly DialogReport[], reassignedAt: number | null = 1): UserRow {
  const row = someUser({ registration: `u${n}`, results });
  return {
    ...row,
    reassignment: {
      ...{ subscription: `u${n}`, impi: `u${n}`, pCscf: null, move: null, armedAt: 0, mar: "answered" },
      ...{ reassignedAt, seenChange: 0, commitAt: null, nameDueAt: null, nameReads: 0, restoreDueAt: null },
      ...{ restores: 0, restoreUntil: null, registeredAt: null, checkDueAt: null, checks: 0, repairs: 0 },
      ...{ oldExpiresAt: null, atRisk: false },
    },
  };
}

test("T4: a call that both ends say the other has ended was cut: one is enough", () => {
  const rows = [user(1, [byPeer("a")]), user(2, [byPeer("a")]), user(3, [kept("b")]), user(4, [kept("c")])];
  assert.deepEqual(cutsIn(rows), { certain: 1, suspected: 0, calls: 3 });
  assert.match(dangerOf(rows)?.seen ?? "", /^1 of 3 calls of users whose S-CSCF was changed/);
});

test("T4: with one end only it takes two, and more than a quarter of the calls", () => {
  assert.equal(dangerOf([user(1, [byPeer("a")]), user(2, [kept("b")])]), null);
  const two = [user(1, [byPeer("a")]), user(2, [byPeer("b")])];
  assert.equal(dangerOf([...two, user(3, [kept("c")])])?.isCertain, false);
  const many = Array.from({ length: 6 }, (_, n) => user(10 + n, [kept(`k${n}`)]));
  assert.equal(dangerOf([...two, ...many]), null, "2 of 8");
});

test("T4: who hangs up himself, has not been moved, or says nothing of who it was, is not counted", () => {
  assert.equal(dangerOf([user(1, [byPeer("a")]), user(2, [bySelf("a")])]), null);
  assert.equal(dangerOf([user(1, [byPeer("a"), byPeer("b")], null)]), null);
  const silent: DialogReport = { id: "a", result: "ended" };
  assert.equal(dangerOf([user(1, [silent]), user(2, [{ ...silent, id: "b" }])]), null);
  assert.equal(dangerOf([someUser({ results: [byPeer("a"), byPeer("b")] })]), null, "a change of P-CSCF");
});

test("T4: os-cfs is told what was seen and what is done: planned, and after a failure", () => {
  const rows = [user(1, [byPeer("a")]), user(2, [byPeer("a")])];
  assert.match(dangerProblem(rows, false)?.detail ?? "", /users in calls stay .*cx\.cancelsOldServer: true/);
  assert.match(dangerProblem(rows, true)?.detail ?? "", /moved all the same, their calls at risk/);
  assert.equal(dangerProblem([], false), null);
  const waiting: UserRow = { ...user(3, [], null), state: "planned", reason: "not idle" };
  assert.match(
    dangerProblem([waiting], false, "seen in t-1")?.detail ?? "",
    /^seen in t-1: users in calls stay/,
  );
  assert.equal(dangerProblem([waiting], true, "seen in t-1"), null, "nobody waits after a failure");
  assert.equal(dangerProblem([{ ...waiting, reason: null }], false, "seen in t-1"), null);
});
