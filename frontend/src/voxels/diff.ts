import { isStructure, type LabelMap } from './labelMap';

export const ADDED = 1;
export const REMOVED = 2;

/** How one slice of one layer differs from the base. A voxel that changed structure is both added and removed. */
export interface SliceDifference {
  readonly layer: number;
  readonly k: number;
  readonly added: number;
  readonly removed: number;
}

/** The slices in which two masks of one scan differ, by layer, then k. */
export function diffMasks(base: LabelMap, own: LabelMap): SliceDifference[] {
  requireSameGrid(base, own);
  const slices: SliceDifference[] = [];
  for (let layer = 0; layer < own.layers.length; layer++) {
    for (let k = 0; k < own.shape[2]; k++) {
      const slice = compareSlice(base, own, layer, k);
      if (slice.added + slice.removed > 0) slices.push(slice);
    }
  }
  return slices;
}

function compareSlice(base: LabelMap, own: LabelMap, layer: number, k: number): SliceDifference {
  const before = base.layers[layer][k];
  const after = own.layers[layer][k];
  let added = 0;
  let removed = 0;
  for (let p = 0; p < after.length; p++) {
    if (before[p] === after[p]) continue;
    const change = changeOf(before[p], after[p]);
    added += change & ADDED;
    removed += (change & REMOVED) >> 1;
  }
  return { layer, k, added, removed };
}

/** ADDED, REMOVED, both (another structure) or 0. Background and "not annotated" are no structures. */
export function changeOf(before: number, after: number): number {
  if (before === after) return 0;
  return (isStructure(after) ? ADDED : 0) | (isStructure(before) ? REMOVED : 0);
}

export function requireSameGrid(base: LabelMap, own: LabelMap): void {
  const same =
    base.layers.length === own.layers.length && base.shape.every((n, axis) => n === own.shape[axis]);
  if (!same) throw new RangeError('These two masks belong to different scans and cannot be compared.');
}
