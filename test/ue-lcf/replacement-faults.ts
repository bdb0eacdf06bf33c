// Faults planted into the tables of dialog replacement, and rules taken out of them: each must give a counterexample.
// The rules' numbers are those of docs/dialog-replacement.md.
import { type CallStep, replacementTables } from "@liquid-ims/ue-lcf/dialog-replacement";
import type { CallTables } from "@liquid-ims/ue-lcf/dialog-replacement-acts";
import type { CallTable } from "@liquid-ims/ue-lcf/dialog-replacement-call-table";
import type { CallAction, CallEvent } from "@liquid-ims/ue-lcf/dialog-replacement-event";
import {
  type CallState,
  compareRanks,
  highestHeld,
  isHeld,
  legOf,
} from "@liquid-ims/ue-lcf/dialog-replacement-state";
import type { LegEvent, LegRow, LegTable } from "@liquid-ims/ue-lcf/dialog-replacement-table";
import type { Exploration } from "./replacement-explorer.ts";
import type { Fault } from "./replacement-model-end.ts";

const { leg, call } = replacementTables;

type LegChanges = { readonly [S in keyof LegTable]?: Partial<Record<LegEvent, LegRow | null>> };

function withLeg(changes: LegChanges): { tables: CallTables } {
  const changed: LegTable = {
    Open: { ...leg.Open, ...changes.Open },
    Abandoned: { ...leg.Abandoned, ...changes.Abandoned },
    Accepted: { ...leg.Accepted, ...changes.Accepted },
    Confirmed: { ...leg.Confirmed, ...changes.Confirmed },
    Closing: { ...leg.Closing, ...changes.Closing },
    Ended: { ...leg.Ended, ...changes.Ended },
    Gone: { ...leg.Gone, ...changes.Gone },
  };
  return { tables: { leg: changed, call } };
}

function withCall(changes: { readonly [P in keyof CallTable]?: Partial<CallTable[P]> }): {
  tables: CallTables;
} {
  return {
    tables: {
      leg,
      call: { live: { ...call.live, ...changes.live }, over: { ...call.over, ...changes.over } },
    },
  };
}

function joined(first: CallStep, second: CallStep): CallStep {
  return { state: second.state, actions: [...first.actions, ...second.actions] };
}

/** The old dialog is dropped at the 200. */
const dropAtOnce: Fault = (before, event, run) => {
  const first = run(event);
  const held = highestHeld(before);
  if (event.type !== "invite" || held === null || legOf(first.state, event.callId) === null) return first;
  const dropped = run({ type: "bye", callId: held.callId }, first.state);
  return joined(first, { state: dropped.state, actions: [{ type: "sendBye", callId: held.callId }] });
};

const byeAsAck: Fault = (before, event, run) => {
  const first = run(event);
  const held = highestHeld(before);
  if (event.type !== "bye" || held?.state !== "Accepted" || held.callId === event.callId) return first;
  return joined(first, run({ type: "ack", callId: held.callId }, first.state));
};

function isCaller(state: CallState): boolean {
  return state.legs[0]?.role === "uac";
}

function hasOpen(state: CallState): boolean {
  return state.legs.some(({ state: one }) => one === "Open");
}

function refused(before: CallState, event: CallEvent & { type: "invite" }, status: 481 | 491): CallStep {
  const highestGen = Math.max(before.highestGen, event.gen ?? 0);
  return {
    state: { ...before, highestGen },
    actions: [{ type: "answerInvite", callId: event.callId, status }],
  };
}

/** The caller refuses while its own INVITE is open. */
const callerWins: Fault = (before, event, run) =>
  event.type === "invite" && before.over === null && isCaller(before) && hasOpen(before)
    ? refused(before, event, 491)
    : run(event);

/** The callee sends nothing while an INVITE of the caller is not acknowledged, and gives its own one up. */
const hold: Fault = (before, event, run) => {
  const first = callerWins(before, event, run);
  if (event.type !== "invite" || isCaller(before) || legOf(first.state, event.callId) === null) return first;
  const legs = first.state.legs.map((one) =>
    one.state === "Open" ? { ...one, state: "Gone" as const } : one,
  );
  return { ...first, state: { ...first.state, legs } };
};

