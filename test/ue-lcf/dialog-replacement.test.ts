// The rules of docs/dialog-replacement.md 1 to 7 one by one, as steps of one end.
import assert from "node:assert/strict";
import test from "node:test";
import { compareRanks, placedCall, standsElsewhere } from "@liquid-ims/ue-lcf/dialog-replacement-state";
import { callee, caller, End, invite } from "./replacement-end.ts";

test("words: ranks are (gen, Call-ID as bytes)", () => {
  assert.ok(compareRanks({ gen: 2, callId: "a" }, { gen: 1, callId: "z" }) > 0);
  assert.ok(compareRanks({ gen: 1, callId: "b" }, { gen: 1, callId: "a" }) > 0);
  assert.ok(compareRanks({ gen: 1, callId: "ab" }, { gen: 1, callId: "a" }) > 0);
  assert.equal(compareRanks({ gen: 1, callId: "a" }, { gen: 1, callId: "a" }), 0);
  // U+E000 is EE 80 80 in UTF-8, U+10000 is F0 90 80 80; UTF-16 has them the other way round.
  assert.ok(compareRanks({ gen: 1, callId: "\u{10000}" }, { gen: 1, callId: "\u{e000}" }) > 0);
});

test("rule 1: a leg taken over belongs to the registration by which its INVITE arrived", () => {
  const end = callee();
  end.take({ type: "registered", registration: "r2" });
  const [ownInvite] = end.told();
  assert.equal(ownInvite, "INVITE m2 for d gen 1");
  // Arrived by r1, answered while r2 is present: stale, so it is replaced in turn when nothing of ours is open.
  end.take(invite("n", 5, { registration: "r1" }));
  assert.equal(end.held, "n");
  assert.deepEqual(end.take({ type: "failure", callId: "m2", status: 491 }), []);
  assert.deepEqual(end.take({ type: "retry" }), ["INVITE m5 for n gen 6"]);
});

test("rule 1: a call stands where its highest held dialog is, though a lower one is not over yet", () => {
  const end = callee();
  assert.deepEqual(
    ["r1", "r2"].map((key) => standsElsewhere(end.state, key)),
    [false, true],
  );
  end.take({ type: "replace", allowed: false });
  end.take({ type: "registered", registration: "r2" });
  assert.equal(standsElsewhere(end.state, "r2"), true);
  end.take(invite("n", 1, { registration: "r2" }));
  assert.equal(end.held, "n");
  assert.deepEqual(
    ["r1", "r2"].map((key) => standsElsewhere(end.state, key)),
    [true, false],
  );
  const ringing = placedCall({ callId: "p", localTag: "t", registration: "r1" });
  assert.deepEqual(
    ["r1", "r2"].map((key) => standsElsewhere(ringing, key)),
    [false, true],
  );
});

test("rule 2: nothing stale: nothing is sent; moved: INVITE with gen 1 + the highest seen", () => {
  const end = caller();
  assert.deepEqual(end.take({ type: "registered", registration: "r1" }), []);
  assert.deepEqual(end.take({ type: "registered", registration: "r2" }), ["INVITE m3 for d gen 1"]);
  assert.deepEqual(end.timers(), ["startTimer silence m3"]);
});

test("rule 2: gen counts from the highest seen in any INVITE of the call, refused ones too", () => {
  const end = callee();
  end.take(invite("n", 4));
  end.take({ type: "ack", callId: "n" });
  end.take(invite("k", 3, { replaces: { callId: "n", toTag: "u-n", fromTag: "v-n" } }));
  assert.deepEqual(end.take({ type: "registered", registration: "r2" }), ["INVITE m5 for n gen 5"]);
});

test("rule 2: held back by the command's `replace`, and while no registration may be used", () => {
  const end = caller();
  end.take({ type: "replace", allowed: false });
  assert.deepEqual(end.take({ type: "registered", registration: "r2" }), []);
  assert.deepEqual(end.take({ type: "replace", allowed: true }), ["INVITE m4 for d gen 1"]);
  const other = caller();
  other.take({ type: "unregistered" });
  assert.deepEqual(other.told(), []);
  assert.deepEqual(other.take({ type: "registered", registration: "r2" }), ["INVITE m3 for d gen 1"]);
});

test("rule 3: silence and another move abandon the open INVITE without CANCEL; the next has a higher gen", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take({ type: "timer", timer: "silence", callId: "m2" }), ["INVITE m3 for d gen 2"]);
  assert.ok(end.timers().includes("startTimer forget m2"));
  assert.deepEqual(end.take({ type: "registered", registration: "r3" }), ["INVITE m4 for d gen 3"]);
  assert.deepEqual(end.take({ type: "provisional", callId: "m4" }), []);
  assert.deepEqual(end.timers(), ["stopTimer silence m4"]);
});

