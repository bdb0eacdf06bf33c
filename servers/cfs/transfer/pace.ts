// How fast a transfer goes: the port, and the two first paces. Pure but for what each remembers.
import type { Pace } from "@liquid-ims/reference-points/os-cfs";

/** For a fixed pace that says no rate. */
export const defaultUsersPerSecond = 5;

/** Says how many more moves may begin. Times are ms of the monotonic clock. */
export interface Pacer {
  /** Moves that may begin at `now` while `inFlight` are under way. */
  allowance(now: number, inFlight: number): number;
  /** So many began at `now`. */
  began(now: number, count: number): void;
}

/** All at once, up to a number of users under way. */
function parallelPacer(limit: number): Pacer {
  return {
    allowance: (_now, inFlight) => Math.max(0, limit - inFlight),
    began() {
      // Nothing depends on what was before.
    },
  };
}

/** So late may a turn be taken without the next one coming later, too. */
const slackMs = 100;

/**
 * One turn every 1,000/rate ms, the first at once. Turns that nobody took (all wait for calls to end, or the process
 * stood still) are made up for within a tenth of a second only: no burst follows a pause.
 */
function fixedPacer(usersPerSecond: number, limit: number): Pacer {
  const interval = 1000 / usersPerSecond;
  let next: number | null = null;
  return {
    allowance(now, inFlight) {
      const due = Math.max(next ?? now, now - slackMs);
      // Turns lie at multiples of the interval; a billionth part forgives the sum of their fractions.
      const turns = now < due ? 0 : Math.floor((now - due) / interval + 1e-9) + 1;
      return Math.max(0, Math.min(turns, limit - inFlight));
    },
    began(now, count) {
      next = Math.max(next ?? now, now - slackMs) + count * interval;
    },
  };
}

/** The pacer of a request; each transfer has one of its own. */
export function createPacer(pace: Pace): Pacer {
  const limit = pace.usersInFlight ?? Number.POSITIVE_INFINITY;
  return pace.mode === "parallel"
    ? parallelPacer(limit)
    : fixedPacer(pace.usersPerSecond ?? defaultUsersPerSecond, limit);
}
