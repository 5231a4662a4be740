/** Paste slice: a structure of one slice repeated in another, in any plane. */
import type { Box } from '../box';
import type { StructureRef } from '../editMask';
import { PLANE_AXIS, type Plane, type Triple } from '../geometry';
import { BACKGROUND } from '../labelMap';
import {
  type About,
  type Context,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operation';
import { labelsFor } from './primitives/labels';

export interface PasteParams {
  readonly target: StructureRef;
  readonly plane: Plane;
  /** The slice that is copied. */
  readonly from: number;
  /** The slice in which the structure becomes the same. */
  readonly to: number;
}

export const pasteSlice: Operation<PasteParams> = {
  needs: (params, about) => ({ box: boxFor(params, about), hu: false }),

  run(region: Region, { target, plane, from, to }: PasteParams, context: Context): Proposal {
    const labels = labelsFor(region, target);
    const axis = PLANE_AXIS[plane];
    const source = from - region.low[axis];
    const goal = to - region.low[axis];
    if (![source, goal].every((slice) => slice >= 0 && slice < region.size[axis])) throw outside();
    const values = labels.slice();
    const found = paste(values, region.size, axis, { source, goal, value: target.value });
    if (!found) {
      throw new OperationRefused(
        'The slice to copy holds nothing of the structure; go beside one that does.',
      );
    }
    context.report(1);
    return { changes: [{ layer: target.layer, values }] };
  },
};

/** The structure's box across the plane; along its axis both slices. */
function boxFor({ target, plane, from, to }: PasteParams, about: About): Box | null {
  const axis = PLANE_AXIS[plane];
  if (![from, to].every((slice) => Number.isInteger(slice) && slice >= 0 && slice < about.shape[axis])) {
    throw outside();
  }
  if (from === to) throw new OperationRefused('A slice cannot be pasted into itself; choose another one.');
  const box = about.boundingBox([target]);
  if (box === null) return null;
  const low = box.low.map((first, a) => (a === axis ? Math.min(from, to) : first)) as unknown as Triple;
  const size = box.size.map((length, a) =>
    a === axis ? Math.abs(from - to) + 1 : length,
  ) as unknown as Triple;
  return { low, size };
}

function outside(): OperationRefused {
  return new OperationRefused('There is no such slice in the scan; choose one beside this.');
}

interface Slices {
  readonly source: number;
  readonly goal: number;
  readonly value: number;
}

/** Makes the goal's slice like the source's, for one value; false where the source holds none. */
function paste(values: Uint8Array, size: Triple, axis: number, { source, goal, value }: Slices): boolean {
  const strides = [1, size[0], size[0] * size[1]];
  const [a, b] = [0, 1, 2].filter((other) => other !== axis);
  const shift = (source - goal) * strides[axis];
  let found = false;
  for (let y = 0; y < size[b]; y += 1) {
    for (let x = 0; x < size[a]; x += 1) {
      const at = goal * strides[axis] + x * strides[a] + y * strides[b];
      if (values[at + shift] === value) {
        values[at] = value;
        found = true;
      } else if (values[at] === value) values[at] = BACKGROUND;
    }
  }
  return found;
}
