// Two ends and the network between them in the explorer: a few numbers, changed in place and written down in one form.
// RFC 3891; the rules' numbers are those of docs/dialog-replacement.md.

import {
  answers,
  bits,
  type EndIndex,
  failures,
  genOf,
  genShift,
  isPending,
  isUnconfirmed,
  kindNumbers,
  lowerBits,
  lowerOf,
  lowerShift,
  maximumDialogs,
  probing,
  sentBits,
  type Ties,
  underWay,
} from "./replacement-model-dialog.ts";
import type { ModelEnd, ModelEnds, Outcome } from "./replacement-model-end.ts";
import {
  abandoned,
  ended,
  gone,
  legBits,
  type Sent,
  theInvite,
  unknownLeg,
} from "./replacement-model-words.ts";

/** One moment, in place. Dialogs are in the order of their ranks; the first is the call's first one. */
export class World {
  readonly ends: [ModelEnd, ModelEnd];
  readonly moves: [number, number] = [0, 0];
  readonly mayHangUp: [boolean, boolean] = [false, false];
  /** Highest gen seen, above that of the end that has seen less; in exact gens as it is. */
  readonly gens: [number, number] = [0, 0];
  losses = 0;
  /** INVITEs that may still be given up while they or their answers are under way. */
  early = 0;
  hungUp = false;
  count = 1;
  readonly words = new Int32Array(maximumDialogs + 1);
  /** A thing that the model has no place for. */
  fault: string | null = null;
  readonly #states: ModelEnds;
  readonly #exactGens: boolean;
  readonly #ties: Ties;
  /** Left out: whatever changes nothing. */
  readonly prunes: boolean;

  constructor(states: ModelEnds, exactGens: boolean, ties: Ties, prunes: boolean) {
    this.prunes = prunes;
    this.#states = states;
    this.#exactGens = exactGens;
    this.#ties = ties;
    this.ends = [states.beginning("uac"), states.beginning("uas")];
    this.words[0] = bits.atA | bits.atB;
  }

  copyFrom(other: World): void {
    this.ends[0] = other.ends[0];
    this.ends[1] = other.ends[1];
    this.moves[0] = other.moves[0];
    this.moves[1] = other.moves[1];
    this.mayHangUp[0] = other.mayHangUp[0];
    this.mayHangUp[1] = other.mayHangUp[1];
    this.gens[0] = other.gens[0];
    this.gens[1] = other.gens[1];
    this.losses = other.losses;
    this.early = other.early;
    this.hungUp = other.hungUp;
    this.count = other.count;
    this.fault = null;
    for (let index = 0; index < other.count; index++) this.words[index] = other.words[index] ?? 0;
  }

  /** Numbers that say all: two ends, what may still happen, the dialogs. Returns how many. */
  write(to: Int32Array, at: number): number {
    to[at] = this.ends[0].id;
    to[at + 1] = this.ends[1].id;
    to[at + 2] =
      this.moves[0] |
      (this.moves[1] << 2) |
      (this.mayHangUp[0] ? 16 : 0) |
      (this.mayHangUp[1] ? 32 : 0) |
      (this.hungUp ? 64 : 0) |
      (this.losses << 7) |
      (this.gens[0] << 10) |
      (this.gens[1] << 18) |
      (this.early << 26);
    for (let index = 0; index < this.count; index++) to[at + 3 + index] = this.words[index] ?? 0;
    return 3 + this.count;
  }

  read(from: Int32Array, at: number, length: number): void {
    this.ends[0] = this.#states.get(from[at] ?? 0);
    this.ends[1] = this.#states.get(from[at + 1] ?? 0);
    const rest = from[at + 2] ?? 0;
    this.moves[0] = rest & 3;
    this.moves[1] = (rest >> 2) & 3;
    this.mayHangUp[0] = (rest & 16) !== 0;
    this.mayHangUp[1] = (rest & 32) !== 0;
    this.hungUp = (rest & 64) !== 0;
    this.losses = (rest >> 7) & 7;
    this.gens[0] = (rest >> 10) & 255;
    this.gens[1] = (rest >> 18) & 255;
    this.early = (rest >> 26) & 7;
    this.count = length - 3;
    this.fault = null;
    for (let index = 0; index < this.count; index++) this.words[index] = from[at + 3 + index] ?? 0;
  }

  word(dialog: number): number {
    return this.words[dialog] ?? 0;
  }

  clear(dialog: number, mask: number): void {
    this.words[dialog] = this.word(dialog) & ~mask;
  }

  set(dialog: number, mask: number): void {
    this.words[dialog] = this.word(dialog) | mask;
  }

  isAt(end: EndIndex, dialog: number): boolean {
    return (this.word(dialog) & (bits.atA << end)) !== 0;
  }

  /** Index of a dialog among the legs of an end; where it would be when it is none. */
  legIndex(end: EndIndex, dialog: number): number {
    let index = 0;
    for (let before = 0; before < dialog; before++)
      if ((this.word(before) & (bits.atA << end)) !== 0) index++;
    return index;
  }

