// What every cell of the table of a change of S-CSCF is to be, written by hand from system 3 S and cfs-ue 8. Ends that
// are as in a change of P-CSCF are taken from there. The form is that of expected-rows.ts.
import assert from "node:assert/strict";
import { reassignmentEvents } from "@liquid-ims/cfs/transfer/user-event";
import { reassignmentStates } from "@liquid-ims/cfs/transfer/user-row";
import type { AnyTable } from "../../support/mutate-tables.ts";
import { compareRows, type Expected, expectedRows } from "./expected-rows.ts";

/** As in a change of P-CSCF, but that the HSS is asked whether it holds the registration. */
function replaced(rows: string | undefined): string {
  const line = "record shows target -> registered: note moved";
  const known = rows ?? "";
  assert.ok(known.includes(line));
  return known.replace(line, `${line}, check soon`);
}

const expected: Expected = {
  ...expectedRows,
  planned: `
    ask -> asked: ask
    slot -> commanded: arm
    query answered -> planned: note dialogs
    failed -> failed: forget
    record shows target -> registered: note moved
    record shows origin -> planned: note P-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, forget
    record gone -> superseded: because no longer registered, forget
    LCF gone -> unreachable: note reason, forget
    deadline -> timedOut: because no turn before the deadline, forget
    wait over -> refused: forget
    abort -> aborted: note reason, forget
    device stays -> refused: note reason, forget
    name is kept -> refused: note reason, forget
    terminated -> superseded: because ended by the HSS, forget`,
  asked: `
    query unanswered -> planned
    resume -> asked: send again
    query answered -> planned: note dialogs
    blocked -> planned: note dialogs, wait
    refused, retry -> planned
    refused -> planned
    failed -> failed: forget
    record shows target -> registered: note moved
    record shows origin -> asked: note P-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, forget
    record gone -> superseded: because no longer registered, forget
    LCF gone -> unreachable: note reason, forget
    deadline -> timedOut: because no turn before the deadline, forget
    wait over -> refused: forget
    abort -> aborted: note reason, forget
    device stays -> refused: note reason, forget
    name is kept -> refused: note reason, forget
    terminated -> superseded: because ended by the HSS, forget`,
  commanded: `
    unanswered -> commanded: arm anew
    resume -> commanded: send again
    query answered -> commanded: note dialogs
    accepted -> accepted: note dialogs
    accepted late -> commanded: note dialogs, arm anew
    refused, retry -> planned: wait
    refused -> refused: note reason, forget
    registered -> commanded: note dialogs
    failed, retry -> planned: wait, forget, new round
    failed -> failed: note reason, forget
    progress -> commanded: note results
    reported -> commanded: note results
    record shows target -> registered: note moved
    record shows origin -> commanded: note P-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, cancel
    record gone -> commanded
    LCF gone -> commanded
    deadline -> timedOut: because no answer, cancel
    abort -> commanded
    device waits -> planned: cancel, wait, new round
    device stays -> refused: note reason, cancel
    name is kept -> refused: note reason, cancel
    terminated -> superseded: because ended by the HSS, cancel`,
  accepted: `
    resume -> accepted: send again
    query answered -> accepted
    accepted -> accepted: note dialogs
    accepted late -> accepted: note dialogs
    refused, retry -> accepted
    refused -> accepted
    registered -> accepted: note dialogs
    failed, retry -> planned: wait, forget, new round
    failed -> failed: note reason, forget
    progress -> accepted: note results
    reported -> accepted: note results
    record shows target -> registered: note moved
    record shows origin -> accepted: note P-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, cancel
    record gone -> accepted
    LCF gone -> accepted
    deadline -> timedOut: because no registration on the target, cancel
    abort -> accepted
    reassign -> reassigned: reassign
    device waits -> planned: cancel, wait, new round
    device stays -> refused: note reason, cancel
    name is kept -> refused: note reason, cancel
    terminated -> superseded: because ended by the HSS, cancel`,
  reassigned: `
    resume -> reassigned: send again, note new life
    query answered -> reassigned
    accepted -> reassigned: note dialogs
    accepted late -> reassigned: note dialogs
    refused, retry -> reassigned: note reason, cancel, re-register
    refused -> reassigned: note reason, cancel, re-register
    cancelled -> reassigned
    registered -> reassigned: note dialogs, note registration
    failed, retry -> restoring: note pending, restore
    failed -> restoring: note pending, restore
    progress -> reassigned: note results
    reported -> reassigned: note results, note reported
    record shows target -> registered: note moved, note name, check soon
    record shows origin -> reassigned: note P-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, cancel, re-register
    record gone -> reassigned
    LCF gone -> reassigned
    abort -> reassigned
    MAA -> reassigned: note MAA, move now
    MAR failed, retry -> planned: cancel, wait, new round
    MAR failed -> failed: note reason, cancel
    MAR lost -> reassigned: note MAR lost
    name due -> reassigned: read name
    name is new -> reassigned: move now
    name is old -> reassigned
    name is missing -> reassigned: reassign
    commit over -> restoring: note pending, restore
    left behind -> timedOut: because no registration on the target, cancel, re-register
    name is kept -> refused: note reason, cancel, re-register
    name is read back -> reassigned
    held -> reassigned
    not held -> reassigned
    not held, over -> reassigned
    terminated -> superseded: because ended by the HSS, cancel`,
  restoring: `
    resume -> restoring: restore
    query answered -> restoring
    accepted -> restoring
    accepted late -> restoring
    refused, retry -> restoring
    refused -> restoring
    registered -> restoring: note registration
    failed, retry -> restoring
    failed -> restoring
    progress -> restoring: note results
    reported -> restoring: note results, note reported
    record shows target -> registered: note moved, check name, check soon
    record shows origin -> restoring: note P-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, cancel, re-register
    record gone -> restoring
    LCF gone -> restoring
    deadline -> rolledBack: cancel, re-register
    abort -> restoring
    MAA -> restoring
    MAR failed, retry -> restoring
    MAR failed -> restoring
    MAR lost -> restoring
    name is new -> restoring
    name is old -> restoring
    name is missing -> restoring
    device moved -> reassigned: note new life
    restore due -> restoring: restore
    restored -> rolledBack: cancel, re-register
    name is kept -> restoring
    name is read back -> restoring
    held -> restoring
    not held -> restoring
    not held, over -> restoring
    terminated -> superseded: because ended by the HSS, cancel`,
  registered: `
    release -> registered: replace
    resume -> registered: send again
    query answered -> registered
    accepted -> registered: note dialogs
    accepted late -> registered: note dialogs
    refused, retry -> registered: cancel, re-register
    refused -> registered: cancel, re-register
    registered -> registered: note dialogs, note registration
    failed, retry -> done: because no report of the dialogs, forget
    failed -> done: because no report of the dialogs, forget
    cancelled -> registered
    progress -> registered: note results
    reported -> done: note results, note reported, forget
    record shows target -> registered
    record shows origin -> superseded: because went back, forget
    record shows elsewhere -> superseded: because registered elsewhere, forget
    record gone -> registered
    LCF gone -> registered
    deadline -> done: because no report of the dialogs, forget
    abort -> registered
    MAA -> registered: note MAA, move now
    MAR failed, retry -> registered
    MAR failed -> registered
    MAR lost -> registered
    name due -> registered: read name
    name is new -> registered: note name
    name is old -> reassigned: reassign
    name is missing -> reassigned: reassign
    restored -> registered: check name
    name is read back -> registered: note name
    name is kept -> registered
    check due -> registered: check registration
    held -> registered: note held
    not held -> registered: register again
    not held, over -> failed: note reason, forget
    check over -> registered: note held
    terminated -> superseded: because ended by the HSS, forget`,
  done: `${expectedRows.done}
    MAA -> done
    name is new -> done: note name
    name is old -> reassigned: reassign
    name is missing -> reassigned: reassign
    restored -> registered: check name`,
  timedOut: `${replaced(expectedRows["timedOut"])}
    restored -> timedOut: cancel, re-register`,
  refused: `${replaced(expectedRows["refused"])}
    resume -> refused: cancel again`,
  failed: `${replaced(expectedRows["failed"])}
    resume -> failed: cancel again`,
  rolledBack: `
    resume -> rolledBack: cancel again
    query answered -> rolledBack
    accepted -> rolledBack
    accepted late -> rolledBack
    refused, retry -> rolledBack
    refused -> rolledBack
    registered -> rolledBack: note returned, forget
    failed, retry -> rolledBack: forget
    failed -> rolledBack: forget
    cancelled -> rolledBack
    progress -> rolledBack: note results
    reported -> rolledBack: note results
    record shows target -> registered: note moved, check name, check soon
    record shows origin -> rolledBack
    record shows elsewhere -> rolledBack
    record gone -> rolledBack
    MAA -> rolledBack
    MAR failed, retry -> rolledBack
    MAR failed -> rolledBack
    MAR lost -> rolledBack
    device moved -> reassigned: note new life
    restored -> rolledBack`,
};

/** Fails with an AssertionError unless every cell of the table of a change of S-CSCF is as written above. */
export function reassignmentExpectations(table: AnyTable): void {
  compareRows(table, expected, reassignmentStates, reassignmentEvents);
}
