// Hello, ticket and binding. cfs-ue 2, 5, 6; RFC 6665 4.2.1.
import assert from "node:assert/strict";
import test from "node:test";
import {
  aliceKey,
  boundWorld,
  channelOf,
  counted,
  isReachable,
  query,
  record,
  rowsOf,
  world,
} from "../../support/cfs-ue-world.ts";

const refused = "cfs_ue_refused_total";

test("2: a hello whose record agrees is answered 200 and one active NOTIFY with the ticket", async () => {
  const made = await world({ lcf: { obedient: false } });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  assert.equal(dialog.response?.status, 200);
  assert.equal(dialog.response?.headers.get("Expires"), "3500");
  assert.equal(dialog.notifies.length, 1);
  assert.match(dialog.notifies[0]?.state ?? "", /^active;expires=3(500|499)$/);
  assert.equal(dialog.ticket?.nonce, dialog.nonce);
  assert.deepEqual(dialog.ticket?.allowed.pCscf, ["*.open-ims.test"]);
  assert.equal(dialog.ticket?.sequence, 0);
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "not bound" });
});

test("6: the challenge repeated in the dialog binds the key", async () => {
  const made = await boundWorld();
  assert.equal(isReachable(made), true);
  assert.equal(made.cfs.node.states.at(-1)?.reachable, true);
  assert.equal(made.cfs.node.ue?.claims(aliceKey)?.contact, made.lcf.node.contact);
});

test("2: a record that comes late turns pending into active", async () => {
  const made = await world({ records: [] });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 50 });
  assert.equal(dialog.response?.status, 200);
  assert.match(dialog.notifies[0]?.state ?? "", /^pending;/);
  assert.equal(dialog.notifies[0]?.body, null);
  await made.location.upsert([{ record: record(), expect: "absent" }]);
  await made.simulation.run({ ms: 500, when: () => isReachable(made) });
  assert.match(dialog.notifies[1]?.state ?? "", /^active;/);
  assert.equal(isReachable(made), true);
});

test("2: a record that never agrees ends the subscription on probation, and the log says what disagreed", async () => {
  const lines: string[] = [];
  const made = await world({
    records: [record({ pCscf: "pcscf2.open-ims.test:4060" })],
    log: (event, fields) => lines.push(`${event} ${String(fields?.["detail"])}`),
  });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 1990 });
  assert.deepEqual(
    dialog.notifies.map(({ state }) => state.split(";")[0]),
    ["pending"],
  );
  await made.simulation.run({ ms: 200 });
  assert.equal(dialog.notifies[1]?.state, "terminated;reason=probation;retry-after=30");
  assert.equal(counted(made.cfs.host, refused, "record"), 1);
  assert.ok(lines.some((line) => /not believed Record-Route of pcscf1.*the record has pcscf2/.test(line)));
  await made.simulation.run({ ms: 3000 });
  assert.equal(dialog.notifies.length, 2);
  assert.equal(rowsOf(made, "subscription"), 0);
});

test("5: a signature is verified only when the record agrees", async () => {
  const made = await world({ records: [] });
  const stranger = await made.simulation.settle(made.lcf.host.crypto.generateKey("EdDSA"));
  const dialog = made.lcf.node.subscribe({ key: stranger });
  await made.simulation.run({ ms: 100 });
  assert.match(dialog.notifies[0]?.state ?? "", /^pending/);
  assert.equal(counted(made.cfs.host, refused, "unknown kid"), 0);
  await made.location.upsert([{ record: record(), expect: "absent" }]);
  await made.simulation.run({ ms: 500 });
  assert.equal(dialog.notifies[1]?.state, "terminated;reason=rejected");
  assert.equal(counted(made.cfs.host, refused, "unknown kid"), 1);
});

test("2: a fetch gets one terminated NOTIFY without ticket, and leaves nothing", async () => {
  const made = await world();
  const dialog = made.lcf.node.subscribe({ expires: 0, text: null });
  await made.simulation.run({ ms: 5000 });
  assert.equal(dialog.response?.status, 200);
  assert.equal(dialog.response?.headers.get("Expires"), "0");
  assert.deepEqual(
    dialog.notifies.map(({ state, request }) => [state, request.body.length]),
    [["terminated;reason=timeout", 0]],
  );
  assert.equal(rowsOf(made, "subscription"), 0);
});

