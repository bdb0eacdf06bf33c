// What one end knows of a call: the chain of dialogs that replaced each other, as plain data. RFC 3891; the rules'
// numbers are those of docs/dialog-replacement.md.
import { encodeText } from "@liquid-ims/runtime/text";

/** One INVITE of the call and the dialog that it made. The Call-ID is unique within a call. */
export interface Leg {
  readonly callId: string;
  readonly localTag: string;
  /** Null: an own INVITE without a 2xx so far. */
  readonly remoteTag: string | null;
  readonly role: "uac" | "uas";
  /** First half of the rank; the parameter `gen` of Replaces. */
  readonly gen: number;
  /** The registration by which its INVITE left or arrived (rule 1). */
  readonly registration: string;
  readonly state: LegState;
  /** The call's own first INVITE: it may ring, so silence and moves do not abandon it. */
  readonly first: boolean;
  /** Its BYE is sent once more when nobody answers it (rule 11). */
  readonly byeAgain: boolean;
  /** It was held and is not any more; what has become of it is not decided yet. */
  readonly untold: boolean;
}

export type LegState =
  /** UAC: INVITE sent, neither answered nor abandoned. */
  | "Open"
  /** UAC: given up without CANCEL; its 2xx is still welcome for 64*T1. */
  | "Abandoned"
  /** UAS: 200 sent, no ACK. */
  | "Accepted"
  /** UAC: 2xx got; UAS: ACK got. */
  | "Confirmed"
  /** UAS: not held any more; the BYE waits for the ACK or 64*T1 (RFC 3261 15). */
  | "Closing"
  /** The dialog is over. */
  | "Ended"
  /** UAC: the INVITE failed, or its 2xx would come too late: no dialog. */
  | "Gone";

/** Why a call is over. */
export type OverReason =
  /** Hung up here. */
  | "self"
  /** The peer's BYE or 603. */
  | "peer"
  /** Nothing is held and nothing may come. */
  | "lost"
  /** The first INVITE was refused. */
  | "refused";

/** What names a dialog in a Replaces header, as this end sends it or as it was received (RFC 3891 6.1). */
export interface ReplacesName {
  readonly callId: string;
  /** Tag of the end that receives the header. */
  readonly toTag: string;
  /** Tag of the end that sends it. */
  readonly fromTag: string;
}

/** Second half of the rank is the Call-ID, compared as bytes. */
export interface Rank {
  readonly gen: number;
  readonly callId: string;
}

/** Rule 12: the peer is told of a hang-up by a new INVITE. */
export interface Notice {
  /** Call-ID of the dialog that its Replaces names. */
  readonly replaces: string;
  /** Call-ID of the INVITE that is under way, null when the next one is due. */
  readonly leg: string | null;
  /** The command held INVITEs back at the hang-up: it is sent only if the BYE has no answer. */
  readonly isHeldBack: boolean;
}

export interface CallState {
  readonly legs: readonly Leg[];
  /** The present registration; null while there is none that may be used. */
  readonly registration: string | null;
  /** False: the command says `replace: wait`. */
  readonly allowed: boolean;
  /** Why no further INVITE is tried under this registration; null when one may be. */
  readonly blocked: string | null;
  /** Why this call is never replaced from here (emergency, peer without Replaces); null when it may be. */
  readonly never: string | null;
  /** Rule 5: jitter runs before the next INVITE. */
  readonly waiting: boolean;
  /** Highest gen seen in any INVITE of the call, sent or received. */
  readonly highestGen: number;
  /** Highest rank that rule 10 has ended. */
  readonly floor: Rank | null;
  readonly over: OverReason | null;
  readonly notice: Notice | null;
  /** Call-ID of the dialog that the media follow. */
  readonly media: string | null;
  /** What it means when nothing is held at last. */
  readonly lastCause: OverReason;
}

/** Negative, 0 or positive: ranks are (gen, Call-ID as bytes). */
export function compareRanks(a: Rank, b: Rank): number {
  if (a.gen !== b.gen) return a.gen - b.gen;
  return compareAsBytes(a.callId, b.callId);
}

function compareAsBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left > 0x7f || right > 0x7f) return compareBytes(encodeText(a), encodeText(b));
    if (left !== right) return left - right;
  }
  return a.length - b.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isHeld(leg: Leg): boolean {
  return leg.state === "Accepted" || leg.state === "Confirmed";
}

/** Nothing is sent or awaited in it any more. */
export function isOver(leg: Leg): boolean {
  return leg.state === "Ended" || leg.state === "Gone";
}

/** An own INVITE whose 2xx would still be taken (rule 10: "its outcome decides"). */
export function isPending(state: CallState, leg: Leg): boolean {
  if (leg.state !== "Open" && leg.state !== "Abandoned") return false;
  return state.floor === null || compareRanks(leg, state.floor) > 0;
}

/** The held dialog of highest rank. */
export function highestHeld(state: CallState): Leg | null {
  let best: Leg | null = null;
  for (const leg of state.legs) if (isHeld(leg) && (best === null || compareRanks(leg, best) > 0)) best = leg;
  return best;
}

export function legOf(state: CallState, callId: string): Leg | null {
  return state.legs.find((leg) => leg.callId === callId) ?? null;
}

/** Rule 4: the leg that a received Replaces names; an own INVITE is named by its Call-ID and my tag alone. */
export function legNamedBy(state: CallState, replaces: ReplacesName): Leg | null {
  const leg = legOf(state, replaces.callId);
  if (leg === null || leg.localTag !== replaces.toTag) return null;
  return leg.remoteTag === null || leg.remoteTag === replaces.fromTag ? leg : null;
}

export function isStale(state: CallState, leg: Leg): boolean {
  return state.registration !== null && leg.registration !== state.registration;
}

/**
 * Whether the dialog that stands for the call, the highest held or else one that may still come, belongs to another
 * registration than that one. Lower ones that are not over yet have been replaced.
 */
export function standsElsewhere(state: CallState, registration: string): boolean {
  const held = highestHeld(state);
  if (held !== null) return held.registration !== registration;
  return state.legs.some((leg) => isPending(state, leg) && leg.registration !== registration);
}

/** What a call begins with: the first INVITE as it was sent, or as it was answered with 200. */
export interface FirstLeg {
  readonly callId: string;
  readonly localTag: string;
  /** UAS only. */
  readonly remoteTag?: string;
  readonly registration: string;
}

function newCall(leg: Leg, options: NewCallOptions): CallState {
  return {
    legs: [leg],
    registration: options.registration === undefined ? leg.registration : options.registration,
    allowed: options.allowed ?? true,
    blocked: null,
    never: options.never ?? null,
    waiting: false,
    highestGen: 0,
    floor: null,
    over: null,
    notice: null,
    media: null,
    lastCause: "lost",
  };
}

export interface NewCallOptions {
  /** The present registration; default that of the first leg. */
  readonly registration?: string | null;
  /** Why this call is never replaced; default it may be. */
  readonly never?: string | null;
  /** False: replacing is held back for now. Default true. */
  readonly allowed?: boolean;
}

/** A call that this end places: its INVITE has just been sent. */
export function placedCall(first: FirstLeg, options: NewCallOptions = {}): CallState {
  const leg: Leg = {
    callId: first.callId,
    localTag: first.localTag,
    remoteTag: null,
    role: "uac",
    gen: 0,
    registration: first.registration,
    state: "Open",
    first: true,
    byeAgain: false,
    untold: false,
  };
  return newCall(leg, options);
}

/** A call that this end has just answered with 200: the driver starts its timers `ask` and `acknowledge`. */
export function answeredCall(
  first: FirstLeg & { readonly remoteTag: string },
  options: NewCallOptions = {},
): CallState {
  const leg: Leg = {
    callId: first.callId,
    localTag: first.localTag,
    remoteTag: first.remoteTag,
    role: "uas",
    gen: 0,
    registration: first.registration,
    state: "Accepted",
    first: true,
    byeAgain: false,
    untold: false,
  };
  return {
    ...newCall(leg, options),
    media: leg.callId,
  };
}
