/** What a plane that was turned shows: the scan and its labels, sampled anew along the plane. */
import type { LabelMap, Triple } from '../../voxels';
import type { ImageSlices } from '../imageSlices';
import type { PlaneView } from '../planeFrame';
import type { PlaneAxes } from './planeAxes';
import type { Section } from './section';

/**
 * While it turns, a section has as few samples as can be made anew for all planes in each frame, each the nearest voxel:
 * neighbours lie far apart in memory, and fetching them is what takes the time.
 */
const MOST_SAMPLES = { moving: 40_000, still: 180_000 } as const;

export function tiltedSection(
  axes: PlaneAxes,
  view: PlaneView,
  spacing_mm: Triple,
  state: keyof typeof MOST_SAMPLES = 'still',
): Section {
  const { width, height, pixelsPerMm, centre } = view;
  const step = Math.max(1, Math.sqrt((width * height) / MOST_SAMPLES[state]));
  const columns = Math.max(1, Math.ceil(width / step));
  const rows = Math.max(1, Math.ceil(height / step));
  const perColumn = scaled(axes.right, step / pixelsPerMm, spacing_mm);
  const perRow = scaled(axes.down, step / pixelsPerMm, spacing_mm);
  const c = (step / 2 - width / 2) / step;
  const r = (step / 2 - height / 2) / step;
  const start = (axis: 0 | 1 | 2): number => centre[axis] + c * perColumn[axis] + r * perRow[axis];
  const grid: Grid = { columns, rows, origin: [start(0), start(1), start(2)], perColumn, perRow };
  return {
    ...grid,
    transform: { x0: step / 2, y0: step / 2, dx: step, dy: step },
    key: [...grid.origin, ...perColumn, ...perRow, columns, rows].join(' '),
    isStraight: false,
    paint: (image, table, pixels) =>
      paintGrid(grid, image, table, pixels, state === 'still' ? paintRow : paintNearest),
    labels: (map, layer, scratch) => labelGrid(grid, map, layer, scratch),
  };
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly origin: Triple;
  readonly perColumn: Triple;
  readonly perRow: Triple;
}

function scaled(direction: Triple, length_mm: number, spacing_mm: Triple): Triple {
  const along = (axis: 0 | 1 | 2): number => (direction[axis] * length_mm) / spacing_mm[axis];
  return [along(0), along(1), along(2)];
}

function paintGrid(
  grid: Grid,
  image: ImageSlices,
  table: Uint32Array,
  pixels: Uint32Array,
  paint: typeof paintRow,
): void {
  const { columns, rows, origin, perColumn, perRow } = grid;
  const outside = table[-1024 & 0xffff] as number;
  const at: [number, number, number] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let axis = 0; axis < 3; axis++) {
      at[axis] = (origin[axis] as number) + row * (perRow[axis] as number);
    }
    const [first, end] = insideOf(at, perColumn, image.shape, columns);
    const p = row * columns;
    pixels.fill(outside, p, p + first);
    paint(at, perColumn, first, end, image, table, pixels, p);
    pixels.fill(outside, p + end, p + columns);
  }
}

/** From which column on, and up to which, a row of samples lies between the centres of the outermost voxels. */
export function insideOf(
  at: Triple,
  step: Triple,
  shape: Triple,
  columns: number,
): readonly [number, number] {
  let [first, end] = [0, columns];
  for (let axis = 0; axis < 3; axis++) {
    const [start, by, last] = [at[axis] as number, step[axis] as number, (shape[axis] as number) - 1];
    const isInside = (column: number): boolean => start + column * by >= 0 && start + column * by <= last;
    if (by === 0) {
      if (!isInside(0)) return [0, 0];
      continue;
    }
    const ends = by > 0 ? [-start / by, (last - start) / by] : [(last - start) / by, -start / by];
    first = Math.max(first, Math.ceil(ends[0] as number));
    end = Math.min(end, Math.floor(ends[1] as number) + 1);
    // Divided and multiplied again, a bound may be one off.
    while (first < end && !isInside(first)) first += 1;
    while (first < end && !isInside(end - 1)) end -= 1;
  }
  return first < end ? [first, end] : [0, 0];
}

