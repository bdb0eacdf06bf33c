// Every cell of the tables above the transactions, as the RFCs have them.
import assert from "node:assert/strict";
import test from "node:test";
import { inviteClientUsageTable, inviteServerUsageTable } from "@liquid-ims/sip/dialog/session-invite-tables";
import { modificationTable } from "@liquid-ims/sip/dialog/session-modification-table";
import { sessionTable } from "@liquid-ims/sip/dialog/session-table";
import { subscriberTable } from "@liquid-ims/sip/dialog/subscription-table";
import { registrationTable } from "@liquid-ims/sip/registration-table";
import { type ExpectedTable, expectTableAndMutations } from "./expected-table.ts";

const session: ExpectedTable = {
  // 13.3.1.4: the 2xx is repeated until its ACK. 15: no BYE before the ACK or 64*T1.
  Accepted: [
    "ACK -> Confirmed: stop 2xx; report acknowledged",
    "confirm -> Confirmed: stop 2xx; report acknowledged",
    "repeat -> Accepted: send 2xx",
    "4*T1 -> Accepted: report unacknowledged",
    "64*T1, bye -> Terminating: stop 2xx; send BYE; report no ACK",
    "64*T1, report -> Unacknowledged: stop 2xx",
    "bye -> Ending",
    "drop -> Terminated: stop 2xx; forget",
    "lost -> Ending",
    "BYE -> Terminated: stop 2xx; answer 200; forget; report BYE; report ended by peer",
    "INVITE -> Accepted: answer 491",
    "request -> Accepted: take",
  ],
  Unacknowledged: [
    "ACK -> Confirmed: report acknowledged",
    "confirm -> Confirmed: report acknowledged",
    "4*T1 -> Unacknowledged: report unacknowledged",
    "bye -> Terminating: send BYE; report ended here",
    "drop -> Terminated: forget",
    "lost -> Terminating: send BYE; report lost",
    "BYE -> Terminated: answer 200; forget; report BYE; report ended by peer",
    "INVITE -> Unacknowledged: answer 491",
    "request -> Unacknowledged: take",
  ],
  Ending: [
    "ACK -> Terminating: stop 2xx; send BYE; report ended here",
    "confirm -> Terminating: stop 2xx; send BYE; report ended here",
    "repeat -> Ending: send 2xx",
    "4*T1 -> Ending: report unacknowledged",
    "64*T1, bye -> Terminating: stop 2xx; send BYE; report ended here",
    "64*T1, report -> Terminating: stop 2xx; send BYE; report ended here",
    "bye -> Ending",
    "drop -> Terminated: stop 2xx; forget",
    "lost -> Ending",
    "BYE -> Terminated: stop 2xx; answer 200; forget; report BYE; report ended by peer",
    "INVITE -> Ending: answer 491",
    "request -> Ending: take",
  ],
  // 12.2.2, 14, 15.1.
  Confirmed: [
    "ACK -> Confirmed",
    "confirm -> Confirmed",
    "bye -> Terminating: send BYE; report ended here",
    "drop -> Terminated: forget",
    "lost -> Terminating: send BYE; report lost",
    "BYE -> Terminated: answer 200; forget; report BYE; report ended by peer",
    "INVITE -> Confirmed: take",
    "request -> Confirmed: take",
  ],
  // 15.1.1: the UAC of the BYE considers the session over when it sends it; 15.1.2: a BYE is answered.
  Terminating: [
    "ACK -> Terminating",
    "confirm -> Terminating",
    "bye -> Terminating",
    "drop -> Terminated: forget",
    "lost -> Terminating",
    "BYE outcome -> Terminated: forget; report BYE outcome",
    "BYE -> Terminating: answer 200",
    "INVITE -> Terminating: answer 481",
    "request -> Terminating: take a question",
  ],
  Terminated: [
    "ACK -> Terminated",
    "confirm -> Terminated",
    "bye -> Terminated",
    "drop -> Terminated",
    "lost -> Terminated",
    "BYE outcome -> Terminated: report BYE outcome",
    "BYE -> Terminated: answer 481",
    "INVITE -> Terminated: answer 481",
    "request -> Terminated: answer 481",
  ],
};

