// What every cell of the per-user table is to be, written by hand from system 3, 6 and cfs-ue 7. An event that is not
// listed for a state cannot happen there. `a -> b: x, y` : on event a the next state is b, and x and y are done.
import assert from "node:assert/strict";
import { userEvents } from "@liquid-ims/cfs/transfer/user-event";
import { userStates } from "@liquid-ims/cfs/transfer/user-row";
import type { AnyTable } from "../../support/mutate-tables.ts";

/** By state. */
export type Expected = Readonly<Record<string, string>>;

export const expectedRows: Expected = {
  planned: `
    ask -> asked: ask
    slot -> commanded: move
    query answered -> planned: note dialogs
    failed -> failed: forget
    record shows target -> registered: note moved
    record shows origin -> planned: note S-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, forget
    record gone -> superseded: because no longer registered, forget
    LCF gone -> unreachable: note reason, forget
    deadline -> timedOut: because no turn before the deadline, forget
    wait over -> refused: forget
    abort -> aborted: note reason, forget`,
  asked: `
    query unanswered -> planned
    resume -> asked: send again
    query answered -> planned: note dialogs
    blocked -> planned: note dialogs, wait
    refused, retry -> planned
    refused -> planned
    failed -> failed: forget
    record shows target -> registered: note moved
    record shows origin -> asked: note S-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, forget
    record gone -> superseded: because no longer registered, forget
    LCF gone -> unreachable: note reason, forget
    deadline -> timedOut: because no turn before the deadline, forget
    wait over -> refused: forget
    abort -> aborted: note reason, forget`,
  commanded: `
    unanswered -> commanded: move anew
    resume -> commanded: send again
    query answered -> commanded: note dialogs
    accepted -> accepted: note dialogs
    refused, retry -> planned: wait
    refused -> refused: note reason, forget
    registered -> accepted: note dialogs
    failed, retry -> planned: wait, forget, new round
    failed -> failed: note reason, forget
    progress -> commanded: note results
    reported -> commanded: note results, note reported
    record shows target -> registered: note moved
    record shows origin -> commanded: note S-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, cancel
    record gone -> commanded
    LCF gone -> commanded
    deadline -> timedOut: because no answer, cancel
    abort -> commanded`,
  accepted: `
    resume -> accepted: send again
    query answered -> accepted
    accepted -> accepted: note dialogs
    refused, retry -> accepted
    refused -> accepted
    registered -> accepted: note dialogs
    failed, retry -> planned: wait, forget, new round
    failed -> failed: note reason, forget
    progress -> accepted: note results
    reported -> accepted: note results, note reported
    record shows target -> registered: note moved
    record shows origin -> accepted: note S-CSCF
    record shows elsewhere -> superseded: because registered elsewhere, cancel
    record gone -> accepted
    LCF gone -> accepted
    deadline -> timedOut: because no registration on the target, cancel
    abort -> accepted`,
  registered: `
    release -> registered: replace
    resume -> registered: send again
    query answered -> registered
    accepted -> registered: note dialogs
    refused, retry -> registered
    refused -> registered
    registered -> registered: note dialogs
    failed, retry -> done: because no report of the dialogs, forget
    failed -> done: because no report of the dialogs, forget
    progress -> registered: note results
    reported -> done: note results, note reported, forget
    record shows target -> registered
    record shows origin -> superseded: because went back, forget
    record shows elsewhere -> superseded: because registered elsewhere, forget
    record gone -> registered
    LCF gone -> registered
    deadline -> done: because no report of the dialogs, forget
    abort -> registered`,
  done: `
    query answered -> done
    accepted -> done
    refused, retry -> done
    refused -> done
    registered -> done
    failed, retry -> done
    failed -> done
    cancelled -> done
    progress -> done: note results
    reported -> done: note results
    record shows target -> done
    record shows origin -> done
    record shows elsewhere -> done
    record gone -> done
    returned -> planned: forget, new round`,
  staying: `
    record shows target -> staying
    record shows origin -> staying
    record shows elsewhere -> staying
    record gone -> staying`,
  skipped: `
    record shows target -> skipped
    record shows origin -> skipped
    record shows elsewhere -> skipped
    record gone -> skipped
    returned -> planned: forget, new round`,
  refused: `
    query answered -> refused
    accepted -> refused
    refused, retry -> refused
    refused -> refused
    registered -> refused
    failed, retry -> refused
    failed -> refused
    cancelled -> refused
    progress -> refused: note results
    reported -> refused: note results
    record shows target -> registered: note moved
    record shows origin -> refused
    record shows elsewhere -> refused
    record gone -> refused
    returned -> planned: forget, new round`,
  unreachable: `
    query answered -> unreachable
    accepted -> unreachable
    refused, retry -> unreachable
    refused -> unreachable
    registered -> unreachable
    failed, retry -> unreachable
    failed -> unreachable
    cancelled -> unreachable
    progress -> unreachable: note results
    reported -> unreachable: note results
    record shows target -> registered: note moved
    record shows origin -> unreachable
    record shows elsewhere -> unreachable
    record gone -> unreachable
    returned -> planned: forget, new round`,
  timedOut: `
    resume -> timedOut: cancel again
    query answered -> timedOut
    accepted -> timedOut
    refused, retry -> timedOut
    refused -> timedOut
    registered -> timedOut
    failed, retry -> timedOut
    failed -> timedOut
    cancelled -> timedOut: forget
    progress -> timedOut: note results
    reported -> timedOut: note results, note reported
    record shows target -> registered: note moved
    record shows origin -> timedOut
    record shows elsewhere -> timedOut
    record gone -> timedOut
    returned -> planned: forget, new round`,
  superseded: `
    resume -> superseded: cancel again
    query answered -> superseded
    accepted -> superseded
    refused, retry -> superseded
    refused -> superseded
    registered -> superseded
    failed, retry -> superseded
    failed -> superseded
    cancelled -> superseded: forget
    progress -> superseded: note results
    reported -> superseded: note results
    record shows target -> superseded
    record shows origin -> superseded
    record shows elsewhere -> superseded
    record gone -> superseded
    returned -> planned: forget, new round`,
  aborted: `
    query answered -> aborted
    accepted -> aborted
    refused, retry -> aborted
    refused -> aborted
    registered -> aborted
    failed, retry -> aborted
    failed -> aborted
    cancelled -> aborted
    progress -> aborted: note results
    reported -> aborted: note results
    record shows target -> registered: note moved
    record shows origin -> aborted
    record shows elsewhere -> aborted
    record gone -> aborted`,
  failed: `
    query answered -> failed
    accepted -> failed
    refused, retry -> failed
    refused -> failed
    registered -> failed
    failed, retry -> failed
    failed -> failed
    cancelled -> failed
    progress -> failed: note results
    reported -> failed: note results, note reported
    record shows target -> registered: note moved
    record shows origin -> failed
    record shows elsewhere -> failed
    record gone -> failed
    returned -> planned: forget, new round`,
};

