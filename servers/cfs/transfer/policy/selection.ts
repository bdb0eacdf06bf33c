// Which of a function's users move when not all of them do. Pure.

/** FNV-1a, 32 bits: scatters keys, keeps nothing secret. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  // The last characters differ most; without this they would decide the highest bits least.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}

/**
 * Takes items until their sizes make up `count`, scattered by a hash of their keys, in their given order. The last
 * one may make it more, since none is divided. The same input gives the same choice, but neither the alphabet nor the order of subscription decides who is moved.
 */
export function choose<Item extends { readonly key: string; readonly size: number }>(
  items: readonly Item[],
  count: number,
): Item[] {
  const scattered = items
    .map((item) => ({ item, place: hash(item.key) }))
    .sort((a, b) => a.place - b.place || (a.item.key < b.item.key ? -1 : 1));
  const chosen = new Set<Item>();
  let taken = 0;
  for (const { item } of scattered) {
    if (taken >= count) break;
    chosen.add(item);
    taken += item.size;
  }
  return items.filter((item) => chosen.has(item));
}
