/** Flood fill: everything of about the same HU that is joined to a voxel, in one slice or in space. */
import type { Box } from '../box';
import type { StructureRef } from '../editMask';
import { PLANE_AXIS, type Plane, type Triple } from '../geometry';
import {
  type About,
  type Context,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operation';
import { labelsFor, placeOf } from './primitives/labels';

export interface FloodParams {
  readonly target: StructureRef;
  /** The voxel clicked, in the scan. */
  readonly at: Triple;
  /** Either so far from the HU at the click, or an inclusive range. */
  readonly accept: { readonly tolerance_hu: number } | { readonly range: readonly [number, number] };
  /** The HU at the click is the mean of voxels so far to each side: 0 for the voxel alone. */
  readonly sample_voxels: number;
  /** One slice of a plane; null for the whole space. */
  readonly plane: Plane | null;
  /** Nothing farther from the click than this is filled. */
  readonly max_mm: number;
}

export const floodFill: Operation<FloodParams> = { needs, run };

function needs(params: FloodParams, about: About): { box: Box; hu: boolean } {
  const { at, plane, max_mm } = params;
  if (!at.every((index, axis) => Number.isInteger(index) && index >= 0 && index < about.shape[axis])) {
    throw new OperationRefused('The click lies outside the scan; click on a voxel.');
  }
  if (!(max_mm > 0)) throw new OperationRefused('The fill needs a limit of more than 0.');
  const fixed = plane === null ? -1 : PLANE_AXIS[plane];
  const low: [number, number, number] = [...at];
  const size: [number, number, number] = [1, 1, 1];
  for (let axis = 0; axis < 3; axis++) {
    if (axis === fixed) continue;
    // A voxel more than the limit reaches, to see whether the fill would have gone on.
    const by = Math.ceil(max_mm / about.spacing_mm[axis]) + 1;
    low[axis] = Math.max(0, at[axis] - by);
    size[axis] = Math.min(about.shape[axis] - 1, at[axis] + by) - low[axis] + 1;
  }
  return { box: { low, size }, hu: true };
}

function run(region: Region, params: FloodParams, context: Context): Proposal {
  const { layer, value } = params.target;
  const values = labelsFor(region, params.target).slice();
  if (region.hu === null) throw new OperationRefused('Flood fill needs the scan; wait until it is loaded.');
  const at = params.at.map((index, axis) => index - region.low[axis]) as unknown as Triple;
  const [low, high] = acceptedRange(region, region.hu, at, params);
  const flood = new Flood(region, region.hu, low, high, at, params.max_mm);
  flood.fill((start, count) => values.fill(value, start, start + count));
  context.report(1);
  const changes = [{ layer, values }];
  if (!flood.reachedLimit) return { changes };
  return {
    changes,
    note: 'The fill reached its limit and may have leaked; narrow the tolerance, or raise the limit.',
  };
}

function acceptedRange(region: Region, hu: Int16Array, at: Triple, params: FloodParams): [number, number] {
  const clicked = hu[placeOf(region, params.at)];
  const { accept } = params;
  if ('range' in accept) {
    const [low, high] = accept.range;
    if (!(low <= high)) throw new OperationRefused(`The range from ${low} to ${high} HU is empty.`);
    if (clicked < low || clicked > high) {
      throw new OperationRefused(
        `The voxel clicked has ${clicked} HU, which is not between ${low} and ${high} HU; click elsewhere or widen the range.`,
      );
    }
    return [low, high];
  }
  if (!(accept.tolerance_hu >= 0)) throw new OperationRefused('The tolerance must be 0 HU or more.');
  const mean = meanAround(region, hu, at, params.sample_voxels);
  // The voxel clicked always belongs to the fill, however far it is from the mean around it.
  return [Math.min(clicked, mean - accept.tolerance_hu), Math.max(clicked, mean + accept.tolerance_hu)];
}

/** Mean of a cube (in one slice: a square) about a voxel, as far as it lies in the region. */
function meanAround({ size }: Region, hu: Int16Array, at: Triple, by: number): number {
  const first = at.map((index) => Math.max(0, index - by));
  const last = at.map((index, axis) => Math.min(size[axis] - 1, index + by));
  let sum = 0;
  let count = 0;
  for (let k = first[2]; k <= last[2]; k++) {
    for (let j = first[1]; j <= last[1]; j++) {
      for (let i = first[0]; i <= last[0]; i++, count++) sum += hu[i + size[0] * (j + size[1] * k)];
    }
  }
  return sum / count;
}

/** Fills run by run along the first axis; neighbours share a face. */
class Flood {
  reachedLimit = false;
  private readonly size: Triple;
  private readonly spacing_mm: Triple;
  private readonly hu: Int16Array;
  private readonly low: number;
  private readonly high: number;
  private readonly at: Triple;
  private readonly max_mm: number;
  private readonly seen: Uint8Array;
  /** Voxels from which a row is still to be filled: i, j, k. */
  private readonly open: number[] = [];

  constructor(region: Region, hu: Int16Array, low: number, high: number, at: Triple, max_mm: number) {
    this.size = region.size;
    this.spacing_mm = region.spacing_mm;
    this.hu = hu;
    this.low = low;
    this.high = high;
    this.at = at;
    this.max_mm = max_mm;
    this.seen = new Uint8Array(hu.length);
  }

  fill(onRun: (start: number, count: number) => void): void {
    const [ni, nj, nk] = this.size;
    this.open.push(...this.at);
    while (this.open.length > 0) {
      const k = this.open.pop() as number;
      const j = this.open.pop() as number;
      const i = this.open.pop() as number;
      const row = ni * (j + nj * k);
      if (this.seen[row + i] === 1) continue;
      const reach = this.reachOf(j, k);
      const [first, last] = this.runAround(row, i, reach);
      this.seen.fill(1, row + first, row + last + 1);
      onRun(row + first, last - first + 1);
      if (j > 0) this.lookAt(first, last, j - 1, k);
      if (j < nj - 1) this.lookAt(first, last, j + 1, k);
      if (k > 0) this.lookAt(first, last, j, k - 1);
      if (k < nk - 1) this.lookAt(first, last, j, k + 1);
    }
  }

  private accepts(voxel: number): boolean {
    const value = this.hu[voxel];
    return value >= this.low && value <= this.high;
  }

  /** How many voxels to each side of the click a row reaches within the limit; -1 where it does not. */
  private reachOf(j: number, k: number): number {
    const aside = ((j - this.at[1]) * this.spacing_mm[1]) ** 2 + ((k - this.at[2]) * this.spacing_mm[2]) ** 2;
    const rest = this.max_mm ** 2 - aside;
    return rest < 0 ? -1 : Math.floor(Math.sqrt(rest) / this.spacing_mm[0] + 1e-9);
  }

  private runAround(row: number, i: number, reach: number): [number, number] {
    const start = Math.max(0, this.at[0] - reach);
    const end = Math.min(this.size[0] - 1, this.at[0] + reach);
    let first = i;
    let last = i;
    while (first > start && this.accepts(row + first - 1)) first--;
    while (last < end && this.accepts(row + last + 1)) last++;
    if (first === start && start > 0 && this.accepts(row + start - 1)) this.reachedLimit = true;
    if (last === end && end < this.size[0] - 1 && this.accepts(row + end + 1)) this.reachedLimit = true;
    return [first, last];
  }

  /** Notes where the row beside a run is to be filled: once for each piece that is accepted. */
  private lookAt(from: number, to: number, j: number, k: number): void {
    const row = this.size[0] * (j + this.size[1] * k);
    const reach = this.reachOf(j, k);
    let inPiece = false;
    for (let i = from; i <= to; i++) {
      const fits = this.accepts(row + i);
      if (fits && Math.abs(i - this.at[0]) > reach) this.reachedLimit = true;
      const open = fits && Math.abs(i - this.at[0]) <= reach && this.seen[row + i] === 0;
      if (open && !inPiece) this.open.push(i, j, k);
      inPiece = open;
    }
  }
}
