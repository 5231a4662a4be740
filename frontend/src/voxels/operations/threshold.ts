/** Threshold: a structure made of all voxels of a range of Hounsfield units. */
import { boxOf } from '../box';
import type { StructureRef } from '../editMask';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import { labelsFor } from './primitives/labels';

export interface ThresholdParams {
  readonly target: StructureRef;
  /** Inclusive, in Hounsfield units. */
  readonly hu: readonly [low: number, high: number];
}

/** The structure becomes exactly the range: voxels of it outside the range are given up. */
export const threshold: Operation<ThresholdParams> = {
  needs: (_, about) => ({ box: boxOf(about.shape), hu: true }),

  run(region: Region, { target, hu: [low, high] }: ThresholdParams, context: Context): Proposal {
    const { hu, size } = region;
    if (hu === null) throw new OperationRefused('The scan is not loaded yet; try again when it is.');
    if (!(low <= high)) {
      throw new OperationRefused(
        'The range of Hounsfield units is empty; its lower end must not exceed its upper.',
      );
    }
    const labels = labelsFor(region, target);
    const values = labels.slice();
    const slice = size[0] * size[1];
    let found = false;
    for (let k = 0; k < size[2]; k += 1) {
      for (let at = k * slice; at < (k + 1) * slice; at += 1) {
        if (hu[at] >= low && hu[at] <= high) {
          values[at] = target.value;
          found = true;
        } else if (labels[at] === target.value) values[at] = 0;
      }
      context.report((k + 1) / size[2]);
    }
    if (!found) {
      throw new OperationRefused(
        `No voxel of the scan lies between ${low} and ${high} HU; choose another range.`,
      );
    }
    return { changes: [{ layer: target.layer, values }] };
  },
};