/** No Lamport counter. */
const genOfTheReplaced: Fault = (_before, event, run) => {
  const { state, actions } = run(event);
  const sent = actions.find((action) => action.type === "sendInvite");
  if (sent?.type !== "sendInvite") return { state: { ...state, highestGen: 0 }, actions };
  const gen = (legOf(state, sent.replaces.callId)?.gen ?? 0) + 1;
  const change = (action: CallAction) => (action === sent ? { ...sent, gen } : action);
  return {
    state: {
      ...state,
      highestGen: 0,
      legs: state.legs.map((one) => (one.callId === sent.callId ? { ...one, gen } : one)),
    },
    actions: actions.map(change),
  };
};

/** INVITEs below what is held are taken, too. */
const takesAnyRank: Fault = (before, event, run) => {
  if (event.type !== "invite" || before.over !== null) return run(event);
  const { state, actions } = run(event, { ...before, legs: before.legs.map(asUnheld), floor: null });
  const legs = state.legs.map((one) => before.legs.find(({ callId }) => callId === one.callId) ?? one);
  return { state: { ...state, legs, floor: before.floor, over: null }, actions };
};

function asUnheld(one: CallState["legs"][number]): CallState["legs"][number] {
  return isHeld(one) ? { ...one, state: "Abandoned" } : one;
}

const neverReplaces: Fault = (before, event, run) => {
  const { state, actions } = run(event, { ...before, allowed: false });
  return { state: { ...state, allowed: true }, actions };
};

/** A 2xx is confirmed whatever is held above it. */
const takesAny2xx: Fault = (before, event, run) => {
  if (event.type !== "success" || before.over !== null) return run(event);
  const hidden = before.legs.filter((one) => {
    const own = legOf(before, event.callId);
    return own !== null && one.state === "Confirmed" && compareRanks(one, own) > 0;
  });
  const { state, actions } = run(event, {
    ...before,
    legs: before.legs.filter((one) => !hidden.includes(one)),
  });
  return { state: { ...state, legs: [...state.legs, ...hidden] }, actions };
};

const losing = { losses: 1 } as const;
const one = { moves: [1, 0], losses: 1, bounds: { ahead: 2, abandoned: 1, early: 1 } } as const;

/** The first rules of the page, and habits of other stacks. */
export const faults: readonly [string, Partial<Exploration>][] = [
  [
    "BYE to the 2xx of an abandoned INVITE",
    { ...one, ...withLeg({ Abandoned: { "2xx": leg.Abandoned["2xx superseded"] } }) },
  ],
  ["the old dialog is dropped at the 200, not at the ACK", { ...losing, fault: dropAtOnce }],
  ["a BYE below is taken for the ACK", { fault: byeAsAck }],
  [
    "the new dialog is given up at 64*T1",
    withLeg({ Accepted: { "no ACK": { next: "Ended", actions: ["stop waiting for the ACK", "bye"] } } }),
  ],
  [
    "gen = that of the replaced one + 1: 491 until the abandoned INVITE is forgotten",
    {
      ...one,
      bounds: { ahead: 99, abandoned: 1, early: 1 },
      fault: genOfTheReplaced,
      exactGens: true,
    },
  ],
  [
    "BYE of the UAS before its ACK",
    {
      ...withLeg({
        Accepted: {
          superseded: { next: "Ended", actions: ["bye"] },
          over: { next: "Ended", actions: ["bye"] },
        },
        // A UAC that takes no notice of a BYE that overtakes its 200.
        Open: { BYE: null, "BYE below": null },
        Abandoned: { BYE: null, "BYE below": null },
      }),
      hangUp: [false, true],
    },
  ],
  [
    "the caller wins, the callee holds, the old dialog is dropped at once",
    {
      ...losing,
      fault: (before, event, run) =>
        dropAtOnce(before, event, (given, state) => hold(state ?? before, given, run)),
    },
  ],
];

