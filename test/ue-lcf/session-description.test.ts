// What is read and changed of session descriptions. RFC 3264 5, 6.1, 8, RFC 8866.
import assert from "node:assert/strict";
import test from "node:test";
import {
  answerDirection,
  directionOf,
  freshOrigin,
  mediaOf,
  nextVersion,
  withDirection,
} from "@liquid-ims/ue-lcf/session-description";

const lines = (...text: string[]) => `${text.join("\r\n")}\r\n`;
const head = ["s=-", "c=IN IP4 10.0.0.1", "t=0 0"];
const audio = lines("v=0", "o=- 7 3 IN IP4 10.0.0.1", ...head, "m=audio 4000 RTP/AVP 0", "a=sendrecv");

test("RFC 3264 5, 8: a new session has an o= line of its own, the next version only counts", () => {
  assert.ok(freshOrigin(audio, "99").includes("o=- 99 1 IN IP4 10.0.0.1\r\n"));
  assert.ok(nextVersion(audio, "99", 4).includes("o=- 99 4 IN IP4 10.0.0.1\r\n"));
  assert.equal(mediaOf(freshOrigin(audio, "99")), mediaOf(audio), "nothing has changed for the media");
});

test("RFC 3264 8.4: each stream has the direction, once", () => {
  const two = lines(
    "v=0",
    "o=- 7 3 IN IP4 10.0.0.1",
    ...head,
    "a=sendonly",
    "m=audio 4000 RTP/AVP 0",
    "m=video 4002 RTP/AVP 96",
  );
  const held = withDirection(two, "inactive");
  assert.equal(held.match(/a=inactive/g)?.length, 2);
  assert.ok(!held.includes("a=sendonly"));
  assert.ok(held.endsWith("m=video 4002 RTP/AVP 96\r\na=inactive\r\n"));
  assert.notEqual(mediaOf(held), mediaOf(two));
  assert.equal(directionOf(held), "inactive");
  assert.equal(directionOf(lines("v=0", "m=audio 4000 RTP/AVP 0")), "sendrecv");
});

test("RFC 3264 6.1: what may be answered to an offer", () => {
  assert.equal(answerDirection("sendrecv", "sendrecv"), "sendrecv");
  assert.equal(answerDirection("sendrecv", "sendonly"), "recvonly");
  assert.equal(answerDirection("sendrecv", "recvonly"), "sendonly");
  assert.equal(answerDirection("sendonly", "sendrecv"), "sendonly");
  assert.equal(answerDirection("sendonly", "sendonly"), "inactive");
  assert.equal(answerDirection("sendrecv", "inactive"), "inactive");
  assert.equal(answerDirection("inactive", "sendrecv"), "inactive");
});
