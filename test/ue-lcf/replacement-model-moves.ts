// All that may happen next to two ends and the network between them: deliveries, losses, timers, moves, hang-ups.
// The rules' numbers are those of docs/dialog-replacement.md.
import {
  answers,
  bits,
  type EndIndex,
  failures,
  genOf,
  isPending,
  kindNumbers,
  lowerBits,
  lowerOf,
  maximumDialogs,
  probing,
  runs,
  underWay,
} from "./replacement-model-dialog.ts";
import { accepted, closing, eventKinds, gone, legBits } from "./replacement-model-words.ts";
import type { World } from "./replacement-model-world.ts";

export interface Bounds {
  /** An end whose INVITEs its peer has not seen for so many gens: the last of them arrives. */
  readonly ahead: number;
  /** Own INVITEs that an end remembers as abandoned: with so many it waits for the open one. */
  readonly abandoned: number;
  /** INVITEs that are given up after 2*T1 although they, or their answers, are still under way. */
  readonly early: number;
  /**
   * Dialogs that an end has or that something is under way for: with so many, what would make another one waits,
   * unless nothing else can happen.
   */
  readonly dialogs?: number;
}

const finals = [
  [bits.success, kindNumbers.success],
  [bits.failure481, kindNumbers["failure 481"]],
  [bits.failure491, kindNumbers["failure 491"]],
  [bits.failure603, kindNumbers["failure 603"]],
] as const;

const answerKinds = [
  [bits.answer200, kindNumbers["answer 200"]],
  [bits.answer481, kindNumbers["answer 481"]],
  [bits.answer491, kindNumbers["answer 491"]],
  [bits.answer603, kindNumbers["answer 603"]],
] as const;

export class Moves {
  /** What may happen next to it. */
  readonly from: World;
  /** What it leads to, while `emit` runs. */
  readonly to: World;
  readonly #bounds: Bounds;
  #most = maximumDialogs;
  #emitted = false;
  #emit: (what: number, end: number, dialog: number) => void = () => undefined;

  constructor(from: World, to: World, bounds: Bounds) {
    this.from = from;
    this.to = to;
    this.#bounds = bounds;
  }

  /** Calls `emit` for each; false: nothing may happen but a hang-up. */
  each(emit: (what: number, end: number, dialog: number) => void): boolean {
    this.#emit = emit;
    this.#emitted = false;
    this.#most = this.#bounds.dialogs ?? maximumDialogs;
    const any = this.#all();
    if (this.#emitted || !any) return any;
    this.#most = maximumDialogs;
    return this.#all();
  }

  #all(): boolean {
    let any = false;
    for (let dialog = 0; dialog < this.from.count; dialog++)
      if ((this.from.word(dialog) & underWay) !== 0) {
        any = true;
        this.#messages(dialog);
      }
    for (const end of [0, 1] as const) if (this.#own(end)) any = true;
    return any;
  }

  #done(what: number, end: number, dialog: number): void {
    this.to.normalise();
    if (this.to.count > this.#most) return;
    this.#emitted = true;
    this.#emit(what, end, dialog);
  }

  /** The path of a stale leg, dead perhaps before its end knows it. */
  #isLossy(dialog: number): boolean {
    const { from } = this;
    if (from.moves[0] > 0 || from.moves[1] > 0 || (from.word(dialog) & bits.stale) !== 0) return true;
    const legA = from.leg(0, dialog);
    const legB = from.leg(1, dialog);
    return (legA >= 0 && (legA & legBits.stale) !== 0) || (legB >= 0 && (legB & legBits.stale) !== 0);
  }

