// When those who have accepted may begin their window, and who waits for it. cfs-ue 8, system 3 S.
import assert from "node:assert/strict";
import test from "node:test";
import { notReassigned } from "@liquid-ims/cfs/transfer/new-user";
import { pairsOf, type Surroundings } from "@liquid-ims/cfs/transfer/pairs";
import { afterAcceptance, awaitsWindows, hasWindowAhead } from "@liquid-ims/cfs/transfer/reassignment/window";
import { releaseOf, releasesOf } from "@liquid-ims/cfs/transfer/release";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import type { Reassignment, UserRow } from "@liquid-ims/cfs/transfer/user-row";
import type { DialogDescription } from "@liquid-ims/reference-points/cfs-ue";
import { someUser } from "../some-user.ts";

const armedAt = 10_000;

function dialog(id: string): DialogDescription {
  return { id, state: "confirmed", role: "uac", emergency: false, replaceable: true };
}

const begun: Omit<Reassignment, "subscription" | "impi"> = {
  pCscf: "pcscf1.home:4060",
  ...notReassigned,
  armedAt,
};

function mover(name: string, changes: Partial<UserRow> = {}, device = 1): UserRow {
  const impi = `${name}@home`;
  return someUser({
    registration: `${impi} <urn:uuid:${device}>`,
    user: `sip:${impi}`,
    state: "accepted",
    replace: "wait",
    dialogs: [dialog("d")],
    reassignment: { ...begun, subscription: impi, impi },
    ...changes,
  });
}

function around(rows: readonly UserRow[], at: number, busy: readonly UserRow[] = []): Surroundings {
  const isBusy = (row: UserRow) => busy.includes(row);
  return { at, times: defaultTimes, everybody: rows, pairs: pairsOf(rows), isBusy };
}

const soon = armedAt + 40;
const tooLate = armedAt + (defaultTimes.acceptance + defaultTimes.armed) / 2;

test("cfs-ue 8: one whose call nobody replaces has his turn, but not when he may register by himself first", () => {
  const alone = mover("a");
  assert.deepEqual(afterAcceptance([alone], around([alone], soon)), { event: "reassign", all: true });
  const late = afterAcceptance([alone], around([alone], tooLate));
  assert.deepEqual([late?.event, late?.reason, late?.all], ["device waits", "expired", true]);
});

test("cfs-ue 8: another device is waited for as long as an acceptance counts; after three tries all stay", () => {
  const first = mover("a", { attempts: 2 });
  const second = mover("a", { state: "commanded", dialogs: null, attempts: 2 }, 2);
  const rows = [first, second];
  const over = armedAt + defaultTimes.acceptance;
  assert.equal(afterAcceptance(rows, around(rows, over - 1)), null);
  const next = afterAcceptance(rows, around(rows, over));
  assert.deepEqual(
    [next?.event, next?.reason, next?.all],
    ["device waits", "another device did not answer", true],
  );
  const last = rows.map((row) => ({ ...row, attempts: 3 }));
  assert.equal(afterAcceptance(last, around(last, over))?.event, "device stays");
  assert.equal(afterAcceptance([{ ...first, attempts: 9 }], around([first], over))?.event, "reassign");
});

test("system 3 S: one whose call is being replaced at its other end rests, then tries again later", () => {
  const row = mover("b");
  const told: readonly [string, Partial<UserRow>, boolean][] = [
    ["told to replace at once", { state: "registered", replace: "now" }, true],
    ["on the way to register and replace", { state: "reassigned", replace: "now" }, true],
    ["a change of P-CSCF that replaces", { state: "commanded", replace: "now", reassignment: null }, true],
    ["set free", { state: "registered", released: "all" }, true],
    ["some set free", { state: "registered", released: "some" }, true],
    ["rolled back while it may", { state: "restoring", replace: "now" }, true],
    ["has not been told", { state: "registered" }, false],
    ["has accepted, too", { state: "accepted" }, false],
    ["has no turn, after one in which it replaced", { state: "planned", replace: "now" }, false],
    ["was asked", { state: "asked", replace: "now" }, false],
    ["is done", { state: "done", replace: "now" }, false],
    [
      "has replaced it",
      { state: "registered", replace: "now", results: [{ id: "d", result: "kept", newId: "e" }] },
      false,
    ],
    ["has not yet", { state: "registered", replace: "now", results: [{ id: "d", result: "waiting" }] }, true],
    ["replaces another call", { state: "registered", replace: "now", dialogs: [dialog("e")] }, false],
  ];
  for (const [what, changes, isHeld] of told) {
    const other = mover("a", changes);
    const now = afterAcceptance([row], around([row, other], soon));
    assert.deepEqual(now, isHeld ? null : { event: "reassign", all: true }, what);
    if (!isHeld) continue;
    const later = afterAcceptance([row], around([row, other], tooLate));
    assert.deepEqual(
      [later?.event, later?.reason, later?.detail],
      ["device waits", "not replaceable", "d is being replaced by sip:a@home"],
      what,
    );
  }
});

