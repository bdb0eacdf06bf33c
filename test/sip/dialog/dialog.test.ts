// Dialogs as data. RFC 3261 12, RFC 6665 4.4.1.
import assert from "node:assert/strict";
import test from "node:test";
import {
  confirmDialog,
  type Dialog,
  dialogRequest,
  keyOf,
  notifyDialog,
  receiveInDialog,
  refreshTarget,
  uacDialog,
  uasDialog,
} from "@liquid-ims/sip/dialog/dialog";
import { buildRequest, buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";

const routes: HeaderPair[] = [["Record-Route", "<sip:p2.example;lr>, <sip:p1.example;lr>"]];

function invite(further: readonly HeaderPair[] = []): SipRequest {
  return buildRequest({
    method: "INVITE",
    uri: "sip:bob@example.net",
    headers: [
      ["Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"],
      ["From", '"Alice" <sip:alice@example.com>;tag=a1'],
      ["To", "<sip:bob@example.net>"],
      ["Call-ID", "c1"],
      ["CSeq", "314 INVITE"],
      ["Contact", "<sip:alice@10.0.0.1>"],
      ...further,
    ],
  });
}

const answer = (status: number, further: readonly HeaderPair[] = [], toTag = "b1") =>
  buildResponse(invite(), status, { toTag, headers: [["Contact", "<sip:bob@10.0.0.2:5070>"], ...further] });

function uac(): Dialog {
  const dialog = uacDialog(invite(), answer(200, routes));
  assert.ok(dialog);
  return dialog;
}

function inDialog(method: string, cseq: number, further: readonly HeaderPair[] = []): SipRequest {
  return buildRequest({
    method,
    uri: "sip:alice@10.0.0.1",
    headers: [
      ["From", "<sip:bob@example.net>;tag=b1"],
      ["To", "<sip:alice@example.com>;tag=a1"],
      ["Call-ID", "c1"],
      ["CSeq", `${cseq} ${method}`],
      ...further,
    ],
  });
}

test("12.1.2: the UAC's dialog has the Record-Route of the response in reverse order", () => {
  assert.deepEqual(uac(), {
    id: { callId: "c1", localTag: "a1", remoteTag: "b1" },
    role: "uac",
    state: "confirmed",
    localUri: '"Alice" <sip:alice@example.com>',
    remoteUri: "<sip:bob@example.net>",
    remoteTarget: "sip:bob@10.0.0.2:5070",
    localContact: "<sip:alice@10.0.0.1>",
    localSequence: 314,
    remoteSequence: null,
    routeSet: ["<sip:p1.example;lr>", "<sip:p2.example;lr>"],
  });
});

test("12.1.1: the UAS's dialog has the Record-Route of the request in its order", () => {
  assert.deepEqual(uasDialog(invite(routes), { localTag: "b1", contact: "<sip:bob@10.0.0.2>" }), {
    id: { callId: "c1", localTag: "b1", remoteTag: "a1" },
    role: "uas",
    state: "confirmed",
    localUri: "<sip:bob@example.net>",
    remoteUri: '"Alice" <sip:alice@example.com>',
    remoteTarget: "sip:alice@10.0.0.1",
    localContact: "<sip:bob@10.0.0.2>",
    localSequence: 0,
    remoteSequence: 314,
    routeSet: ["<sip:p2.example;lr>", "<sip:p1.example;lr>"],
  });
});

test("12: a dialog survives JSON", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(uac())), uac());
});

test("12.1: 100, a provisional response without To tag and a failure make no dialog", () => {
  assert.equal(uacDialog(invite(), answer(100)), null);
  assert.equal(uacDialog(invite(), buildResponse(invite(), 180)), null);
  assert.equal(uacDialog(invite(), answer(404)), null);
  assert.equal(uacDialog(invite(), answer(180))?.state, "early");
});

test("12.1.2: a 2xx without To tag, of RFC 2543, makes a dialog with an empty remote tag", () => {
  const dialog = uacDialog(invite(), buildResponse(invite(), 200));
  assert.equal(dialog?.id.remoteTag, "");
  assert.ok(dialog);
  assert.equal(dialogRequest(dialog, "BYE").request.headers.get("To"), "<sip:bob@example.net>");
});

test("13.2.2.4: the 2xx confirms an early dialog, with its own route set and Contact", () => {
  const early = uacDialog(invite(), answer(180, routes));
  assert.ok(early);
  const confirmed = confirmDialog(early, answer(200, [["Record-Route", "<sip:p3.example;lr>"]]));
  assert.equal(confirmed.state, "confirmed");
  assert.deepEqual(confirmed.routeSet, ["<sip:p3.example;lr>"]);
});

