/** Small scans for tests, and what the page does with an operation on them. */
import { type Box, union } from '../../box';
import type { StructureRef } from '../../editMask';
import type { Triple } from '../../geometry';
import { LabelMap } from '../../labelMap';
import { type Operation, OperationRefused } from '../operation';

export interface Scan {
  readonly map: LabelMap;
  readonly spacing_mm: Triple;
  /** The whole image, i fastest. */
  readonly hu?: Int16Array;
}

export interface Outcome {
  /** Labels of the whole scan, layer by layer. */
  readonly layers: readonly Uint8Array[];
  readonly box: Box | null;
  readonly note: string | undefined;
  readonly shares: readonly number[];
}

/** A scan whose labels a function gives, layer by layer. */
export function scanOf(
  shape: Triple,
  spacing_mm: Triple,
  ...layers: ((i: number, j: number, k: number) => number)[]
): Scan {
  const map = LabelMap.empty(shape, layers.length);
  layers.forEach((value, layer) => {
    const voxels = map.layerVoxels(layer);
    for (let at = 0; at < voxels.length; at++) {
      const row = Math.floor(at / shape[0]);
      voxels[at] = value(at % shape[0], row % shape[1], Math.floor(row / shape[1]));
    }
  });
  return { map, spacing_mm };
}

/** Asks what is needed, cuts it out, runs the operation, and puts the proposal back into a copy. */
export function operate<P>(operation: Operation<P>, params: P, scan: Scan): Outcome {
  const { map, spacing_mm } = scan;
  const { shape } = map;
  const layers = map.layers.map((_, layer) => map.layerVoxels(layer).slice());
  const boundingBox = (structures: readonly StructureRef[]) =>
    structures.map((structure) => boxOfStructure(map, structure)).reduce(around, null);
  const { box, hu } = operation.needs(params, { shape, spacing_mm, boundingBox });
  if (box === null) return { layers, box, note: undefined, shares: [] };
  const shares: number[] = [];
  const region = {
    ...box,
    spacing_mm,
    labels: layers.map((_, layer) => map.cut(layer, box)),
    hu: hu ? (scan.hu ?? null) : null,
  };
  const proposal = operation.run(region, params, { report: (share) => shares.push(share) });
  for (const { layer, values } of proposal.changes) paste(layers[layer], shape, box, values);
  return { layers, box, note: proposal.note, shares };
}

function boxOfStructure(map: LabelMap, { layer, value }: StructureRef): Box | null {
  return layer < map.layers.length ? map.boundingBox(layer, value) : null;
}

function around(a: Box | null, b: Box | null): Box | null {
  return a === null || b === null ? (a ?? b) : union(a, b);
}

function paste(voxels: Uint8Array, shape: Triple, { low, size }: Box, values: Uint8Array): void {
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const row = size[0] * (j + size[1] * k);
      const to = low[0] + shape[0] * (low[1] + j + shape[1] * (low[2] + k));
      voxels.set(values.subarray(row, row + size[0]), to);
    }
  }
}

/** The same scan with other labels. */
export function withLayers(scan: Scan, layers: readonly Uint8Array[]): Scan {
  const map = LabelMap.empty(scan.map.shape, layers.length);
  layers.forEach((voxels, layer) => {
    map.layerVoxels(layer).set(voxels);
  });
  return { ...scan, map };
}

/** Positions of a value in an array of labels. */
export function placesOf(labels: Uint8Array, value: number): number[] {
  return Array.from(labels.keys()).filter((at) => labels[at] === value);
}

/** Numbers below `below`, one for each place, as good as random. */
export function noise(seed: number, below: number): (at: number) => number {
  return (at) => {
    let mixed = Math.imul(seed ^ Math.imul(at + 1, 0x9e3779b1), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
  };
}

/** What is made, or null where the operation refuses. */
export function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof OperationRefused) return null;
    throw error;
  }
}
