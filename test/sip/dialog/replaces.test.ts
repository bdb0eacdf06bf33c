// Matching a Replaces header. RFC 3891 3.
import assert from "node:assert/strict";
import test from "node:test";
import {
  judgeReplaces,
  matchReplaces,
  type ReplaceableDialog,
  readReplaces,
} from "@liquid-ims/sip/dialog/replaces";
import { parseReplaces, type Replaces } from "@liquid-ims/sip/header/replaces";
import { buildRequest, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";

function parsed(value: string): Replaces {
  const replaces = parseReplaces(value);
  assert.ok(replaces);
  return replaces;
}

function request(method: string, headers: readonly HeaderPair[]): SipRequest {
  return buildRequest({ method, uri: "sip:bob@example.net", headers });
}

const dialog: ReplaceableDialog = {
  id: { callId: "c1", localTag: "mine", remoteTag: "theirs" },
  role: "uas",
  state: "confirmed",
};
const named = parsed("c1;to-tag=mine;from-tag=theirs;gen=3");

function status(result: ReturnType<typeof readReplaces>): number {
  return "rejection" in result ? result.rejection.status : 0;
}

test("3: to-tag is compared with the local tag, from-tag with the remote tag", () => {
  assert.equal(matchReplaces(named, [dialog]), dialog);
  assert.equal(matchReplaces(parsed("c1;to-tag=theirs;from-tag=mine"), [dialog]), null);
  assert.equal(matchReplaces(parsed("c2;to-tag=mine;from-tag=theirs"), [dialog]), null);
});

test("3: several matches count as none", () => {
  assert.equal(matchReplaces(named, [dialog, { ...dialog }]), null);
});

test("3: the tag 0 stands for a missing one", () => {
  const old = { ...dialog, id: { ...dialog.id, remoteTag: "" } };
  assert.equal(matchReplaces(parsed("c1;to-tag=mine;from-tag=0"), [old]), old);
  assert.equal(matchReplaces(parsed("c1;to-tag=mine;from-tag=0"), [dialog]), null);
});

test("3: several Replaces, one in another request, and one beside Join are owed 400", () => {
  const value = "c1;to-tag=mine;from-tag=theirs";
  assert.equal(
    status(
      readReplaces(
        request("INVITE", [
          ["Replaces", value],
          ["Replaces", value],
        ]),
      ),
    ),
    400,
  );
  assert.equal(status(readReplaces(request("OPTIONS", [["Replaces", value]]))), 400);
  assert.equal(
    status(
      readReplaces(
        request("INVITE", [
          ["Replaces", value],
          ["Join", value],
        ]),
      ),
    ),
    400,
  );
  assert.equal(status(readReplaces(request("INVITE", [["Replaces", "c1;to-tag=mine"]]))), 400);
  assert.deepEqual(readReplaces(request("INVITE", [])), { replaces: null });
  const good = readReplaces(request("INVITE", [["Replaces", `${value};gen=3`]]));
  assert.equal("replaces" in good ? good.replaces?.parameters.get("gen") : null, "3");
});

test("3: no match 481, terminated 603, confirmed with early-only 486", () => {
  assert.equal(judgeReplaces(named, null)?.status, 481);
  assert.equal(judgeReplaces(named, { ...dialog, state: "terminated" })?.status, 603);
  assert.equal(judgeReplaces({ ...named, earlyOnly: true }, dialog)?.status, 486);
  assert.equal(judgeReplaces(named, dialog), null);
});

test("3: an early dialog may be replaced only at the end that started it", () => {
  assert.equal(judgeReplaces(named, { ...dialog, state: "early", role: "uac" }), null);
  assert.equal(judgeReplaces(named, { ...dialog, state: "early", role: "uas" })?.status, 481);
});
