/** Which voxels an edit may change: the edit mask and the HU range of a tool, row by row. */
import { type Box, lastOf } from '../box';
import type { EditMask } from '../editMask';
import { PLANE_AXIS, type Triple } from '../geometry';
import { isStructure, type LabelMap } from '../labelMap';

/** The scan in HU; a slice that is not loaded yet is not editable where HU decide. */
export interface EditImage {
  readonly slices: readonly Int16Array[];
  loaded(k: number): boolean;
}

export type HuLimits = readonly [low: number, high: number];

type SliceLimits = NonNullable<EditMask['slices']>;

/** A layer whose values decide: `member[value]` is 1 for those that are meant. */
interface AreaLayer {
  readonly layer: number;
  readonly member: Uint8Array;
}

/** Null where nothing restricts the edit. */
export function filterOf(
  map: LabelMap,
  mask: EditMask,
  hu: readonly HuLimits[],
  image: EditImage | null,
): VoxelFilter | null {
  const limits = [...hu, ...(mask.hu === null ? [] : [mask.hu])];
  const isBounded = (mask.bounds ?? null) !== null;
  if (mask.area === 'anywhere' && mask.slices === null && limits.length === 0 && !isBounded) return null;
  return new VoxelFilter(map, mask, commonRange(limits), image);
}

function commonRange(limits: readonly HuLimits[]): HuLimits | null {
  if (limits.length === 0) return null;
  return [Math.max(...limits.map(([low]) => low)), Math.min(...limits.map(([, high]) => high))];
}

export class VoxelFilter {
  private readonly map: LabelMap;
  private readonly layers: readonly AreaLayer[];
  /** What the area wants a voxel to be: a member, none, or null for either. */
  private readonly wanted: 0 | 1 | null;
  private readonly slices: SliceLimits | null;
  private readonly bounds: Bounds | null;
  private readonly hu: HuLimits | null;
  private readonly image: EditImage | null;
  private marks = new Uint8Array(1024);

  constructor(map: LabelMap, mask: EditMask, hu: HuLimits | null, image: EditImage | null) {
    this.map = map;
    this.layers = areaLayers(map, mask);
    this.wanted = mask.area === 'anywhere' ? null : mask.area === 'inside' ? 1 : 0;
    this.slices = mask.slices;
    this.bounds = boundsOf(mask, map.shape);
    this.hu = hu;
    this.image = image;
  }

  /** For `count` voxels of slice k from `start` in steps of `stride`: 1 where it may be changed. Valid until the next call. */
  mark(k: number, start: number, count: number, stride: number): Uint8Array {
    if (this.marks.length < count) this.marks = new Uint8Array(count * 2);
    const marks = this.marks;
    if (!this.hasSlice(k)) return marks.fill(0, 0, count);
    if (this.wanted === null) marks.fill(1, 0, count);
    else this.markArea(marks, this.wanted, k, start, count, stride);
    if (this.hu !== null) this.markHu(marks, this.hu, k, start, count, stride);
    if (this.slices !== null) this.markSlices(marks, this.slices, start, count, stride);
    if (this.bounds?.cutsRows === true) this.markBounds(marks, this.bounds, start, count, stride);
    return marks;
  }

  /** Quick to say: no limit but one by HU, which every voxel of the row keeps, and by whole slices. */
  letsAll(k: number, start: number, count: number, stride: number): boolean {
    if (this.wanted !== null || this.slices !== null || this.bounds?.cutsRows === true) return false;
    if (!this.hasSlice(k)) return false;
    if (this.hu === null) return true;
    const hu = this.image?.slices[k];
    if (hu === undefined) return false;
    const [low, high] = this.hu;
    for (let n = 0, p = start; n < count; n++, p += stride) {
      if (hu[p] < low || hu[p] > high) return false;
    }
    return true;
  }

  private hasSlice(k: number): boolean {
    if (this.hu !== null && this.image?.loaded(k) !== true) return false;
    if (this.bounds !== null && (k < this.bounds.first[2] || k > this.bounds.last[2])) return false;
    if (this.slices?.plane !== 'axial') return true;
    return k >= this.slices.first && k <= this.slices.last;
  }