const modification: ExpectedTable = {
  Idle: [
    "reinvite -> INVITE sent: send INVITE",
    "INVITE -> INVITE received: report INVITE",
    "UPDATE -> UPDATE received: report UPDATE",
    "accept -> Idle",
    "refuse -> Idle",
    "ACK -> Idle",
    "end -> Ended",
  ],
  // 14.1, 14.2: 491 to an INVITE while one of ours is under way.
  "INVITE sent": [
    "2xx -> Idle: send ACK; report outcome",
    "491 -> Idle: wait",
    "failure -> Idle: report outcome",
    "INVITE -> INVITE sent: answer 491",
    "UPDATE -> INVITE sent: answer 491",
    "accept -> INVITE sent",
    "refuse -> INVITE sent",
    "ACK -> INVITE sent",
    "end -> Ended",
  ],
  // 14.2: 500 with Retry-After before the final response; RFC 3311 5.2 the same for an offer in UPDATE.
  "INVITE received": [
    "reinvite -> INVITE received: wait",
    "INVITE -> INVITE received: answer 500",
    "CANCEL -> Idle: answer 487",
    "UPDATE -> INVITE received: answer 500",
    "accept -> 2xx sent: answer 2xx",
    "refuse -> Idle: answer refusal",
    "ACK -> INVITE received",
    "end -> Ended: answer 487",
  ],
  "2xx sent": [
    "reinvite -> 2xx sent: wait",
    "INVITE -> 2xx sent: answer 491",
    "CANCEL -> 2xx sent",
    "UPDATE -> 2xx sent: answer 491",
    "accept -> 2xx sent",
    "refuse -> 2xx sent",
    "ACK -> Idle: stop 2xx; report ACK",
    "repeat -> 2xx sent: send 2xx",
    "64*T1 -> Idle: stop 2xx; report no ACK",
    "end -> Ended: stop 2xx",
  ],
  "UPDATE received": [
    "reinvite -> UPDATE received: wait",
    "INVITE -> UPDATE received: answer 500",
    "UPDATE -> UPDATE received: answer 500",
    "accept -> Idle: answer 2xx",
    "refuse -> Idle: answer refusal",
    "ACK -> UPDATE received",
    "end -> Ended: answer 487",
  ],
  Ended: [
    "2xx -> Ended: send ACK; report outcome",
    "491 -> Ended: report outcome",
    "failure -> Ended: report outcome",
    "CANCEL -> Ended",
    "accept -> Ended",
    "refuse -> Ended",
    "ACK -> Ended",
    "end -> Ended",
  ],
};

const inviteClient: ExpectedTable = {
  Calling: [
    "1xx -> Proceeding: report provisional",
    "2xx -> Accepted: start 64*T1; send ACK; report session",
    "failure -> Terminated: forget; report failure",
    "cancel -> Cancelling: send CANCEL",
    "abandon -> Abandoned: start 64*T1",
  ],
  Proceeding: [
    "1xx -> Proceeding: report provisional",
    "2xx -> Accepted: start 64*T1; send ACK; report session",
    "failure -> Terminated: forget; report failure",
    "cancel -> Cancelling: send CANCEL",
    "abandon -> Abandoned: start 64*T1",
  ],
  // 9.1: a 2xx may have crossed the CANCEL.
  Cancelling: [
    "1xx -> Cancelling",
    "2xx -> Accepted late: start 64*T1; send ACK; report late session",
    "failure -> Terminated: forget; report failure",
    "cancel -> Cancelling",
    "abandon -> Cancelling",
  ],
  Abandoned: [
    "1xx -> Abandoned",
    "2xx -> Accepted late: stop 64*T1; start 64*T1; send ACK; report late session",
    "failure -> Terminated: stop 64*T1; forget; report failure",
    "cancel -> Cancelling: stop 64*T1; send CANCEL",
    "abandon -> Abandoned",
    "64*T1 -> Cancelling: forget; send CANCEL",
  ],
  // 13.2.2.4: every 2xx of the fork is acknowledged, for 64*T1 after the first one.
  Accepted: [
    "1xx -> Accepted",
    "2xx -> Accepted: send ACK; report session",
    "2xx again -> Accepted: send ACK",
    "failure -> Accepted",
    "cancel -> Accepted",
    "abandon -> Accepted",
    "64*T1 -> Terminated: forget",
  ],
  "Accepted late": [
    "1xx -> Accepted late",
    "2xx -> Accepted late: send ACK; report late session",
    "2xx again -> Accepted late: send ACK",
    "failure -> Accepted late",
    "cancel -> Accepted late",
    "abandon -> Accepted late",
    "64*T1 -> Terminated: forget",
  ],
  Terminated: [
    "1xx -> Terminated",
    "2xx -> Terminated: send ACK; report late session",
    "2xx again -> Terminated: send ACK",
    "failure -> Terminated",
    "cancel -> Terminated",
    "abandon -> Terminated",
  ],
};

const final = (state: string) => [
  `provisional -> ${state}`,
  `accept -> ${state}`,
  `reject -> ${state}`,
  `CANCEL -> ${state}`,
];

const inviteServer: ExpectedTable = {
  Proceeding: [
    "provisional -> Early: make early dialog; send provisional",
    "accept -> Accepted: send 2xx",
    "reject -> Rejected: send refusal",
    "CANCEL -> Cancelled: send 487; report cancelled",
  ],
  // 15.1.2: BYE in the early dialog gets 200, the INVITE 487.
  Early: [
    "provisional -> Early: send provisional",
    "accept -> Accepted: forget; send 2xx",
    "reject -> Rejected: forget; send refusal",
    "CANCEL -> Cancelled: forget; send 487; report cancelled",
    "BYE -> Cancelled: forget; answer 200; send 487; report cancelled",
    "request -> Early: answer request",
  ],
  Accepted: final("Accepted"),
  Rejected: final("Rejected"),
  Cancelled: final("Cancelled"),
};

