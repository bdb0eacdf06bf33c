// A CFS that is killed anywhere goes on over the same store. cfs-ue 5, system 6.
import assert from "node:assert/strict";
import test from "node:test";
import type { Answer } from "@liquid-ims/reference-points/cfs-ue";
import {
  aliceKey,
  boundWorld,
  channelOf,
  isReachable,
  query,
  record,
  rowsOf,
  type World,
  world,
} from "../../support/cfs-ue-world.ts";
import type { FakeDialog, FakeLcf } from "../../support/fake-lcf.ts";

/** Answers every command that it has not answered, as an LCF does: in its newest dialog, until acknowledged. */
function answerAll(lcf: FakeLcf): { readonly answered: Set<number>; readonly acked: Set<string> } {
  const answered = new Set<number>();
  const acked = new Set<string>();
  lcf.onNotify = (dialog, { commands, body }) => {
    for (const id of body?.acks ?? []) acked.add(id);
    for (const { operation, sequence } of commands) {
      answered.add(sequence);
      const say = () => {
        const id = `a${sequence}`;
        if (acked.has(id)) return;
        const answer: Answer = { id, operation, sequence, answer: "accepted", armed: false, dialogs: [] };
        if (dialog.dialog !== null) lcf.say(dialog, [answer]);
        lcf.host.clock.after(3000, say, "fake says it again");
      };
      say();
    }
    return { status: 200 };
  };
  return { answered, acked };
}

/** CSeq numbers of different NOTIFYs must differ; a retransmission is the same bytes. */
function assertNoNumberTwice(dialog: FakeDialog): void {
  const byNumber = new Map<string, string>();
  for (const { request, state } of dialog.notifies) {
    const number = request.headers.get("CSeq") ?? "";
    const branch = request.headers.get("Via") ?? "";
    assert.equal(byNumber.get(number) ?? branch, branch, `${number} used twice (${state})`);
    byNumber.set(number, branch);
  }
}

/** Hello, ticket, challenge, two commands with answers; the CFS may die at any event and come back 200 ms later. */
async function scenario(
  seed: number,
  kills: readonly number[],
  loss?: number,
): Promise<World & { events: number }> {
  const made = await world({ seed, ...(loss === undefined ? {} : { loss }) });
  const { simulation, cfs, lcf } = made;
  const start = simulation.events;
  const seen = answerAll(lcf.node);
  const sent = new Set<number>();
  lcf.node.subscribe();
  const pending = [...kills];
  const told = new Set<string>();
  const isDone = () => seen.acked.has("a1") && seen.acked.has("a2") && told.has("a1") && told.has("a2");
  const giveUp = simulation.now + 120_000;
  let nextHello = simulation.now + 40_000;
  while (!isDone() && simulation.now < giveUp) {
    const next = pending[0];
    const event = next === undefined ? undefined : start + next;
    await simulation.run({ ms: 50, ...(event === undefined ? {} : { event }) });
    if (event !== undefined && simulation.events >= event) {
      pending.shift();
      cfs.kill();
      await simulation.run({ ms: 200 });
      cfs.restart();
      await simulation.run({ ms: 1000, when: () => cfs.node.ue !== null });
    }
    for (const [, { id }] of cfs.node.messages) told.add(id);
    // The engine sends again what it cannot know to be stored: the same sequence is the same command.
    if (cfs.node.ue !== null && isReachable(made)) {
      for (const sequence of [1, 2]) {
        if (sent.has(sequence) && cfs.host.incarnation === 0) continue;
        channelOf(cfs).send(aliceKey, { ...query(made, sequence), expires: 4_000_000_000_000 });
        sent.add(sequence);
      }
    }
    // An LCF whose dialog never came about tries again.
    if (simulation.now > nextHello && !isReachable(made)) {
      lcf.node.subscribe();
      nextHello = simulation.now + 40_000;
    }
  }
  assert.ok(
    isDone(),
    `seed ${seed}, kills ${kills.join(" ")}: ${[...seen.acked].join(" ")} ${[...told].join(" ")}`,
  );
  for (const dialog of lcf.node.dialogs) assertNoNumberTwice(dialog);
  return { ...made, events: simulation.events - start };
}

