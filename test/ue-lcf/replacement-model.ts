// Two ends of a call and a network that is a set of messages: explores every order of deliveries, losses, moves,
// Long because network, two ends and the judgement of end states are one model.
// timers and hang-ups of the real tables.

import { type CallStep, step } from "@liquid-ims/ue-lcf/dialog-replacement";
import type { CallTables } from "@liquid-ims/ue-lcf/dialog-replacement-acts";
import type { CallAction, CallEvent } from "@liquid-ims/ue-lcf/dialog-replacement-event";
import {
  type CallState,
  highestHeld,
  isHeld,
  type Leg,
  legOf,
  type ReplacesName,
} from "@liquid-ims/ue-lcf/dialog-replacement-state";

type EndName = "A" | "B";

/** All messages are about one INVITE and the dialog that it makes. */
interface Message {
  readonly to: EndName;
  readonly kind: "INVITE" | "2xx" | "failure" | "ACK" | "BYE" | "OPTIONS" | "answer";
  readonly callId: string;
  readonly tag?: string;
  readonly status?: number;
  readonly replaces?: ReplacesName;
  readonly gen?: number;
  /** INVITE: the receiver's registration when it was sent. */
  readonly via?: string;
  /** OPTIONS in a lower dialog about this unconfirmed one. */
  readonly about?: string;
}

interface End {
  readonly call: CallState;
  readonly timers: readonly string[];
  readonly movesLeft: number;
  readonly mayHangUp: boolean;
  readonly sent: number;
  /** BYEs that were lost: each is unanswered at some time. */
  readonly unanswered: readonly string[];
}

interface World {
  readonly A: End;
  readonly B: End;
  readonly net: readonly Message[];
  readonly lossesLeft: number;
  /** Timers that may still fire while what they wait for is under way. */
  readonly earlyLeft: number;
}

export interface Exploration {
  readonly moves: readonly [number, number];
  /** Messages of any kind that may be lost for good on good paths. */
  readonly losses: number;
  readonly early: number;
  /** The last of so many INVITEs of an end, and its answer, get through even on stale paths: bounds the run. */
  readonly invites: number;
  readonly hangUp: readonly [boolean, boolean];
  readonly tables: CallTables;
  /** Stops when so many states were seen. */
  readonly maximum: number;
  /** A fault that no table can hold: changes what a step gives. */
  readonly fault?: (
    before: CallState,
    event: CallEvent,
    run: (event: CallEvent, state?: CallState) => CallStep,
  ) => CallStep;
}

export interface ExplorationResult {
  readonly states: number;
  readonly complete: boolean;
  readonly good: number;
  readonly over: number;
  /** What is wrong, with the steps that led there; null when nothing is. */
  readonly counterexample: { readonly reason: string; readonly steps: readonly string[] } | null;
}

function other(name: EndName): EndName {
  return name === "A" ? "B" : "A";
}

function firstLeg(role: "uac" | "uas"): Leg {
  return {
    callId: "0",
    localTag: role === "uac" ? "a0" : "b0",
    remoteTag: role === "uac" ? "b0" : "a0",
    role,
    gen: 0,
    registration: "r0",
    state: "Confirmed",
    first: true,
    byeAgain: false,
    untold: false,
  };
}

export function confirmedCall(role: "uac" | "uas"): CallState {
  return {
    legs: [firstLeg(role)],
    registration: "r0",
    allowed: true,
    blocked: null,
    never: null,
    waiting: false,
    highestGen: 0,
    floor: null,
    over: null,
    notice: null,
    media: "0",
    lastCause: "lost",
  };
}

function beginning(o: Exploration): World {
  const end = (index: 0 | 1): End => ({
    call: confirmedCall(index === 0 ? "uac" : "uas"),
    timers: [],
    movesLeft: o.moves[index],
    mayHangUp: o.hangUp[index],
    sent: 0,
    unanswered: [],
  });
  return { A: end(0), B: end(1), net: [], lossesLeft: o.losses, earlyLeft: o.early };
}

