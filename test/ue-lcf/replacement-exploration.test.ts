// All interleavings of the real tables of dialog replacement, small ones; the planted faults of its page are found.
import assert from "node:assert/strict";
import test from "node:test";
import { replacementTables } from "@liquid-ims/ue-lcf/dialog-replacement";
import type { CallTables } from "@liquid-ims/ue-lcf/dialog-replacement-acts";
import { highestHeld } from "@liquid-ims/ue-lcf/dialog-replacement-state";
import { type Exploration, explore } from "./replacement-model.ts";

const small = {
  moves: [1, 1],
  losses: 0,
  early: 0,
  invites: 1,
  hangUp: [false, false],
  tables: replacementTables,
  maximum: 200_000,
} satisfies Exploration;

/** `kept`: every end is one dialog, confirmed by both, with fresh legs; `over`: over at both. */
function assertGood(options: Exploration, expected: "kept" | "over" | "both"): number {
  const { states, complete, good, over, counterexample } = explore(options);
  const found = counterexample === null ? "" : [counterexample.reason, ...counterexample.steps].join("\n");
  assert.equal(found, "");
  assert.ok(complete, `${states} states and not done`);
  assert.equal(good > 0, expected !== "over", `${good} ends with one dialog`);
  assert.equal(over > 0, expected !== "kept", `${over} ends that are over`);
  return states;
}

const runs: readonly [string, Partial<Exploration>, "kept" | "over" | "both"][] = [
  ["A moves, stale paths lose anything", { moves: [1, 0], invites: 3 }, "kept"],
  ["B moves, a timer fires early", { moves: [0, 1], early: 1, invites: 3 }, "kept"],
  [
    "A moves, one loss for good on good paths, a timer fires early",
    { moves: [1, 0], losses: 1, early: 1, invites: 3 },
    "kept",
  ],
  ["both move", {}, "kept"],
  ["A moves twice", { moves: [2, 0], invites: 2 }, "kept"],
  ["A moves and hangs up", { moves: [1, 0], invites: 2, hangUp: [true, false] }, "over"],
  [
    "A moves, B hangs up, one loss for good",
    { moves: [1, 0], losses: 1, invites: 2, hangUp: [false, true] },
    "over",
  ],
  ["A moves, both hang up", { moves: [1, 0], invites: 2, hangUp: [true, true] }, "over"],
];

for (const [title, changes, expected] of runs) {
  test(`dialog replacement, every interleaving: ${title}`, (context) => {
    const states = assertGood({ ...small, ...changes }, expected);
    context.diagnostic(`${states} states`);
  });
}

const { leg, call } = replacementTables;

/** What the first rules of the page had wrong, or a table with one rule taken out. */
const faults: readonly [string, Partial<Exploration>][] = [
  [
    "BYE to the 2xx of an abandoned INVITE",
    {
      moves: [1, 0],
      early: 1,
      invites: 2,
      tables: {
        leg: { ...leg, Abandoned: { ...leg.Abandoned, "2xx": leg.Abandoned["2xx superseded"] } },
        call,
      },
    },
  ],
  [
    "the old dialog is dropped at the 200, not at the ACK",
    {
      losses: 1,
      fault: (before, event, run) => {
        const accepted = run(event);
        if (event.type !== "invite") return accepted;
        const taken = accepted.actions.some(
          (action) => action.type === "answerInvite" && action.status === 200,
        );
        const held = highestHeld(before);
        if (!taken || held === null) return accepted;
        const dropped = run({ type: "bye", callId: held.callId }, accepted.state);
        const bye = { type: "sendBye", callId: held.callId } as const;
        return { state: dropped.state, actions: [...accepted.actions, bye] };
      },
    },
  ],
  [
    "a BYE below is taken for the ACK",
    {
      fault: (before, event, run) => {
        const first = run(event);
        const held = highestHeld(before);
        if (event.type !== "bye" || held?.state !== "Accepted" || held.callId === event.callId) return first;
        const second = run({ type: "ack", callId: held.callId }, first.state);
        return { state: second.state, actions: [...first.actions, ...second.actions] };
      },
    },
  ],
  [
    "the new dialog is given up at 64*T1",
    {
      tables: {
        leg: {
          ...leg,
          Accepted: {
            ...leg.Accepted,
            "no ACK": { next: "Ended", actions: ["stop waiting for the ACK", "bye"] },
          },
        },
        call,
      },
    },
  ],
  [
    "BYE of the UAS before its ACK",
    {
      tables: {
        leg: {
          ...leg,
          Accepted: {
            ...leg.Accepted,
            superseded: { next: "Ended", actions: ["bye"] },
            over: { next: "Ended", actions: ["bye"] },
          },
          // A UAC that takes no notice of a BYE that overtakes its 200.
          Open: { ...leg.Open, BYE: null, "BYE below": null },
          Abandoned: { ...leg.Abandoned, BYE: null, "BYE below": null },
        },
        call,
      },
      hangUp: [false, true],
    },
  ],
  [
    "the question is not asked (rule 9)",
    { moves: [1, 0], losses: 1, tables: withoutRow("Accepted", "no ACK yet") },
  ],
  [
    "no INVITE after silence (rule 3)",
    { moves: [1, 0], losses: 1, invites: 2, tables: withoutRow("Open", "silence") },
  ],
];

function withoutRow(state: "Accepted" | "Open", event: "no ACK yet" | "silence"): CallTables {
  return { leg: { ...leg, [state]: { ...leg[state], [event]: null } }, call };
}

for (const [title, changes] of faults) {
  test(`dialog replacement, planted fault: ${title}`, () => {
    const { states, counterexample } = explore({ ...small, ...changes });
    assert.ok(counterexample !== null, `not found in ${states} states`);
  });
}
