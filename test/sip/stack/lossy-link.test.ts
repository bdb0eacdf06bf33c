// Transactions over links that lose, repeat and reorder datagrams: they always end as the RFC says, nothing is left.
// RFC 3261 17, 9, 13.3.1.4, RFC 6026.
import assert from "node:assert/strict";
import test from "node:test";
import { type LinkShape, Simulation } from "@liquid-ims/runtime/simulation";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { ackOf, addNode, answer, newRequest, type Outcome, type StackNode, send } from "../stack-nodes.ts";

const bobUri = "sip:bob@10.0.0.2";
/** An INVITE that arrives at its last attempt, 40 s until it is answered, timer H, and some more. */
const longest = 32_000 + 40_000 + 32_000 + 10_000;

interface Scenario {
  readonly name: string;
  /** What bob does with an INVITE. */
  bob(transaction: ServerTransaction, node: StackNode): void;
  readonly cancelAfter?: number;
}

/** Answers 200 again until the ACK comes, as a UAS core does (13.3.1.4). */
function accept(transaction: ServerTransaction, node: StackNode): void {
  const { clock } = node.stack.host;
  const repeat = (wait: number, left: number): void => {
    if (node.acks.length > 0 || left <= 0) return;
    answer(transaction, 200);
    clock.after(wait, () => repeat(Math.min(wait * 2, 4_000), left - wait), "200 again");
  };
  repeat(500, 32_000);
}

const scenarios: readonly Scenario[] = [
  { name: "accepted at once", bob: accept },
  {
    name: "accepted after ringing",
    bob(transaction, node) {
      answer(transaction, 180);
      node.stack.host.clock.after(5_000, () => accept(transaction, node), "answer");
    },
  },
  { name: "busy", bob: (transaction) => answer(transaction, 486) },
  {
    name: "declined after ringing",
    bob(transaction, node) {
      answer(transaction, 180);
      node.stack.host.clock.after(5_000, () => answer(transaction, 603), "answer");
    },
  },
  {
    name: "cancelled",
    cancelAfter: 2_000,
    bob(transaction, node) {
      transaction.onCancel = () => answer(transaction, 487);
      answer(transaction, 180);
      // The CANCEL may never arrive: nobody lets it ring for ever.
      node.stack.host.clock.after(40_000, () => answer(transaction, 480), "no answer");
    },
  },
  {
    name: "cancelled while it is being answered",
    cancelAfter: 2_000,
    bob(transaction, node) {
      transaction.onCancel = () => undefined;
      answer(transaction, 180);
      node.stack.host.clock.after(2_001, () => accept(transaction, node), "answer");
    },
  },
];

interface Ended {
  readonly invite: Outcome;
  readonly bye: Outcome | null;
  readonly alice: StackNode;
  readonly bob: StackNode;
}

async function play(seed: number, scenario: Scenario, link: LinkShape): Promise<Ended> {
  const simulation = new Simulation({ seed });
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const bob = await addNode(simulation, "bob", "10.0.0.2", {
    answer(transaction, node) {
      if (transaction.request.method === "INVITE") scenario.bob(transaction, node);
      else answer(transaction, 200);
    },
  });
  simulation.link("*", "*", link);
  let bye: Outcome | null = null;
  const request = newRequest("INVITE", bobUri);
  const invite = send(alice, request, {
    onResponse(response) {
      if (response.status < 200 || response.status >= 300) return;
      alice.stack.sendAck(ackOf(request, response, bobUri));
      bye ??= send(alice, newRequest("BYE", bobUri, { cseq: 2, toTag: "bob-1" }));
    },
  });
  const { cancelAfter } = scenario;
  if (cancelAfter !== undefined)
    alice.stack.host.clock.after(cancelAfter, () => invite.transaction.cancel(), "cancel");
  await simulation.run({ ms: longest });
  return { invite, bye, alice, bob };
}

