// The notifier's half over plain data. RFC 6665 4.2.
import assert from "node:assert/strict";
import test from "node:test";
import { encodeText } from "@liquid-ims/runtime/text";
import {
  acceptSubscribe,
  buildNotify,
  judgeNotifyAnswer,
  judgeSubscribe,
  type NotifierPackage,
  type NotifierResult,
  type NotifierSubscription,
  subscribeResponse,
} from "@liquid-ims/sip/dialog/subscription-notifier";
import { buildRequest, buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";

const offered: NotifierPackage = {
  package: "liquid-ims",
  minimum: 60,
  maximum: 3500,
  default: 3500,
  contentType: "application/jose",
};
const start = 1_000_000;

function subscribe(changes: Readonly<Record<string, string | null>> = {}): SipRequest {
  const fields: Record<string, string | null> = {
    From: "<sip:alice@example.com>;tag=a1",
    To: "<sip:cfs.example.com>",
    "Call-ID": "s1",
    CSeq: "1 SUBSCRIBE",
    Contact: "<sip:alice@10.0.0.1:5060>",
    "Record-Route": "<sip:pcscf1.example.com;lr>",
    Event: "liquid-ims;id=7",
    Accept: "application/jose",
    Expires: "600",
    ...changes,
  };
  const headers = Object.entries(fields).filter((field): field is [string, string] => field[1] !== null);
  return buildRequest({ method: "SUBSCRIBE", uri: "sip:cfs.example.com", headers: headers as HeaderPair[] });
}

const options = { offered, localTag: "n1", contact: "<sip:cfs.example.com>", now: start };

function made(request = subscribe(), state: "pending" | "active" = "active"): NotifierSubscription {
  const result = acceptSubscribe(request, { ...options, state });
  assert.ok(result.ok);
  return result.subscription;
}

function statusOf(result: NotifierResult<unknown>): number {
  return result.ok ? 200 : result.rejection.status;
}

const inDialog = (cseq: number, changes: Readonly<Record<string, string | null>> = {}) =>
  subscribe({ To: "<sip:cfs.example.com>;tag=n1", CSeq: `${cseq} SUBSCRIBE`, ...changes });

test("4.2.1: a SUBSCRIBE makes a subscription, its 200 says the time and the Contact", () => {
  const result = acceptSubscribe(subscribe(), { ...options, state: "pending" });
  assert.ok(result.ok);
  assert.equal(result.subscription.state, "pending");
  assert.equal(result.subscription.expiresAt, start + 600_000);
  assert.equal(result.response.status, 200);
  assert.equal(result.response.headers.get("Expires"), "600");
  assert.equal(result.response.headers.get("Contact"), "<sip:cfs.example.com>");
  assert.equal(result.response.headers.get("To"), "<sip:cfs.example.com>;tag=n1");
  assert.deepEqual(result.response.headers.values("Record-Route"), ["<sip:pcscf1.example.com;lr>"]);
  assert.deepEqual(JSON.parse(JSON.stringify(result.subscription)), result.subscription);
});

test("4.2.1.1: 489 with Allow-Events for another package, 423 for a short time, 406 for another type, 400 without Contact", () => {
  const wrong = acceptSubscribe(subscribe({ Event: "presence" }), options);
  assert.deepEqual(wrong.ok ? null : [wrong.rejection.status, wrong.rejection.headers], [
    489,
    [["Allow-Events", "liquid-ims"]],
  ]);
  const short = acceptSubscribe(subscribe({ Expires: "59" }), options);
  assert.deepEqual(short.ok ? null : [short.rejection.status, short.rejection.headers], [
    423,
    [["Min-Expires", "60"]],
  ]);
  assert.equal(statusOf(acceptSubscribe(subscribe({ Event: null }), options)), 489);
  assert.equal(statusOf(acceptSubscribe(subscribe({ Accept: "text/plain" }), options)), 406);
  assert.equal(
    statusOf(acceptSubscribe(subscribe({ Accept: "text/plain, application/*;q=0.5" }), options)),
    200,
  );
  assert.equal(statusOf(acceptSubscribe(subscribe({ Contact: null }), options)), 400);
});

test("4.2.1.1: a long time is shortened, a missing one is the default", () => {
  assert.equal(made(subscribe({ Expires: "99999" })).expiresAt, start + 3_500_000);
  assert.equal(made(subscribe({ Expires: null })).expiresAt, start + 3_500_000);
});

test("4.4.3: a fetch is terminated from the beginning", () => {
  const fetched = made(subscribe({ Expires: "0" }));
  assert.equal(fetched.state, "terminated");
  const { request } = buildNotify(fetched, { now: start, reason: "timeout" });
  assert.equal(request.headers.get("Subscription-State"), "terminated;reason=timeout");
});

test("4.2.2: a NOTIFY repeats Event with its id, says the time left, and has the CSeq that the caller gives", () => {
  const body = { type: "application/jose", data: encodeText("x.y.z") };
  const { subscription, request } = buildNotify(made(), { now: start + 100_500, sequence: 17, body });
  assert.equal(request.method, "NOTIFY");
  assert.equal(request.uri, "sip:alice@10.0.0.1:5060");
  assert.deepEqual(request.headers.values("Route"), ["<sip:pcscf1.example.com;lr>"]);
  assert.equal(request.headers.get("From"), "<sip:cfs.example.com>;tag=n1");
  assert.equal(request.headers.get("To"), "<sip:alice@example.com>;tag=a1");
  assert.equal(request.headers.get("CSeq"), "17 NOTIFY");
  assert.equal(request.headers.get("Event"), "liquid-ims;id=7");
  assert.equal(request.headers.get("Subscription-State"), "active;expires=499");
  assert.equal(request.headers.get("Content-Type"), "application/jose");
  assert.equal(request.headers.get("Contact"), "<sip:cfs.example.com>");
  assert.deepEqual(request.body, body.data);
  assert.equal(subscription.dialog.localSequence, 17);
  assert.equal(buildNotify(subscription, { now: start }).request.headers.get("CSeq"), "18 NOTIFY");
});

test("4.2.2: probation says when to come again", () => {
  const over = { ...made(), state: "terminated" as const };
  const { request } = buildNotify(over, { now: start, reason: "probation", retryAfter: 30 });
  assert.equal(request.headers.get("Subscription-State"), "terminated;reason=probation;retry-after=30");
});

test("4.2.1.4: a refresh moves expiry and target; counted alone it moves the CSeq only", () => {
  const row = made();
  const moved = { Contact: "<sip:alice@10.0.0.9>", Expires: "300" };
  const result = judgeSubscribe(row, inDialog(2, moved), { offered, now: start + 50_000 });
  assert.ok(result.ok);
  assert.equal(result.expires, 300);
  assert.deepEqual(result.counted, { ...row, dialog: { ...row.dialog, remoteSequence: 2 } });
  assert.equal(result.refreshed.expiresAt, start + 350_000);
  assert.equal(result.refreshed.dialog.remoteTarget, "sip:alice@10.0.0.9");
  const answer = subscribeResponse(result.counted, inDialog(2, moved), start + 50_000);
  assert.equal(answer.headers.get("Expires"), "550");
});

test("4.2.1.4: Expires 0 ends it, an old CSeq gets 500, an expired or ended one 481", () => {
  const row = made();
  const ended = judgeSubscribe(row, inDialog(2, { Expires: "0" }), { offered, now: start });
  assert.equal(ended.ok && ended.refreshed.state, "terminated");
  assert.equal(ended.ok && ended.counted.state, "active");
  assert.equal(statusOf(judgeSubscribe(row, inDialog(1), { offered, now: start })), 500);
  assert.equal(statusOf(judgeSubscribe(row, inDialog(2), { offered, now: start + 600_000 })), 481);
  assert.equal(
    statusOf(judgeSubscribe({ ...row, state: "terminated" }, inDialog(2), { offered, now: start })),
    481,
  );
  assert.equal(statusOf(judgeSubscribe(row, inDialog(2, { Event: "reg" }), { offered, now: start })), 489);
  assert.equal(statusOf(judgeSubscribe(row, inDialog(2, { Expires: "5" }), { offered, now: start })), 423);
});

test("4.2.2: a failed NOTIFY ends the subscription unless it says Retry-After", () => {
  const { request } = buildNotify(made(), { now: start });
  assert.equal(judgeNotifyAnswer(buildResponse(request, 200)), "kept");
  assert.equal(judgeNotifyAnswer(buildResponse(request, 481)), "over");
  assert.equal(judgeNotifyAnswer(buildResponse(request, 503, { headers: [["Retry-After", "5"]] })), "retry");
});
