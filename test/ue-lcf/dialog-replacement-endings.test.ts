// The rules of docs/dialog-replacement.md from 8 on, and what lies around them, as steps of one end.
import assert from "node:assert/strict";
import test from "node:test";
import { answeredCall, placedCall } from "@liquid-ims/ue-lcf/dialog-replacement-state";
import { callee, caller, End, invite } from "./replacement-end.ts";

test("rule 8: an accepted lower one ends with BYE at its ACK, or at 64*T1", () => {
  for (const event of [
    { type: "ack", callId: "n" },
    { type: "timer", timer: "acknowledge", callId: "n" },
  ] as const) {
    const end = callee();
    end.take(invite("n", 1));
    end.take(invite("o", 2));
    assert.deepEqual(end.take({ type: "ack", callId: "o" }), [
      "confirmed o",
      "sendBye d",
      "d ended: replaced by o",
      "n ended: replaced by o",
    ]);
    assert.deepEqual(end.take(event), ["sendBye n"]);
  }
});

test("rule 9: no ACK: asked every 4*T1; 481 ends it, 603 the call, 491 asks again", () => {
  const end = callee();
  end.take(invite("n", 1));
  assert.deepEqual(end.take({ type: "timer", timer: "ask", callId: "n" }), ["ask n"]);
  assert.deepEqual(end.timers(), ["startTimer ask n"]);
  assert.deepEqual(end.take({ type: "questionAnswered", callId: "n", status: 491 }), []);
  assert.deepEqual(end.take({ type: "questionAnswered", callId: "n", status: 408 }), []);
  const before = end.state;
  assert.deepEqual(end.take({ type: "questionAnswered", callId: "n", status: 481 }), [
    "media d",
    "n ended: lost",
  ]);
  assert.equal(end.held, "d");
  end.state = before;
  assert.deepEqual(end.take({ type: "questionAnswered", callId: "n", status: 603 }), [
    "call ended: peer",
    "sendBye d",
    "d ended: peer",
    "n ended: peer",
  ]);
});

test("rule 9: no answer by 64*T1: asked in the lower one; 200 there ends the new one, else both stay", () => {
  const end = callee();
  end.take(invite("n", 1));
  assert.deepEqual(end.take({ type: "timer", timer: "acknowledge", callId: "n" }), [
    "ask n",
    "probe d for n",
  ]);
  const before = end.state;
  assert.deepEqual(end.take({ type: "probeAnswered", callId: "n", status: 408 }), []);
  assert.equal(end.held, "n");
  end.state = before;
  assert.deepEqual(end.take({ type: "probeAnswered", callId: "n", status: 200 }), [
    "sendBye n",
    "media d",
    "n ended: lost",
  ]);
});

test("RFC 3261 13.3.1.4: the call's first dialog without ACK for 64*T1 ends with BYE", () => {
  const end = new End(answeredCall({ callId: "d", localTag: "b", remoteTag: "a", registration: "r1" }));
  assert.deepEqual(end.take({ type: "timer", timer: "acknowledge", callId: "d" }), [
    "ask d",
    "sendBye d",
    "call ended: lost",
    "d ended: lost",
  ]);
});

test("rule 9b: the question: confirmed 200, own INVITE open or abandoned 491, forgotten 481, over 603", () => {
  const end = caller();
  assert.deepEqual(end.take({ type: "question", callId: "d" }), ["answerQuestion d 200"]);
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take({ type: "question", callId: "m3" }), ["answerQuestion m3 491"]);
  end.take({ type: "timer", timer: "silence", callId: "m3" });
  assert.deepEqual(end.take({ type: "question", callId: "m3" }), ["answerQuestion m3 491"]);
  end.take({ type: "timer", timer: "forget", callId: "m3" });
  assert.deepEqual(end.take({ type: "question", callId: "m3" }), ["answerQuestion m3 481"]);
  assert.deepEqual(end.take({ type: "question", callId: "nobody's" }), ["answerQuestion nobody's 481"]);
  end.take({ type: "hangUp" });
  assert.deepEqual(end.take({ type: "question", callId: "d" }), ["answerQuestion d 603"]);
});

test("rule 10: BYE below something held is clean-up: the application hears nothing", () => {
  const end = callee();
  end.take(invite("n", 1));
  assert.deepEqual(end.take({ type: "bye", callId: "d" }), ["answerBye d 200", "d ended: replaced by n"]);
  assert.equal(end.state.over, null);
});

test("rule 10: who ends a dialog has ended what is below it, though the BYE for that was lost", () => {
  // Found by exploring: the old dialog's BYE is lost on a stale path, the new one's overtakes its ACK while a third one,
  // whose 2xx never arrives, is held above; without this the old dialog would be left alone when the third one ends.
  const end = callee();
  end.take(invite("n", 1));
  end.take(invite("o", 2));
  assert.deepEqual(end.take({ type: "bye", callId: "n" }), [
    "answerBye n 200",
    "sendBye d",
    "d ended: replaced by o",
    "n ended: replaced by o",
  ]);
  assert.deepEqual(end.take({ type: "questionAnswered", callId: "o", status: 481 }), [
    "call ended: lost",
    "o ended: lost",
  ]);
});