const running = (state: string) => [
  `2xx -> ${state}: note duration; report answer`,
  `failure -> ${state}`,
  `423 -> ${state}: raise duration; start timerN; send SUBSCRIBE`,
  "NOTIFY pending -> pending: stop timerN; note duration; answer 200; report notification",
  "NOTIFY active -> active: stop timerN; note duration; answer 200; report notification",
  "NOTIFY terminated -> terminated: stop timerN; answer 200; forget; report notification; report terminated",
  "timerN -> terminated: forget; report no NOTIFY",
  `refresh -> ${state}: start timerN; send SUBSCRIBE`,
  `refresh 2xx -> ${state}: note duration; report answer`,
  "refresh fatal -> terminated: stop timerN; forget; report lost",
  `refresh failure -> ${state}: stop timerN; report answer`,
  "expired -> terminated: stop timerN; forget; report expired",
];

// RFC 6665 figure 1.
const subscriber: ExpectedTable = {
  notify_wait: [
    "2xx -> notify_wait: make dialog; note duration; report answer",
    "failure -> terminated: stop timerN; forget; report failure",
    "423 -> notify_wait: raise duration; start timerN; send SUBSCRIBE",
    "NOTIFY pending -> pending: stop timerN; make dialog; note duration; answer 200; report notification",
    "NOTIFY active -> active: stop timerN; make dialog; note duration; answer 200; report notification",
    "NOTIFY terminated -> terminated: stop timerN; answer 200; forget; report notification; report terminated",
    "timerN -> terminated: forget; report no NOTIFY",
  ],
  pending: running("pending"),
  active: running("active"),
  terminated: [
    "2xx -> terminated",
    "failure -> terminated",
    "423 -> terminated",
    "refresh -> terminated",
    "refresh 2xx -> terminated",
    "refresh fatal -> terminated",
    "refresh failure -> terminated",
  ],
};

const registration: ExpectedTable = {
  Idle: ["register -> Registering: send REGISTER", "stop -> Idle"],
  Registering: [
    "200 -> Idle: note bindings; report registered; next",
    "challenge -> Authenticating: answer challenge; send REGISTER",
    "fresh challenge -> Authenticating: answer challenge; send REGISTER",
    "invalid challenge -> Contesting: answer challenge; send REGISTER",
    "unanswerable challenge -> Idle: report refused; next",
    "423 -> Registering: raise expires; send REGISTER",
    "refused -> Idle: report refused; next",
    "failed -> Idle: report failed; next",
    "stop -> Stopped",
  ],
  // 22.2: no second try with credentials that were refused.
  Authenticating: [
    "200 -> Idle: note bindings; report registered; next",
    "challenge -> Idle: report refused; next",
    "fresh challenge -> Authenticating: answer challenge; send REGISTER",
    "invalid challenge -> Contesting: answer challenge; send REGISTER",
    "unanswerable challenge -> Idle: report refused; next",
    "423 -> Registering: raise expires; send REGISTER",
    "refused -> Idle: report refused; next",
    "failed -> Idle: report failed; next",
    "stop -> Stopped",
  ],
  // TS 24.229 5.1.1.5.3: two consecutive invalid challenges are answered, then no more.
  Contesting: [
    "200 -> Idle: note bindings; report registered; next",
    "fresh challenge -> Authenticating: answer challenge; send REGISTER",
    "invalid challenge -> Contesting again: answer challenge; send REGISTER",
    "unanswerable challenge -> Idle: report refused; next",
    "423 -> Registering: raise expires; send REGISTER",
    "refused -> Idle: report refused; next",
    "failed -> Idle: report failed; next",
    "stop -> Stopped",
  ],
  "Contesting again": [
    "200 -> Idle: note bindings; report registered; next",
    "unanswerable challenge -> Idle: report refused; next",
    "423 -> Registering: raise expires; send REGISTER",
    "refused -> Idle: report refused; next",
    "failed -> Idle: report failed; next",
    "stop -> Stopped",
  ],
  Stopped: [
    "200 -> Idle: next",
    "challenge -> Idle: next",
    "fresh challenge -> Idle: next",
    "invalid challenge -> Idle: next",
    "unanswerable challenge -> Idle: next",
    "423 -> Idle: next",
    "refused -> Idle: next",
    "failed -> Idle: next",
    "stop -> Stopped",
  ],
};

for (const [title, table, expected] of [
  ["RFC 3261 13.3.1.4, 15: session", sessionTable, session],
  ["RFC 3261 14, RFC 3311 5.2: modification of a session", modificationTable, modification],
  ["RFC 3261 9.1, 13.2: INVITE of a UAC", inviteClientUsageTable, inviteClient],
  ["RFC 3261 9.2, 13.3: INVITE of a UAS", inviteServerUsageTable, inviteServer],
  ["RFC 6665 4.1.2: subscriber", subscriberTable, subscriber],
  ["RFC 3261 10.2, 22.2: registration", registrationTable, registration],
] as const)
  test(`${title}: every cell, and every change of one is noticed`, () => {
    assert.ok(expectTableAndMutations(table, expected) > 100);
  });