function put(world: World, name: EndName, end: End): World {
  return name === "A" ? { ...world, A: end } : { ...world, B: end };
}

/** What an end's actions put into the network and into its timers. */
function perform(world: World, name: EndName, event: CallEvent, o: Exploration): World {
  const before = world[name];
  const fresh = { callId: `${name}${before.sent + 1}`, localTag: `${name.toLowerCase()}${before.sent + 1}` };
  const run = (given: CallEvent, state = before.call) => step(state, given, fresh, o.tables);
  const { state, actions } = o.fault === undefined ? run(event) : o.fault(before.call, event, run);
  const timers = new Set(before.timers);
  const net = [...world.net];
  const to = other(name);
  let sent = before.sent;
  for (const action of actions) sent += act(action);
  const end = { ...before, call: state, timers: [...timers].sort(), sent };
  return { ...put(world, name, end), net: net.sort(compareMessages) };

  function act(action: CallAction): number {
    switch (action.type) {
      case "sendInvite": {
        const { callId, localTag, replaces, gen } = action;
        const via = world[to].call.registration ?? "";
        net.push({ to, kind: "INVITE", callId, tag: localTag, replaces, gen, via });
        return 1;
      }
      case "answerInvite":
        if (action.status === 200)
          net.push({
            to,
            kind: "2xx",
            callId: action.callId,
            tag: legOf(state, action.callId)?.localTag ?? "",
          });
        else net.push({ to, kind: "failure", callId: action.callId, status: action.status });
        return 0;
      case "sendAck":
        net.push({ to, kind: "ACK", callId: action.callId });
        return 0;
      case "sendBye":
        net.push({ to, kind: "BYE", callId: action.callId });
        return 0;
      case "ask":
        net.push({ to, kind: "OPTIONS", callId: action.callId });
        return 0;
      case "probe":
        net.push({ to, kind: "OPTIONS", callId: action.lower, about: action.callId });
        return 0;
      case "answerQuestion": {
        const asked = event.type === "question" ? aboutOf : undefined;
        const about = asked === undefined ? {} : { about: asked };
        net.push({ to, kind: "answer", callId: action.callId, status: action.status, ...about });
        return 0;
      }
      case "startTimer":
        timers.add("callId" in action ? `${action.timer} ${action.callId}` : action.timer);
        return 0;
      case "stopTimer":
        timers.delete("callId" in action ? `${action.timer} ${action.callId}` : action.timer);
        return 0;
      default:
        return 0;
    }
  }
}

/** Of the OPTIONS that is being delivered. */
let aboutOf: string | undefined;

