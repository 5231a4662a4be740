/**
 * Fill between slices: what lies between the annotated slices of a structure, several structures at once.
 *
 * A slice is annotated where it holds a voxel of the structure. Annotated slices are never changed. Where two
 * structures would get a voxel, the one that has it deeper inside does.
 */
import { type Box, grown } from '../box';
import type { StructureRef } from '../editMask';
import { PLANE_AXIS, PLANES, type Plane } from '../geometry';
import { Gap, type GapGrid } from './interpolateGap';
import {
  type About,
  type Context,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operation';
import { labelsFor } from './primitives/labels';

export interface InterpolateParams {
  readonly targets: readonly StructureRef[];
  /** The plane that the slices were drawn in; `auto` takes the one with the sparsest annotation. */
  readonly plane: Plane | 'auto';
}

export const interpolate: Operation<InterpolateParams> = { needs, run };

function needs({ targets }: InterpolateParams, about: About): { box: Box | null; hu: boolean } {
  const box = about.boundingBox(targets);
  // A voxel more, so that an outline is only cut where the scan ends.
  return { box: box && grown(box, [1, 1, 1], about.shape), hu: false };
}

function run(region: Region, params: InterpolateParams, context: Context): Proposal {
  const targets = uniqueTargets(region, params.targets);
  const plane = params.plane === 'auto' ? sparsestPlane(region, targets) : params.plane;
  const fill = new Fill(region, plane, targets);
  if (fill.empty === 0) {
    throw new OperationRefused(
      params.plane === 'auto'
        ? 'There is nothing to fill: no slice is empty between annotated slices; draw a slice farther on.'
        : `There is nothing to fill: no ${plane} slice is empty between annotated slices; draw a slice farther on, or choose another plane.`,
    );
  }
  const { changes, filled } = fill.fill((share) => context.report(share));
  return filled === 0
    ? { changes: [], note: apartWords(plane) }
    : { changes, note: filledWords(filled, fill.empty, plane) };
}

function apartWords(plane: Plane): string {
  return `Nothing was filled: what is drawn on both sides of the empty ${plane} slices does not meet; draw in a slice between.`;
}

function filledWords(filled: number, empty: number, plane: Plane): string {
  const slices = empty === 1 ? 'slice' : 'slices';
  return `Filled ${filled === empty ? empty : `${filled} of ${empty} empty`} ${plane} ${slices}.`;
}

function uniqueTargets(region: Region, targets: readonly StructureRef[]): readonly StructureRef[] {
  for (const target of targets) labelsFor(region, target);
  const unique = new Map(targets.map((target) => [`${target.layer}:${target.value}`, target]));
  if (unique.size === 0) throw new OperationRefused('No structure is chosen; choose one in the list.');
  return [...unique.values()];
}

/** The plane with the smallest share of annotated slices between the first and the last; axial where all are. */
function sparsestPlane(region: Region, targets: readonly StructureRef[]): Plane {
  let best: Plane = 'axial';
  let least = 1;
  for (const plane of PLANES) {
    const shares = targets.flatMap((target) => {
      const slices = annotatedSlices(region, plane, target);
      return slices.length < 2 ? [] : [slices.length / (slices[slices.length - 1] - slices[0] + 1)];
    });
    const share = Math.min(1, ...shares);
    if (share < least) [best, least] = [plane, share];
  }
  return best;
}

function annotatedSlices(region: Region, plane: Plane, { layer, value }: StructureRef): number[] {
  const axis = PLANE_AXIS[plane];
  const [ni, nj] = region.size;
  const labels = region.labels[layer];
  const found = new Uint8Array(region.size[axis]);
  for (let place = labels.indexOf(value); place >= 0; place = labels.indexOf(value, place + 1)) {
    const row = Math.floor(place / ni);
    if (axis === 0) found[place - row * ni] = 1;
    else if (axis === 1) found[row % nj] = 1;
    else {
      // One voxel decides the slice: go on at the next.
      const slice = Math.floor(row / nj);
      found[slice] = 1;
      place = (slice + 1) * ni * nj - 1;
    }
  }
  return [...found.keys()].filter((slice) => found[slice] === 1);
}

interface Filled {
  readonly changes: { readonly layer: number; readonly values: Uint8Array }[];
  readonly filled: number;
}

interface Stretch {
  readonly target: StructureRef;
  readonly before: number;
  readonly after: number;
  gap: Gap | null;
}

/** Array axes of columns, rows and slices. */
const AXES: Readonly<Record<Plane, readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2]>> = {
  axial: [0, 1, 2],
  coronal: [0, 2, 1],
  sagittal: [1, 2, 0],
};

