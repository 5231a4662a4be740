/** What stands in each row of pixels of a slice rail. Pure. */
import type { RailMarks } from '../../../viewer';
import type { Plane } from '../../../voxels';

export interface RailRows {
  /** 1 where a row has it on any of its slices. */
  readonly structures: Uint8Array;
  readonly active: Uint8Array;
  readonly edited: Uint8Array;
  /** The largest of the row, 0 to 255. */
  readonly uncertain: Uint8Array;
  /** 1 where all slices of the row were looked at. */
  readonly looked: Uint8Array;
}

/** The head is up in the axial rail, as in the other planes; elsewhere slice 0 is on top. */
function fromTop(plane: Plane, slice: number, slices: number): number {
  return plane === 'axial' ? slices - 1 - slice : slice;
}

export function railRows(marks: RailMarks, height: number): RailRows {
  const rows: RailRows = {
    structures: new Uint8Array(height),
    active: new Uint8Array(height),
    edited: new Uint8Array(height),
    uncertain: new Uint8Array(height),
    looked: new Uint8Array(height).fill(1),
  };
  for (let slice = 0; slice < marks.slices; slice++) {
    const { first, last } = rowsOfSlice(marks.plane, slice, marks.slices, height);
    for (let row = first; row <= last; row++) {
      rows.structures[row] = Math.max(rows.structures[row] ?? 0, marks.structures[slice] ?? 0);
      rows.active[row] = Math.max(rows.active[row] ?? 0, marks.active[slice] ?? 0);
      rows.edited[row] = Math.max(rows.edited[row] ?? 0, marks.edited[slice] ?? 0);
      rows.uncertain[row] = Math.max(rows.uncertain[row] ?? 0, marks.uncertain[slice] ?? 0);
      rows.looked[row] = Math.min(rows.looked[row] ?? 0, marks.looked[slice] ?? 0);
    }
  }
  return rows;
}

/** Rows of pixels of one slice, at least one. */
export function rowsOfSlice(
  plane: Plane,
  slice: number,
  slices: number,
  height: number,
): { readonly first: number; readonly last: number } {
  const at = fromTop(plane, slice, slices);
  const first = Math.min(height - 1, Math.floor((at * height) / slices));
  return { first, last: Math.max(first, Math.ceil(((at + 1) * height) / slices) - 1) };
}

/** The slice at a height of the rail; outside it, the nearest. */
export function sliceAt(plane: Plane, y: number, slices: number, height: number): number {
  const at = Math.min(slices - 1, Math.max(0, Math.floor((y * slices) / height)));
  return fromTop(plane, at, slices);
}
