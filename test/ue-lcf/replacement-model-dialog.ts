// A dialog in the explorer: one number, with what is under way for it.
import {
  abandoned,
  accepted,
  closing,
  type EventKind,
  eventKinds,
  legBits,
  open,
  type SentKind,
  timerBits,
} from "./replacement-model-words.ts";

export type EndIndex = 0 | 1;

export const kindNumbers: Readonly<Record<EventKind, number>> = Object.fromEntries(
  eventKinds.map((kind, index) => [kind, index]),
) as Record<EventKind, number>;

/**
 * A dialog is a number: who sent its INVITE, which ends have it as a leg, what is under way for it, where OPTIONS in
 * a lower dialog go (bits 20 to 23), and its gen (bits 24 to 30).
 */
export const bits = {
  /** Set: B sent the INVITE. */
  sender: 1,
  atA: 2,
  atB: 4,
  invite: 8,
  /** The INVITE was sent to a registration that its receiver has left; of a refusal: that is how the INVITE came. */
  stale: 16,
  success: 32,
  failure481: 64,
  failure491: 128,
  failure603: 256,
  ack: 512,
  byeToA: 1024,
  byeToB: 2048,
  question: 4096,
  answer200: 8192,
  answer481: 16384,
  answer491: 32768,
  answer603: 65536,
  probe: 131072,
  lowerLives: 262144,
  lowerUnsure: 524288,
} as const;
export const lowerShift = 20;
export const lowerBits = 15 << lowerShift;
export const genShift = 24;
export const failures = bits.failure481 | bits.failure491 | bits.failure603;
export const answers = bits.answer200 | bits.answer481 | bits.answer491 | bits.answer603;
export const probing = bits.probe | bits.lowerLives | bits.lowerUnsure;
/** Anything that may still arrive. */
export const underWay =
  bits.invite |
  bits.success |
  failures |
  bits.ack |
  bits.byeToA |
  bits.byeToB |
  bits.question |
  answers |
  probing;

export const maximumDialogs = 15;

export const sentBits: Readonly<Record<Exclude<SentKind, "bye" | "probe">, number>> = {
  success: bits.success,
  "failure 481": bits.failure481,
  "failure 491": bits.failure491,
  "failure 603": bits.failure603,
  ack: bits.ack,
  question: bits.question,
  "answer 200": bits.answer200,
  "answer 481": bits.answer481,
  "answer 491": bits.answer491,
  "answer 603": bits.answer603,
};

export function genOf(word: number): number {
  return word >> genShift;
}

export function lowerOf(word: number): number {
  return (word >> lowerShift) & 15;
}

/** Which of two INVITEs of the same gen has the higher Call-ID: that of B, or the later one. */
export type Ties = "B is higher" | "A is higher";

/** A leg's timer runs. */
export function runs(leg: number, timer: keyof typeof timerBits): boolean {
  return leg >= 0 && (leg & timerBits[timer]) !== 0;
}

export function isUnconfirmed(leg: number): boolean {
  const state = leg & legBits.state;
  return leg >= 0 && (state === accepted || state === closing);
}

export function isPending(leg: number): boolean {
  const state = leg & legBits.state;
  return leg >= 0 && (state === open || state === abandoned);
}