  /** The leg's number, -1 when the end has none. */
  leg(end: EndIndex, dialog: number): number {
    return this.isAt(end, dialog) ? (this.ends[end].legs[this.legIndex(end, dialog)] ?? -1) : -1;
  }

  #dialogOf(end: EndIndex, leg: number): number {
    let left = leg;
    for (let dialog = 0; dialog < this.count; dialog++)
      if (this.isAt(end, dialog)) {
        if (left === 0) return dialog;
        left--;
      }
    return -1;
  }

  /** An event at an end about a dialog; `probed`: the answer to OPTIONS goes to that dialog's question. */
  apply(end: EndIndex, kind: number, dialog: number, probed = -1): void {
    const isAt = this.isAt(end, dialog);
    const isInvite = kind === kindNumbers.invite || kind === kindNumbers["invite on a stale path"];
    const leg = isAt || isInvite ? this.legIndex(end, dialog) : unknownLeg;
    const gen = genOf(this.word(dialog));
    const above = this.#exactGens ? gen : gen > this.gens[end] ? 1 : 0;
    const outcome = this.#states.step(this.ends[end], kind, leg, isInvite ? above : 0);
    this.#absorb(end, outcome, dialog, probed);
  }

  /** A change of the model alone. */
  change(
    end: EndIndex,
    kind: "BYE lost" | "BYE answered" | "drop" | "settle" | "no floor" | "gone",
    dialog: number,
  ): void {
    const leg = this.legIndex(end, dialog);
    this.ends[end] = this.#states.step(this.ends[end], kindNumbers[kind], leg, 0).next;
  }

  #absorb(end: EndIndex, outcome: Outcome, dialog: number, probed: number): void {
    const { sent } = outcome;
    for (let index = 0; index < sent.length; index++) {
      const message = sent[index];
      if (message !== undefined) this.#send(end, message, dialog, probed);
    }
    const named = outcome.fresh === null ? -1 : this.#named(end, outcome.fresh.named, dialog);
    this.ends[end] = outcome.next;
    if (outcome.held) this.set(dialog, bits.atA << end);
    if (this.#exactGens) this.gens[end] = outcome.next.highestGen;
    else if (outcome.tookGen) this.gens[end] = Math.max(this.gens[end], genOf(this.word(dialog)));
    if (outcome.fresh === null) return;
    const other = (1 - end) as EndIndex;
    if (named < 0 || !outcome.fresh.tagged || !this.isAt(other, named))
      this.fault = "Replaces names a dialog that the peer never had";
    const gen = this.#exactGens ? outcome.fresh.gen : this.gens[end] + 1;
    if (!this.#exactGens) this.gens[end] = gen;
    this.#insert(end, gen);
  }

  #named(end: EndIndex, leg: number, dialog: number): number {
    if (leg === theInvite) return dialog;
    return leg === unknownLeg ? -1 : this.#dialogOf(end, leg);
  }

  #send(end: EndIndex, message: Sent, dialog: number, probed: number): void {
    const { kind, leg } = message;
    const about = leg === theInvite || leg === unknownLeg ? dialog : this.#dialogOf(end, leg);
    switch (kind) {
      case "bye":
        this.set(about, end === 0 ? bits.byeToB : bits.byeToA);
        return;
      case "probe":
        this.clear(about, 15 << lowerShift);
        this.set(about, bits.probe | (this.#dialogOf(end, message.lower) << lowerShift));
        return;
      case "answer 200":
      case "answer 481":
      case "answer 491":
      case "answer 603":
        if (probed >= 0) this.set(probed, kind === "answer 200" ? bits.lowerLives : bits.lowerUnsure);
        else this.set(about, sentBits[kind]);
        return;
      default:
        this.set(about, sentBits[kind]);
    }
  }

  /** A new INVITE, in its place by rank. */
  #insert(end: EndIndex, gen: number): void {
    if (this.count >= maximumDialogs || gen > 100) {
      this.fault = "too many dialogs, or gens, for the model";
      return;
    }
    let place = this.count;
    while (place > 0 && this.#isBelow(end, gen, this.word(place - 1))) place--;
    for (let index = this.count; index > place; index--) this.words[index] = this.word(index - 1);
    this.count++;
    for (let index = 0; index < this.count; index++) {
      const word = this.word(index);
      if (index !== place && (word & probing) !== 0 && lowerOf(word) >= place)
        this.words[index] = word + (1 << lowerShift);
    }
    this.words[place] = end | (bits.atA << end) | bits.invite | (gen << genShift);
  }

  #isBelow(end: EndIndex, gen: number, word: number): boolean {
    const other = genOf(word);
    if (gen !== other) return gen < other;
    const sender = word & bits.sender;
    // Of the same end (a fault): the later Call-ID is the lower one.
    if (sender === end) return true;
    return this.#ties === "B is higher" ? end === 0 : end === 1;
  }

  /** One form for all that behaves alike: dead dialogs go, gens count from the lower of the two highest ones. */
  normalise(): void {
    if (this.prunes) for (const end of [0, 1] as const) if (this.ends[end].floor >= 0) this.#lowerFloor(end);
    for (let dialog = this.count - 1; dialog >= 0; dialog--) {
      if (this.prunes && (this.word(dialog) & underWay) !== 0) this.#prune(dialog);
      if (this.prunes && dialog > 0) for (const end of [0, 1] as const) this.#forget(end, dialog);
      if ((this.word(dialog) & underWay) === 0) {
        this.clear(dialog, bits.stale);
        if (this.#isDead(0, dialog) && this.#isDead(1, dialog)) this.#bury(dialog);
      }
    }
    if (this.#exactGens) return;
    const least = Math.min(this.gens[0], this.gens[1]);
    if (least === 0) return;
    this.gens[0] -= least;
    this.gens[1] -= least;
    for (let dialog = 0; dialog < this.count; dialog++) {
      const word = this.word(dialog);
      const gen = Math.max(0, genOf(word) - least);
      this.words[dialog] = (word & ((1 << genShift) - 1)) | (gen << genShift);
    }
  }

  /** What rule 10 has ended matters while an INVITE below it may be answered or arrive. */
  #lowerFloor(end: EndIndex): void {
    let legs = 0;
    for (let dialog = 0; dialog < this.count; dialog++) {
      const isAt = this.isAt(end, dialog);
      if (isAt && legs === this.ends[end].floor) break;
      if (isAt) legs++;
      if ((this.word(dialog) & bits.invite) !== 0 || isPending(this.leg(end, dialog))) return;
    }
    this.change(end, "no floor", 0);
  }

  /** Messages that nobody will do anything about, whenever they arrive: the state of their leg never changes back. */
  #prune(dialog: number): void {
    const uac = (this.word(dialog) & bits.sender) as EndIndex;
    const uas = (1 - uac) as EndIndex;
    const own = this.leg(uac, dialog);
    const others = this.leg(uas, dialog);
    if (!isPending(own)) this.clear(dialog, bits.success | failures);
    // "Not yet" changes nothing.
    this.clear(dialog, bits.answer491 | bits.lowerUnsure);
    if (this.#states.yesIsAck && (this.word(dialog) & bits.answer200) !== 0) {
      this.clear(dialog, bits.answer200);
      this.set(dialog, bits.ack);
    }
    if (!isUnconfirmed(others))
      this.clear(dialog, bits.ack | bits.question | answers | bits.probe | bits.lowerLives);
    if ((this.word(dialog) & probing) === 0) this.clear(dialog, lowerBits);
    for (const end of [0, 1] as const) {
      const bye = end === 0 ? bits.byeToA : bits.byeToB;
      const leg = end === uac ? own : others;
      if ((this.word(dialog) & bye) === 0 || leg < 0 || (leg & legBits.state) < ended) continue;
      this.clear(dialog, bye);
      const peer = (1 - end) as EndIndex;
      const sender = end === uac ? others : own;
      if (sender >= 0 && (sender & (legBits.byeAgain | legBits.lastBye)) !== 0)
        this.change(peer, "BYE answered", dialog);
    }
    if ((this.word(dialog) & (bits.invite | failures)) === 0) this.clear(dialog, bits.stale);
  }

  /** At an end that is over an INVITE of its own for which nothing is under way has one answer left, 603. */
  #forget(end: EndIndex, dialog: number): void {
    const word = this.word(dialog);
    if ((word & bits.sender) !== end || !this.ends[end].over) return;
    if ((word & (bits.invite | bits.success | failures | bits.ack | bits.byeToA | bits.byeToB)) !== 0) return;
    const leg = this.leg(end, dialog);
    const state = leg & legBits.state;
    if (leg < 0 || (state !== abandoned && state !== ended)) return;
    if ((leg & (legBits.byeLost | legBits.byeAgain)) === 0) this.change(end, "gone", dialog);
  }

  #isDead(end: EndIndex, dialog: number): boolean {
    const leg = this.leg(end, dialog);
    if (leg < 0) return true;
    const isOver = (leg & legBits.state) >= gone - 1;
    return isOver && (leg & (legBits.byeLost | legBits.byeAgain)) === 0;
  }

  #bury(dialog: number): void {
    for (const end of [0, 1] as const) {
      const leg = this.leg(end, dialog);
      if (dialog === 0 && (leg & (legBits.stale | legBits.lastBye)) !== 0) this.change(end, "settle", 0);
    }
    if (dialog === 0 || this.#isReferred(dialog)) return;
    for (const end of [0, 1] as const) if (this.isAt(end, dialog)) this.change(end, "drop", dialog);
    for (let index = dialog; index < this.count - 1; index++) this.words[index] = this.word(index + 1);
    this.count--;
    for (let index = 0; index < this.count; index++) {
      const word = this.word(index);
      if ((word & probing) !== 0 && lowerOf(word) > dialog) this.words[index] = word - (1 << lowerShift);
    }
  }

  #isReferred(dialog: number): boolean {
    for (const end of [0, 1] as const) {
      const { floor } = this.ends[end];
      if (floor >= 0 && this.isAt(end, dialog) && floor === this.legIndex(end, dialog)) return true;
    }
    for (let index = 0; index < this.count; index++) {
      const word = this.word(index);
      if ((word & probing) !== 0 && lowerOf(word) === dialog) return true;
    }
    return false;
  }
}