test("rule 10: BYE on the highest with nothing open ends the call", () => {
  const end = callee();
  assert.deepEqual(end.take({ type: "bye", callId: "d" }), [
    "answerBye d 200",
    "call ended: peer",
    "d ended: peer",
  ]);
});

test("rule 10: BYE while an own INVITE of higher rank is open: its outcome decides (stock UAS)", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take({ type: "bye", callId: "d" }), ["answerBye d 200"], "nobody knows yet");
  const before = end.state;
  assert.deepEqual(end.take({ type: "success", callId: "m2", remoteTag: "x" }), [
    "confirmed m2",
    "sendAck m2",
    "media m2",
    "d ended: replaced by m2",
  ]);
  end.state = before;
  assert.deepEqual(end.take({ type: "failure", callId: "m2", status: 481 }), [
    "call ended: peer",
    "d ended: peer",
  ]);
});

test("rule 10: INVITEs below one that it ended get 491, their 2xx ACK and BYE", () => {
  const end = callee();
  end.take({ type: "registered", registration: "r2" });
  end.take(invite("n", 2, { registration: "r2" }));
  end.take({ type: "ack", callId: "n" });
  end.take({ type: "registered", registration: "r3" });
  // Own m5 (gen 3) is open when the BYE on n comes.
  assert.deepEqual(end.take({ type: "bye", callId: "n" }), ["answerBye n 200"]);
  assert.deepEqual(end.take(invite("o", 1, { registration: "r3" })), ["answerInvite o 491"]);
  assert.deepEqual(end.take({ type: "success", callId: "m2", remoteTag: "x" }), ["sendAck m2", "sendBye m2"]);
});

test("rule 11: hang-up: BYE on confirmed ones, accepted ones at their ACK, 603 to all else, BYE once more", () => {
  const end = callee();
  end.take(invite("n", 1));
  assert.deepEqual(end.take({ type: "hangUp" }), [
    "call ended: self",
    "sendBye d",
    "d ended: self",
    "n ended: self",
  ]);
  assert.deepEqual(end.take(invite("o", 9)), ["answerInvite o 603"]);
  assert.deepEqual(end.take({ type: "ack", callId: "n" }), ["sendBye n"]);
  assert.deepEqual(end.take({ type: "byeUnanswered", callId: "d" }), ["sendBye d"]);
  assert.deepEqual(end.take({ type: "byeUnanswered", callId: "d" }), []);
  assert.deepEqual(end.take({ type: "hangUp" }), []);
  assert.deepEqual(end.take({ type: "forgotten" }), ["done"]);
});

test("rule 11: remembered as long as something is under way", () => {
  const end = callee();
  end.take(invite("n", 1));
  end.take({ type: "hangUp" });
  assert.deepEqual(end.take({ type: "forgotten" }), [], "n waits for its ACK");
  assert.deepEqual(end.timers(), ["startTimer memory"]);
});

test("rule 8's BYE is not repeated: only a hang-up's is", () => {
  const end = callee();
  end.take(invite("n", 1));
  end.take({ type: "ack", callId: "n" });
  assert.deepEqual(end.take({ type: "byeUnanswered", callId: "d" }), []);
});

test("rule 12: hung up with a stale leg: a new INVITE besides; its 2xx gets ACK and BYE", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take({ type: "hangUp" }), ["call ended: self", "sendBye d", "INVITE m3 for d gen 2"]);
  assert.deepEqual(end.take({ type: "success", callId: "m3", remoteTag: "x" }), ["sendAck m3", "sendBye m3"]);
  const told = end.take({ type: "timer", timer: "forget", callId: "m2" });
  assert.deepEqual(told, ["d ended: self"], "nothing of this call is on its way any more");
  assert.deepEqual(end.take({ type: "forgotten" }), ["done"]);
});

test("rule 12: 603 and 481 end it; silence, 408 and 500 try again; the deadline gives it up", () => {
  for (const status of [603, 481]) {
    const end = caller();
    end.take({ type: "registered", registration: "r2" });
    end.take({ type: "hangUp" });
    assert.deepEqual(end.take({ type: "failure", callId: "m3", status }), []);
    assert.equal(end.state.notice, null);
  }
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  end.take({ type: "hangUp" });
  assert.deepEqual(end.take({ type: "timer", timer: "silence", callId: "m3" }), ["INVITE m4 for d gen 3"]);
  assert.deepEqual(end.take({ type: "failure", callId: "m4", status: 500 }), []);
  assert.deepEqual(end.take({ type: "retry" }), ["INVITE m6 for d gen 4"]);
  end.take({ type: "deadline" });
  assert.deepEqual(end.take({ type: "timer", timer: "silence", callId: "m6" }), []);
});

