// The rows of cfs-ue 6's table of attacks that concern the CFS.
import assert from "node:assert/strict";
import test from "node:test";
import { thumbprint } from "@liquid-ims/reference-points/jws";
import { encodeBase64Url, encodeText } from "@liquid-ims/runtime/text";
import {
  alice,
  aliceInstance,
  aliceKey,
  boundWorld,
  cfsTarget,
  channelOf,
  counted,
  isReachable,
  query,
  type World,
  world,
} from "../../support/cfs-ue-world.ts";
import type { FakeLcf } from "../../support/fake-lcf.ts";
import { fakeLcf } from "../../support/fake-lcf.ts";

const refused = "cfs_ue_refused_total";
const mallory = { host: "127.0.3.66", port: 5060 };

/** Another phone, which claims to be alice's. */
async function attacker(made: World, contact?: string): Promise<FakeLcf> {
  const host = made.simulation.addHost("mallory", {
    addresses: [mallory.host],
    program: fakeLcf({
      address: mallory,
      cfs: cfsTarget,
      identity: alice,
      instance: aliceInstance,
      ...(contact === undefined ? {} : { contact }),
    }),
  });
  await made.simulation.run({ ms: 1000, when: () => host.node.ready });
  return host.node;
}

const aliceRoute = "<sip:mo@127.0.1.1:4060;lr>";

test("hello for a victim, Contact copied, identity forged: the NOTIFY goes to the victim, nothing is bound", async () => {
  const made = await world();
  const phone = await attacker(made, made.lcf.node.contact);
  const dialog = phone.subscribe({ recordRoute: [aliceRoute] });
  await made.simulation.run({ ms: 5000 });
  assert.equal(dialog.response?.status, 200);
  assert.equal(dialog.notifies.length, 0);
  assert.equal(dialog.ticket, null);
  assert.equal(made.lcf.node.strays.length, 1, "the victim answered it with 481");
  assert.equal(isReachable(made), false);
});

test("hello for a victim with the attacker's own Contact, or through another P-CSCF: never believed", async () => {
  const made = await world();
  const phone = await attacker(made);
  const dialog = phone.subscribe({ recordRoute: [aliceRoute] });
  await made.simulation.run({ ms: 4000 });
  assert.equal(dialog.ticket, null);
  const copied = phone.subscribe({ contact: made.lcf.node.contact });
  await made.simulation.run({ ms: 4000 });
  assert.match(copied.notifies.at(-1)?.state ?? "", /probation/);
  assert.equal(counted(made.cfs.host, refused, "record"), 2);
  assert.equal(channelOf(made.cfs).state(aliceKey).reachable, false);
});

test("more than one SIP identity asserted, or none: 403", async () => {
  const made = await world();
  for (const asserted of [[alice, "sip:mallory@open-ims.test"], []]) {
    const dialog = made.lcf.node.subscribe({ asserted });
    await made.simulation.run({ ms: 1500 });
    assert.equal(dialog.response?.status, 403);
  }
  assert.equal(counted(made.cfs.host, refused, "identity"), 2);
});

test("no Record-Route, so not through the core: 403", async () => {
  const made = await world();
  const dialog = made.lcf.node.subscribe({ recordRoute: [] });
  await made.simulation.run({ ms: 100 });
  assert.equal(dialog.response?.status, 403);
  assert.equal(counted(made.cfs.host, refused, "no Record-Route"), 1);
});

test("hello replayed: its Call-ID and tag are signed, its nonce counts once, its time is over in 60 s", async () => {
  const made = await boundWorld();
  const text = new TextDecoder().decode(made.dialog.request.body);
  const other = made.lcf.node.subscribe({ text });
  await made.simulation.run({ ms: 1500 });
  assert.equal(other.response?.status, 403);
  assert.equal(counted(made.cfs.host, refused, "another dialog's body"), 1);
  const { callId, fromTag } = made.dialog;
  const same = made.lcf.node.subscribe({
    text,
    callId,
    fromTag,
    without: ["CSeq"],
    headers: [["CSeq", "7 SUBSCRIBE"]],
  });
  await made.simulation.run({ ms: 1500 });
  assert.equal(same.response?.status, 403);
  assert.equal(counted(made.cfs.host, refused, "nonce"), 1);
  await made.simulation.run({ ms: 60_000 });
  const later = made.lcf.node.subscribe({
    text,
    callId,
    fromTag,
    without: ["CSeq"],
    headers: [["CSeq", "8 SUBSCRIBE"]],
  });
  await made.simulation.run({ ms: 1500 });
  assert.equal(later.response?.status, 403);
  assert.equal(counted(made.cfs.host, refused, "old hello"), 1);
});