class Fill {
  /** Slices between annotated ones that hold nothing of a target. */
  readonly empty: number;
  private readonly region: Region;
  private readonly stretches: readonly Stretch[];
  private readonly grid: Omit<GapGrid, 'gap_mm'>;
  private readonly strides: readonly [number, number, number];
  private readonly spacing_mm: number;
  private readonly isTarget: ReadonlyMap<number, Uint8Array>;

  constructor(region: Region, plane: Plane, targets: readonly StructureRef[]) {
    const [u, v, w] = AXES[plane];
    const strides = [1, region.size[0], region.size[0] * region.size[1]];
    this.region = region;
    this.strides = [strides[u], strides[v], strides[w]];
    this.spacing_mm = region.spacing_mm[w];
    this.grid = {
      columns: region.size[u],
      rows: region.size[v],
      spacing_mm: [region.spacing_mm[u], region.spacing_mm[v]],
    };
    this.stretches = targets.flatMap((target) => stretchesOf(annotatedSlices(region, plane, target), target));
    this.empty = new Set(this.stretches.flatMap(slicesOf)).size;
    this.isTarget = new Map(targets.map(({ layer }) => [layer, valuesOf(targets, layer)]));
  }

  /** `filled`: slices that gained a voxel. */
  fill(report: (share: number) => void): Filled {
    const layers = new Map(
      [...this.isTarget.keys()].map((layer) => [layer, this.region.labels[layer].slice()]),
    );
    const slices = [...new Set(this.stretches.flatMap(slicesOf))].sort((a, b) => a - b);
    let filled = 0;
    slices.forEach((slice, n) => {
      const gains = [...layers].map(([layer, values]) => this.fillSlice(slice, layer, values));
      if (gains.includes(true)) filled += 1;
      // A stretch that ends here is needed no more.
      for (const stretch of this.stretches) if (slice >= stretch.after - 1) stretch.gap = null;
      report((n + 1) / slices.length);
    });
    return { changes: [...layers].map(([layer, values]) => ({ layer, values })), filled };
  }

  private fillSlice(slice: number, layer: number, values: Uint8Array): boolean {
    let hasGained = false;
    const depths = new Float32Array(this.grid.columns * this.grid.rows).fill(Number.NEGATIVE_INFINITY);
    const labels = this.region.labels[layer];
    const isTarget = this.isTarget.get(layer) as Uint8Array;
    for (const stretch of this.stretches) {
      const { target, before, after } = stretch;
      if (target.layer !== layer || slice <= before || slice >= after) continue;
      stretch.gap ??= this.gapOf(stretch);
      stretch.gap.between((slice - before) / (after - before), (place, depth) => {
        const voxel = this.voxelOf(place, slice);
        if (isTarget[labels[voxel]] === 1 || depth <= depths[place]) return;
        depths[place] = depth;
        values[voxel] = target.value;
        hasGained = true;
      });
    }
    return hasGained;
  }

  private gapOf({ target, before, after }: Stretch): Gap {
    const gap_mm = (after - before) * this.spacing_mm;
    return new Gap(this.mask(target, before), this.mask(target, after), { ...this.grid, gap_mm });
  }

  private mask({ layer, value }: StructureRef, slice: number): Uint8Array {
    const { columns, rows } = this.grid;
    const labels = this.region.labels[layer];
    const mask = new Uint8Array(columns * rows);
    for (let place = 0; place < mask.length; place++) {
      if (labels[this.voxelOf(place, slice)] === value) mask[place] = 1;
    }
    return mask;
  }

  private voxelOf(place: number, slice: number): number {
    const row = Math.floor(place / this.grid.columns);
    const column = place - row * this.grid.columns;
    return column * this.strides[0] + row * this.strides[1] + slice * this.strides[2];
  }
}

function valuesOf(targets: readonly StructureRef[], layer: number): Uint8Array {
  const values = new Uint8Array(256);
  for (const target of targets) if (target.layer === layer) values[target.value] = 1;
  return values;
}

function stretchesOf(slices: readonly number[], target: StructureRef): Stretch[] {
  return slices.flatMap((after, n) => {
    const before = n > 0 ? slices[n - 1] : after;
    return after - before > 1 ? [{ target, before, after, gap: null }] : [];
  });
}

function slicesOf({ before, after }: Stretch): number[] {
  return Array.from({ length: after - before - 1 }, (_, n) => before + 1 + n);
}