test("system 6: killed at any event, the CFS goes on: both commands answered and told, no CSeq twice", async () => {
  const whole = await scenario(1, []);
  assert.ok(whole.events > 60, String(whole.events));
  for (let event = 1; event < whole.events; event += 1) await scenario(1, [event]);
});

test("system 6: killed again soon after it has come back", async () => {
  for (let seed = 1; seed <= 10; seed++) await scenario(seed, [20 + seed * 7, 60 + seed * 13]);
});

test("2 % of datagrams lost both ways: every command is answered", async () => {
  for (let seed = 1; seed <= 20; seed++) await scenario(seed, [], 0.02);
});

test("5: after a restart the channel says what it said, and tells stored messages again", async () => {
  const made = await boundWorld();
  answerAll(made.lcf.node);
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 500 });
  assert.equal(made.cfs.node.messages.length, 1);
  const before = channelOf(made.cfs).state(aliceKey);
  made.cfs.restart();
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), before);
  assert.equal(channelOf(made.cfs).sequenceReached(aliceKey), 1);
  assert.deepEqual(
    made.cfs.node.messages.map(([, { id }]) => id),
    ["a1"],
  );
  channelOf(made.cfs).forget(aliceKey, "op-1");
  await made.simulation.run({ ms: 100 });
  made.cfs.restart();
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(made.cfs.node.messages, []);
});

test("5: the ticket is signed by the same keys after a restart", async () => {
  const made = await boundWorld();
  const kids = made.dialog.ticket?.keys.map(({ kid }) => kid);
  made.cfs.restart();
  await made.simulation.run({ ms: 1500 });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(
    dialog.ticket?.keys.map(({ kid }) => kid),
    kids,
  );
});

test("2: a hello that waited for its record goes on waiting after a restart", async () => {
  const made = await world({ records: [] });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 100 });
  made.cfs.restart();
  await made.simulation.run({ ms: 100 });
  await made.location.upsert([{ record: record(), expect: "absent" }]);
  await made.simulation.run({ ms: 1000, when: () => isReachable(made) });
  assert.ok(isReachable(made));
  assert.equal(dialog.response?.status, 200);
});

test("6665 4.2.1: a SUBSCRIBE whose 200 died with the CFS is answered by the same dialog", async () => {
  const made = await world({ lcf: { obedient: false } });
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 1000, when: () => rowsOf(made, "subscription") === 1 });
  made.cfs.kill();
  await made.simulation.run({ ms: 100 });
  assert.ok(dialog.response?.status === undefined);
  made.cfs.restart();
  await made.simulation.run({ ms: 200 });
  made.lcf.node.resend(dialog);
  await made.simulation.run({ ms: 3000 });
  assert.equal(dialog.response?.status, 200);
  assert.equal(rowsOf(made, "subscription"), 1);
  assert.notEqual(dialog.ticket, null);
  assertNoNumberTwice(dialog);
});

test("6665 4.4.1: what expired while the CFS was down ends when it is back", async () => {
  const made = await boundWorld();
  made.lcf.node.refresh(made.dialog, { expires: 60 });
  await made.simulation.run({ ms: 1000 });
  made.cfs.kill();
  await made.simulation.run({ ms: 90_000 });
  made.cfs.restart();
  await made.simulation.run({ ms: 500 });
  assert.equal(made.dialog.notifies.at(-1)?.state, "terminated;reason=timeout");
  assert.equal(rowsOf(made, "subscription"), 0);
});

test("the same seed gives the same trace", async () => {
  const hashes = [];
  for (let run = 0; run < 2; run++) hashes.push((await scenario(7, [50], 0.02)).simulation.traceHash);
  assert.equal(hashes[0], hashes[1]);
});
