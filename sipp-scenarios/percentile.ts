// Percentiles by nearest rank: always a value that was measured.

/**
 * The smallest value that at least `percent` of all are not above; null where there is none. `sorted` ascending,
 * `percent` from above 0 to 100.
 */
export function percentile(sorted: readonly number[], percent: number): number | null {
  const rank = Math.ceil((sorted.length * percent) / 100);
  return sorted[Math.max(rank, 1) - 1] ?? null;
}