/**
 * HU between voxels; the nearest known value where the scan has not come in full. One function without calls in its
 * loop: it runs a few hundred thousand times for each frame.
 */
function paintRow(
  at: Triple,
  step: Triple,
  first: number,
  end: number,
  image: ImageSlices,
  table: Uint32Array,
  pixels: Uint32Array,
  p: number,
): void {
  const { slices, fullness } = image;
  const [ni, nj, nk] = image.shape;
  for (let column = first; column < end; column++) {
    const i = at[0] + column * step[0];
    const j = at[1] + column * step[1];
    const k = at[2] + column * step[2];
    // No index is negative, so cutting off the fraction rounds down.
    const i0 = i | 0;
    const j0 = j | 0;
    const low = k | 0;
    const high = low < nk - 1 ? low + 1 : low;
    if (fullness[low] === 0 || fullness[high] === 0) {
      const hu = image.nearest(Math.round(i), Math.round(j), Math.round(k));
      pixels[p + column] = table[hu & 0xffff] as number;
      continue;
    }
    const below = slices[low] as Int16Array;
    const above = slices[high] as Int16Array;
    const q = i0 + ni * j0;
    const right = i0 < ni - 1 ? 1 : 0;
    const down = j0 < nj - 1 ? ni : 0;
    const di = i - i0;
    const dj = j - j0;
    const dk = k - low;
    const bn = (below[q] as number) * (1 - di) + (below[q + right] as number) * di;
    const bf = (below[q + down] as number) * (1 - di) + (below[q + down + right] as number) * di;
    const an = (above[q] as number) * (1 - di) + (above[q + right] as number) * di;
    const af = (above[q + down] as number) * (1 - di) + (above[q + down + right] as number) * di;
    const hu = (bn + (bf - bn) * dj) * (1 - dk) + (an + (af - an) * dj) * dk;
    pixels[p + column] = table[Math.floor(hu + 0.5) & 0xffff] as number;
  }
}

/** The same without the neighbours. */
function paintNearest(
  at: Triple,
  step: Triple,
  first: number,
  end: number,
  image: ImageSlices,
  table: Uint32Array,
  pixels: Uint32Array,
  p: number,
): void {
  const { slices, fullness } = image;
  const ni = image.shape[0];
  for (let column = first; column < end; column++) {
    const i = (at[0] + column * step[0] + 0.5) | 0;
    const j = (at[1] + column * step[1] + 0.5) | 0;
    const k = (at[2] + column * step[2] + 0.5) | 0;
    const hu = fullness[k] === 1 ? ((slices[k] as Int16Array)[i + ni * j] as number) : image.nearest(i, j, k);
    pixels[p + column] = table[hu & 0xffff] as number;
  }
}

function labelGrid(grid: Grid, map: LabelMap, layer: number, scratch: Uint8Array): Uint8Array {
  const slices = map.layers[layer];
  if (slices === undefined) return scratch.fill(0);
  const { columns, rows, origin, perColumn, perRow } = grid;
  const [ni, nj, nk] = map.shape;
  for (let row = 0, p = 0; row < rows; row++) {
    // A half more, so that cutting off the fraction rounds.
    let i = origin[0] + row * perRow[0] + 0.5;
    let j = origin[1] + row * perRow[1] + 0.5;
    let k = origin[2] + row * perRow[2] + 0.5;
    for (let column = 0; column < columns; column++, p++) {
      const isInside = i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk;
      scratch[p] = isInside ? ((slices[k | 0] as Uint8Array)[(i | 0) + ni * (j | 0)] as number) : 0;
      i += perColumn[0];
      j += perColumn[1];
      k += perColumn[2];
    }
  }
  return scratch;
}
