/**
 * What a plane cuts out of the scan: a grid of samples, and where that grid lies on the canvas.
 *
 * A straight section shows whole slices of the array, one sample per voxel. The section of a plane that was turned
 * is sampled anew for what the canvas shows: linear for the image, nearest for labels (tilt.ts).
 */
import { type LabelMap, PLANE_AXIS, readSlice, type Triple } from '../../voxels';
import type { ImageSlices } from '../imageSlices';
import { type PlaneFrame, type PlaneView, type ScreenTransform, screenTransform } from '../planeFrame';

export interface Section {
  readonly columns: number;
  readonly rows: number;
  /** Canvas position of the centre of sample (0, 0), and the step from sample to sample. */
  readonly transform: ScreenTransform;
  /** Voxel index of sample (0, 0), and how it changes from column to column and from row to row. */
  readonly origin: Triple;
  readonly perColumn: Triple;
  readonly perRow: Triple;
  /** The samples are the same while this is the same and nothing was written. */
  readonly key: string;
  /** Samples are voxels of a slice: a box of voxels is a rectangle of samples. */
  readonly isStraight: boolean;
  paint(image: ImageSlices, table: Uint32Array, pixels: Uint32Array): void;
  /** Labels of one layer; `scratch` must hold columns * rows. */
  labels(map: LabelMap, layer: number, scratch: Uint8Array): Uint8Array;
}

export function straightSection(frame: PlaneFrame, view: PlaneView): Section {
  const { columns, rows, plane } = frame;
  const slice = view.centre[frame.normal];
  return {
    columns,
    rows,
    transform: screenTransform(frame, view),
    origin: alongAxis(frame.normal, slice),
    perColumn: alongAxis(frame.across, 1),
    perRow: alongAxis(frame.along, 1),
    key: String(slice),
    isStraight: true,
    paint: (image, table, pixels) => image.paint(plane, slice, table, pixels),
    labels(map, layer, scratch) {
      const slices = map.layers[layer];
      if (slices === undefined || slice >= map.shape[PLANE_AXIS[plane]]) return scratch.fill(0);
      return readSlice(slices, map.shape, plane, slice, scratch);
    },
  };
}

function alongAxis(axis: 0 | 1 | 2, length: number): Triple {
  return [axis === 0 ? length : 0, axis === 1 ? length : 0, axis === 2 ? length : 0];
}
