// Shares of users for targets: largest remainder, deterministic. Pure.

/**
 * Divides `count` into whole parts in proportion to `weights`; the parts add up to `count`. What is left after rounding
 * down goes to the largest remainders, of equal ones to the first. Weights that are not positive get nothing.
 */
export function apportion(count: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + Math.max(0, weight), 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (count * Math.max(0, weight)) / sum);
  const parts = exact.map(Math.floor);
  const left = count - parts.reduce((total, part) => total + part, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value), weight: weights[index] ?? 0 }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/**
 * An order in which index i occurs `parts[i]` times, evenly mixed: a target gets its users over the whole transfer,
 * not all at its beginning.
 */
export function interleave(parts: readonly number[]): number[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  const given = parts.map(() => 0);
  const order: number[] = [];
  for (let turn = 1; turn <= total; turn++) {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (const [index, part] of parts.entries()) {
      const used = given[index] ?? 0;
      const due = (part * turn) / total - used;
      if (used < part && due > most) {
        best = index;
        most = due;
      }
    }
    given[best] = (given[best] ?? 0) + 1;
    order.push(best);
  }
  return order;
}

/** The target for one more user: the one that is furthest behind its share; of equal ones the first. */
export function nextTarget(weights: readonly number[], given: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, weight] of weights.entries()) {
    const load = weight > 0 ? ((given[index] ?? 0) + 1) / weight : Number.POSITIVE_INFINITY;
    if (load < least) {
      best = index;
      least = load;
    }
  }
  return best;
}