/** What must hold whatever was lost. */
function check({ invite, bye, alice, bob }: Ended, where: string): void {
  const finals = invite.statuses.filter((status) => status >= 200);
  const ended = finals.length > 0 ? "answered" : invite.failure;
  assert.ok(ended === "answered" || ended === "timeout", where);
  assert.ok(finals.length === 0 || invite.failure === null, `${where}: answered and failed`);
  // One final response, or 2xx and its repetitions only.
  assert.ok(finals.length <= 1 || finals.every((status) => status === 200), `${where}: ${finals.join()}`);
  const firstFinal = invite.statuses.findIndex((status) => status >= 200);
  if (firstFinal >= 0)
    assert.ok(
      invite.statuses.slice(firstFinal).every((status) => status >= 200),
      `${where}: 1xx after final`,
    );
  assert.ok(
    bob.requests.filter(({ request }) => request.method === "INVITE").length <= 1,
    `${where}: INVITE twice`,
  );
  if (bye !== null) assert.ok(bye.statuses.length === 1 || bye.failure === "timeout", `${where}: BYE`);
  for (const { stack } of [alice, bob])
    assert.deepEqual({ ...stack.transactions }, { client: 0, server: 0 }, `${where}: transactions left`);
}

test("17, 9, 13: over a link with 5 % loss, 200 seeds, every INVITE is answered and nothing is left", async () => {
  const link = { delayMs: 20, jitterMs: 10, loss: 0.05, duplicate: 0.02, reorder: 0.02 };
  const finals = new Map<string, Set<number>>();
  for (let seed = 1; seed <= 200; seed++) {
    const scenario = scenarios[seed % scenarios.length];
    assert.ok(scenario);
    const ended = await play(seed, scenario, link);
    const where = `seed ${seed}, ${scenario.name}`;
    check(ended, where);
    assert.equal(ended.invite.failure, null, where);
    const last = ended.invite.statuses.at(-1) ?? 0;
    finals.set(scenario.name, (finals.get(scenario.name) ?? new Set()).add(last));
    if (last === 200) assert.deepEqual(ended.bye?.statuses, [200], where);
  }
  assert.deepEqual(Object.fromEntries([...finals].map(([name, statuses]) => [name, [...statuses].sort()])), {
    "accepted at once": [200],
    "accepted after ringing": [200],
    busy: [486],
    "declined after ringing": [603],
    cancelled: [487],
    "cancelled while it is being answered": [200],
  });
});

test("17: over a link with 60 % loss some fail, but each as the RFC says, and nothing is left", async () => {
  const link = { delayMs: 20, jitterMs: 10, loss: 0.6, duplicate: 0.05, reorder: 0.05 };
  let failed = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const scenario = scenarios[seed % scenarios.length];
    assert.ok(scenario);
    const ended = await play(seed, scenario, link);
    check(ended, `seed ${seed}, ${scenario.name}`);
    if (ended.invite.failure !== null || ended.bye?.failure !== null) failed += 1;
  }
  assert.ok(failed > 0, "the link was not bad enough to test anything");
});

test("17: over a link that loses everything an INVITE and a BYE end with a timeout after 64*T1", async () => {
  const simulation = new Simulation({ seed: 1 });
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  await addNode(simulation, "bob", "10.0.0.2");
  simulation.link("*", "*", { delayMs: 1, loss: 1 });
  const outcomes = [newRequest("INVITE", bobUri), newRequest("BYE", bobUri, { toTag: "x" })].map((request) =>
    send(alice, request),
  );
  await simulation.run({ ms: 31_999 });
  assert.deepEqual(
    outcomes.map(({ failure }) => failure),
    [null, null],
  );
  await simulation.run({ ms: 1 });
  assert.deepEqual(
    outcomes.map(({ failure }) => failure),
    ["timeout", "timeout"],
  );
  assert.deepEqual({ ...alice.stack.transactions }, { client: 0, server: 0 });
});
