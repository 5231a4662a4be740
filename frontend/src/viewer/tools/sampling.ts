/** HU below the pointer: one voxel, or mean and spread of a small disc. */
import { type Ijk, type Plane, sliceGrid, slicePoint, type Triple } from '../../voxels';
import type { ToolImage } from './host';
import type { HuRange, Sample } from './port';

/** Radius of the disc that is sampled. */
export const SAMPLE_MM = 3;
/** A sample's range takes in 95 % of like voxels where noise is normal, and never less than this. */
const SDS = 2;
const NARROWEST_HU = 10;

/** One slice of the scan in a plane, `columns` fastest; null while a part of it is not loaded in full. */
export function sliceHu(image: ToolImage, plane: Plane, slice: number): Int16Array | null {
  const [ni, nj, nk] = image.shape;
  if (plane === 'axial') return image.isFull(slice) ? (image.slices[slice] ?? null) : null;
  const width = plane === 'coronal' ? ni : nj;
  const gathered = new Int16Array(width * nk);
  for (let k = 0; k < nk; k++) {
    const voxels = image.slices[k];
    if (voxels === undefined || !image.isFull(k)) return null;
    if (plane === 'coronal') gathered.set(voxels.subarray(slice * ni, (slice + 1) * ni), k * ni);
    else for (let j = 0, p = slice; j < nj; j++, p += ni) gathered[k * nj + j] = voxels[p] as number;
  }
  return gathered;
}

/** Mean and standard deviation in a disc of the plane about a voxel; null where nothing of it is loaded. */
export function sampleAt(image: ToolImage, spacing_mm: Triple, plane: Plane, at: Ijk): Sample | null {
  const { columns, rows, spacing_mm: spacing } = sliceGrid(image.shape, spacing_mm, plane);
  const [column, row] = slicePoint(plane, at);
  const values: number[] = [];
  const reach = Math.ceil(SAMPLE_MM / spacing[1]);
  for (let r = Math.max(0, row - reach); r <= Math.min(rows - 1, row + reach); r++) {
    const half = SAMPLE_MM ** 2 - ((r - row) * spacing[1]) ** 2;
    const wide = half < 0 ? -1 : Math.floor(Math.sqrt(half) / spacing[0] + 1e-9);
    for (let c = Math.max(0, column - wide); c <= Math.min(columns - 1, column + wide); c++) {
      const hu = huAt(image, plane, at, c, r);
      if (hu !== null) values.push(hu);
    }
  }
  if (values.length === 0) return null;
  const mean_hu = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean_hu) ** 2, 0) / values.length;
  return { at, mean_hu, sd_hu: Math.sqrt(variance) };
}

export function rangeOf({ mean_hu, sd_hu }: Sample): HuRange {
  const half = Math.max(NARROWEST_HU, SDS * sd_hu);
  return [Math.round(mean_hu - half), Math.round(mean_hu + half)];
}

function huAt(image: ToolImage, plane: Plane, at: Ijk, column: number, row: number): number | null {
  const [i, j, k] =
    plane === 'axial'
      ? [column, row, at[2]]
      : plane === 'coronal'
        ? [column, at[1], row]
        : [at[0], column, row];
  if (!image.isFull(k)) return null;
  return image.slices[k]?.[i + image.shape[0] * j] ?? null;
}
