// Explores all interleavings of two ends of a call, breadth first, and judges every state and where all of it can end.
import type { CallTables } from "@liquid-ims/ue-lcf/dialog-replacement-acts";
import { kindNumbers, type Ties } from "./replacement-model-dialog.ts";
import { type Fault, ModelEnds } from "./replacement-model-end.ts";
import { type Bounds, describe, Moves } from "./replacement-model-moves.ts";
import { accepted, closing, confirmed, legBits } from "./replacement-model-words.ts";
import { World } from "./replacement-model-world.ts";

export interface Exploration {
  readonly moves: readonly [number, number];
  /** Messages of any kind that may be lost for good on good paths. */
  readonly losses: number;
  readonly hangUp: readonly [boolean, boolean];
  readonly tables: CallTables;
  readonly bounds: Bounds;
  readonly ties: Ties;
  /** Stops when so many states were seen. */
  readonly maximum: number;
  readonly fault?: Fault;
  /** Nothing is asked about how soon a fresh dialog stands: for bounds that make an end wait. */
  readonly mayBeSlow?: boolean;
  /** Messages without effect stay under way until they arrive or are lost: more states, the same results. */
  readonly keepsAll?: boolean;
  /** For faults that count gens otherwise: gens as they are, not relative to each other. */
  readonly exactGens?: boolean;
}

export interface Counterexample {
  readonly reason: string;
  readonly steps: readonly string[];
}

export interface ExplorationResult {
  readonly states: number;
  readonly transitions: number;
  /** States of one end, steps of the real table. */
  readonly ends: number;
  readonly steps: number;
  readonly complete: boolean;
  /** End states: one dialog, confirmed by both, both legs fresh. */
  readonly kept: number;
  /** End states: over at both. */
  readonly over: number;
  readonly counterexample: Counterexample | null;
}

/** Grows by itself. */
class Numbers {
  values = new Int32Array(1 << 16);
  length = 0;

  reserve(more: number): void {
    if (this.length + more <= this.values.length) return;
    const larger = new Int32Array(this.values.length * 2);
    larger.set(this.values);
    this.values = larger;
  }

  push(value: number): void {
    this.reserve(1);
    this.values[this.length++] = value;
  }

  at(index: number): number {
    return this.values[index] ?? 0;
  }
}

/** States as they are written, each once: compared in full, so nothing rests on hashes. */
class States {
  readonly #pool = new Numbers();
  readonly #starts = new Numbers();
  #table = new Int32Array(1 << 16);
  /** True when the last one was new. */
  isNew = false;

  get count(): number {
    return this.#starts.length;
  }

  get values(): Int32Array {
    return this.#pool.values;
  }

  start(index: number): number {
    return this.#starts.at(index);
  }

  lengthOf(index: number): number {
    const next = index + 1 < this.#starts.length ? this.#starts.at(index + 1) : this.#pool.length;
    return next - this.#starts.at(index);
  }

