// Every cell of the subscription's table, written by hand from RFC 6665 4.2 and cfs-ue 2 and 5.
import assert from "node:assert/strict";
import test from "node:test";
import {
  type SubscriptionEvent,
  type SubscriptionState,
  stepSubscription,
  subscriptionTable,
} from "@liquid-ims/cfs/cfs-ue/subscription-table";
import { type AnyTable, mutateTable } from "../../support/mutate-tables.ts";

/** next, actions, reason; a cell that is not here does nothing. */
type Cells = Partial<Record<SubscriptionEvent, readonly [SubscriptionState, string, string?]>>;

const expected: Record<SubscriptionState, Cells> = {
  resp_wait: {
    "record agrees": ["resp_verify", "verify"],
    "record differs": ["pending", "answer notify awaitRecord"],
  },
  resp_verify: {
    "hello verified": ["active", "activate answer notify"],
    "hello refused": ["terminated", "refuse"],
  },
  pending: {
    "record agrees": ["pending_verify", "verify"],
    "record wait over": ["terminated", "notify", "probation"],
    refresh: ["pending", "answer notify"],
    unsubscribe: ["pending", "answer notify"],
    repeated: ["pending", "answer notify"],
    unsigned: ["pending", "answer notify"],
    "notify refused": ["terminated", "remove"],
    expired: ["terminated", "notify", "timeout"],
    revoked: ["terminated", "notify", "deactivated"],
  },
  pending_verify: {
    "hello verified": ["active", "activate notify"],
    "hello refused": ["terminated", "notify", "rejected"],
    refresh: ["pending_verify", "answer notify"],
    unsubscribe: ["pending_verify", "answer notify"],
    repeated: ["pending_verify", "answer notify"],
    unsigned: ["pending_verify", "answer notify"],
    "notify refused": ["terminated", "remove"],
    expired: ["terminated", "notify", "timeout"],
    revoked: ["terminated", "notify", "deactivated"],
  },
  active: {
    refresh: ["active", "takeBody answer notify"],
    unsubscribe: ["terminated", "takeBody answer notify", "timeout"],
    repeated: ["active", "answer notify"],
    unsigned: ["suspect", "answer notify"],
    "notify answered": ["active", "deliver"],
    "notify refused": ["terminated", "remove deliver"],
    "notify timed out": ["suspect", "deliver"],
    "challenge over": ["terminated", "notify", "deactivated"],
    expired: ["terminated", "notify", "timeout"],
    revoked: ["terminated", "notify", "deactivated"],
  },
  suspect: {
    refresh: ["active", "takeBody answer notify"],
    unsubscribe: ["terminated", "takeBody answer notify", "timeout"],
    repeated: ["suspect", "answer notify"],
    unsigned: ["suspect", "answer notify"],
    "notify answered": ["active", "deliver"],
    "notify refused": ["terminated", "remove deliver"],
    "notify timed out": ["suspect", "deliver"],
    "challenge over": ["terminated", "notify", "deactivated"],
    expired: ["terminated", "notify", "timeout"],
    revoked: ["terminated", "notify", "deactivated"],
  },
  terminated: {
    refresh: ["terminated", "answerNoDialog"],
    unsubscribe: ["terminated", "answerNoDialog"],
    repeated: ["terminated", "answerNoDialog"],
    unsigned: ["terminated", "answerNoDialog"],
    "notify answered": ["terminated", "deliver"],
    "notify refused": ["terminated", "remove"],
    "notify timed out": ["terminated", "deliver"],
    "final notify done": ["terminated", "remove"],
  },
};

const events: readonly SubscriptionEvent[] = [
  "record agrees",
  "record differs",
  "record wait over",
  "hello verified",
  "hello refused",
  "refresh",
  "unsubscribe",
  "repeated",
  "unsigned",
  "notify answered",
  "notify refused",
  "notify timed out",
  "final notify done",
  "challenge over",
  "expired",
  "revoked",
];

function states(): readonly SubscriptionState[] {
  return ["resp_wait", "resp_verify", "pending", "pending_verify", "active", "suspect", "terminated"];
}

function check(table: AnyTable): void {
  assert.deepEqual(Object.keys(table), states());
  for (const state of states()) {
    assert.deepEqual(Object.keys(table[state] ?? {}).sort(), [...events].sort());
    for (const event of events) {
      const row = table[state]?.[event] ?? null;
      const cell = expected[state][event];
      if (cell === undefined) {
        assert.equal(row, null, `${state}, ${event}`);
        continue;
      }
      assert.deepEqual(
        { next: row?.next, actions: row?.actions.join(" ") },
        { next: cell[0], actions: cell[1] },
      );
    }
  }
}

test("6665 4.2: every state's answer to every event", () => {
  check(subscriptionTable);
});

test("6665 4.1.3: the reason that a step gives to the end", () => {
  for (const state of states())
    for (const event of events)
      assert.equal(stepSubscription(state, event)?.reason, expected[state][event]?.[2], `${state}, ${event}`);
});

test("the expectations notice every change of the table", () => {
  assert.ok(mutateTable(subscriptionTable, check) > 300);
});