test("2: another event: 489 with Allow-Events, at the port", async () => {
  const made = await world();
  const dialog = made.lcf.node.subscribe({ event: "reg" });
  await made.simulation.run({ ms: 100 });
  assert.equal(dialog.response?.status, 489);
  assert.equal(dialog.response?.headers.get("Allow-Events"), "liquid-ims");
  assert.equal(counted(made.cfs.host, refused, "489"), 1);
});

test("6665 4.2.1: a SUBSCRIBE in an unknown dialog: 481", async () => {
  const made = await boundWorld();
  const known = made.dialog.dialog;
  assert.ok(known !== null);
  made.dialog.dialog = { ...known, id: { ...known.id, remoteTag: "0123456789abcdef" } };
  made.lcf.node.refresh(made.dialog);
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 481);
});

test("2: SUBSCRIBEs with one Call-ID and other CSeq or From tag are dialogs of their own", async () => {
  const made = await world({ ue: { identityRate: 100 } });
  const first = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  const second = made.lcf.node.subscribe({ callId: first.callId });
  await made.simulation.run({ ms: 100 });
  assert.equal(second.response?.status, 200);
  assert.notEqual(second.dialog?.id.remoteTag, first.dialog?.id.remoteTag);
});

test("5: the newest hello's dialog is the current one; of a bound key it is bound at once", async () => {
  const made = await boundWorld();
  await made.simulation.run({ ms: 1500 });
  const newer = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 200 });
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 200 });
  assert.equal(newer.notifies.flatMap(({ commands }) => commands).length, 1);
  assert.equal(made.dialog.notifies.flatMap(({ commands }) => commands).length, 0);
});

test("6: before its challenge is repeated another hello takes its place", async () => {
  const made = await world({ lcf: { obedient: false } });
  const first = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 1500 });
  const key = await made.simulation.settle(made.lcf.host.crypto.generateKey("EdDSA"));
  made.lcf.node.useKey(key);
  const second = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  assert.equal(first.ticket !== null && second.ticket !== null, true);
  made.lcf.node.prove(second);
  await made.simulation.run({ ms: 100 });
  assert.ok(isReachable(made));
  made.lcf.node.prove(first);
  await made.simulation.run({ ms: 100 });
  assert.equal(counted(made.cfs.host, refused, "bound"), 1);
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 100 });
  assert.equal(second.notifies.flatMap(({ commands }) => commands).length, 1);
});

test("6: another key for a bound pair needs the old key's signature", async () => {
  const made = await boundWorld();
  const old = made.lcf.node.key;
  const key = await made.simulation.settle(made.lcf.host.crypto.generateKey("EdDSA"));
  made.lcf.node.useKey(key);
  await made.simulation.run({ ms: 1500 });
  const alone = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 1500 });
  assert.equal(alone.response?.status, 403);
  assert.equal(counted(made.cfs.host, refused, "bound"), 1);
  assert.ok(isReachable(made));
  const signed = made.lcf.node.subscribe({ key: old });
  await made.simulation.run({ ms: 500 });
  assert.equal(signed.response?.status, 200);
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 500 });
  assert.equal(signed.notifies.flatMap(({ commands }) => commands).length, 1);
});

test("6: a wrong challenge binds nothing; one that is not repeated in 60 s ends the dialog", async () => {
  const made = await world({ lcf: { obedient: false } });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  made.lcf.node.refresh(dialog, { body: { challenge: "0123456789abcdef0123" } });
  await made.simulation.run({ ms: 59_800 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 200);
  assert.equal(counted(made.cfs.host, refused, "challenge"), 1);
  assert.match(dialog.notifies.at(-1)?.state ?? "", /^active/);
  await made.simulation.run({ ms: 300 });
  assert.equal(dialog.notifies.at(-1)?.state, "terminated;reason=deactivated");
  made.lcf.node.prove(dialog);
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 481);
  assert.equal(isReachable(made), false);
  assert.equal(rowsOf(made, "subscription"), 0);
});

test("6: keys revoked: every dialog ends deactivated", async () => {
  const made = await boundWorld();
  made.cfs.node.ue?.revoke();
  await made.simulation.run({ ms: 100 });
  assert.equal(made.dialog.notifies.at(-1)?.state, "terminated;reason=deactivated");
  assert.equal(isReachable(made), false);
});
