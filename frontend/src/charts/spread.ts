/** Labels side by side that would lie over each other. */

/**
 * Moves places along a line until all are `gap` apart, in their order, and none is beyond `most`; as little as that
 * takes. The answer is in the order of `places`.
 */
export function spread(places: readonly number[], gap: number, most: number): readonly number[] {
  const order = places.map((_, index) => index).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const moved = [...places];
  let last = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    last = Math.max(places[index] ?? 0, last + gap);
    moved[index] = last;
  }
  let next = most + gap;
  for (const index of order.toReversed()) {
    next = Math.min(moved[index] ?? 0, next - gap);
    moved[index] = next;
  }
  return moved;
}
