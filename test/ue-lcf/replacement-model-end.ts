// One end of a call in the explorer: its states under canonical names, each kept once, and the steps of the real
// tables between them, each taken once. RFC 3891; the rules' numbers are those of docs/dialog-replacement.md.
import { type CallStep, step } from "@liquid-ims/ue-lcf/dialog-replacement";
import type { CallTables } from "@liquid-ims/ue-lcf/dialog-replacement-acts";
import type { CallAction, CallEvent } from "@liquid-ims/ue-lcf/dialog-replacement-event";
import { type CallState, compareRanks, legOf } from "@liquid-ims/ue-lcf/dialog-replacement-state";
import {
  abandoned,
  codeOf,
  confirmed,
  type EventKind,
  eventKinds,
  eventOf,
  fresh,
  genShift,
  gone,
  isInvite,
  legBits,
  legOfCode,
  legStates,
  legTimers,
  messageOf,
  nameBefore,
  nameOf,
  open,
  present,
  type Sent,
  theInvite,
  timerBits,
  timerRows,
  unknownLeg,
} from "./replacement-model-words.ts";

/** A fault that no table can hold: changes what a step gives. */
export type Fault = (
  before: CallState,
  event: CallEvent,
  run: (event: CallEvent, state?: CallState) => CallStep,
) => CallStep;

export interface Outcome {
  readonly next: ModelEnd;
  /** The INVITE has become a leg of this end. */
  readonly held: boolean;
  /** The INVITE's gen was above all seen, and counts from now on. */
  readonly tookGen: boolean;
  /** An INVITE left; `named` is the leg in its Replaces, `gen` counts in exact gens only. */
  readonly fresh: { readonly named: number; readonly tagged: boolean; readonly gen: number } | null;
  readonly sent: readonly Sent[];
}

/** Legs by rank, the first one the call's first dialog, which is never dropped. */
export interface ModelEnd {
  readonly id: number;
  readonly legs: readonly number[];
  readonly call: CallState;
  readonly over: boolean;
  readonly waiting: boolean;
  readonly notice: boolean;
  /** Hung up with a stale leg: by rule 12 the peer hears of it without a BYE. */
  readonly told: boolean;
  /** Index of the leg whose rank rule 10 has ended; -1 for none. */
  readonly floor: number;
  /** Index of the notice's INVITE; -1 for none. */
  readonly noticeLeg: number;
  readonly highestGen: number;
  /** Own INVITEs that are abandoned and remembered. */
  readonly abandoned: number;
  readonly outcomes: Map<number, Outcome>;
}

interface Parts {
  readonly legs: readonly number[];
  readonly over: boolean;
  readonly waiting: boolean;
  readonly notice: boolean;
  readonly told: boolean;
  readonly floor: number;
  readonly noticeLeg: number;
  readonly highestGen: number;
}

function callOf(parts: Parts): CallState {
  const floorCode = parts.legs[parts.floor];
  return {
    legs: parts.legs.map(legOfCode),
    registration: present,
    allowed: true,
    blocked: null,
    never: null,
    waiting: parts.waiting,
    highestGen: parts.highestGen,
    floor: floorCode === undefined ? null : { gen: floorCode >> genShift, callId: nameOf(parts.floor) },
    over: parts.over ? "self" : null,
    notice: parts.notice
      ? { replaces: nameOf(0), leg: parts.noticeLeg < 0 ? null : nameOf(parts.noticeLeg), isHeldBack: false }
      : null,
    media: null,
    lastCause: "lost",
  };
}

/** All states of ends that an exploration meets; both ends share them, since one table serves both. */
export class ModelEnds {
  readonly #byKey = new Map<string, ModelEnd>();
  readonly #byId: ModelEnd[] = [];
  readonly #tables: CallTables;
  readonly #fault: Fault | null;
  readonly #exactGens: boolean;
  /** A 2xx to the question does what an ACK does. */
  readonly yesIsAck: boolean;
  /** Steps of the real table that were taken. */
  steps = 0;

