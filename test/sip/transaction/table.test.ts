// What holds for every transaction table, and for the program that changes tables.
import assert from "node:assert/strict";
import test from "node:test";
import { step, type Table, to } from "@liquid-ims/runtime/state-table";
import { inviteClient } from "@liquid-ims/sip/transaction/invite-client";
import { inviteServer } from "@liquid-ims/sip/transaction/invite-server";
import { nonInviteClient } from "@liquid-ims/sip/transaction/non-invite-client";
import { nonInviteServer } from "@liquid-ims/sip/transaction/non-invite-server";
import { type AnyTable, mutateTable, UnnoticedMutation } from "../../support/mutate-tables.ts";

const machines: readonly { name: string; start: { actions: readonly object[] }; table: AnyTable }[] = [
  inviteClient,
  nonInviteClient,
  inviteServer,
  nonInviteServer,
];

test("17: what a user may answer at once is the last action of its row", () => {
  for (const { name, table, start } of machines) {
    const rows = Object.values(table).flatMap((state) => Object.values(state));
    for (const row of [start, ...rows]) {
      if (row === null) continue;
      const early = row.actions.slice(0, -1);
      for (const action of early) {
        assert.ok(typeof action === "object" && action !== null);
        assert.ok(!("pass" in action) && !("inform" in action), name);
      }
    }
  }
});

const lamp = {
  off: { press: to("on", "light"), fuse: null },
  on: { press: to("off", "dark"), fuse: to("off", "dark", "ring") },
} as const satisfies Table<"off" | "on", "press" | "fuse", "light" | "dark" | "ring">;

test("step: a row gives the next state and the actions in order", () => {
  assert.deepEqual(step<"off" | "on", "press" | "fuse", string>(lamp, "on", "fuse"), {
    next: "off",
    actions: ["dark", "ring"],
    expected: true,
  });
});

test("step: an event that cannot happen changes nothing and is told apart", () => {
  assert.deepEqual(step<"off" | "on", "press" | "fuse", string>(lamp, "off", "fuse"), {
    next: "off",
    actions: [],
    expected: false,
  });
});

test("mutateTable: expectations that leave something out are found out", () => {
  const complete = (table: AnyTable) => assert.deepEqual(table, lamp);
  assert.ok(mutateTable(lamp, complete) >= 15);
  const withoutActions = (table: AnyTable) => {
    for (const [state, rows] of Object.entries(lamp))
      for (const [event, row] of Object.entries(rows))
        assert.equal(table[state]?.[event]?.next, row === null ? undefined : row.next);
  };
  assert.throws(() => mutateTable(lamp, withoutActions), UnnoticedMutation);
  const withoutOneCell = (table: AnyTable) => assert.deepEqual({ ...table["on"] }, lamp.on);
  assert.throws(() => mutateTable(lamp, withoutOneCell), UnnoticedMutation);
});