  private markArea(
    marks: Uint8Array,
    wanted: 0 | 1,
    k: number,
    start: number,
    count: number,
    stride: number,
  ): void {
    marks.fill(0, 0, count);
    for (const { layer, member } of this.layers) {
      const voxels = this.map.layers[layer][k];
      for (let n = 0, p = start; n < count; n++, p += stride) marks[n] |= member[voxels[p]];
    }
    if (wanted === 0) for (let n = 0; n < count; n++) marks[n] ^= 1;
  }

  private markHu(
    marks: Uint8Array,
    [low, high]: HuLimits,
    k: number,
    start: number,
    count: number,
    stride: number,
  ): void {
    const hu = this.image?.slices[k];
    if (hu === undefined) return;
    for (let n = 0, p = start; n < count; n++, p += stride) {
      if (hu[p] < low || hu[p] > high) marks[n] = 0;
    }
  }

  private markBounds(
    marks: Uint8Array,
    { first, last }: Bounds,
    start: number,
    count: number,
    stride: number,
  ): void {
    const ni = this.map.shape[0];
    for (let n = 0, p = start; n < count; n++, p += stride) {
      const j = Math.floor(p / ni);
      const i = p - ni * j;
      if (i < first[0] || i > last[0] || j < first[1] || j > last[1]) marks[n] = 0;
    }
  }

  private markSlices(
    marks: Uint8Array,
    { plane, first, last }: SliceLimits,
    start: number,
    count: number,
    stride: number,
  ): void {
    const axis = PLANE_AXIS[plane];
    if (axis === 2) return;
    const ni = this.map.shape[0];
    for (let n = 0, p = start; n < count; n++, p += stride) {
      const index = axis === 0 ? p % ni : Math.floor(p / ni);
      if (index < first || index > last) marks[n] = 0;
    }
  }
}

/** First and last voxel that may change; `cutsRows` where these are not whole slices. */
interface Bounds {
  readonly first: Triple;
  readonly last: Triple;
  readonly cutsRows: boolean;
}

function boundsOf({ bounds }: EditMask, [ni, nj]: Triple): Bounds | null {
  if (bounds === undefined || bounds === null) return null;
  const [first, last] = [bounds.low, lastOf(bounds)];
  const cutsRows = first[0] > 0 || first[1] > 0 || last[0] < ni - 1 || last[1] < nj - 1;
  return { first, last, cutsRows };
}

/** Whether a box lies in the scan, and has a voxel. */
function isWithin({ low, size }: Box, shape: Triple): boolean {
  return shape.every((n, axis) => low[axis] >= 0 && size[axis] > 0 && low[axis] + size[axis] <= n);
}

/** For "background" every structure of every layer is a member that keeps the voxel from being changed. */
function areaLayers(map: LabelMap, mask: EditMask): AreaLayer[] {
  if (mask.area === 'anywhere') return [];
  if (mask.area === 'background') {
    const member = Uint8Array.from({ length: 256 }, (_, value) => (isStructure(value) ? 1 : 0));
    return map.layers.map((_, layer) => ({ layer, member }));
  }
  const members = new Map<number, Uint8Array>();
  for (const { layer, value } of mask.structures) {
    const member = members.get(layer) ?? new Uint8Array(256);
    member[value] = 1;
    members.set(layer, member);
  }
  return [...members].map(([layer, member]) => ({ layer, member }));
}

/** First index at or above the shape, or a layer that is not there: such a mask was made for another scan. */
export function requireFits(mask: EditMask, shape: Triple, layers: number): void {
  const strange = mask.structures.find(({ layer }) => layer < 0 || layer >= layers);
  if (strange !== undefined) {
    throw new RangeError(`The mask of edits names layer ${strange.layer}, which this scan does not have.`);
  }
  if (mask.slices !== null && mask.slices.first >= shape[PLANE_AXIS[mask.slices.plane]]) {
    throw new RangeError('The mask of edits names slices that this scan does not have.');
  }
  if (mask.bounds && !isWithin(mask.bounds, shape)) {
    throw new RangeError('What is asked for does not lie within this scan.');
  }
}