test("rule 3: the call's first INVITE rings on through a move and is replaced once it is answered", () => {
  const end = new End(placedCall({ callId: "d", localTag: "a", registration: "r1" }));
  assert.deepEqual(end.take({ type: "registered", registration: "r2" }), []);
  assert.deepEqual(end.take({ type: "success", callId: "d", remoteTag: "b" }), [
    "confirmed d",
    "sendAck d",
    "INVITE m2 for d gen 1",
    "media d",
  ]);
});

test("rule 4: names a dialog of the call: 200 at once, whatever is open; then ACK, then BYE", () => {
  const end = callee();
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take(invite("n", 1)), ["answerInvite n 200", "media n"]);
  assert.deepEqual(end.timers(), ["startTimer ask n", "startTimer acknowledge n"]);
  assert.deepEqual(end.take({ type: "ack", callId: "n" }), [
    "confirmed n",
    "sendBye d",
    "d ended: replaced by n",
  ]);
});

test("rule 4: names no dialog of the call: 481; other tags of one: 481", () => {
  const end = callee();
  assert.deepEqual(end.take(invite("n", 1, { replaces: { callId: "x", toTag: "b", fromTag: "a" } })), [
    "answerInvite n 481",
  ]);
  assert.deepEqual(end.take(invite("n", 1, { replaces: { callId: "d", toTag: "b", fromTag: "x" } })), [
    "answerInvite n 481",
  ]);
  assert.deepEqual(end.take(invite("n", 1, { replaces: { callId: "d", toTag: "x", fromTag: "a" } })), [
    "answerInvite n 481",
  ]);
});

test("rule 4: an own INVITE is named by its Call-ID and my tag, also before its 2xx", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  const replaces = { callId: "m2", toTag: "t2", fromTag: "whatever" };
  assert.deepEqual(end.take(invite("n", 2, { replaces, registration: "r2" })), [
    "answerInvite n 200",
    "media n",
  ]);
});

test("rule 4: a rank below the highest held gets 491; without gen it is that of the replaced one + 1", () => {
  const end = callee();
  end.take(invite("n", 3));
  assert.deepEqual(end.take(invite("k", 2)), ["answerInvite k 491"]);
  assert.deepEqual(end.take(invite("o", null)), ["answerInvite o 491"]);
  const above = { callId: "n", toTag: "u-n", fromTag: "v-n" };
  assert.deepEqual(end.take(invite("p", null, { replaces: above })), ["answerInvite p 200", "media p"]);
  assert.equal(end.state.highestGen, 4);
});

test("rule 4: an ended dialog of the call still names it", () => {
  const end = callee();
  end.take(invite("n", 1));
  end.take({ type: "ack", callId: "n" });
  assert.deepEqual(end.take(invite("o", 2)), ["answerInvite o 200", "media o"]);
});

test("rule 5: 481, 491, 408, 500: gone, and another with jitter; 488 and the like pin the dialog", () => {
  for (const status of [481, 491, 408, 500, 503]) {
    const end = caller();
    end.take({ type: "registered", registration: "r2" });
    assert.deepEqual(end.take({ type: "failure", callId: "m2", status }), []);
    assert.deepEqual(end.timers(), ["stopTimer silence m2", "startTimer retry"]);
    assert.deepEqual(end.take({ type: "retry" }), ["INVITE m4 for d gen 2"]);
  }
  for (const status of [420, 488, 403]) {
    const end = caller();
    end.take({ type: "registered", registration: "r2" });
    assert.deepEqual(end.take({ type: "failure", callId: "m2", status }), [`d pinned: answered ${status}`]);
    assert.deepEqual(
      end.take({ type: "registered", registration: "r2" }).length,
      1,
      "another registration tries anew",
    );
  }
});

test("rule 6: 2xx: ACK and confirmed, also of an abandoned one, when only an accepted one is above it", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  end.take({ type: "timer", timer: "silence", callId: "m2" });
  const accepted = invite("z", 2, {
    replaces: { callId: "d", toTag: "a", fromTag: "b" },
    registration: "r2",
  });
  end.take(accepted);
  assert.deepEqual(end.take({ type: "success", callId: "m2", remoteTag: "x" }), [
    "confirmed m2",
    "sendAck m2",
    "sendBye d",
    "d ended: replaced by z",
  ]);
  assert.equal(end.held, "z");
});

test("rule 6: 2xx below a confirmed one: ACK, then BYE", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  end.take({ type: "timer", timer: "silence", callId: "m2" });
  end.take({ type: "success", callId: "m3", remoteTag: "x" });
  assert.deepEqual(end.take({ type: "success", callId: "m2", remoteTag: "y" }), ["sendAck m2", "sendBye m2"]);
});

test("rule 7: nothing but the ACK and a 2xx to the question confirms", () => {
  const end = callee();
  end.take(invite("n", 1));
  end.take({ type: "bye", callId: "d" });
  assert.equal(end.state.legs.find(({ callId }) => callId === "n")?.state, "Accepted");
  assert.deepEqual(end.take({ type: "questionAnswered", callId: "n", status: 200 }), ["confirmed n"]);
});