function compareMessages(a: Message, b: Message): number {
  const left = JSON.stringify(a);
  const right = JSON.stringify(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function eventOf(message: Message, registration: string, receiver: EndName): CallEvent {
  const { callId } = message;
  switch (message.kind) {
    case "INVITE":
      return {
        type: "invite",
        callId,
        localTag: `${receiver.toLowerCase()}u${callId}`,
        remoteTag: message.tag ?? "",
        replaces: message.replaces ?? { callId: "", toTag: "", fromTag: "" },
        gen: message.gen ?? null,
        registration,
      };
    case "2xx":
      return { type: "success", callId, remoteTag: message.tag ?? "" };
    case "failure":
      return { type: "failure", callId, status: message.status ?? 0 };
    case "ACK":
      return { type: "ack", callId };
    case "BYE":
      return { type: "bye", callId };
    case "OPTIONS":
      return { type: "question", callId };
    case "answer":
      return message.about === undefined
        ? { type: "questionAnswered", callId, status: message.status ?? 0 }
        : { type: "probeAnswered", callId: message.about, status: message.status ?? 0 };
  }
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}

/** A path that may lose: of a registration that its end has left, or is going to leave (it may be dead before). */
function isLossy(end: End, registration: string | undefined): boolean {
  return end.movesLeft > 0 || (registration !== undefined && registration !== end.call.registration);
}

function mayBeLost(world: World, message: Message, o: Exploration): boolean {
  const from = other(message.to);
  const answer = message.kind === "2xx" || message.kind === "failure";
  // A BYE that is lost twice cannot be had (section 4).
  const bye = message.kind === "BYE" ? legOf(world[from].call, message.callId) : null;
  if (bye !== null && world[from].call.over !== null && !bye.byeAgain) return false;
  if ((message.kind === "INVITE" || answer) && world[answer ? message.to : from].sent >= o.invites)
    return false;
  const sender = legOf(world[from].call, message.callId)?.registration;
  const receiver =
    message.kind === "INVITE" ? message.via : legOf(world[message.to].call, message.callId)?.registration;
  return isLossy(world[from], sender) || isLossy(world[message.to], receiver);
}

/** Fifteen questions in 64*T1: all lost on a stale path, or the peer says "not yet" each time. */
function mayStayUnanswered(world: World, name: EndName, callId: string): boolean {
  // Nobody asks in a dialog that only waits for its BYE.
  if (legOf(world[name].call, callId)?.state === "Closing") return true;
  const peer = legOf(world[other(name)].call, callId);
  const dead = [world[name], world[other(name)]].some((end) =>
    isLossy(end, legOf(end.call, callId)?.registration),
  );
  return dead || peer?.state === "Open" || peer?.state === "Abandoned";
}

function underWay(world: World, callId: string): boolean {
  return world.net.some((message) => message.callId === callId || message.about === callId);
}

interface Move {
  readonly label: string;
  readonly world: World;
}

/** All that may happen next. */
function moves(world: World, o: Exploration): Move[] {
  const all: Move[] = [];
  world.net.forEach((message, index) => {
    const rest = { ...world, net: without(world.net, index) };
    const { call } = world[message.to];
    const arrivals = message.kind === "INVITE" ? new Set([message.via ?? "", call.registration ?? ""]) : [""];
    for (const arrival of arrivals) {
      aboutOf = message.about;
      const event = eventOf(message, arrival, message.to);
      const name = `${message.kind} ${message.callId} ${message.status ?? ""} to ${message.to} by ${arrival}`;
      all.push({ label: name, world: perform(rest, message.to, event, o) });
      aboutOf = undefined;
    }
    const stale = mayBeLost(world, message, o);
    if (!stale && world.lossesLeft === 0) return;
    const lost = stale ? rest : { ...rest, lossesLeft: rest.lossesLeft - 1 };
    all.push({
      label: `lost: ${message.kind} ${message.callId} to ${message.to}`,
      world: lose(lost, message, o),
    });
  });
  for (const name of ["A", "B"] as const) all.push(...ownMoves(world, name, o));
  return all;
}

function lose(world: World, message: Message, o: Exploration): World {
  const from = other(message.to);
  if (message.kind === "OPTIONS" || message.kind === "answer") {
    const asker = message.kind === "OPTIONS" ? from : message.to;
    const event: CallEvent =
      message.about === undefined
        ? { type: "questionAnswered", callId: message.callId, status: 408 }
        : { type: "probeAnswered", callId: message.about, status: 408 };
    return perform(world, asker, event, o);
  }
  if (message.kind === "BYE")
    return perform(world, from, { type: "byeUnanswered", callId: message.callId }, o);
  return world;
}

function ownMoves(world: World, name: EndName, o: Exploration): Move[] {
  const all: Move[] = [];
  const end = world[name];
  const go = (label: string, event: CallEvent, from = world) =>
    all.push({ label: `${name}: ${label}`, world: perform(from, name, event, o) });
  if (end.movesLeft > 0) {
    const registration = `r${o.moves[name === "A" ? 0 : 1] - end.movesLeft + 1}`;
    go(
      "moves",
      { type: "registered", registration },
      put(world, name, { ...end, movesLeft: end.movesLeft - 1 }),
    );
  }
  if (end.mayHangUp && end.call.over === null)
    go("hangs up", { type: "hangUp" }, put(world, name, { ...end, mayHangUp: false }));
  for (const timer of end.timers) {
    const [kind = "", callId = ""] = timer.split(" ");
    if (kind === "memory") continue;
    const fired = put(world, name, { ...end, timers: end.timers.filter((one) => one !== timer) });
    if (kind === "retry") {
      go(timer, { type: "retry" }, fired);
      continue;
    }
    const early = underWay(world, callId);
    if (kind === "acknowledge" && !mayStayUnanswered(world, name, callId)) continue;
    // No message outlives 64*T1.
    if ((kind === "forget" || kind === "acknowledge") && world.net.length > 0) continue;
    if (early && world.earlyLeft === 0) continue;
    const from = early ? { ...fired, earlyLeft: fired.earlyLeft - 1 } : fired;
    if (kind === "silence" || kind === "ask" || kind === "forget" || kind === "acknowledge")
      go(timer, { type: "timer", timer: kind, callId }, from);
  }
  return all;
}

function judge(world: World, isEnd: boolean): { wrong: string | null; kind: "good" | "over" } {
  const { A, B } = world;
  if (A.call.over === null && B.call.over === null) {
    const both = A.call.legs.some((leg) => isHeld(leg) && isHeldAt(B.call, leg.callId));
    if (!both) return { wrong: "no dialog is held by both", kind: "good" };
  }
  if (!isEnd) return { wrong: null, kind: "good" };
  if (A.call.over !== null || B.call.over !== null) {
    if (A.call.over === null || B.call.over === null) return { wrong: "over at one end only", kind: "over" };
    const left = [...A.call.legs, ...B.call.legs].some((leg) => isHeld(leg) || leg.state === "Closing");
    return { wrong: left ? "over, and a dialog is left" : null, kind: "over" };
  }
  return { wrong: isGood(A.call, B.call), kind: "good" };
}

function isHeldAt(call: CallState, callId: string): boolean {
  const leg = legOf(call, callId);
  return leg !== null && isHeld(leg);
}

function isGood(a: CallState, b: CallState): string | null {
  for (const call of [a, b]) {
    const held = call.legs.filter(isHeld);
    if (held.length !== 1) return `${held.length} dialogs are held`;
    if (held[0]?.state !== "Confirmed") return `the dialog is ${held[0]?.state}`;
    if (held[0].registration !== call.registration) return "a stale leg is left";
  }
  return highestHeld(a)?.callId === highestHeld(b)?.callId ? null : "the ends hold different dialogs";
}

/** Breadth first, so that a counterexample is a short one. */
export function explore(o: Exploration): ExplorationResult {
  const first = beginning(o);
  const seen = new Map<string, { readonly from: string | null; readonly label: string }>();
  let frontier: World[] = [first];
  seen.set(JSON.stringify(first), { from: null, label: "" });
  const count = { good: 0, over: 0 };
  const result = (
    counterexample: ExplorationResult["counterexample"],
    complete: boolean,
  ): ExplorationResult => ({
    states: seen.size,
    complete,
    ...count,
    counterexample,
  });
  while (frontier.length > 0) {
    const next: World[] = [];
    for (const world of frontier) {
      const key = JSON.stringify(world);
      const following = moves(world, o).map((move) => ({ ...move, found: JSON.stringify(move.world) }));
      const isEnd = following.every((move) => move.found === key);
      const verdict = judge(world, isEnd);
      if (verdict.wrong !== null) return result({ reason: verdict.wrong, steps: stepsTo(seen, key) }, false);
      if (isEnd) count[verdict.kind] += 1;
      for (const move of following) {
        if (seen.has(move.found)) continue;
        seen.set(move.found, { from: key, label: move.label });
        next.push(move.world);
      }
      if (seen.size > o.maximum) return result(null, false);
    }
    frontier = next;
  }
  return result(null, true);
}

function stepsTo(seen: ReadonlyMap<string, { from: string | null; label: string }>, key: string): string[] {
  const steps: string[] = [];
  for (let at: string | null = key; at !== null; ) {
    const entry: { from: string | null; label: string } | undefined = seen.get(at);
    if (entry?.label !== undefined && entry.label !== "") steps.unshift(entry.label);
    at = entry?.from ?? null;
  }
  return steps;
}
