// Every cell of the tables of dialog replacement, written by hand from the rules of docs/dialog-replacement.md.
import assert from "node:assert/strict";
import test from "node:test";
import { callTable } from "@liquid-ims/ue-lcf/dialog-replacement-call-table";
import { legTable } from "@liquid-ims/ue-lcf/dialog-replacement-table";
import { type ExpectedTable, expectTableAndMutations } from "../sip/dialog/expected-table.ts";

const legs: ExpectedTable = {
  // Rules 3, 5, 6 for an own INVITE; 9b: its outcome is open, the peer asks again.
  Open: [
    "2xx -> Confirmed: stop waiting for an answer; ack; end lower ones",
    "2xx superseded -> Ended: stop waiting for an answer; ack; bye",
    "failed -> Gone: stop waiting for an answer; wait",
    "failed for good -> Gone: stop waiting for an answer; block",
    "603 -> Gone: stop waiting for an answer; over: peer",
    "refused -> Gone: over: refused",
    "provisional -> Open: stop waiting for an answer",
    "silence -> Abandoned: forget after 64*T1",
    "moved -> Abandoned: stop waiting for an answer; forget after 64*T1",
    "asked -> Open: answer 491 to the question",
    "asked when over -> Open: answer 603 to the question",
    "BYE below -> Gone: stop waiting for an answer; answer 481 to BYE",
    "BYE -> Gone: stop waiting for an answer; answer 481 to BYE",
    "over -> Open: cancel",
  ],
  // Its 2xx is welcome for 64*T1.
  Abandoned: [
    "2xx -> Confirmed: ack; end lower ones",
    "2xx superseded -> Ended: ack; bye",
    "failed -> Gone",
    "failed for good -> Gone: block",
    "603 -> Gone: over: peer",
    "refused -> Gone",
    "memory over -> Gone",
    "asked -> Abandoned: answer 491 to the question",
    "asked when over -> Abandoned: answer 603 to the question",
    "BYE below -> Gone: answer 481 to BYE",
    "BYE -> Gone: answer 481 to BYE",
    "over -> Abandoned",
  ],
  // Rules 7 and 9: nothing but the ACK and a 2xx to the question confirms it; unanswered it stays.
  Accepted: [
    "ACK -> Confirmed: stop waiting for the ACK; end lower ones",
    "no ACK yet -> Accepted: ask",
    "no ACK -> Accepted: stop waiting for the ACK; ask once more; ask in the lower one",
    "question: yes -> Confirmed: stop waiting for the ACK; end lower ones",
    "question: unknown -> Ended: stop waiting for the ACK; cause: lost",
    "question: over -> Accepted: over: peer",
    "question: not yet -> Accepted",
    "lower lives -> Ended: bye; cause: lost",
    "lower unsure -> Accepted",
    "asked -> Accepted: answer 200 to the question",
    "BYE below -> Ended: stop waiting for the ACK; answer 200 to BYE; end lower ones",
    "BYE -> Ended: stop waiting for the ACK; answer 200 to BYE; cause: peer; end everything below",
    "lost -> Ended: stop waiting for the ACK; cause: lost",
    "superseded -> Closing",
    "over -> Closing",
  ],
  Confirmed: [
    "2xx -> Confirmed: ack",
    "2xx superseded -> Confirmed: ack",
    "asked -> Confirmed: answer 200 to the question",
    "BYE below -> Ended: answer 200 to BYE; end lower ones",
    "BYE -> Ended: answer 200 to BYE; cause: peer; end everything below",
    "lost -> Ended: bye; cause: lost",
    "superseded -> Ended: bye",
    "over -> Ended: bye",
  ],
  // RFC 3261 15: no BYE before the ACK or 64*T1.
  Closing: [
    "ACK -> Ended: stop waiting for the ACK; bye",
    "no ACK -> Ended: stop waiting for the ACK; bye",
    "question: yes -> Ended: stop waiting for the ACK; bye",
    "question: unknown -> Ended: stop waiting for the ACK",
    "question: over -> Closing: over: peer",
    "asked -> Closing: answer 481 to the question",
    "asked when over -> Closing: answer 603 to the question",
    "BYE below -> Ended: stop waiting for the ACK; answer 200 to BYE",
    "BYE -> Ended: stop waiting for the ACK; answer 200 to BYE",
    "lost -> Ended: stop waiting for the ACK",
  ],
  Ended: [
    "2xx -> Ended: ack",
    "2xx superseded -> Ended: ack",
    "asked -> Ended: answer 481 to the question",
    "asked when over -> Ended: answer 603 to the question",
    "BYE below -> Ended: answer 200 to BYE",
    "BYE -> Ended: answer 200 to BYE",
    "BYE unanswered -> Ended: bye once more; hold the notice back no more",
  ],
  Gone: [
    "asked -> Gone: answer 481 to the question",
    "asked when over -> Gone: answer 603 to the question",
    "BYE below -> Gone: answer 481 to BYE",
    "BYE -> Gone: answer 481 to BYE",
  ],
};

const calls: ExpectedTable = {
  live: [
    "registered -> live: take the registration; unblock; abandon by move",
    "unregistered -> live: drop the registration",
    "replace now -> live: allow",
    "replace wait -> live: disallow",
    "retry -> live: stop waiting",
    "deadline -> live: block: deadline; abandon all",
    "hang-up -> live: over: self",
    "hang-up when stale -> live: notice; over: self; abandon all",
    "INVITE -> live: answer 200 and hold it",
    "INVITE below -> live: answer 491",
  ],
  over: [
    "registered -> over: take the registration; abandon by move",
    "unregistered -> over: drop the registration",
    "retry -> over: stop waiting",
    "deadline -> over: give up the notice",
    "INVITE -> over: answer 603",
    "INVITE below -> over: answer 603",
    "memory over -> over: done, if nothing is under way",
  ],
};

test("rules 3 to 11: every cell of a leg's table, and every change of one is noticed", () => {
  assert.ok(expectTableAndMutations(legTable, legs) > 500);
});

test("rules 2 to 5, 11, 12: every cell of the call's table, and every change of one is noticed", () => {
  // Its phase follows from the actions; the helper wants one in each row.
  const withPhase = Object.fromEntries(
    Object.entries(callTable).map(([phase, rows]) => [
      phase,
      Object.fromEntries(
        Object.entries(rows).map(([event, row]) => [
          event,
          row === null ? null : { next: phase, actions: row.actions },
        ]),
      ),
    ]),
  );
  assert.ok(expectTableAndMutations(withPhase, calls) > 100);
});