export const withoutRules: readonly [string, Partial<Exploration>][] = [
  ["2: no INVITE", { moves: [1, 0], fault: neverReplaces }],
  ["4: any rank is taken", { ...losing, fault: takesAnyRank }],
  [
    "4: 481 once the call is over",
    {
      moves: [0, 1],
      hangUp: [true, false],
      ...withCall({ over: { INVITE: call.live["INVITE below"], "INVITE below": call.live["INVITE below"] } }),
    },
  ],
  [
    "5: no further INVITE after a failure",
    { ...withLeg({ Open: { failed: { next: "Gone", actions: ["stop waiting for an answer", "block"] } } }) },
  ],
  ["6: a 2xx is confirmed whatever is held above it", { ...losing, fault: takesAny2xx }],
  [
    "7: a 2xx to the question is no ACK",
    {
      moves: [1, 0],
      ...losing,
      ...withLeg({ Accepted: { "question: yes": { next: "Accepted", actions: [] } } }),
    },
  ],
  [
    "8: lower ones do not end",
    {
      moves: [1, 0],
      ...withLeg({
        Accepted: { ACK: { next: "Confirmed", actions: ["stop waiting for the ACK"] } },
        Open: { "2xx": { next: "Confirmed", actions: ["stop waiting for an answer", "ack"] } },
      }),
    },
  ],
  [
    "9: no question",
    { moves: [1, 0], ...losing, ...withLeg({ Accepted: { "no ACK yet": null, "no ACK": null } }) },
  ],
  [
    "9: nothing is asked in the lower one",
    {
      ...losing,
      ...withLeg({ Accepted: { "no ACK": { next: "Accepted", actions: ["stop waiting for the ACK"] } } }),
    },
  ],
  [
    "9b: 481 while an own INVITE is open or abandoned",
    {
      ...one,
      losses: 0,
      ...withLeg({
        Open: { asked: { next: "Open", actions: ["answer 481 to the question"] } },
        Abandoned: { asked: { next: "Abandoned", actions: ["answer 481 to the question"] } },
      }),
    },
  ],
  [
    "10: a BYE below ends the call",
    {
      moves: [1, 0],
      ...withLeg({
        Accepted: { "BYE below": leg.Accepted.BYE },
        Confirmed: { "BYE below": { next: "Ended", actions: ["over: peer"] } },
      }),
    },
  ],
  [
    "10: what is below goes on",
    {
      hangUp: [true, false],
      ...withLeg({
        Accepted: { BYE: { next: "Ended", actions: ["stop waiting for the ACK", "cause: peer"] } },
        Confirmed: { BYE: { next: "Ended", actions: ["cause: peer"] } },
      }),
    },
  ],
  [
    "10: what is below a BYE below goes on",
    {
      ...one,
      hangUp: [true, false],
      ...withLeg({
        Accepted: { "BYE below": { next: "Ended", actions: ["stop waiting for the ACK"] } },
        Confirmed: { "BYE below": { next: "Ended", actions: [] } },
      }),
    },
  ],
  [
    "11: no second BYE",
    { moves: [1, 0], ...losing, hangUp: [true, false], ...withLeg({ Ended: { "BYE unanswered": null } }) },
  ],
  [
    "11: 481 to the question once the call is over",
    {
      ...one,
      hangUp: [true, false],
      ...withLeg({
        Ended: { "asked when over": leg.Ended.asked },
        Open: { "asked when over": leg.Open.asked },
        Abandoned: { "asked when over": leg.Abandoned.asked },
        Gone: { "asked when over": leg.Gone.asked },
      }),
    },
  ],
  [
    "11: no BYE at the ACK",
    {
      moves: [1, 0],
      hangUp: [false, true],
      ...withLeg({ Closing: { ACK: { next: "Ended", actions: ["stop waiting for the ACK"] } } }),
    },
  ],
  [
    "12: no INVITE tells of a hang-up",
    { hangUp: [true, false], ...withCall({ live: { "hang-up when stale": call.live["hang-up"] } }) },
  ],
];

/** Only found when all is explored. */
export const slowFaults: readonly [string, Partial<Exploration>][] = [
  [
    "9: 481 to the question is nothing",
    { ...losing, ...withLeg({ Accepted: { "question: unknown": { next: "Accepted", actions: [] } } }) },
  ],
  [
    "9b: 491 for ever",
    { ...losing, ...withLeg({ Gone: { asked: { next: "Gone", actions: ["answer 491 to the question"] } } }) },
  ],
];