  add(world: World): number {
    this.#pool.reserve(32);
    const at = this.#pool.length;
    const length = world.write(this.#pool.values, at);
    let slot = this.#hash(at, length);
    for (let known = this.#table[slot] ?? 0; known !== 0; known = this.#table[slot] ?? 0) {
      if (this.#same(known - 1, at, length)) {
        this.isNew = false;
        return known - 1;
      }
      slot = (slot + 1) & (this.#table.length - 1);
    }
    this.isNew = true;
    this.#table[slot] = this.count + 1;
    this.#starts.push(at);
    this.#pool.length = at + length;
    if (this.count * 2 > this.#table.length) this.#grow();
    return this.count - 1;
  }

  #hash(at: number, length: number): number {
    const { values } = this.#pool;
    let hash = 0x811c9dc5;
    for (let index = at; index < at + length; index++) {
      hash = Math.imul(hash ^ (values[index] ?? 0), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash & (this.#table.length - 1);
  }

  #same(index: number, at: number, length: number): boolean {
    if (this.lengthOf(index) !== length) return false;
    const { values } = this.#pool;
    const start = this.#starts.at(index);
    for (let offset = 0; offset < length; offset++)
      if (values[start + offset] !== values[at + offset]) return false;
    return true;
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 2);
    for (let index = 0; index < this.count; index++) {
      let slot = this.#hash(this.#starts.at(index), this.lengthOf(index));
      while (this.#table[slot] !== 0) slot = (slot + 1) & (this.#table.length - 1);
      this.#table[slot] = index + 1;
    }
  }
}

export function explore(o: Exploration): ExplorationResult {
  const ends = new ModelEnds(o.tables, o.fault ?? null, o.exactGens === true);
  const newWorld = () => new World(ends, o.exactGens === true, o.ties, o.keepsAll !== true);
  const states = new States();
  const parents = new Numbers();
  const edges = new Numbers();
  const edgeStarts = new Numbers();
  const goodEnds: number[] = [];
  const restored: number[] = [];
  let kept = 0;
  let over = 0;
  const moves = new Moves(newWorld(), newWorld(), o.bounds);
  const { from, to } = moves;
  const first = to;
  first.moves[0] = o.moves[0];
  first.moves[1] = o.moves[1];
  first.mayHangUp[0] = o.hangUp[0];
  first.mayHangUp[1] = o.hangUp[1];
  first.losses = o.losses;
  first.early = o.bounds.early;
  states.add(first);
  parents.push(-1);
  let current = 0;
  let wrong: string | null = null;
  let wrongAt = -1;

  const forget = kindNumbers.forget;
  const acknowledge = kindNumbers.acknowledge;
  function emit(what: number): void {
    const found = states.add(to);
    edges.push(what === forget || what === acknowledge ? ~found : found);
    if (!states.isNew) return;
    parents.push(current);
    if (wrong !== null) return;
    wrong = to.fault ?? judge(to);
    wrongAt = found;
  }

  const result = (counterexample: Counterexample | null, complete: boolean): ExplorationResult => ({
    states: states.count,
    transitions: edges.length,
    ends: ends.size,
    steps: ends.steps,
    complete,
    kept,
    over,
    counterexample,
  });

  const stepsTo = (state: number): string[] => {
    const path: number[] = [];
    for (let at = state; at >= 0; at = parents.at(at)) path.unshift(at);
    const steps: string[] = [];
    for (let index = 1; index < path.length; index++) {
      from.read(states.values, states.start(path[index - 1] ?? 0), states.lengthOf(path[index - 1] ?? 0));
      let label = "";
      moves.each((what, end, dialog) => {
        if (label === "" && states.add(to) === path[index]) label = describe(what, end, dialog, from);
      });
      steps.push(label);
    }
    return steps;
  };

  for (; current < states.count; current++) {
    from.read(states.values, states.start(current), states.lengthOf(current));
    edgeStarts.push(edges.length);
    const goesOn = moves.each(emit);
    if (wrong !== null) return result({ reason: wrong, steps: stepsTo(wrongAt) }, false);
    if (from.hungUp || isRestored(from)) restored.push(current);
    if (!goesOn) {
      const reason = judgeEnd(from);
      if (reason !== null) return result({ reason, steps: stepsTo(current) }, false);
      if (from.hungUp) over++;
      else kept++;
      goodEnds.push(current);
    }
    if (states.count > o.maximum) return result(null, false);
  }
  edgeStarts.push(edges.length);
  const stuck = firstThatNeverEnds(states.count, edges, edgeStarts, goodEnds, false);
  if (stuck >= 0)
    return result({ reason: "no good end can be reached any more", steps: stepsTo(stuck) }, true);
  if (o.mayBeSlow === true) return result(null, true);
  const slow = firstThatNeverEnds(states.count, edges, edgeStarts, restored, true);
  if (slow < 0) return result(null, true);
  const reason = "no dialog with two fresh legs before something is forgotten after 64*T1";
  return result({ reason, steps: stepsTo(slow) }, true);
}

/** From the ends backwards; -1 when all states can reach one. `fast`: without a timer of 64*T1. */
function firstThatNeverEnds(
  count: number,
  edges: Numbers,
  starts: Numbers,
  ends: readonly number[],
  fast: boolean,
): number {
  const incoming = new Int32Array(count + 1);
  const targetOf = (edge: number) => {
    const target = edges.at(edge);
    return target >= 0 || fast ? target : ~target;
  };
  for (let edge = 0; edge < edges.length; edge++) {
    const target = targetOf(edge);
    if (target >= 0) incoming[target + 1] = (incoming[target + 1] ?? 0) + 1;
  }
  for (let state = 0; state < count; state++)
    incoming[state + 1] = (incoming[state + 1] ?? 0) + (incoming[state] ?? 0);
  const sources = new Int32Array(edges.length);
  const next = incoming.slice();
  for (let state = 0; state < count; state++)
    for (let edge = starts.at(state); edge < starts.at(state + 1); edge++) {
      const target = targetOf(edge);
      if (target < 0) continue;
      const place = next[target] ?? 0;
      sources[place] = state;
      next[target] = place + 1;
    }
  const reached = new Uint8Array(count);
  const queue = new Int32Array(count);
  let length = 0;
  for (const end of ends) {
    reached[end] = 1;
    queue[length++] = end;
  }
  for (let at = 0; at < length; at++) {
    const state = queue[at] ?? 0;
    for (let edge = incoming[state] ?? 0; edge < (incoming[state + 1] ?? 0); edge++) {
      const source = sources[edge] ?? 0;
      if (reached[source] === 1) continue;
      reached[source] = 1;
      queue[length++] = source;
    }
  }
  return reached.indexOf(0);
}

function isHeld(leg: number): boolean {
  const state = leg & legBits.state;
  return leg >= 0 && (state === accepted || state === confirmed);
}

/** Some dialog is confirmed by both ends, and both its legs are fresh. */
function isRestored(world: World): boolean {
  for (let dialog = 0; dialog < world.count; dialog++)
    if (isFresh(world.leg(0, dialog)) && isFresh(world.leg(1, dialog))) return true;
  return false;
}

function isFresh(leg: number): boolean {
  return leg >= 0 && (leg & (legBits.state | legBits.stale)) === confirmed;
}

/** At every moment before a hang-up a dialog is held by both. */
function judge(world: World): string | null {
  if (world.hungUp) return null;
  if (world.ends[0].over || world.ends[1].over) return "over, and nobody has hung up";
  for (let dialog = 0; dialog < world.count; dialog++)
    if (isHeld(world.leg(0, dialog)) && isHeld(world.leg(1, dialog))) return null;
  return "no dialog is held by both";
}

function judgeEnd(world: World): string | null {
  if (world.hungUp) return judgeOver(world);
  let held = -1;
  for (let dialog = 0; dialog < world.count; dialog++) {
    const legs = [world.leg(0, dialog), world.leg(1, dialog)];
    if (!legs.some(isHeld)) continue;
    if (held >= 0) return "two dialogs are held at last";
    held = dialog;
    for (const leg of legs) {
      if (!isHeld(leg)) return "a dialog is held by one end only";
      if ((leg & legBits.state) !== confirmed) return "a dialog is not confirmed";
      if ((leg & legBits.stale) !== 0) return "a stale leg is left";
    }
  }
  return held < 0 ? "nothing is held" : null;
}

function judgeOver(world: World): string | null {
  for (const end of world.ends) {
    if (!end.over) return "over at one end only";
    if (end.notice) return "the notice was never answered";
    for (const leg of end.legs)
      if (isHeld(leg) || (leg & legBits.state) === closing) return "over, and a dialog is left";
  }
  return null;
}