  constructor(tables: CallTables, fault: Fault | null, exactGens: boolean) {
    this.#tables = tables;
    this.#fault = fault;
    this.#exactGens = exactGens;
    this.yesIsAck = legStates.every(
      (state) => JSON.stringify(tables.leg[state].ACK) === JSON.stringify(tables.leg[state]["question: yes"]),
    );
    // The model loses questions and their answers without a word.
    for (const state of legStates)
      for (const word of ["question: not yet", "lower unsure"] as const) {
        const row = tables.leg[state][word];
        if (row !== null && (row.next !== state || row.actions.length > 0))
          throw new Error(`the model takes "${word}" for nothing, and ${state} does something`);
      }
  }

  get size(): number {
    return this.#byId.length;
  }

  get(id: number): ModelEnd {
    const end = this.#byId[id];
    if (end === undefined) throw new Error(`no end ${id}`);
    return end;
  }

  /** One dialog, confirmed. */
  beginning(role: "uac" | "uas"): ModelEnd {
    return this.#intern({
      legs: [confirmed | (role === "uac" ? legBits.uac : 0)],
      over: false,
      waiting: false,
      notice: false,
      told: false,
      floor: -1,
      noticeLeg: -1,
      highestGen: 0,
    });
  }

  /** `gen`: of an INVITE, 1 when it is above all seen, else 0; in exact gens as it is. */
  step(end: ModelEnd, kind: number, leg: number, gen: number): Outcome {
    const key = (kind << 16) | (leg << 8) | gen;
    const known = end.outcomes.get(key);
    if (known !== undefined) return known;
    const outcome = this.#step(end, eventKinds[kind as 0] ?? "retry", leg, gen);
    end.outcomes.set(key, outcome);
    return outcome;
  }

  #intern(parts: Parts): ModelEnd {
    const normal = this.#normal(parts);
    const { legs, over, waiting, notice, told, floor, noticeLeg, highestGen } = normal;
    const flags = (over ? 1 : 0) | (waiting ? 2 : 0) | (notice ? 4 : 0) | (told ? 8 : 0);
    const key = `${legs.join()}/${flags}/${floor}/${noticeLeg}/${highestGen}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const end: ModelEnd = {
      ...normal,
      id: this.#byId.length,
      call: callOf(normal),
      abandoned: legs.filter((code) => (code & legBits.state) === abandoned).length,
      outcomes: new Map(),
    };
    this.#byKey.set(key, end);
    this.#byId.push(end);
    return end;
  }

  /** What can no more matter is left out, so that states which behave alike are one. */
  #normal(parts: Parts): Parts {
    const legs = parts.legs.map((code) => {
      const rows = this.#tables.leg[legStates[(code & legBits.state) as 0] ?? "Gone"];
      let kept = this.#exactGens ? code : code & ((1 << genShift) - 1);
      // A timer that would find no row.
      for (const timer of legTimers) if (rows[timerRows[timer]] === null) kept &= ~timerBits[timer];
      return kept;
    });
    const noticeState = (legs[parts.noticeLeg] ?? gone) & legBits.state;
    return {
      ...parts,
      legs,
      floor: parts.over ? -1 : parts.floor,
      noticeLeg: noticeState === open || noticeState === abandoned ? parts.noticeLeg : -1,
      highestGen: this.#exactGens ? parts.highestGen : 0,
    };
  }

  #step(end: ModelEnd, kind: EventKind, leg: number, gen: number): Outcome {
    const code = end.legs[leg] ?? 0;
    switch (kind) {
      case "BYE lost":
        return nothingSent(this.#changeLeg(end, leg, code | legBits.byeLost));
      case "BYE answered":
        return nothingSent(this.#changeLeg(end, leg, code & ~(legBits.byeAgain | legBits.lastBye)));
      case "settle":
        return nothingSent(this.#changeLeg(end, leg, code & ~(legBits.stale | legBits.lastBye)));
      case "gone":
        return nothingSent(this.#changeLeg(end, leg, gone | (code & (legBits.uac | legBits.stale))));
      case "no floor":
        return nothingSent(this.#intern({ ...end, floor: -1 }));
      case "drop":
        return nothingSent(
          this.#intern({
            ...end,
            legs: end.legs.filter((_, index) => index !== leg),
            floor: end.floor > leg ? end.floor - 1 : end.floor,
            noticeLeg: end.noticeLeg > leg ? end.noticeLeg - 1 : end.noticeLeg,
          }),
        );
      default:
        return this.#realStep(end, kind, leg, gen);
    }
  }

  #changeLeg(end: ModelEnd, leg: number, code: number): ModelEnd {
    return this.#intern({ ...end, legs: end.legs.map((old, index) => (index === leg ? code : old)) });
  }

  #realStep(end: ModelEnd, kind: EventKind, leg: number, gen: number): Outcome {
    this.steps += 1;
    const inviteName = nameBefore(leg);
    const event = eventOf(kind, leg === unknownLeg ? "?" : nameOf(leg), inviteName, gen);
    const run = (given: CallEvent, state = end.call) => step(state, given, fresh, this.#tables);
    const { state, actions } = this.#fault === null ? run(event) : this.#fault(end.call, event, run);
    const timers = timersAfter(end, actions, kind, leg);
    const legs = [...state.legs].sort(compareRanks);
    const byes = (index: number) =>
      kind === "byeUnanswered" && index === leg
        ? legBits.lastBye
        : (end.legs[index] ?? 0) & (legBits.byeLost | legBits.lastBye);
    const indexBefore = new Map(end.legs.map((_, index) => [nameOf(index), index]));
    const codes = legs.map(
      (one) => codeOf(one, state) | (timers.get(one.callId) ?? 0) | byes(indexBefore.get(one.callId) ?? -1),
    );
    const indexAfter = (callId: string | null | undefined) => legs.findIndex((one) => one.callId === callId);
    const sent: Sent[] = [];
    let freshInvite: Outcome["fresh"] = null;
    for (const action of actions) {
      if (action.type === "sendInvite") {
        const { callId, toTag } = action.replaces;
        const named = callId === inviteName ? theInvite : (indexBefore.get(callId) ?? unknownLeg);
        freshInvite = { named, tagged: toTag === `r${callId}`, gen: action.gen };
      } else {
        const message = messageOf(action, (callId) =>
          callId === inviteName && isInvite(kind) ? theInvite : (indexBefore.get(callId) ?? unknownLeg),
        );
        if (message !== null) sent.push(message);
      }
    }
    const seen = freshInvite === null || this.#exactGens ? state.highestGen : state.highestGen - 1;
    return {
      next: this.#intern({
        legs: codes,
        over: state.over !== null,
        waiting: state.waiting,
        notice: state.notice !== null,
        told: end.told || (kind === "hangUp" && hasStaleLeg(end)),
        floor: state.floor === null ? -1 : indexAfter(state.floor.callId),
        noticeLeg: indexAfter(state.notice?.leg),
        highestGen: state.highestGen,
      }),
      held: isInvite(kind) && legOf(state, inviteName) !== null,
      tookGen: seen > end.highestGen,
      fresh: freshInvite,
      sent,
    };
  }
}

function hasStaleLeg(end: ModelEnd): boolean {
  return end.legs.some((code) => (code & legBits.stale) !== 0 && (code & legBits.state) <= confirmed);
}

function nothingSent(next: ModelEnd): Outcome {
  return { next, held: false, tookGen: false, fresh: null, sent: [] };
}

function timersAfter(
  end: ModelEnd,
  actions: readonly CallAction[],
  kind: EventKind,
  leg: number,
): Map<string, number> {
  const mask = timerBits.silence | timerBits.ask | timerBits.acknowledge | timerBits.forget;
  const timers = new Map(end.legs.map((code, index) => [nameOf(index), code & mask]));
  if (kind === "silence" || kind === "ask" || kind === "acknowledge" || kind === "forget")
    timers.set(nameOf(leg), (timers.get(nameOf(leg)) ?? 0) & ~timerBits[kind]);
  for (const action of actions) {
    if ((action.type !== "startTimer" && action.type !== "stopTimer") || !("callId" in action)) continue;
    const { callId, timer, type } = action;
    const bit = timerBits[timer];
    const before = timers.get(callId) ?? 0;
    timers.set(callId, type === "startTimer" ? before | bit : before & ~bit);
  }
  return timers;
}