test("12.2.1.1: a request in the dialog carries its tags, route set and the next CSeq", () => {
  const { dialog, request } = dialogRequest(uac(), "BYE");
  assert.equal(request.uri, "sip:bob@10.0.0.2:5070");
  assert.deepEqual(request.headers.values("Route"), ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]);
  assert.equal(request.headers.get("From"), '"Alice" <sip:alice@example.com>;tag=a1');
  assert.equal(request.headers.get("To"), "<sip:bob@example.net>;tag=b1");
  assert.equal(request.headers.get("Call-ID"), "c1");
  assert.equal(request.headers.get("CSeq"), "315 BYE");
  assert.equal(request.headers.get("Max-Forwards"), "70");
  assert.equal(request.headers.has("Contact"), false);
  assert.equal(dialog.localSequence, 315);
});

test("12.2.1.1: a target refresh request carries the Contact", () => {
  assert.equal(dialogRequest(uac(), "INVITE").request.headers.get("Contact"), "<sip:alice@10.0.0.1>");
});

test("12.2.1.1: ACK has the CSeq number of its INVITE and does not count", () => {
  const { dialog, request } = dialogRequest(uac(), "ACK", { sequence: 314 });
  assert.equal(request.headers.get("CSeq"), "314 ACK");
  assert.equal(dialog.localSequence, 314);
});

test("12.2.1.1: a strict router gets the Request-URI, the target goes to the end of Route", () => {
  const strict = { ...uac(), routeSet: ["<sip:p1.example;method=INVITE?Subject=x>", "<sip:p2.example;lr>"] };
  const { request } = dialogRequest(strict, "BYE");
  assert.equal(request.uri, "sip:p1.example");
  assert.deepEqual(request.headers.values("Route"), ["<sip:p2.example;lr>", "<sip:bob@10.0.0.2:5070>"]);
});

test("12.2.2: a CSeq that is not above the last one is owed 500, also an equal one", () => {
  const first = receiveInDialog(uac(), inDialog("OPTIONS", 7));
  assert.ok(first.ok);
  assert.equal(first.dialog.remoteSequence, 7);
  for (const cseq of [6, 7]) {
    const result = receiveInDialog(first.dialog, inDialog("OPTIONS", cseq));
    assert.equal(result.ok ? 0 : result.rejection.status, 500);
  }
  assert.ok(receiveInDialog(first.dialog, inDialog("OPTIONS", 900)).ok);
});

test("12.2.2: ACK has an old number by right", () => {
  const dialog = { ...uac(), remoteSequence: 9 };
  assert.deepEqual(receiveInDialog(dialog, inDialog("ACK", 8)), { ok: true, dialog });
});

test("12.2.1.2: the Contact of a 2xx replaces the target, the route set stays", () => {
  const refreshed = refreshTarget(uac(), answer(200, [], "b1"));
  assert.equal(refreshed.remoteTarget, "sip:bob@10.0.0.2:5070");
  const moved = refreshTarget(uac(), inDialog("UPDATE", 2, [["Contact", "<sip:bob@10.9.9.9>"]]));
  assert.equal(moved.remoteTarget, "sip:bob@10.9.9.9");
  assert.deepEqual(moved.routeSet, uac().routeSet);
  assert.deepEqual(refreshTarget(uac(), inDialog("BYE", 3)), uac());
});

test("12: keys differ when Call-ID and tags only look alike together", () => {
  const one = keyOf({ callId: "a", localTag: "b c", remoteTag: "d" });
  assert.notEqual(one, keyOf({ callId: "a b", localTag: "c", remoteTag: "d" }));
  assert.notEqual(one, keyOf({ callId: "a", localTag: "d", remoteTag: "b c" }));
});

test("RFC 6665 4.4.1: the first NOTIFY makes the subscriber's dialog, with both CSeqs", () => {
  const subscribe = invite();
  const notify = inDialog("NOTIFY", 40, [["Contact", "<sip:cfs.example>"], ...routes]);
  const dialog = notifyDialog(subscribe, notify);
  assert.deepEqual(dialog?.id, { callId: "c1", localTag: "a1", remoteTag: "b1" });
  assert.equal(dialog?.localSequence, 314);
  assert.equal(dialog?.remoteSequence, 40);
  assert.equal(dialog?.remoteTarget, "sip:cfs.example");
  assert.deepEqual(dialog?.routeSet, ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]);
});
