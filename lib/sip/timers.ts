// The timer values of transactions and dialogs. RFC 3261 17, table 4; RFC 6026; TS 24.229 7.7 for other bases.

/** The three base values, in ms. */
export interface Timers {
  /** Estimate of the round trip. */
  readonly T1: number;
  /** Longest interval between retransmissions of non-INVITE requests and INVITE responses. */
  readonly T2: number;
  /** Longest life of a message in the network. */
  readonly T4: number;
}

/** RFC 3261's values: 500, 4,000, 5,000 ms. A UE on IMS access uses 2,000, 16,000, 17,000 (TS 24.229 7.7). */
export const defaultTimers: Timers = { T1: 500, T2: 4_000, T4: 5_000 };

/** Timers B, F, H, L, M and the wait for an ACK: 64*T1, in ms. */
export function transactionTimeout(timers: Timers): number {
  return 64 * timers.T1;
}

/** Timer A, E or G after one that lasted `previous` ms: doubled, at most `longest` (T2, or none for timer A). */
export function nextRetransmission(previous: number, longest: number): number {
  return Math.min(previous * 2, longest);
}

/** Timer C of a proxy: longer than 3 minutes (RFC 3261 16.6 step 11), in ms. */
export const timerC = 181_000;

/** Timer D: how long an INVITE client waits for more final responses; 0 over a reliable transport. */
export function timerD(timers: Timers, reliable: boolean): number {
  return reliable ? 0 : Math.max(32_000, 64 * timers.T1);
}

/** Timers I and K: T4, or 0 over a reliable transport. */
export function timerI(timers: Timers, reliable: boolean): number {
  return reliable ? 0 : timers.T4;
}

/** Timer J: 64*T1, or 0 over a reliable transport. */
export function timerJ(timers: Timers, reliable: boolean): number {
  return reliable ? 0 : 64 * timers.T1;
}