test("answer replayed in its dialog: 200, acknowledged, told once; in another dialog: 403", async () => {
  const made = await boundWorld();
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 100 });
  const answer = {
    id: "a1",
    operation: "op-1",
    sequence: 1,
    answer: "accepted",
    armed: false,
    dialogs: [],
  } as const;
  const seq = made.dialog.sequence + 1;
  made.lcf.node.say(made.dialog, [answer]);
  await made.simulation.run({ ms: 100 });
  made.lcf.node.refresh(made.dialog, { body: { seq, answers: [answer] } });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 200);
  assert.equal(counted(made.cfs.host, "cfs_ue_events_total", "body repeated"), 1);
  assert.equal(made.cfs.node.messages.length, 1);
  const { callId } = made.dialog;
  made.lcf.node.refresh(made.dialog, { body: { callId: `${callId}x`, answers: [answer] } });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 403);
});

test("a body signed by another key, or of another typ, is refused and moves nothing", async () => {
  const made = await boundWorld();
  const stranger = await made.simulation.settle(made.lcf.host.crypto.generateKey("EdDSA"));
  made.lcf.node.refresh(made.dialog, { key: stranger, expires: 0 });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 403);
  const command = made.dialog.notifies[0]?.request.body ?? new Uint8Array();
  made.lcf.node.refresh(made.dialog, { text: new TextDecoder().decode(command) });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 403);
  assert.equal(counted(made.cfs.host, refused, "unknown kid"), 1);
  assert.equal(counted(made.cfs.host, refused, "wrong typ"), 1);
  assert.ok(isReachable(made));
});

test("alg none, and HS256 with the public key: refused", async () => {
  const made = await boundWorld();
  const { crypto } = made.lcf.host;
  const { jwk } = made.lcf.node.key.publicKey;
  const kid = thumbprint(crypto, jwk);
  const { callId, fromTag } = made.dialog;
  const body = { v: "1.0", seq: 99, callId, fromTag, expires: 0, answers: [], reports: [] };
  const part = (value: unknown) => encodeBase64Url(encodeText(JSON.stringify(value)));
  for (const alg of ["none", "HS256"]) {
    const signed = `${part({ alg, kid, typ: "subscribe" })}.${part(body)}`;
    const mac =
      alg === "none" ? "" : encodeBase64Url(crypto.hmac("sha256", encodeText(jwk.x), encodeText(signed)));
    made.lcf.node.refresh(made.dialog, { text: `${signed}.${mac}`, expires: 0 });
    await made.simulation.run({ ms: 100 });
    assert.equal(made.lcf.node.answers.at(-1)?.status, 403, alg);
  }
  assert.equal(counted(made.cfs.host, refused, "wrong alg"), 2);
  assert.ok(isReachable(made));
});

test("unsigned Expires 0 and target refresh: 200, the dialog is suspect until its NOTIFY is answered", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => ({ status: 200, afterMs: 300 });
  made.lcf.node.refresh(made.dialog, {
    text: null,
    expires: 0,
    contact: `sip:x@${mallory.host}:${mallory.port}`,
  });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 200);
  assert.ok(Number(made.lcf.node.answers.at(-1)?.headers.get("Expires")) > 3400);
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "suspect" });
  await made.simulation.run({ ms: 400 });
  assert.ok(isReachable(made), "the NOTIFY that was owed for it was answered from the old Contact");
  assert.match(made.dialog.notifies.at(-1)?.state ?? "", /^active;expires=3[45]/);
});

test("an in-dialog SUBSCRIBE with another identity: 403", async () => {
  const made = await boundWorld();
  made.lcf.node.refresh(made.dialog, { asserted: ["sip:mallory@open-ims.test"] });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 403);
});

test("flood of hellos: one a second for an identity, 50 for a P-CSCF, before signatures", async () => {
  const made = await world();
  const before = made.cfs.host.metrics.samples().length;
  assert.ok(before > 0);
  const dialogs = [];
  for (let count = 0; count < 100; count++)
    dialogs.push(
      made.lcf.node.subscribe({ asserted: [`sip:user${count}@open-ims.test`] }),
      made.lcf.node.subscribe(),
    );
  await made.simulation.run({ ms: 900 });
  assert.equal(counted(made.cfs.host, refused, "identity rate"), 99);
  const passed = dialogs.filter(({ response }) => response?.status === 200).length;
  assert.ok(passed >= 50 && passed <= 51, String(passed));
  const late = dialogs.find(({ response }) => response?.status === 500);
  assert.equal(late?.response?.headers.get("Retry-After"), "1");
  await made.simulation.run({ ms: 3000 });
  const again = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  assert.equal(again.response?.status, 200);
});
