// The table of a change of S-CSCF: every cell.
import assert from "node:assert/strict";
import test from "node:test";
import { verdictOf } from "@liquid-ims/cfs/transfer/outcome";
import { reassignmentTable } from "@liquid-ims/cfs/transfer/reassignment/reassignment-state";
import { isMoved } from "@liquid-ims/cfs/transfer/user-row";
import { mutateTable } from "../../../support/mutate-tables.ts";
import { reassignmentExpectations } from "../expected-reassignment-rows.ts";

test("cfs-ue 8: every cell of the table of a change of S-CSCF is as written down", () => {
  reassignmentExpectations(reassignmentTable);
});

test("cfs-ue 8: each change of a row is noticed", (context) => {
  const count = mutateTable(reassignmentTable, reassignmentExpectations);
  context.diagnostic(`${count} changes of rows noticed`);
  assert.ok(count > 1_500, String(count));
});

test("outcome: a reason that a row gives has the state that it leads to as its outcome", () => {
  let checked = 0;
  for (const rows of Object.values(reassignmentTable)) {
    for (const row of Object.values(rows)) {
      for (const action of row?.actions ?? []) {
        if (typeof action === "string" || row === null) continue;
        const { outcome } = verdictOf(action.reason);
        assert.equal(outcome === "moved" ? isMoved(row.next) : outcome === row.next, true, action.reason);
        checked += 1;
      }
    }
  }
  assert.equal(checked, 25);
});
