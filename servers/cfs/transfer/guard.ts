// The guard of a transfer: when so much goes wrong that going on would do harm. Pure.

/** A limit: so many at least, and so large a share of what was tried. */
export interface Limit {
  readonly least: number;
  /** 0 to 1. */
  readonly share: number;
}

export interface GuardLimits {
  /** Users whose move failed or timed out, of those commanded. */
  readonly failures: Limit;
  /** Lost dialogs, of those reported. */
  readonly lostDialogs: Limit;
}

export const defaultLimits: GuardLimits = {
  failures: { least: 3, share: 0.1 },
  lostDialogs: { least: 3, share: 0.05 },
};

/** What the guard looks at. */
export interface GuardFigures {
  readonly commanded: number;
  readonly failures: number;
  readonly dialogs: number;
  readonly lostDialogs: number;
}

function passes(limit: Limit, count: number, of: number): boolean {
  return count >= limit.least && count > limit.share * of;
}

/**
 * Null to go on, else what passed which limit, for people. After a failure lost dialogs do not stop a transfer: the
 * users who have not moved would lose theirs by staying.
 */
export function guard(
  limits: GuardLimits,
  figures: GuardFigures,
  options: { readonly failure: boolean },
): string | null {
  if (passes(limits.failures, figures.failures, figures.commanded))
    return `${figures.failures} of ${figures.commanded} commanded users failed`;
  if (!options.failure && passes(limits.lostDialogs, figures.lostDialogs, figures.dialogs))
    return `${figures.lostDialogs} of ${figures.dialogs} dialogs were lost`;
  return null;
}
