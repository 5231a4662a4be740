/** Which parts of an outline moved so far from one slice to the next that distances alone would lose them. */
import type { GapGrid } from './interpolateGap';
import { Components } from './primitives/components';

export interface MovedPair {
  /** The part alone, in the slice before and in the slice after. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Columns and rows from the first centre to the second. */
  readonly move: readonly [number, number];
}

export interface Parts {
  readonly pairs: readonly MovedPair[];
  /** What is left of both slices. */
  readonly restBefore: Uint8Array;
  readonly restAfter: Uint8Array;
}

interface Part {
  readonly mask: Uint8Array;
  readonly voxels: number;
  readonly centre: readonly [number, number];
}

/** Parts overlap enough where that is half of the smaller one. */
const ENOUGH_OVERLAP = 0.5;

/**
 * Two parts are a pair where each is the other's nearest, they overlap by less than half of the smaller one, overlap
 * nothing else, and lie no farther apart than twice their radii and a slope of 45° between the slices.
 */
export function movedPairs(before: Uint8Array, after: Uint8Array, grid: GapGrid): Parts {
  const restBefore = before.slice();
  const restAfter = after.slice();
  const first = partsOf(before, grid);
  const second = partsOf(after, grid);
  const overlaps = first.map((a) => second.map((b) => overlap(a, b)));
  const pairs: MovedPair[] = [];
  first.forEach((a, n) => {
    const m = nearest(a, second, grid);
    const b = second[m];
    if (b === undefined || nearest(b, first, grid) !== n) return;
    const others = overlaps[n].some((voxels, other) => other !== m && voxels > 0);
    if (others || overlaps.some((row, other) => other !== n && row[m] > 0)) return;
    if (overlaps[n][m] >= ENOUGH_OVERLAP * Math.min(a.voxels, b.voxels) || !isReachable(a, b, grid)) return;
    pairs.push({
      before: a.mask,
      after: b.mask,
      move: [b.centre[0] - a.centre[0], b.centre[1] - a.centre[1]],
    });
    clear(restBefore, a.mask);
    clear(restAfter, b.mask);
  });
  return { pairs, restBefore, restAfter };
}

function partsOf(mask: Uint8Array, { columns, rows }: GapGrid): Part[] {
  const components = new Components(mask, 1, [columns, rows, 1], 26);
  return Array.from({ length: components.count }, (_, component) => {
    const alone = new Uint8Array(mask.length);
    components.paint(alone, (other) => (other === component ? 1 : null));
    return { mask: alone, voxels: components.voxels[component], centre: centreOf(alone, columns) };
  });
}

function centreOf(mask: Uint8Array, columns: number): readonly [number, number] {
  let [sumColumn, sumRow, count] = [0, 0, 0];
  for (let place = mask.indexOf(1); place >= 0; place = mask.indexOf(1, place + 1), count++) {
    sumColumn += place % columns;
    sumRow += Math.floor(place / columns);
  }
  return [sumColumn / count, sumRow / count];
}

function overlap(a: Part, b: Part): number {
  let count = 0;
  for (let place = a.mask.indexOf(1); place >= 0; place = a.mask.indexOf(1, place + 1))
    count += b.mask[place];
  return count;
}

function nearest(part: Part, others: readonly Part[], grid: GapGrid): number {
  return others.reduce(
    (best, other, n) =>
      best < 0 || distance(part, other, grid) < distance(part, others[best], grid) ? n : best,
    -1,
  );
}

function isReachable(a: Part, b: Part, grid: GapGrid): boolean {
  const radii = radius(a, grid) + radius(b, grid);
  return distance(a, b, grid) <= 2 * radii + grid.gap_mm;
}

function distance(a: Part, b: Part, { spacing_mm }: GapGrid): number {
  return Math.hypot(...[0, 1].map((axis) => (a.centre[axis] - b.centre[axis]) * spacing_mm[axis]));
}

/** Of a disc of the same area. */
function radius({ voxels }: Part, { spacing_mm }: GapGrid): number {
  return Math.sqrt((voxels * spacing_mm[0] * spacing_mm[1]) / Math.PI);
}

function clear(mask: Uint8Array, part: Uint8Array): void {
  for (let place = part.indexOf(1); place >= 0; place = part.indexOf(1, place + 1)) mask[place] = 0;
}
