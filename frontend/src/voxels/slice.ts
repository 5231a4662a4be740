import { PLANE_AXIS, type Plane, type Triple } from './geometry';
import type { LayerSlices } from './labelMap';

/** Columns and rows of one slice of a plane: axial (i, j), coronal (i, k), sagittal (j, k). */
export function sliceSize(shape: Triple, plane: Plane): { readonly columns: number; readonly rows: number } {
  return {
    columns: plane === 'sagittal' ? shape[1] : shape[0],
    rows: plane === 'axial' ? shape[1] : shape[2],
  };
}

/**
 * One slice of a layer as rows of columns, lowest index first on both. For the axial plane this is the layer's own
 * memory; for the others the values are gathered into `scratch`, which must hold columns * rows.
 */
export function readSlice(
  slices: LayerSlices,
  shape: Triple,
  plane: Plane,
  index: number,
  scratch: Uint8Array,
): Uint8Array {
  if (index < 0 || index >= shape[PLANE_AXIS[plane]]) {
    throw new RangeError(`There is no ${plane} slice ${index} in this scan.`);
  }
  if (plane === 'axial') return slices[index];
  const [ni, nj, nk] = shape;
  if (plane === 'coronal') {
    for (let k = 0; k < nk; k++) scratch.set(slices[k].subarray(index * ni, (index + 1) * ni), k * ni);
    return scratch;
  }
  for (let k = 0; k < nk; k++) {
    const slice = slices[k];
    for (let j = 0, p = index, q = k * nj; j < nj; j++, p += ni, q++) scratch[q] = slice[p];
  }
  return scratch;
}
