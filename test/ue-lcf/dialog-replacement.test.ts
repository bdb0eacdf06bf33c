// The rules of docs/dialog-replacement.md one by one, as steps of one end.
// Long because every rule of the page has its cases here, in its order.
import assert from "node:assert/strict";
import test from "node:test";
import { step } from "@liquid-ims/ue-lcf/dialog-replacement";
import type { CallAction, CallEvent } from "@liquid-ims/ue-lcf/dialog-replacement-event";
import {
  answeredCall,
  type CallState,
  compareRanks,
  highestHeld,
  placedCall,
} from "@liquid-ims/ue-lcf/dialog-replacement-state";

/** One end under test: what it did last, and its state. */
class End {
  state: CallState;
  last: readonly CallAction[] = [];
  #count = 0;

  constructor(state: CallState) {
    this.state = state;
  }

  take(event: CallEvent): string[] {
    this.#count += 1;
    const { state, actions } = step(this.state, event, {
      callId: `m${this.#count}`,
      localTag: `t${this.#count}`,
    });
    // Plain data: survives being copied, and the state before is as it was.
    assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
    this.state = state;
    this.last = actions;
    return this.told();
  }

  /** The last actions, but for timers. */
  told(): string[] {
    return this.last.filter(({ type }) => !type.endsWith("Timer")).map(say);
  }

  timers(): string[] {
    return this.last.filter(({ type }) => type.endsWith("Timer")).map(say);
  }

  get held(): string | null {
    return highestHeld(this.state)?.callId ?? null;
  }
}

function say(action: CallAction): string {
  switch (action.type) {
    case "sendInvite":
      return `INVITE ${action.callId} for ${action.replaces.callId} gen ${action.gen}`;
    case "answerInvite":
    case "answerQuestion":
    case "answerBye":
      return `${action.type} ${action.callId} ${action.status}`;
    case "startTimer":
    case "stopTimer":
      return `${action.type} ${action.timer}${"callId" in action ? ` ${action.callId}` : ""}`;
    case "dialogEnded":
      return `${action.callId} ended: ${action.by}${action.next === null ? "" : ` by ${action.next}`}`;
    case "pinned":
      return `${action.callId} pinned: ${action.reason}`;
    case "ended":
      return `call ended: ${action.reason}`;
    case "probe":
      return `probe ${action.lower} for ${action.callId}`;
    case "done":
      return "done";
    default:
      return `${action.type} ${action.callId}`;
  }
}

/** The caller of a call that both ends have confirmed, registered by r1. */
function caller(): End {
  const end = new End(placedCall({ callId: "d", localTag: "a", registration: "r1" }));
  end.take({ type: "success", callId: "d", remoteTag: "b" });
  return end;
}

function callee(): End {
  const end = new End(answeredCall({ callId: "d", localTag: "b", remoteTag: "a", registration: "r1" }));
  end.take({ type: "ack", callId: "d" });
  return end;
}

function invite(
  callId: string,
  gen: number | null,
  o: Partial<Extract<CallEvent, { type: "invite" }>> = {},
): CallEvent {
  return {
    type: "invite",
    callId,
    localTag: `u-${callId}`,
    remoteTag: `v-${callId}`,
    replaces: { callId: "d", toTag: "b", fromTag: "a" },
    gen,
    registration: "r1",
    ...o,
  };
}

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
  assert.deepEqual(end.take({ type: "hangUp" }), [
    "call ended: self",
    "sendBye d",
    "INVITE m3 for d gen 2",
    "d ended: self",
  ]);
  assert.deepEqual(end.take({ type: "success", callId: "m3", remoteTag: "x" }), ["sendAck m3", "sendBye m3"]);
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
