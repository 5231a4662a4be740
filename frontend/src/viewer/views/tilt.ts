/** What a plane that was turned shows: the scan and its labels, sampled anew along the plane. */
import type { LabelMap, Triple } from '../../voxels';
import type { ImageSlices } from '../imageSlices';
import type { PlaneView } from '../planeFrame';

import type { PlaneAxes } from './planeAxes';
import type { Section } from './section';

/** Samples of a turned section: as many as can be made anew for each frame. */
const MOST_SAMPLES = 300_000;

export function tiltedSection(axes: PlaneAxes, view: PlaneView, spacing_mm: Triple): Section {
  const { width, height, pixelsPerMm, centre } = view;
  const step = Math.max(1, Math.sqrt((width * height) / MOST_SAMPLES));
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
  for (let row = 0, p = 0; row < rows; row++) {
    let i = origin[0] + row * perRow[0];
    let j = origin[1] + row * perRow[1];
    let k = origin[2] + row * perRow[2];
    for (let column = 0; column < columns; column++, p++) {
      const isInside = i >= 0 && j >= 0 && k >= 0 && i <= ni - 1 && j <= nj - 1 && k <= nk - 1;
      pixels[p] = isInside ? (table[Math.round(linear(image, i, j, k)) & 0xffff] as number) : outside;
      i += perColumn[0];
      j += perColumn[1];
      k += perColumn[2];
    }
  }
}

/** HU between voxels; the nearest known value where the scan has not come in full. */
function linear(image: ImageSlices, i: number, j: number, k: number): number {
  const low = Math.floor(k);
  const high = Math.min(image.shape[2] - 1, low + 1);
  if (!image.isFull(low) || !image.isFull(high)) {
    return image.nearest(Math.round(i), Math.round(j), Math.round(k));
  }
  const below = inSlice(image.slices[low] as Int16Array, image.shape, i, j);
  if (high === low || k === low) return below;
  return below + (inSlice(image.slices[high] as Int16Array, image.shape, i, j) - below) * (k - low);
}

function inSlice(slice: Int16Array, [ni, nj]: Triple, i: number, j: number): number {
  const i0 = Math.floor(i);
  const j0 = Math.floor(j);
  const di = i0 < ni - 1 ? 1 : 0;
  const dj = j0 < nj - 1 ? ni : 0;
  const p = i0 + ni * j0;
  const si = i - i0;
  const near = (slice[p] as number) * (1 - si) + (slice[p + di] as number) * si;
  const far = (slice[p + dj] as number) * (1 - si) + (slice[p + dj + di] as number) * si;
  return near + (far - near) * (j - j0);
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