test("rule 12: hung up before the registration that makes the leg stale: told by it", () => {
  const end = caller();
  end.take({ type: "unregistered" });
  assert.deepEqual(end.take({ type: "hangUp" }), ["call ended: self", "sendBye d", "d ended: self"]);
  assert.deepEqual(end.take({ type: "registered", registration: "r2" }), ["INVITE m4 for d gen 1"]);
});

test("rule 12: hung up while the command holds INVITEs back: told by one only if nobody answers the BYE", () => {
  for (const registered of [true, false]) {
    const end = caller();
    end.take({ type: "replace", allowed: false });
    end.take(registered ? { type: "registered", registration: "r2" } : { type: "unregistered" });
    assert.deepEqual(end.take({ type: "hangUp" }), ["call ended: self", "sendBye d", "d ended: self"]);
    assert.deepEqual(end.take({ type: "registered", registration: "r2" }), []);
    assert.deepEqual(end.take({ type: "replace", allowed: true }), [], "the peer may be without an S-CSCF");
    const told = end.take({ type: "byeUnanswered", callId: "d" });
    assert.match(told.join(), /^sendBye d,INVITE m\d for d gen 1$/);
  }
});

test("603 to mine: the call is over there, so it is here", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take({ type: "failure", callId: "m2", status: 603 }), [
    "call ended: peer",
    "sendBye d",
    "d ended: peer",
  ]);
});

test("the deadline: what is not replaced is pinned, a 2xx that still comes is taken", () => {
  const end = caller();
  end.take({ type: "registered", registration: "r2" });
  assert.deepEqual(end.take({ type: "deadline" }), ["d pinned: deadline"]);
  assert.deepEqual(end.take({ type: "timer", timer: "silence", callId: "m2" }), []);
  assert.deepEqual(end.take({ type: "success", callId: "m2", remoteTag: "x" }), [
    "confirmed m2",
    "sendAck m2",
    "sendBye d",
    "media m2",
    "d ended: replaced by m2",
  ]);
});

test("a call that is never replaced says why, once for each registration", () => {
  const end = new End(
    placedCall({ callId: "d", localTag: "a", registration: "r1" }, { never: "emergency call" }),
  );
  end.take({ type: "success", callId: "d", remoteTag: "b" });
  assert.deepEqual(end.take({ type: "registered", registration: "r2" }), ["d pinned: emergency call"]);
  assert.deepEqual(end.take({ type: "ack", callId: "d" }), []);
  assert.deepEqual(
    end.take({ type: "hangUp" }),
    ["call ended: self", "sendBye d", "d ended: self"],
    "no notice",
  );
});

test("RFC 3261 9: hung up before the answer: CANCEL; a 2xx that crosses it gets ACK and BYE", () => {
  const end = new End(placedCall({ callId: "d", localTag: "a", registration: "r1" }));
  assert.deepEqual(end.take({ type: "hangUp" }), ["call ended: self", "sendCancel d"]);
  assert.deepEqual(end.take({ type: "success", callId: "d", remoteTag: "b" }), ["sendAck d", "sendBye d"]);
});

test("the first INVITE's refusal ends the call with its status", () => {
  const end = new End(placedCall({ callId: "d", localTag: "a", registration: "r1" }));
  end.take({ type: "failure", callId: "d", status: 486 });
  assert.deepEqual(
    end.last.find(({ type }) => type === "ended"),
    { type: "ended", reason: "refused", status: 486 },
  );
});

test("the callee replaces before its 200 came: the caller takes the new one, the first INVITE is abandoned", () => {
  const end = new End(placedCall({ callId: "d", localTag: "a", registration: "r1" }));
  const replaces = { callId: "d", toTag: "a", fromTag: "b" };
  assert.deepEqual(end.take(invite("n", 1, { replaces })), ["answerInvite n 200", "media n"]);
  assert.deepEqual(end.take({ type: "ack", callId: "n" }), ["confirmed n"]);
  assert.deepEqual(end.take({ type: "success", callId: "d", remoteTag: "b" }), ["sendAck d", "sendBye d"]);
});

test("a dialog that cannot be used any more: the call is lost, unless an INVITE of ours decides", () => {
  const end = caller();
  assert.deepEqual(end.take({ type: "lost", callId: "d" }), [
    "sendBye d",
    "call ended: lost",
    "d ended: lost",
  ]);
  const moving = caller();
  moving.take({ type: "registered", registration: "r2" });
  assert.deepEqual(moving.take({ type: "lost", callId: "d" }), ["sendBye d"]);
  assert.deepEqual(
    moving.take({ type: "success", callId: "m2", remoteTag: "x" }).at(-1),
    "d ended: replaced by m2",
  );
});