/** The one action whose name has a comma. */
function joined(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    if (word === "re-register") return [];
    return words[index + 1] === "re-register" ? [`${word}, re-register`] : [word];
  });
}

function parse(text: string): ReadonlyMap<string, { next: string; actions: unknown[] }> {
  const rows = new Map<string, { next: string; actions: unknown[] }>();
  for (const line of text.split("\n").filter((part) => part.trim() !== "")) {
    const match = /^ *(.+?) -> (\w+)(?:: (.+))?$/.exec(line);
    const [, event = "", next = "", actions = ""] = match ?? [];
    assert.ok(match !== null && !rows.has(event), line);
    const words = actions === "" ? [] : actions.split(", ");
    const parsed = joined(words).map((word) =>
      word.startsWith("because ") ? { reason: word.slice(8) } : word,
    );
    rows.set(event, { next, actions: parsed });
  }
  return rows;
}

/** Fails with an AssertionError unless every cell of the table is as written down. */
export function compareRows(
  table: AnyTable,
  expected: Expected,
  states: readonly string[],
  events: readonly string[],
): void {
  assert.deepEqual(Object.keys(table).sort(), [...states].sort());
  for (const state of states) {
    const rows = parse(expected[state] ?? "");
    for (const event of rows.keys()) assert.ok(events.includes(event), `${state}: ${event}`);
    assert.deepEqual(Object.keys(table[state] ?? {}).sort(), [...events].sort(), state);
    for (const event of events)
      assert.deepEqual(table[state]?.[event], rows.get(event) ?? null, `${state}, ${event}`);
  }
}

/** Fails with an AssertionError unless every cell of the table of a change of P-CSCF is as written above. */
export function expectations(table: AnyTable): void {
  compareRows(table, expectedRows, userStates, userEvents);
}
