/** Reading and writing one structure of a region. */
import type { Box } from '../../box';
import type { StructureRef } from '../../editMask';
import type { Triple } from '../../geometry';
import { BACKGROUND, isStructure } from '../../labelMap';
import { OperationRefused, type Region } from '../operation';
import { reachInVoxels } from './ball';

/** The region's labels of one layer. */
export function layerOf(region: Region, layer: number): Uint8Array {
  const labels = region.labels[layer];
  if (labels === undefined) {
    throw new OperationRefused(`This mask has no layer ${layer + 1}; choose a structure of the list.`);
  }
  return labels;
}

/** Labels of the structure's layer; refuses what is no structure, or one without a voxel here. */
export function labelsWith(region: Region, structure: StructureRef): Uint8Array {
  const labels = labelsFor(region, structure);
  if (!labels.includes(structure.value)) {
    throw new OperationRefused('This structure is empty; draw something first.');
  }
  return labels;
}

/** Labels of the structure's layer, which need not hold it. */
export function labelsFor(region: Region, structure: StructureRef): Uint8Array {
  if (!isStructure(structure.value)) {
    throw new OperationRefused('No structure is chosen; choose one in the list.');
  }
  return layerOf(region, structure.layer);
}

/** 1 where the labels hold the value. */
export function maskOf(labels: Uint8Array, value: number): Uint8Array {
  const mask = new Uint8Array(labels.length);
  for (let at = 0; at < labels.length; at += 1) if (labels[at] === value) mask[at] = 1;
  return mask;
}

/**
 * Turns a mask, in place, into labels in which the structure is exactly that mask: what it loses becomes
 * background, what it gains is taken from whatever is there.
 */
export function settle(mask: Uint8Array, labels: Uint8Array, value: number): Uint8Array {
  for (let at = 0; at < mask.length; at += 1) {
    const before = labels[at];
    if (mask[at] !== 0) mask[at] = value;
    else mask[at] = before === value ? BACKGROUND : before;
  }
  return mask;
}

/** Where a voxel of the scan lies in the region's arrays; -1 outside. */
export function placeOf(region: Box, voxel: Triple): number {
  const [i, j, k] = [0, 1, 2].map((axis) => voxel[axis] - region.low[axis]);
  const [ni, nj, nk] = region.size;
  const inside = i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk;
  return inside ? i + ni * (j + nj * k) : -1;
}

export function voxelMl(spacing_mm: Triple): number {
  return (spacing_mm[0] * spacing_mm[1] * spacing_mm[2]) / 1000;
}

/** Refuses a length that is none, or too short to reach from one voxel to the next. */
export function requireReach(length_mm: number, spacing_mm: Triple, what: string): void {
  if (!(Number.isFinite(length_mm) && length_mm > 0)) {
    throw new OperationRefused(`${what} must be a length in mm that is not zero.`);
  }
  if (Math.max(...reachInVoxels(length_mm, spacing_mm)) === 0) {
    const least = Number(Math.min(...spacing_mm).toFixed(2));
    throw new OperationRefused(`${what} reaches no neighbouring voxel; choose ${least} mm or more.`);
  }
}

/** A share of the work as a part of the whole. */
export function part(report: (share: number) => void, from: number, to: number): (share: number) => void {
  return (share) => report(from + (to - from) * share);
}