test("system 3 S: one about whom something is being written may have been told", () => {
  const row = mover("b");
  const other = mover("a", { state: "reassigned" });
  assert.equal(afterAcceptance([row], around([row, other], soon, [other])), null);
  const second = mover("b", {}, 2);
  assert.deepEqual(
    afterAcceptance([row, second], around([row, second], soon, [row, second])),
    { event: "reassign", all: true },
    "devices of one subscription are written together",
  );
});

test("system 3 S: no call is set free while its other end is in his window, however long", () => {
  const row = mover("a", { state: "registered", registeredAt: soon });
  const long = soon + 10 * defaultTimes.pair;
  for (const state of ["reassigned", "restoring"] as const) {
    assert.equal(releaseOf(row, around([row, mover("b", { state })], long)), null, state);
    const elsewhere = mover("b", { state, transfer: "t-2" });
    assert.equal(releaseOf(row, around([row, elsewhere], long)), null, `${state} in another transfer`);
  }
  const writing = mover("b");
  assert.equal(releaseOf(row, around([row, writing], long, [writing])), null);
  assert.equal(releaseOf(row, around([row, writing], long)), "all");
  const elsewhere = mover("b", { state: "planned", transfer: "t-2" });
  assert.equal(releaseOf(row, around([row, elsewhere], soon)), "all", "another transfer takes its time");
});

test("system 3 S: calls are set free when all who were commanded before have their window behind them", () => {
  const row = mover("a", { state: "registered", registeredAt: soon });
  const freed = (other: UserRow, at: number, busy: readonly UserRow[] = []) => {
    const rows = [row, other];
    return releasesOf(rows, () => around(rows, at, busy), false).map(([{ user }]) => user);
  };
  const stranger = (changes: Partial<UserRow>) => mover("b", { dialogs: [], ...changes });
  const held = [] as const;
  const free = ["sip:a@home"];
  assert.deepEqual(freed(stranger({ state: "reassigned" }), soon + 100), held);
  assert.deepEqual(freed(stranger({ state: "accepted" }), soon + 100), held);
  assert.deepEqual(freed(stranger({ state: "commanded" }), soon + 100), held);
  const unanswered = stranger({ state: "commanded" });
  assert.deepEqual(freed(unanswered, armedAt + 300), free, "its acceptance does not count any more");
  assert.deepEqual(freed(unanswered, armedAt + 300, [unanswered]), held, "it came in time");
  const { reassignment } = stranger({});
  const later = reassignment === null ? null : { ...reassignment, armedAt: soon + 1 };
  assert.deepEqual(
    freed(stranger({ state: "reassigned", reassignment: later }), soon + 100),
    free,
    "commanded since: named the call when he accepted",
  );
  assert.deepEqual(freed(stranger({ state: "reassigned" }), soon + defaultTimes.pair), free, "not for ever");
  assert.deepEqual(freed(stranger({ state: "planned" }), soon + 100), free);
  assert.deepEqual(freed(stranger({ state: "registered" }), soon + 100), free);
});

test("system 3 S: what may be cut any moment waits for nobody but those who cannot be called", () => {
  const registered = {
    state: "registered",
    registeredAt: soon,
    dialogs: [dialog("d"), dialog("e")],
  } as const;
  const row = mover("a", registered);
  const stranger = mover("b", { state: "reassigned", dialogs: [] });
  const freed = (one: UserRow, other: UserRow) =>
    releasesOf([one], () => around([one, other], soon), true).map(([, release]) => release);
  assert.deepEqual(freed(row, stranger), ["all"]);
  assert.deepEqual(freed(row, mover("b")), ["all"]);
  const partner = mover("b", { state: "reassigned" });
  assert.deepEqual(freed(row, partner), [["e"]]);
  const some = mover("a", { ...registered, released: "some" });
  assert.deepEqual(freed(some, partner), []);
  assert.deepEqual(freed(some, mover("b", registered)), ["all"]);
  assert.deepEqual(freed({ ...some, released: "all" }, mover("b")), []);
});

test("a change of P-CSCF has no window, nor does it wait for one that is not known to share a call", () => {
  const other = someUser({ state: "commanded", dialogs: [] });
  assert.equal(hasWindowAhead(other, around([other], soon)), false);
  const row = someUser({ state: "registered", registeredAt: soon, replace: "wait", dialogs: [dialog("d")] });
  const stranger = mover("b", { state: "reassigned", dialogs: [] });
  assert.equal(awaitsWindows(row, [stranger], around([row, stranger], soon)), false);
});