  #start(dialog: number, mask: number): World {
    const { to } = this;
    to.copyFrom(this.from);
    to.clear(dialog, mask);
    if ((to.word(dialog) & probing) === 0) to.clear(dialog, lowerBits);
    if ((to.word(dialog) & (bits.invite | failures)) === 0) to.clear(dialog, bits.stale);
    return to;
  }

  #deliver(kind: number, end: EndIndex, dialog: number, mask: number): void {
    this.#start(dialog, mask).apply(end, kind, dialog);
    this.#done(kind, end, dialog);
  }

  /** Nothing when it may not be lost. */
  #lose(kind: number, dialog: number, mask: number): void {
    if (!this.#mayLose(dialog)) return;
    this.#pay(dialog, this.#start(dialog, mask));
    this.#done(lost | kind, 2, dialog);
  }

  #mayLose(dialog: number): boolean {
    return this.from.losses > 0 || this.#isLossy(dialog);
  }

  #pay(dialog: number, to: World): void {
    if (!this.#isLossy(dialog)) to.losses--;
  }

  #messages(dialog: number): void {
    const { from } = this;
    const word = from.word(dialog);
    const uac = (word & bits.sender) as EndIndex;
    const uas = (1 - uac) as EndIndex;
    if ((word & bits.invite) !== 0) this.#invite(dialog, word, uas);
    for (const [bit, kind] of finals)
      if ((word & bit) !== 0) {
        this.#deliver(kind, uac, dialog, bit);
        this.#lose(kind, dialog, bit);
      }
    if ((word & bits.ack) !== 0) {
      this.#deliver(kindNumbers.ack, uas, dialog, bits.ack);
      this.#lose(kindNumbers.ack, dialog, bits.ack);
    }
    if ((word & bits.byeToA) !== 0) this.#bye(dialog, 0, bits.byeToA);
    if ((word & bits.byeToB) !== 0) this.#bye(dialog, 1, bits.byeToB);
    if ((word & bits.question) !== 0) {
      this.#deliver(kindNumbers.question, uac, dialog, bits.question);
      this.#lose(kindNumbers.question, dialog, bits.question);
    }
    for (const [bit, kind] of answerKinds)
      if ((word & bit) !== 0) {
        this.#deliver(kind, uas, dialog, bit);
        this.#lose(kind, dialog, bit);
      }
    if ((word & probing) !== 0) this.#probe(dialog, word, uac, uas);
  }

  #invite(dialog: number, word: number, uas: EndIndex): void {
    const stale = (word & bits.stale) !== 0;
    // The old P-CSCF still has it, or the core has sent it by the present registration.
    this.#arrive(dialog, uas, false);
    if (stale) this.#arrive(dialog, uas, true);
    if (genOf(word) - this.from.gens[uas] < this.#bounds.ahead)
      this.#lose(kindNumbers.invite, dialog, bits.invite);
  }

  #arrive(dialog: number, uas: EndIndex, stale: boolean): void {
    const kind = stale ? kindNumbers["invite on a stale path"] : kindNumbers.invite;
    const to = this.#start(dialog, bits.invite);
    to.apply(uas, kind, dialog);
    this.#done(kind, uas, dialog);
  }

  #bye(dialog: number, end: EndIndex, mask: number): void {
    const peer = (1 - end) as EndIndex;
    const sender = this.from.isAt(peer, dialog) ? this.from.leg(peer, dialog) : 0;
    const isRepeated = (sender & legBits.byeAgain) !== 0;
    const isLast = (sender & legBits.lastBye) !== 0;
    const to = this.#start(dialog, mask);
    to.apply(end, kindNumbers.bye, dialog);
    if (isRepeated || isLast) to.change(peer, "BYE answered", dialog);
    this.#done(kindNumbers.bye, end, dialog);
    // A BYE that is lost twice cannot be had, unless this end tells by INVITE, or the other asks by its own.
    const isToldOtherwise =
      this.#isLossy(dialog) &&
      (this.from.ends[peer].told || (this.from.leg(end, dialog) & legBits.stale) !== 0);
    if ((isLast && !isToldOtherwise) || !this.#mayLose(dialog)) return;
    if (isRepeated) {
      // Its answer is lost.
      const again = this.#start(dialog, mask);
      again.apply(end, kindNumbers.bye, dialog);
      again.change(peer, "BYE lost", dialog);
      this.#pay(dialog, again);
      this.#done(lost | kindNumbers["BYE answered"], end, dialog);
    }
    const gone = this.#start(dialog, mask);
    if (isRepeated) gone.change(peer, "BYE lost", dialog);
    this.#pay(dialog, gone);
    this.#done(lost | kindNumbers.bye, end, dialog);
  }

  #probe(dialog: number, word: number, uac: EndIndex, uas: EndIndex): void {
    const lower = lowerOf(word);
    if ((word & bits.probe) !== 0) {
      const to = this.#start(dialog, bits.probe);
      to.set(dialog, word & lowerBits);
      to.apply(uac, kindNumbers.question, lower, dialog);
      this.#done(kindNumbers.question, uac, lower);
      if (this.from.losses > 0 || this.#isLossy(lower)) {
        const gone = this.#start(dialog, bits.probe);
        if (!this.#isLossy(lower)) gone.losses--;
        this.#done(lost | kindNumbers.question, uac, lower);
      }
    }
    for (const [bit, kind] of [
      [bits.lowerLives, kindNumbers["lower lives"]],
      [bits.lowerUnsure, kindNumbers["lower unsure"]],
    ] as const)
      if ((word & bit) !== 0) {
        this.#deliver(kind, uas, dialog, bit);
        if (this.from.losses > 0 || this.#isLossy(lower)) {
          const gone = this.#start(dialog, bit);
          if (!this.#isLossy(lower)) gone.losses--;
          this.#done(lost | kind, uas, dialog);
        }
      }
  }

  /** True when anything but a hang-up may happen. */
  #own(end: EndIndex): boolean {
    const { from, to } = this;
    const state = from.ends[end];
    let any = false;
    if (from.mayHangUp[end] && !state.over) {
      to.copyFrom(from);
      to.mayHangUp[end] = false;
      to.hungUp = true;
      to.apply(end, kindNumbers.hangUp, 0);
      this.#done(kindNumbers.hangUp, end, 0);
    }
    if (from.moves[end] > 0) {
      any = true;
      this.#move(end);
    }
    if (state.waiting) {
      any = true;
      to.copyFrom(from);
      to.apply(end, kindNumbers.retry, 0);
      this.#done(kindNumbers.retry, end, 0);
    }
    for (let dialog = 0; dialog < from.count; dialog++) {
      const leg = from.leg(end, dialog);
      if (leg < 0) continue;
      if ((leg & legBits.byeLost) !== 0) {
        any = true;
        this.#fire(end, kindNumbers.byeUnanswered, dialog);
      }
      if (this.#timers(end, dialog, leg)) any = true;
    }
    return any;
  }

  #fire(end: EndIndex, kind: number, dialog: number): void {
    this.to.copyFrom(this.from);
    this.to.apply(end, kind, dialog);
    this.#done(kind, end, dialog);
  }

  /** The next question when the last one, or its answer, has arrived or is lost. */
  #ask(end: EndIndex, dialog: number, word: number): void {
    const { to } = this;
    if ((word & (bits.question | answers)) !== 0) return;
    to.copyFrom(this.from);
    to.apply(end, kindNumbers.ask, dialog);
    // While the timer runs, a question under way is no more than one that is asked later.
    if (to.prunes) {
      to.clear(dialog, bits.question);
      to.apply((1 - end) as EndIndex, kindNumbers.question, dialog);
    }
    this.#done(kindNumbers.ask, end, dialog);
  }

  #silence(end: EndIndex, dialog: number, isEarly: boolean): void {
    const { to } = this;
    to.copyFrom(this.from);
    if (isEarly) to.early--;
    to.apply(end, kindNumbers.silence, dialog);
    this.#done(kindNumbers.silence, end, dialog);
  }

  #move(end: EndIndex): void {
    const { from, to } = this;
    to.copyFrom(from);
    to.moves[end]--;
    // INVITEs to this end, and their refusals, are on the way by the registration that it leaves.
    for (let dialog = 0; dialog < to.count; dialog++) {
      const word = to.word(dialog);
      if ((word & bits.sender) !== end && (word & (bits.invite | failures)) !== 0) to.set(dialog, bits.stale);
    }
    to.apply(end, kindNumbers.registered, 0);
    this.#done(kindNumbers.registered, end, 0);
  }

  #timers(end: EndIndex, dialog: number, leg: number): boolean {
    const { from } = this;
    const word = from.word(dialog);
    let any = false;
    if (runs(leg, "silence")) {
      const isHeldUp =
        ((word & bits.invite) !== 0 &&
          genOf(word) - from.gens[(1 - end) as EndIndex] >= this.#bounds.ahead) ||
        this.#unsettled(end) >= this.#bounds.abandoned;
      const isEarly = (word & (bits.invite | bits.success | failures)) !== 0;
      if (!isHeldUp && (!isEarly || from.early > 0)) this.#silence(end, dialog, isEarly);
      any = true;
    }
    if (runs(leg, "ask") && (leg & legBits.state) === accepted) {
      this.#ask(end, dialog, word);
      any = true;
    }
    // No message outlives 64*T1. Later, one question in 64*T1 is all there is.
    const isLater = !runs(leg, "ask");
    if (
      runs(leg, "acknowledge") &&
      (word & underWay) === 0 &&
      (isLater || this.#mayStayUnanswered(end, dialog, leg))
    ) {
      this.#fire(end, kindNumbers.acknowledge, dialog);
      any = true;
    }
    if (runs(leg, "forget") && (word & bits.invite) === 0) {
      this.#fire(end, kindNumbers.forget, dialog);
      any = true;
    }
    return any;
  }

  /** Own INVITEs given up that an end still remembers, or that have become dialogs of the peer alone. */
  #unsettled(end: EndIndex): number {
    const { from } = this;
    let count = from.ends[end].abandoned;
    for (let dialog = 1; dialog < from.count; dialog++)
      if ((from.word(dialog) & bits.sender) === end && (from.leg(end, dialog) & legBits.state) === gone)
        count++;
    return count;
  }

  /** Fifteen questions: all lost on a stale path, or the peer says "not yet" each time. */
  #mayStayUnanswered(end: EndIndex, dialog: number, leg: number): boolean {
    if ((leg & legBits.state) === closing || this.#isLossy(dialog)) return true;
    return isPending(this.from.leg((1 - end) as EndIndex, dialog));
  }
}

/** Added to a kind: that message was lost. */
export const lost = 256;

/** In words. */
export function describe(what: number, end: number, dialog: number, world: World): string {
  const kind = eventKinds[(what & (lost - 1)) as 0] ?? "?";
  const name = end > 1 ? "" : ` at ${end === 0 ? "A" : "B"}`;
  const word = world.word(dialog);
  const sender = (word & bits.sender) === 0 ? "A" : "B";
  return `${(what & lost) === 0 ? "" : "lost: "}${kind}${name}, dialog ${dialog} (INVITE of ${sender}, gen ${genOf(word)})`;
}
