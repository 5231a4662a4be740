/** What a plane that was turned shows: the scan and its labels, sampled anew along the plane. */
import type { LabelMap, Triple } from '../../voxels';
import type { ImageSlices } from '../imageSlices';
import type { PlaneView } from '../planeFrame';
import type { PlaneAxes } from './planeAxes';
import type { Section } from './section';

/** While it turns, a section has as few samples as can be made anew for all planes in each frame. */
const MOST_SAMPLES = { moving: 60_000, still: 300_000 } as const;

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
    paint: (image, table, pixels) => paintGrid(grid, image, table, pixels),
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

function paintGrid(grid: Grid, image: ImageSlices, table: Uint32Array, pixels: Uint32Array): void {
  const { columns, rows, origin, perColumn, perRow } = grid;
  const [ni, nj, nk] = image.shape;
  const outside = table[-1024 & 0xffff] as number;
  const { slices } = image;
  for (let row = 0, p = 0; row < rows; row++) {
    let i = origin[0] + row * perRow[0];
    let j = origin[1] + row * perRow[1];
    let k = origin[2] + row * perRow[2];
    for (let column = 0; column < columns; column++, p++) {
      const isInside = i >= 0 && j >= 0 && k >= 0 && i <= ni - 1 && j <= nj - 1 && k <= nk - 1;
      pixels[p] = isInside ? (table[Math.round(linear(image, slices, i, j, k)) & 0xffff] as number) : outside;
      i += perColumn[0];
      j += perColumn[1];
      k += perColumn[2];
    }
  }
}

/** HU between voxels; the nearest known value where the scan has not come in full. */
function linear(image: ImageSlices, slices: readonly Int16Array[], i: number, j: number, k: number): number {
  const [ni, nj, nk] = image.shape;
  // No index is negative, so cutting off the fraction rounds down.
  const low = k | 0;
  const high = low < nk - 1 ? low + 1 : low;
  if (!image.isFull(low) || !image.isFull(high)) {
    return image.nearest(Math.round(i), Math.round(j), Math.round(k));
  }
  const i0 = i | 0;
  const j0 = j | 0;
  const p = i0 + ni * j0;
  const right = i0 < ni - 1 ? 1 : 0;
  const down = j0 < nj - 1 ? ni : 0;
  const below = between(slices[low] as Int16Array, p, right, down, i - i0, j - j0);
  if (k === low) return below;
  return below + (between(slices[high] as Int16Array, p, right, down, i - i0, j - j0) - below) * (k - low);
}

function between(slice: Int16Array, p: number, right: number, down: number, di: number, dj: number): number {
  const near = (slice[p] as number) * (1 - di) + (slice[p + right] as number) * di;
  const far = (slice[p + down] as number) * (1 - di) + (slice[p + down + right] as number) * di;
  return near + (far - near) * dj;
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
