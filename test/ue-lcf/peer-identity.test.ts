// Who may replace a dialog, and how the peer is addressed. RFC 3325 9.1, RFC 3891 8, RFC 3966 4, RFC 5627.
import assert from "node:assert/strict";
import test from "node:test";
import { buildRequest, buildResponse, type HeaderPair } from "@liquid-ims/sip/message";
import {
  addressOfPeer,
  checkIdentity,
  learnPeer,
  sameUser,
  unknownPeer,
} from "@liquid-ims/ue-lcf/peer-identity";

const invite = (...headers: HeaderPair[]) =>
  buildRequest({ method: "INVITE", uri: "sip:me@home.example", headers });
const asserted = (...uris: string[]) =>
  invite(...uris.map((uri): HeaderPair => ["P-Asserted-Identity", `<${uri}>`]));
const bob = learnPeer(unknownPeer, asserted("sip:bob@home.example", "tel:+49-30-123"));

test("RFC 3966 4: sip and tel name one user after normalisation", () => {
  assert.ok(sameUser("tel:+49-30-123", "sip:+4930123@home.example;user=phone"));
  assert.ok(sameUser("sip:bob@HOME.example", "sip:bob@home.example:5060;transport=tcp"));
  assert.ok(!sameUser("sip:Bob@home.example", "sip:bob@home.example"));
  assert.ok(!sameUser("tel:+4930123", "tel:+4930124"));
  assert.ok(!sameUser("sip:home.example", "sip:home.example"), "without a user nobody is named");
});

test("RFC 3891 8: one identity in common suffices, none is a stranger", () => {
  assert.equal(checkIdentity(bob, asserted("sip:bob@home.example")), "same");
  assert.equal(checkIdentity(bob, asserted("sip:other@home.example", "tel:+4930123")), "same");
  assert.equal(checkIdentity(bob, asserted("sip:eve@home.example")), "other");
  assert.equal(checkIdentity(bob, asserted()), "other");
  assert.equal(
    checkIdentity(bob, invite(["From", "<sip:bob@home.example>;tag=1"])),
    "other",
    "From proves nothing",
  );
});

test("RFC 3325 9.1: more than one sip and one tel value is refused, however right they are", () => {
  assert.equal(checkIdentity(bob, asserted("sip:bob@home.example", "sip:eve@home.example")), "too many");
  assert.equal(checkIdentity(bob, asserted("sip:bob@home.example", "sips:bob@home.example")), "too many");
  assert.equal(checkIdentity(bob, asserted("tel:+4930123", "tel:+4930124")), "too many");
});

test("RFC 3891 8: who was dialled counts where nothing was asserted, unless the call was diverted", () => {
  const dialled = { ...unknownPeer, dialled: "sip:carol@home.example" };
  assert.equal(checkIdentity(dialled, asserted("sip:carol@home.example")), "same");
  assert.equal(checkIdentity(dialled, asserted("sip:eve@home.example")), "other");
  const ringing = buildResponse(invite(), 181, {
    headers: [["History-Info", "<sip:dave@home.example>;index=1"]],
  });
  assert.equal(checkIdentity(learnPeer(dialled, ringing), asserted("sip:dave@home.example")), "unknown");
  assert.equal(checkIdentity(unknownPeer, asserted("sip:anybody@home.example")), "unknown");
});

test("RFC 5627 4.3: a GRUU is addressed, else the asserted, else the dialled identity; a raw Contact never", () => {
  assert.equal(addressOfPeer(bob), "sip:bob@home.example");
  const withGruu = learnPeer(bob, invite(["Contact", "<sip:bob@home.example;gr=urn:uuid:1>"]));
  assert.equal(addressOfPeer(withGruu), "sip:bob@home.example;gr=urn:uuid:1");
  const withContact = learnPeer(bob, invite(["Contact", '<sip:bob@10.0.0.9>;+sip.instance="<urn:uuid:1>"']));
  assert.equal(addressOfPeer(withContact), "sip:bob@home.example");
  assert.equal(withContact.instance, "urn:uuid:1");
  assert.equal(addressOfPeer({ ...unknownPeer, dialled: "tel:+4930123" }), "tel:+4930123");
  const anonymous = learnPeer(unknownPeer, invite(["From", "<sip:anonymous@anonymous.invalid>;tag=1"]));
  assert.equal(addressOfPeer(anonymous), null);
});
