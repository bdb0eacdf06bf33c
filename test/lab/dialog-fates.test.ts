// What became of a dialog, judged from what both of its ends saw.
import assert from "node:assert/strict";
import test from "node:test";
import {
  countFates,
  dialogFates,
  dialogHistories,
  type SeenDialog,
} from "@liquid-ims/lab/report/dialog-fates";
import type { DialogEnd } from "@liquid-ims/ue-lcf/observation";

const old = "pcscf1.open-ims.test:4060";
const trigger = 1000;
const completed = 2000;

/** A short way to write what a UE saw. */
function saw(user: "caller" | "callee", callId: string, at: number, gen = 0, pCscf = old) {
  const dialog = {
    callId,
    localTag: user,
    remoteTag: user === "caller" ? "callee" : "caller",
    role: user === "caller" ? ("uac" as const) : ("uas" as const),
    gen,
    registration: {
      pCscf: user === "caller" ? pCscf : "pcscf3.open-ims.test:4060",
      sCscf: "scscf1.open-ims.test:6060",
    },
    emergency: false,
  };
  return {
    confirmed: (): SeenDialog => ({ user, event: { kind: "confirmed", at, call: "1", dialog } }),
    ended: (by: DialogEnd, replacedBy: string | null = null): SeenDialog => ({
      user,
      event: { kind: "ended", at, call: "1", dialog, by, replacedBy },
    }),
    pinned: (reason: string): SeenDialog => ({
      user,
      event: { kind: "pinned", at, call: "1", dialog, reason },
    }),
  };
}

function judge(...seen: SeenDialog[]) {
  return dialogFates(dialogHistories(seen), {
    planned: new Set(["caller"]),
    isOld: (dialog) => dialog.registration.pCscf === old,
    triggeredAt: trigger,
    completedAt: completed,
  });
}

const up = [saw("caller", "a", 500).confirmed(), saw("callee", "a", 501).confirmed()];
const replacement = [
  saw("caller", "b", 1500, 1, "pcscf2.open-ims.test:4060").confirmed(),
  saw("callee", "b", 1501, 1).confirmed(),
  saw("callee", "a", 1501).ended("replaced", "b"),
  saw("caller", "a", 1502).ended("replaced", "b"),
];

test("a replacement that only one end ever had, since the other has hung up, is no call of its own", () => {
  const late = saw("callee", "b", 1501, 1);
  const seen = (by: DialogEnd) => [
    ...up,
    saw("caller", "a", 1500).ended("self"),
    saw("callee", "a", 1500).ended(by),
    late.confirmed(),
    saw("callee", "b", 1502, 1).ended("peer"),
  ];
  const planned = new Set(["caller", "callee"]);
  const fates = (by: DialogEnd) =>
    dialogFates(dialogHistories(seen(by)), {
      ...{ planned, isOld: () => true, triggeredAt: trigger, completedAt: completed },
    }).map(({ history, fate }) => [history.callId, fate]);
  assert.deepEqual(fates("peer"), [["a", "endedMeanwhile"]]);
  assert.deepEqual(fates("lost"), [["a", "lost"]]);
});

test("kept: replaced, and the new dialog ended by a user at both ends", () => {
  const fates = judge(
    ...up,
    ...replacement,
    saw("caller", "b", 3000, 1).ended("self"),
    saw("callee", "b", 3001, 1).ended("peer"),
  );
  assert.deepEqual(
    fates.map(({ fate, replacedBy }) => [fate, replacedBy]),
    [["kept", "b"]],
  );
});

test("lost: replaced, but the new dialog never ended at the other end", () => {
  const [fate] = judge(...up, ...replacement, saw("caller", "b", 3000, 1).ended("self"));
  assert.equal(fate?.fate, "lost");
});

test("ended meanwhile: a hang-up that crosses the replacement, heard by the other end in the new dialog", () => {
  const [fate] = judge(
    ...up,
    saw("callee", "a", 1500).ended("replaced", "b"),
    saw("caller", "a", 1501).ended("self"),
    saw("callee", "b", 1510, 1).confirmed(),
    saw("callee", "b", 1511, 1).ended("peer"),
  );
  assert.equal(fate?.fate, "endedMeanwhile");
});

test("kept: the ACK of the new dialog was lost, its BYE arrived", () => {
  const [fate] = judge(
    ...up,
    saw("callee", "a", 1500).ended("replaced", "b"),
    saw("caller", "a", 1501).ended("replaced", "b"),
    saw("caller", "b", 1501, 1, "pcscf2.open-ims.test:4060").confirmed(),
    saw("caller", "b", 1600, 1, "pcscf2.open-ims.test:4060").ended("self"),
    saw("callee", "b", 1601, 1).ended("peer"),
  );
  assert.equal(fate?.fate, "kept");
});

test("lost: the peer hung up and nobody heard of it", () => {
  const [fate] = judge(...up, saw("caller", "a", 1800).ended("self"));
  assert.equal(fate?.fate, "lost");
  assert.match(fate?.detail ?? "", /never ended at callee/);
});

test("lost: ended by neither user", () => {
  const [fate] = judge(...up, saw("caller", "a", 1800).ended("lost"), saw("callee", "a", 1801).ended("lost"));
  assert.equal(fate?.fate, "lost");
});

test("pinned: said so by the LCF, or still on the old path after the end", () => {
  const ends = (at: number) => [
    saw("caller", "a", at).ended("self"),
    saw("callee", "a", at + 1).ended("peer"),
  ];
  assert.equal(
    judge(...up, saw("caller", "a", 1500).pinned("peer lacks replaces"), ...ends(1800))[0]?.fate,
    "pinned",
  );
  assert.equal(judge(...up, ...ends(2500))[0]?.fate, "pinned");
});

test("ended meanwhile: by its users, before it was to be replaced", () => {
  const [fate] = judge(...up, saw("callee", "a", 1200).ended("self"), saw("caller", "a", 1201).ended("peer"));
  assert.equal(fate?.fate, "endedMeanwhile");
});

test("concerned are dialogs at the trigger and later ones on the old path, of planned users only", () => {
  const before = [
    saw("caller", "x", 100).confirmed(),
    saw("callee", "x", 100).confirmed(),
    saw("caller", "x", 900).ended("self"),
    saw("callee", "x", 901).ended("peer"),
  ];
  const later = [saw("caller", "y", 1200).confirmed(), saw("callee", "y", 1200).confirmed()];
  const elsewhere = [
    saw("caller", "z", 1300, 0, "pcscf2.open-ims.test:4060").confirmed(),
    saw("callee", "z", 1300).confirmed(),
  ];
  const fates = judge(...before, ...later, ...elsewhere);
  assert.deepEqual(
    fates.map((fate) => fate.history.callId),
    ["y"],
  );
});

test("the counts add up", () => {
  const counts = countFates(
    judge(...up, saw("callee", "a", 1200).ended("self"), saw("caller", "a", 1201).ended("peer")),
  );
  assert.deepEqual(counts, { atTransfer: 1, kept: 0, pinned: 0, lost: 0, endedMeanwhile: 1 });
});
