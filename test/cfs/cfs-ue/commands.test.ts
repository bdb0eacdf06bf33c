// Commands, their acknowledgement, answers and reports. cfs-ue 3, 5, 7.
import assert from "node:assert/strict";
import test from "node:test";
import type { Answer, Report } from "@liquid-ims/reference-points/cfs-ue";
import {
  alice,
  aliceInstance,
  aliceKey,
  boundWorld,
  channelOf,
  counted,
  isReachable,
  query,
  record,
  type World,
  world,
} from "../../support/cfs-ue-world.ts";
import type { FakeDialog } from "../../support/fake-lcf.ts";

const events = "cfs_ue_events_total";

function accepted(id: string, sequence: number, operation = "op-1"): Answer {
  return { id, operation, sequence, answer: "accepted", armed: false, dialogs: [] };
}

function report(id: string, sequence: number, final: boolean): Report {
  return { id, operation: "op-1", sequence, final, dialogs: [] };
}

function commandsIn(dialog: FakeDialog): string[] {
  return dialog.notifies.flatMap(({ commands }) =>
    commands.map(({ operation, sequence }) => `${operation}/${sequence}`),
  );
}

function texts(dialog: FakeDialog): string[] {
  return dialog.notifies.flatMap(({ body }) => body?.commands ?? []);
}

function cseqs(dialog: FakeDialog): number[] {
  return dialog.notifies.map(({ request }) => Number.parseInt(request.headers.get("CSeq") ?? "", 10));
}

test("7: a command reaches its LCF signed, for its identity and instance; answer and report come back, acknowledged", async () => {
  const made = await boundWorld();
  const channel = channelOf(made.cfs);
  channel.send(aliceKey, query(made, 1));
  assert.equal(channel.sequenceReached(aliceKey), 1);
  await made.simulation.run({ ms: 100 });
  const command = made.dialog.notifies.at(-1)?.commands[0];
  assert.equal(command?.command, "query");
  assert.equal(command?.identity, alice);
  assert.equal(command?.instance, aliceInstance);
  made.lcf.node.say(made.dialog, [accepted("a1", 1)], [report("r1", 1, true)]);
  await made.simulation.run({ ms: 100 });
  assert.deepEqual(
    made.cfs.node.messages.map(([registration, { id }]) => [registration, id]),
    [
      [aliceKey, "a1"],
      [aliceKey, "r1"],
    ],
  );
  assert.deepEqual(made.dialog.notifies.at(-1)?.body?.acks, ["a1", "r1"]);
  await made.simulation.run({ ms: 20_000 });
  assert.deepEqual(commandsIn(made.dialog), ["op-1/1"], "answered: not sent again");
});

test("5: unanswered, it is sent again with the same bytes until it expires", async () => {
  const made = await boundWorld();
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 60_000 });
  const sent = texts(made.dialog);
  assert.equal(sent.length, 8, "at once and every 4 s for 30 s");
  assert.equal(new Set(sent).size, 1);
});

test("5: one NOTIFY in flight; what becomes pending meanwhile goes into the next", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => ({ status: 200, afterMs: 500 });
  const channel = channelOf(made.cfs);
  const before = made.dialog.notifies.length;
  for (const sequence of [1, 2, 3]) {
    channel.send(aliceKey, query(made, sequence));
    await made.simulation.run({ ms: 50 });
  }
  await made.simulation.run({ ms: 300 });
  assert.deepEqual(commandsIn(made.dialog), ["op-1/1"]);
  await made.simulation.run({ ms: 1000 });
  assert.deepEqual(commandsIn(made.dialog), ["op-1/1", "op-1/2", "op-1/3"]);
  assert.equal(made.dialog.notifies.length, before + 2);
  const numbers = cseqs(made.dialog);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

test("7: the same operation and sequence again is the same command", async () => {
  const made = await boundWorld();
  const channel = channelOf(made.cfs);
  channel.send(aliceKey, query(made, 1));
  channel.send(aliceKey, { ...query(made, 1), expires: 5 });
  await made.simulation.run({ ms: 100 });
  assert.deepEqual(commandsIn(made.dialog), ["op-1/1"]);
  assert.equal(counted(made.cfs.host, events, "command"), 1);
});

test("5: a command sent before there is an LCF waits for its binding; one that expires meanwhile is not sent", async () => {
  const made = await world();
  const channel = channelOf(made.cfs);
  channel.send(aliceKey, { ...query(made, 1), expires: made.cfs.host.clock.wall() + 1000 });
  channel.send(aliceKey, query(made, 2));
  await made.simulation.run({ ms: 2000 });
  assert.deepEqual(channel.state(aliceKey), { reachable: false, reason: "no LCF" });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(commandsIn(dialog), ["op-1/2"]);
});

test("6: the ticket's sequence lets a restarted LCF take what still waits, and nothing older", async () => {
  const made = await boundWorld();
  const channel = channelOf(made.cfs);
  channel.send(aliceKey, query(made, 4));
  await made.simulation.run({ ms: 100 });
  made.lcf.node.say(made.dialog, [accepted("a4", 4)]);
  await made.simulation.run({ ms: 1500 });
  const answered = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  assert.equal(answered.ticket?.sequence, 4);
  channel.send(aliceKey, query(made, 7));
  await made.simulation.run({ ms: 1500 });
  const waiting = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  assert.equal(waiting.ticket?.sequence, 6);
  assert.deepEqual(commandsIn(waiting), ["op-1/7"], "in the NOTIFY with the ticket");
});

test("7: messages are verified one at a time in order of arrival; doubles are acknowledged and told once", async () => {
  const made = await boundWorld();
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 100 });
  made.lcf.node.say(made.dialog, [accepted("a1", 1)]);
  for (const id of ["r1", "r2", "r3"]) made.lcf.node.say(made.dialog, [], [report(id, 1, id === "r3")]);
  await made.simulation.run({ ms: 500 });
  made.lcf.node.say(made.dialog, [accepted("a1", 1)]);
  await made.simulation.run({ ms: 500 });
  assert.deepEqual(
    made.cfs.node.messages.map(([, { id }]) => id),
    ["a1", "r1", "r2", "r3"],
  );
  assert.equal(made.dialog.notifies.at(-1)?.body?.acks.at(-1), "a1");
  assert.equal(counted(made.cfs.host, events, "message repeated"), 1);
});

