// The word that somebody may have meant.

/** Letters put in, left out, changed or swapped with their neighbour. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Letter case, hyphens and underscores do not count: `store_timeout` is `storeTimeout`. */
function plain(word: string): string {
  return word.replace(/[-_]/g, "").toLowerCase();
}

/** The nearest of the words, null when none is near: more than a third of it would have to change. */
export function nearest(word: string, words: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const distance = editDistance(plain(word), plain(candidate));
    const isNear = distance <= Math.max(1, Math.floor(candidate.length / 3));
    if (isNear && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}