test("3: a changed registration brings answers with the hello of its new dialog", async () => {
  const made = await boundWorld();
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 1500 });
  const dialog = made.lcf.node.subscribe({ body: { answers: [accepted("a1", 1)] } });
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(
    made.cfs.node.messages.map(([, { id }]) => id),
    ["a1"],
  );
  assert.deepEqual(dialog.notifies[0]?.body?.acks, ["a1"]);
  assert.deepEqual(commandsIn(dialog), []);
});

test("6: what an unbound LCF says about operations is neither told nor acknowledged", async () => {
  const made = await world({ lcf: { obedient: false } });
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  const dialog = made.lcf.node.subscribe({ body: { answers: [accepted("a1", 1)] } });
  await made.simulation.run({ ms: 200 });
  made.lcf.node.say(dialog, [accepted("a1", 1)]);
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(made.cfs.node.messages, []);
  assert.ok(dialog.notifies.every(({ body }) => (body?.acks ?? []).length === 0));
  assert.deepEqual(commandsIn(dialog), []);
});

test("a forgotten operation: its commands are sent no more, what comes about it is acknowledged only", async () => {
  const made = await boundWorld();
  const channel = channelOf(made.cfs);
  channel.send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 100 });
  channel.forget(aliceKey, "op-1");
  made.lcf.node.say(made.dialog, [], [report("r9", 1, true)]);
  await made.simulation.run({ ms: 20_000 });
  assert.deepEqual(commandsIn(made.dialog), ["op-1/1"]);
  assert.deepEqual(made.cfs.node.messages, []);
  assert.deepEqual(made.dialog.notifies.at(-1)?.body?.acks, ["r9"]);
  assert.equal(channel.sequenceReached(aliceKey), 1);
});

test("system 4: two devices hidden in one record cannot be commanded", async () => {
  const made = await boundWorld({ records: [record({ instance: null, contact: null })] });
  const key = "alice@open-ims.test *";
  await made.simulation.run({ ms: 1500 });
  assert.ok(isReachable(made, key));
  made.lcf.node.subscribe({ hello: { instance: "<urn:uuid:another>" } });
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(channelOf(made.cfs).state(key), { reachable: false, reason: "several devices" });
});

function silence(made: World, dialog: FakeDialog): void {
  made.lcf.node.onNotify = (one) => (one === dialog ? null : { status: 200 });
}

test("5: when the current dialog fails, an older one carries the command; a double is the same bytes", async () => {
  const made = await boundWorld();
  await made.simulation.run({ ms: 1500 });
  const newer = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 200 });
  silence(made, newer);
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 1900 });
  assert.deepEqual(commandsIn(made.dialog), []);
  await made.simulation.run({ ms: 300 });
  assert.deepEqual(commandsIn(made.dialog), ["op-1/1"], "2 s after the current dialog was silent");
  assert.deepEqual(texts(made.dialog), texts(newer));
  assert.ok(isReachable(made));
});

test("5: without an older dialog the next SUBSCRIBE carries it", async () => {
  const made = await boundWorld();
  silence(made, made.dialog);
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 2500 });
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "suspect" });
  const next = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(commandsIn(next), ["op-1/1"]);
  assert.ok(isReachable(made));
});
